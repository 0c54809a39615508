"""VGG's group of 3×3 convolutions."""

from dataclasses import replace

from explorer.catalog.blocks.params import INLINE, OUT_CHANNELS
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Param, Settings, Shapes
from explorer.text import _

FIRST = Param(
    "first",
    0,
    _("The number in the first one's name; the others count on from it."),
    0,
    10_000,
    title=_("Count from"),
)


def _vgg_group(p: Settings, ins: Shapes) -> GraphBuilder:
    inside, number = GraphBuilder(), p.first
    for _conv in range(p.depth):
        inside.add(str(number), "Conv2d", out_channels=p.out_channels, kernel_size=3, padding=1)
        number += 1
        if p.batch_norm:
            inside.add(str(number), "BatchNorm2d")
            number += 1
        inside.add(str(number), "ReLU")
        number += 1
    if p.pool:
        inside.add(str(number), "MaxPool2d")
    return inside


KINDS.declare(
    Kind(
        "VGGGroup",
        "block",
        _(
            "3×3 convolutions with equally many channels, then 2×2 max pooling: two in a row see 5×5, "
            "three see 7×7, with fewer weights than one large window (Simonyan and Zisserman 2014, "
            "section 2.3)."
        ),
        begins="convs",
        title=_("VGG group"),
        params=(
            OUT_CHANNELS,
            Param("depth", 2, _("Number of convolutions."), 1, 64, title=_("Convolutions")),
            Param(
                "batch_norm", False, _("BatchNorm2d after each convolution."), title=_("Batch norm")
            ),
            Param("pool", True, _("2×2 max pooling at the end."), title=_("Pool")),
            replace(INLINE, default=False),
            FIRST,
        ),
        label=lambda p: f"{p.depth} × 3×3, {p.out_channels}",
        expand=_vgg_group,
        searched="convolutions plain",
    )
)
