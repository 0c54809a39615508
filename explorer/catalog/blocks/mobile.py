"""Inverted residuals, wide inside and narrow outside, of MobileNet and EfficientNet."""

from explorer.catalog.blocks.params import (
    ACTIVATION,
    DROP_PATH,
    EXPAND,
    EXPANDED,
    KERNEL,
    OUT_CHANNELS,
    STRIDE,
    divisible,
)
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Param, Settings, Shapes
from explorer.catalog.layers import strided
from explorer.catalog.layers.normalisation import EPS, MOMENTUM
from explorer.graph.graph import INPUT, Value
from explorer.text import _

_GATE = Param(
    "squeeze_excite",
    True,
    _("A squeeze-and-excitation gate before the last convolution."),
    title=_("Squeeze & excite"),
)


class _Branch:
    """The layers of the branch, numbered from 0."""

    def __init__(self, p: Settings):
        self.p, self.inside = p, GraphBuilder()

    @property
    def _next(self) -> str:
        return str(len(self.inside.steps))

    def conv(self, channels: int, kernel: int, activation: str, **params: Value) -> None:
        """Convolution, BatchNorm2d, activation."""
        for param in (EPS, MOMENTUM):
            value = getattr(self.p, param.name, param.default)
            if value != param.default:
                params[param.name] = value
        self.inside.add(
            self._next,
            "ConvNormAct",
            out_channels=channels,
            kernel_size=kernel,
            activation=activation,
            **{key: value for key, value in params.items() if value != 1},
        )

    def add(self, kind: str, **params: Value) -> None:
        self.inside.add(self._next, kind, **params)


def _joined(
    branch: _Branch, name: str, p: Settings, ins: Shapes, drop: bool = False
) -> GraphBuilder:
    """The branch, and the shortcut around it where the shapes agree."""
    inside = GraphBuilder()
    inside.group(name, branch.inside)
    if p.stride == 1 and ins[0][0] == p.out_channels:
        if drop:
            inside.add("stochastic_depth", "DropPath", p=p.drop_path)
        inside.add("add", "Add", inside.last, INPUT)
    return inside


def _label(p: Settings) -> str:
    return f"{p.kernel_size}×{p.kernel_size}, {p.out_channels}{strided(p)}"


def _inverted_residual(p: Settings, ins: Shapes) -> GraphBuilder:
    channels = max(1, round(ins[0][0] * p.expand_ratio))
    branch = _Branch(p)
    if p.expand_ratio != 1:
        branch.conv(channels, 1, p.activation)
    branch.conv(channels, p.kernel_size, p.activation, stride=p.stride, groups=channels)
    branch.add("Conv2d", out_channels=p.out_channels, kernel_size=1, bias=False)
    branch.add("BatchNorm2d")
    return _joined(branch, "conv", p, ins)


KINDS.declare(
    Kind(
        "InvertedResidual",
        "block",
        _(
            "A 1×1 convolution to more channels, a depthwise 3×3 and a 1×1 back without a non-linearity, "
            "which would lose information in few channels; the shortcut joins the narrow ends (Sandler "
            "et al. 2018, MobileNetV2)."
        ),
        begins="inverted",
        title=_("Inverted residual"),
        params=(OUT_CHANNELS, STRIDE, EXPAND, KERNEL, ACTIVATION),
        presets=((_("Inverted residual"), {"activation": "ReLU6"}),),
        label=_label,
        expand=_inverted_residual,
        searched="mobilenet mobile depthwise separable linear-bottleneck",
        common=True,
        stacks=True,
    )
)


def _inverted_residual_v3(p: Settings, ins: Shapes) -> GraphBuilder:
    branch = _Branch(p)
    if p.expanded != ins[0][0]:
        branch.conv(p.expanded, 1, p.activation)
    branch.conv(p.expanded, p.kernel_size, p.activation, stride=p.stride, groups=p.expanded)
    if p.squeeze_excite:
        branch.add(
            "SqueezeExcitation", squeeze_channels=divisible(p.expanded // 4), gate="Hardsigmoid"
        )
    branch.conv(p.out_channels, 1, "none")
    return _joined(branch, "block", p, ins)


KINDS.declare(
    Kind(
        "InvertedResidualV3",
        "block",
        _(
            "The inverted residual with a gate for each channel (Howard et al. 2019, MobileNetV3, figure "
            "4)."
        ),
        begins="inverted",
        title=_("Inverted residual V3"),
        params=(OUT_CHANNELS, STRIDE, EXPANDED, KERNEL, ACTIVATION, _GATE, EPS, MOMENTUM),
        label=_label,
        expand=_inverted_residual_v3,
        stacks=True,
    )
)


def _mbconv(p: Settings, ins: Shapes) -> GraphBuilder:
    channels = divisible(ins[0][0] * p.expand_ratio)
    branch = _Branch(p)
    if channels != ins[0][0]:
        branch.conv(channels, 1, "SiLU")
    branch.conv(channels, p.kernel_size, "SiLU", stride=p.stride, groups=channels)
    if p.squeeze_excite:
        branch.add("SqueezeExcitation", squeeze_channels=max(1, ins[0][0] // 4), activation="SiLU")
    branch.conv(p.out_channels, 1, "none")
    return _joined(branch, "block", p, ins, True)


KINDS.declare(
    Kind(
        "MBConv",
        "block",
        _(
            "EfficientNet's block: an inverted residual with SiLU and a gate whose narrow layer has a "
            "quarter of the input's channels (Tan and Le 2019, section 4)."
        ),
        params=(OUT_CHANNELS, STRIDE, EXPAND, KERNEL, _GATE, DROP_PATH, EPS, MOMENTUM),
        label=_label,
        expand=_mbconv,
        searched="efficientnet mobile depthwise separable",
        stacks=True,
    )
)


def _fused_mbconv(p: Settings, ins: Shapes) -> GraphBuilder:
    channels = divisible(ins[0][0] * p.expand_ratio)
    branch = _Branch(p)
    if channels != ins[0][0]:
        branch.conv(channels, p.kernel_size, "SiLU", stride=p.stride)
        branch.conv(p.out_channels, 1, "none")
    else:
        branch.conv(p.out_channels, p.kernel_size, "SiLU", stride=p.stride)
    return _joined(branch, "block", p, ins, True)


KINDS.declare(
    Kind(
        "FusedMBConv",
        "block",
        _(
            "MBConv with one ordinary 3×3 instead of the 1×1 and the depthwise 3×3, and no gate: faster "
            "in early stages, where channels are few (Tan and Le 2021, EfficientNetV2, figure 2)."
        ),
        begins="mbconv",
        title=_("Fused MBConv"),
        params=(OUT_CHANNELS, STRIDE, EXPAND, KERNEL, DROP_PATH, EPS, MOMENTUM),
        label=_label,
        expand=_fused_mbconv,
        stacks=True,
    )
)
