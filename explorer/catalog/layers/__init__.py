"""The primitive kinds: PyTorch's own layers, the few that it lacks, and the joins between branches.

Shapes are (channels, height, width) for maps and (features,) for vectors. The formulas of output
sizes are those of the PyTorch documentation of torch.nn.
"""

from explorer.catalog.layers import (  # noqa: F401  (they declare their kinds)
    activation,
    convolution,
    linear,
    merge,
    normalisation,
    pooling,
    shape,
)
from explorer.catalog.layers.window import strided, text_of

__all__ = ["strided", "text_of"]
