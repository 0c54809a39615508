"""Convolution, normalisation and activation in a row: what most networks are made of."""

from dataclasses import replace

from explorer.catalog.blocks.params import ACTIVATION, NORM, OUT_CHANNELS
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Param, Settings
from explorer.catalog.layers import strided, window
from explorer.catalog.layers.convolution import GROUPS
from explorer.catalog.layers.normalisation import EPS, MOMENTUM
from explorer.catalog.layers.window import extent, pair
from explorer.graph.graph import Value
from explorer.text import _

_MOST_GROUPS = 32  # of GroupNorm (Wu and He 2018, section 4)


def normalise(
    inside: GraphBuilder,
    id: str,
    norm: str,
    channels: int,
    eps: Value = EPS.default,
    momentum: Value = MOMENTUM.default,
) -> None:
    """Adds the normalisation of that name; nothing for "none". GroupNorm gets the most groups up to
    32 that divide the channels."""
    if norm == "none":
        return
    params = {} if eps == EPS.default else {"eps": eps}
    if norm == "BatchNorm2d" and momentum != MOMENTUM.default:
        params["momentum"] = momentum
    if norm == "GroupNorm":
        params["num_groups"] = next(
            count for count in range(_MOST_GROUPS, 0, -1) if channels % count == 0
        )
    inside.add(id, norm, **params)


def _row(p: Settings, names: tuple[str, str, str]) -> GraphBuilder:
    """Convolution, normalisation, activation."""
    inside = GraphBuilder()
    params = {"out_channels": p.out_channels, "kernel_size": p.kernel_size}
    padding = p.padding
    if padding == "auto":
        sides = tuple(
            dilation * (kernel - 1) // 2
            for kernel, dilation in zip(pair(p.kernel_size), pair(p.dilation))
        )
        padding = sides[0] if sides[0] == sides[1] else sides
    for name, value, default in (
        ("stride", p.stride, 1),
        ("padding", padding, 0),
        ("dilation", p.dilation, 1),
        ("groups", p.groups, 1),
        ("bias", p.norm == "none" or p.bias, True),
    ):
        if value != default:
            params[name] = value
    inside.add(names[0], "Conv2d", **params)
    normalise(inside, names[1], p.norm, p.out_channels, p.eps, p.momentum)
    if p.activation != "none":
        inside.add(
            names[2] if p.norm != "none" or not names[2].isdigit() else names[1], p.activation
        )
    return inside


def _params(eps: Value) -> tuple[Param, ...]:
    return (
        OUT_CHANNELS,
        window.KERNEL,
        window.STRIDE,
        replace(
            window.PADDING,
            default="auto",
            words=("auto",),
            doc=_(
                "Zeros added on every side; auto is half the kernel, so that stride 1 keeps the size "
                "if the kernel is odd."
            ),
        ),
        window.DILATION,
        GROUPS,
        NORM,
        replace(
            ACTIVATION,
            choices=(*ACTIVATION.choices, "none"),
            doc=_("The non-linearity after the convolution."),
        ),
        Param(
            "bias",
            False,
            _(
                "Adds a learned number to each channel even before a normalisation; "
                "without normalisation there always is a bias."
            ),
            title=_("Bias"),
        ),
        replace(EPS, default=eps),
        MOMENTUM,
    )


def _label(p: Settings) -> str:
    return f"{extent(p.kernel_size)}, {p.out_channels}{strided(p)}" + (
        f", g{p.groups}" if p.groups > 1 else ""
    )


KINDS.declare(
    Kind(
        "ConvNormAct",
        "convolution",
        _(
            "Convolution, normalisation and non-linearity in a row, y = a(norm(Wx)); padded so that "
            "stride 1 keeps the size (Ioffe and Szegedy 2015, section 3.2)."
        ),
        begins="conv",
        title=_("Conv + norm + act"),
        params=_params(EPS.default),
        label=_label,
        expand=lambda p, ins: _row(p, ("0", "1", "2")),
    )
)

KINDS.declare(
    Kind(
        "BasicConv2d",
        "convolution",
        _(
            "Convolution, BatchNorm2d and ReLU under the names conv, bn and relu: what torchvision's "
            "GoogLeNet and Inception-v3 are made of (Szegedy et al. 2015)."
        ),
        begins="conv",
        params=_params(0.001),
        label=_label,
        expand=lambda p, ins: _row(p, ("conv", "bn", "relu")),
    )
)
