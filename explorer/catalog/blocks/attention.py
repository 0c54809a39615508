"""Squeeze-and-excitation: a gate for each channel, from what the whole map shows."""

from explorer.catalog.blocks.params import ACTIVATION
from explorer.catalog.inside import Inside
from explorer.catalog.kind import KINDS, MOST_CHANNELS, Kind, Param, Settings, Shapes
from explorer.graph.graph import INPUT
from explorer.text import _


def _squeeze_excitation(p: Settings, ins: Shapes) -> Inside:
    inside = Inside()
    inside.add("avgpool", "AdaptiveAvgPool2d")
    inside.add("fc1", "Conv2d", out_channels=p.squeeze_channels, kernel_size=1)
    inside.add("activation", p.activation)
    inside.add("fc2", "Conv2d", out_channels=ins[0][0], kernel_size=1)
    inside.add("scale_activation", p.gate)
    inside.add("scale", "Multiply", "scale_activation", INPUT)
    return inside


KINDS.declare(
    Kind(
        "SqueezeExcitation",
        "block",
        _(
            "Weighs every channel by a gate that two small layers compute from the channels' means: "
            "x · σ(W₂ ReLU(W₁ pool(x))) (Hu, Shen, Sun 2017, figure 2)."
        ),
        begins="se",
        title=_("Squeeze & excite"),
        params=(
            Param(
                "squeeze_channels",
                16,
                _("Channels between the two layers; a sixteenth of the input's in the paper."),
                1,
                MOST_CHANNELS,
                title=_("Squeeze to"),
            ),
            ACTIVATION,
            Param(
                "gate",
                "Sigmoid",
                _("What brings the weights between 0 and 1."),
                choices=("Sigmoid", "Hardsigmoid"),
            ),
        ),
        label=lambda p: f"SE {p.squeeze_channels}",
        expand=_squeeze_excitation,
        searched="se squeeze-and-excitation attention gate channel",
        gates=True,
        stacks=True,
    )
)
