"""SqueezeNet's Fire module."""

from explorer.catalog.blocks.params import channels
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Settings, Shapes
from explorer.text import _


def _fire(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("squeeze", "Conv2d", out_channels=p.squeeze, kernel_size=1)
    inside.add("squeeze_activation", "ReLU")
    inside.add("expand1x1", "Conv2d", out_channels=p.expand1x1, kernel_size=1)
    inside.add("expand1x1_activation", "ReLU")
    inside.add(
        "expand3x3",
        "Conv2d",
        "squeeze_activation",
        out_channels=p.expand3x3,
        kernel_size=3,
        padding=1,
    )
    inside.add("expand3x3_activation", "ReLU")
    inside.add("concat", "Concat", "expand1x1_activation", "expand3x3_activation")
    return inside


KINDS.declare(
    Kind(
        "Fire",
        "block",
        _(
            "A narrow 1×1 convolution feeds a 1×1 and a 3×3, whose outputs are joined: few channels "
            "reach the costly 3×3 (Iandola et al. 2016, SqueezeNet, figure 1)."
        ),
        params=(
            channels("squeeze", 16, _("Channels of the narrow 1×1."), _("Squeeze to")),
            channels("expand1x1", 64, _("Channels of the 1×1 after it."), _("Expand by 1×1")),
            channels("expand3x3", 64, _("Channels of the 3×3 after it."), _("Expand by 3×3")),
        ),
        label=lambda p: f"{p.squeeze} → {p.expand1x1 + p.expand3x3}",
        expand=_fire,
        searched="squeezenet squeeze expand",
        stacks=True,
    )
)
