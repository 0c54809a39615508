"""Stems, blocks, stages and heads: composites, each only an arrangement of simpler kinds.

Inside, names are torchvision's (conv1, bn1, downsample.0), so that published weights fit.
"""

from explorer.catalog.blocks import (  # noqa: F401  (they declare their kinds, in this order)
    attention,
    convnext,
    convolution,
    dense,
    fire,
    head,
    inception,
    mobile,
    preactivation,
    residual,
    shuffle,
    stage,
    stem,
    vgg,
)
