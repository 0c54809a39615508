"""SqueezeNet's Fire module."""

from explorer.catalog.inside import Inside
from explorer.catalog.kind import KINDS, MOST_CHANNELS, Kind, Param, Settings, Shapes
from explorer.text import _


def _fire(p: Settings, ins: Shapes) -> Inside:
    inside = Inside()
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


def _channels(name: str, default: int, doc: str, title: str) -> Param:
    return Param(name, default, doc, 1, MOST_CHANNELS, title=title)


KINDS.declare(
    Kind(
        "Fire",
        "block",
        _(
            "A narrow 1×1 convolution feeds a 1×1 and a 3×3, whose outputs are stacked: few channels "
            "reach the costly 3×3 (Iandola et al. 2016, SqueezeNet, figure 1)."
        ),
        params=(
            _channels("squeeze", 16, _("Channels of the narrow 1×1."), _("Squeeze to")),
            _channels("expand1x1", 64, _("Channels of the 1×1 behind it."), _("Expand by 1×1")),
            _channels("expand3x3", 64, _("Channels of the 3×3 behind it."), _("Expand by 3×3")),
        ),
        label=lambda p: f"{p.squeeze} → {p.expand1x1 + p.expand3x3}",
        expand=_fire,
        searched="squeezenet squeeze expand",
        stacks=True,
    )
)
