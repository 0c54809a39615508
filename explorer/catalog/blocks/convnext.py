"""ConvNeXt: a residual block modelled on those of vision transformers."""

from explorer.catalog.blocks.params import DROP_PATH, LAYER_SCALE, OUT_CHANNELS
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Settings, Shapes
from explorer.graph.graph import INPUT
from explorer.text import _

_EPS = 1e-6


def _convnext_block(p: Settings, ins: Shapes) -> GraphBuilder:
    channels = ins[0][0]
    branch = GraphBuilder()
    branch.add("0", "Conv2d", out_channels=channels, kernel_size=7, padding=3, groups=channels)
    branch.add("1", "Permute", channels="last")
    branch.add("2", "LayerNorm", eps=_EPS)
    branch.add("3", "Linear", out_features=4 * channels, per_place=True)
    branch.add("4", "GELU")
    branch.add("5", "Linear", out_features=channels, per_place=True)
    branch.add("6", "Permute", channels="first")
    inside = GraphBuilder()
    inside.group("block", branch)
    inside.add("layer_scale", "LayerScale", value=p.layer_scale)
    inside.add("stochastic_depth", "DropPath", p=p.drop_path)
    inside.add("add", "Add", inside.last, INPUT)
    return inside


KINDS.declare(
    Kind(
        "ConvNeXtBlock",
        "block",
        _(
            "A depthwise 7×7 convolution, LayerNorm, and at each place a linear layer to four times the "
            "channels, GELU and a linear layer back; a learned scale starts the branch near zero (Liu et "
            "al. 2022, figure 4)."
        ),
        title=_("ConvNeXt block"),
        params=(LAYER_SCALE, DROP_PATH),
        label=lambda p: _("7×7 depthwise"),
        expand=_convnext_block,
        searched="convnext depthwise",
        stacks=True,
    )
)


def _downsample(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("0", "LayerNorm2d", eps=_EPS)
    inside.add("1", "Conv2d", out_channels=p.out_channels, kernel_size=2, stride=2)
    return inside


KINDS.declare(
    Kind(
        "ConvNeXtDownsample",
        "convolution",
        _(
            "LayerNorm2d and a 2×2 convolution with stride 2 between ConvNeXt's stages (Liu et al. 2022, "
            "section 2.6)."
        ),
        begins="downsample",
        title=_("ConvNeXt downsample"),
        params=(OUT_CHANNELS,),
        label=lambda p: f"2×2, {p.out_channels}, s2",
        expand=_downsample,
    )
)
