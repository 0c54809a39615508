"""Squeeze-and-excitation: a gate for each channel, computed from the means of whole maps."""

from dataclasses import replace

from explorer.catalog.blocks.params import ACTIVATION, channels
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Param, Settings, Shapes
from explorer.graph.graph import INPUT
from explorer.text import _


def _squeeze_excitation(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
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
            channels(
                "squeeze_channels",
                16,
                _("Channels between the two layers; a sixteenth of the input's in the paper."),
                _("Squeeze to"),
            ),
            replace(ACTIVATION, doc=_("The non-linearity between the two layers.")),
            Param(
                "gate",
                "Sigmoid",
                _("The function that brings the gates between 0 and 1."),
                choices=("Sigmoid", "Hardsigmoid"),
                title=_("Gate"),
            ),
        ),
        label=lambda p: f"SE {p.squeeze_channels}",
        expand=_squeeze_excitation,
        searched="se squeeze-and-excitation attention gate channel",
        gates=True,
        stacks=True,
    )
)
