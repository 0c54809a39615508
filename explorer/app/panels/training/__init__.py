"""Loss and accuracy of a run."""
