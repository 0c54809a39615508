"""Every layer, block, stem, stage, head, template and data set: one declaration each."""
