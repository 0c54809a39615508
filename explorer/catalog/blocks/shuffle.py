"""ShuffleNetV2's unit: half of the channels bypass the convolutions, then the halves are mixed."""

from explorer.catalog.blocks.params import OUT_CHANNELS, STRIDE
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Settings, Shapes
from explorer.catalog.layers import strided
from explorer.graph.graph import INPUT
from explorer.text import _


def _depthwise(branch: GraphBuilder, at: int, channels: int, stride: int) -> None:
    branch.add(
        str(at),
        "Conv2d",
        out_channels=channels,
        kernel_size=3,
        stride=stride,
        padding=1,
        groups=channels,
        bias=False,
    )
    branch.add(str(at + 1), "BatchNorm2d")


def _pointwise(branch: GraphBuilder, at: int, channels: int) -> None:
    branch.add(str(at), "Conv2d", out_channels=channels, kernel_size=1, bias=False)
    branch.add(str(at + 1), "BatchNorm2d")
    branch.add(str(at + 2), "ReLU")


def _shuffle_unit(p: Settings, ins: Shapes) -> GraphBuilder:
    half = max(1, p.out_channels // 2)
    inside, right = GraphBuilder(), GraphBuilder()
    _pointwise(right, 0, half)
    _depthwise(right, 3, half, p.stride)
    _pointwise(right, 5, half)
    if p.stride == 1 and ins[0][0] == p.out_channels:
        inside.add("left", "Chunk", INPUT, index=0)
        inside.add("right", "Chunk", INPUT, index=1)
        inside.group("branch2", right, "right")
        inside.add("concat", "Concat", "left", "branch2")
    else:
        left = GraphBuilder()
        _depthwise(left, 0, ins[0][0], p.stride)
        _pointwise(left, 2, half)
        inside.group("branch1", left, INPUT)
        inside.group("branch2", right, INPUT)
        inside.add("concat", "Concat", "branch1", "branch2")
    inside.add("shuffle", "ChannelShuffle", groups=2)
    return inside


KINDS.declare(
    Kind(
        "ShuffleUnit",
        "block",
        _(
            "One half of the channels bypasses the convolutions, the other goes through 1×1, depthwise "
            "3×3, 1×1; then the channels are mixed. Where the resolution or the number of channels "
            "changes, both branches take all channels (Ma et al. 2018, ShuffleNetV2, figure 3c and d)."
        ),
        title=_("Shuffle unit"),
        params=(OUT_CHANNELS, STRIDE),
        label=lambda p: f"{p.out_channels}{strided(p)}",
        expand=_shuffle_unit,
        searched="shufflenet",
        stacks=True,
    )
)
