"""Residual blocks and their shortcuts: ResNet, ResNeXt, Wide ResNet, SE-ResNet, RegNet."""

from collections.abc import Callable

from explorer.catalog.blocks.convolution import normalise
from explorer.catalog.blocks.params import (
    GROUP_WIDTH,
    GROUPS,
    NORM,
    OUT_CHANNELS,
    SE,
    SE_RATIO,
    SHORTCUT,
    STRIDE,
    WIDTH,
    WIDTH_PER_GROUP,
)
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, MOST_CHANNELS, Kind, Param, Settings, Shapes
from explorer.catalog.layers import strided
from explorer.graph.graph import INPUT
from explorer.text import _

# Shortcuts ------------------------------------------------------------------------------------

_OTHER = Param(
    "out_channels",
    64,
    _("Channels of the other branch."),
    1,
    MOST_CHANNELS,
    title=_("Out channels"),
)
_STEP = Param(
    "stride",
    1,
    _("Step: how many times the other branch lowers the resolution."),
    1,
    64,
    unit="px",
    title=_("Stride"),
)


def _projection(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add(
        "0",
        "Conv2d",
        out_channels=p.out_channels,
        kernel_size=1,
        stride=p.stride,
        bias=p.norm == "none",
    )
    normalise(inside, "1", p.norm, p.out_channels)
    return inside


KINDS.declare(
    Kind(
        "Projection",
        "merge",
        _(
            "1×1 convolution and normalisation that give a shortcut the shape of the other branch, drawn "
            "dashed (He et al. 2015, option B)."
        ),
        params=(_OTHER, _STEP, NORM),
        label=lambda p: f"1×1, {p.out_channels}{strided(p)}",
        expand=_projection,
        searched="downsample shortcut 1x1 option-b",
        shortcut="project",
    )
)


def _zero_shortcut(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("0", "MaxPool2d", kernel_size=1, stride=p.stride)  # every stride-th row and column
    missing = max(0, p.out_channels - ins[0][0])
    inside.add("1", "ChannelPad", before=missing // 2, behind=missing - missing // 2)
    return inside


KINDS.declare(
    Kind(
        "ZeroShortcut",
        "merge",
        _(
            "Takes every stride-th row and column and adds channels of zeros: a shortcut without "
            "parameters, drawn dashed (He et al. 2015, option A)."
        ),
        begins="shortcut",
        title=_("Zero shortcut"),
        params=(_OTHER, _STEP),
        label=lambda p: f"+0, {p.out_channels}{strided(p)}",
        expand=_zero_shortcut,
        searched="option-a zeros subsample identity",
        shortcut="pad",
    )
)


def around(
    inside: GraphBuilder, p: Settings, ins: Shapes, out_channels: int, source: str = INPUT
) -> str:
    """Adds the shortcut, from `source` if it is a projection, else from the input; returns its id."""
    if p.shortcut == "projection" or p.stride != 1 or ins[0][0] != out_channels:
        params = {"out_channels": out_channels, "stride": p.stride}
        if p.shortcut == "zeros":
            return inside.add("downsample", "ZeroShortcut", INPUT, **params)
        return inside.add("downsample", "Projection", source, norm=p.norm, **params)
    return inside.add("downsample", "Identity", INPUT)


def _conv(
    inside: GraphBuilder,
    number: int,
    channels: int,
    size: int,
    stride: int,
    norm: str,
    relu: bool = True,
    groups: int = 1,
) -> None:
    """conv, bn and relu of one number."""
    inside.add(
        f"conv{number}",
        "Conv2d",
        out_channels=channels,
        kernel_size=size,
        stride=stride,
        padding=size // 2,
        bias=norm == "none",
        groups=groups,
    )
    normalise(inside, f"bn{number}", norm, channels)
    if relu:
        inside.add(f"relu{number}", "ReLU")


def _join(inside: GraphBuilder, p: Settings, ins: Shapes, out_channels: int, number: int) -> None:
    """The end of a block: the gate if there is one, the shortcut, the sum, the ReLU after it."""
    if p.se:
        inside.add("se", "SqueezeExcitation", squeeze_channels=max(1, out_channels // p.se))
    if p.shortcut != "none":
        main = inside.last
        inside.add("add", "Add", main, around(inside, p, ins, out_channels))
    inside.add(f"relu{number}", "ReLU")


def _named(plain: str) -> Callable[[Settings], str]:
    """The class's name: PlainBlock without a shortcut, SEBlock with a gate."""

    def name(p: Settings) -> str:
        return (
            f"Plain{plain.removeprefix('Basic')}"
            if p.shortcut == "none"
            else f"SE{plain}"
            if p.se
            else plain
        )

    return name


# Blocks ---------------------------------------------------------------------------------------


def _basic_block(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    _conv(inside, 1, p.width, 3, p.stride, p.norm)
    _conv(inside, 2, p.width, 3, 1, p.norm, relu=False)
    _join(inside, p, ins, p.width, 2)
    return inside


KINDS.declare(
    Kind(
        "BasicBlock",
        "block",
        _(
            "Two 3×3 convolutions that learn F(x) = H(x) − x; the output is ReLU(F(x) + x) (He et al. "
            "2015, figure 5 left)."
        ),
        params=(WIDTH, STRIDE, SHORTCUT, NORM, SE),
        label=lambda p: f"3×3, {p.width}{strided(p)}",
        written_as=_named("BasicBlock"),
        expand=_basic_block,
        searched="residual shortcut skip",
        common=True,
        stacks=True,
    )
)


def _bottleneck(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inner = max(1, p.width * p.width_per_group // 64) * p.groups
    _conv(inside, 1, inner, 1, 1, p.norm)
    _conv(inside, 2, inner, 3, p.stride, p.norm, groups=p.groups)
    _conv(inside, 3, 4 * p.width, 1, 1, p.norm, relu=False)
    _join(inside, p, ins, 4 * p.width, 3)
    return inside


KINDS.declare(
    Kind(
        "Bottleneck",
        "block",
        _(
            "A 1×1 convolution to fewer channels, a 3×3 and a 1×1 to four times as many, plus the "
            "shortcut (He et al. 2015, figure 5 right); the stride is on the 3×3, as in torchvision. With "
            "groups it is ResNeXt's block (Xie et al. 2016), with width_per_group 128 Wide ResNet's "
            "(Zagoruyko and Komodakis 2016): the 3×3 has width × width_per_group / 64 × groups channels."
        ),
        params=(WIDTH, STRIDE, SHORTCUT, NORM, SE, GROUPS, WIDTH_PER_GROUP),
        presets=(
            (_("Bottleneck"), {}),
            (_("ResNeXt 32×4d"), {"groups": 32, "width_per_group": 4}),
            (_("Wide bottleneck"), {"width_per_group": 128}),
        ),
        label=lambda p: f"{p.width} → {4 * p.width}{strided(p)}",
        written_as=_named("Bottleneck"),
        expand=_bottleneck,
        searched="residual shortcut skip",
        common=True,
        stacks=True,
    )
)


# RegNet ---------------------------------------------------------------------------------------


def _regnet_block(p: Settings, ins: Shapes) -> GraphBuilder:
    width, source = p.out_channels, ins[0][0]
    branch = GraphBuilder()
    branch.add("a", "ConvNormAct", out_channels=width, kernel_size=1)
    branch.add(
        "b",
        "ConvNormAct",
        out_channels=width,
        stride=p.stride,
        groups=max(1, width // p.group_width),
    )
    if p.se_ratio:
        branch.add("se", "SqueezeExcitation", squeeze_channels=max(1, round(p.se_ratio * source)))
    branch.add("c", "ConvNormAct", out_channels=width, kernel_size=1, activation="none")
    inside = GraphBuilder()
    if source != width or p.stride != 1:
        inside.add("proj", "Projection", INPUT, out_channels=width, stride=p.stride)
    else:
        inside.add("proj", "Identity", INPUT)
    inside.group("f", branch, INPUT)
    inside.add("add", "Add", "proj", "f")
    inside.add("activation", "ReLU")
    return inside


KINDS.declare(
    Kind(
        "RegNetBlock",
        "block",
        _(
            "A bottleneck with as many channels inside as outside, its 3×3 in groups of equal width, "
            "with a gate in RegNetY (Radosavovic et al. 2020, section 3.2)."
        ),
        title=_("RegNet block"),
        params=(OUT_CHANNELS, STRIDE, GROUP_WIDTH, SE_RATIO),
        label=lambda p: f"g{p.group_width}, {p.out_channels}{strided(p)}",
        numbered="block{stage}-{i}",
        expand=_regnet_block,
        searched="regnet",
        stacks=True,
    )
)
