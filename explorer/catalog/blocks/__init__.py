"""Stems, blocks, stages and heads: composites, each only an arrangement of simpler kinds.

Inside, names are torchvision's (conv1, bn1, downsample.0), so that published weights fit.
"""

from explorer.catalog.blocks import (  # noqa: F401, I001  (they declare their kinds, in this order)
    convolution,
    stem,
    attention,
    residual,
    preactivation,
    mobile,
    shuffle,
    convnext,
    fire,
    inception,
    dense,
    vgg,
    stage,
    head,
)
