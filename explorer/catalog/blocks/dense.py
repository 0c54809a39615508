"""DenseNet: the input of every layer is the maps of all layers before it."""

from explorer.catalog.blocks.params import BN_SIZE, DROPOUT, GROWTH
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Param, Settings, Shapes
from explorer.graph.graph import INPUT
from explorer.text import _


def _dense_layer(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("norm1", "BatchNorm2d")
    inside.add("relu1", "ReLU")
    inside.add("conv1", "Conv2d", out_channels=p.bn_size * p.growth_rate, kernel_size=1, bias=False)
    inside.add("norm2", "BatchNorm2d")
    inside.add("relu2", "ReLU")
    inside.add("conv2", "Conv2d", out_channels=p.growth_rate, kernel_size=3, padding=1, bias=False)
    if p.dropout:
        inside.add("dropout", "Dropout", p=p.dropout)
    inside.add("concat", "Concat", INPUT, inside.last)
    return inside


KINDS.declare(
    Kind(
        "DenseLayer",
        "block",
        _(
            "Computes a few new maps from all earlier ones and appends them: [x, H(x)]; in a stage it "
            "makes a dense block (Huang et al. 2016, DenseNet-BC)."
        ),
        title=_("Dense layer"),
        params=(GROWTH, BN_SIZE, DROPOUT),
        label=lambda p: f"+{p.growth_rate}",
        numbered="denselayer{n}",
        expand=_dense_layer,
        searched="densenet growth",
        stacks=True,
    )
)


def _transition(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("norm", "BatchNorm2d")
    inside.add("relu", "ReLU")
    inside.add(
        "conv",
        "Conv2d",
        out_channels=max(1, int(ins[0][0] * p.compression)),
        kernel_size=1,
        bias=False,
    )
    inside.add("pool", "AvgPool2d")
    return inside


KINDS.declare(
    Kind(
        "Transition",
        "block",
        _(
            "Between dense blocks: a 1×1 convolution that keeps a share θ of the channels, and 2×2 "
            "average pooling (Huang et al. 2016, section 3)."
        ),
        params=(
            Param(
                "compression",
                0.5,
                _("Share of the channels that is kept (θ)."),
                0.01,
                1.0,
                title=_("Compression"),
            ),
        ),
        label=lambda p: f"×{p.compression:g}, s2",
        expand=_transition,
        searched="densenet",
    )
)
