"""Convolutions: plain, grouped, depthwise, dilated and transposed."""

from collections.abc import Callable
from dataclasses import replace
from math import gcd, isqrt, prod

from explorer.catalog.kind import (
    KINDS,
    MOST_CHANNELS,
    Argument,
    Call,
    Kind,
    Mismatch,
    Param,
    Settings,
    Shapes,
    Weight,
)
from explorer.catalog.layer_window import LayerWindow, transposed
from explorer.catalog.layers.window import (
    DILATION,
    KERNEL,
    PADDING,
    STRIDE,
    a_map,
    extent,
    intended,
    layer_window,
    pair,
    shown,
    slide,
    strided,
    text_of,
)
from explorer.graph.graph import Shape
from explorer.text import _

OUT_CHANNELS = Param(
    "out_channels",
    64,
    _("Number of kernels, and so of the feature maps that come out."),
    1,
    MOST_CHANNELS,
    title=_("Out channels"),
)
GROUPS = Param(
    "groups",
    1,
    _(
        "Number of groups of channels that do not see each other; as many as "
        "input channels make a depthwise convolution."
    ),
    1,
    MOST_CHANNELS,
    title=_("Groups"),
)
BIAS = Param(
    "bias",
    True,
    _("Adds a learned number to each output channel; useless before BatchNorm2d."),
    title=_("Bias"),
)


def _divided(p: Settings, shape: Shape, goes_on: Callable[[], Shape]) -> None:
    """Raises Mismatch if the groups do not divide the channels on both sides."""
    if not (shape[0] % p.groups or p.out_channels % p.groups):
        return
    raise Mismatch(
        "groups",
        (
            _(
                "groups {groups} of {{node}} does not divide its {inputs} input channels; allowed: "
                "{divisors}"
            )
            if shape[0] % p.groups
            else _(
                "groups {groups} of {{node}} does not divide its {outputs} output channels; allowed: "
                "{divisors}"
            )
        ).format(
            groups=p.groups,
            inputs=shape[0],
            outputs=p.out_channels,
            divisors=listed(divisors(shape[0], p.out_channels)),
        ),
        intended(goes_on),
        channels=(shape[0], p.out_channels),
    )


def divisors(*counts: int) -> list[int]:
    """The numbers that divide all of these."""
    whole = gcd(*counts)
    low = [n for n in range(1, isqrt(whole) + 1) if whole % n == 0]
    return sorted({*low, *(whole // n for n in low)})


def listed(numbers: list[int]) -> str:
    """The numbers as a list, of more than eight the first seven and the last."""
    if len(numbers) > 8:
        return f"{listed(numbers[:7])} … {numbers[-1]}"
    return ", ".join(map(str, numbers))


def _conv_shape(p: Settings, ins: Shapes) -> Shape:
    shape = a_map(ins[0], "Conv2d")
    _divided(p, shape, lambda: slide(p, shape, p.out_channels))
    return slide(p, shape, p.out_channels)


def _biased(p: Settings, weight: Weight) -> tuple[Weight, ...]:
    return (weight, Weight("bias", (p.out_channels,))) if p.bias else (weight,)


def _overhang(p: Settings) -> tuple[int, int]:
    """Rows and columns that "same" adds at the end alone, where the window's reach is even: PyTorch
    then makes a padded copy of the input."""
    if p.padding != "same":
        return 0, 0
    below, right = (
        step * (side - 1) % 2 for step, side in zip(pair(p.dilation), pair(p.kernel_size))
    )
    return below, right


def _padded(p: Settings, ins: Shapes, out: Shape) -> int:
    """The numbers of that copy."""
    below, right = _overhang(p)
    channels, height, width = ins[0]
    return channels * (height + below) * (width + right) if below or right else 0


def _label(p: Settings) -> str:
    return (
        f"{extent(p.kernel_size)}, {p.out_channels}{strided(p)}"
        + (f", g{p.groups}" if p.groups > 1 else "")
        + (f", d{shown(p.dilation)}" if pair(p.dilation) != (1, 1) else "")
    )


KINDS.declare(
    Kind(
        "Conv2d",
        "convolution",
        _(
            "Slides the same small kernels over the whole map: each output channel shows where one "
            "learned pattern is (parameter sharing). out = ⌊(in + 2 × padding − dilation × "
            "(kernel − 1) − 1) / stride⌋ + 1 (LeCun et al. 1998; groups: Krizhevsky et al. 2012; "
            "dilation: Yu and Koltun 2015)."
        ),
        params=(
            OUT_CHANNELS,
            KERNEL,
            STRIDE,
            replace(PADDING, words=("same",)),
            DILATION,
            GROUPS,
            BIAS,
        ),
        label=_label,
        shape=_conv_shape,
        macs=lambda p, ins, out: prod((*out, ins[0][0] // p.groups, *pair(p.kernel_size))),
        window=layer_window,
        pads=_padded,
        keeps=lambda p, ins, out: () if any(_overhang(p)) else ("input",),
        weights=lambda p, ins: _biased(
            p, Weight("weight", (p.out_channels, ins[0][0] // p.groups, *pair(p.kernel_size)))
        ),
        call=lambda p, ins: Call(
            "nn.Conv2d",
            (
                Argument("in_channels", ins[0][0]),
                Argument("out_channels", p.out_channels),
                Argument("kernel_size", p.kernel_size),
                Argument("stride", p.stride, 1),
                Argument("padding", p.padding, 0),
                Argument("dilation", p.dilation, 1),
                Argument("groups", p.groups, 1),
                Argument("bias", p.bias, True),
            ),
        ),
        common=True,
        linear=True,
        searched="convolution convolutional dilated atrous grouped kernel filter",
    )
)


# Transposed -----------------------------------------------------------------------------------


def _transposed_sides(p: Settings, shape: Shape) -> Shape:
    return tuple(
        (side - 1) * stride - 2 * padding + dilation * (kernel - 1) + more + 1
        for side, kernel, stride, padding, dilation, more in zip(
            shape[1:],
            *map(pair, (p.kernel_size, p.stride, p.padding, p.dilation, p.output_padding)),
        )
    )


def _transposed_shape(p: Settings, ins: Shapes) -> Shape:
    shape = a_map(ins[0], "ConvTranspose2d")
    sides = _transposed_sides(p, shape)
    _divided(p, shape, lambda: (p.out_channels, *(max(1, side) for side in sides)))
    if min(sides) < 1:
        lacking = [max(0, 1 - side) for side in sides]
        raise Mismatch(
            "vanishes",
            _(
                "{{node}} would give a map of {sides}; allowed: at least 1×1, with less "
                "padding or a larger kernel_size"
            ).format(sides=text_of(sides)),
            (p.out_channels, *(max(1, side) for side in sides)),
            padding=tuple(
                padding - (lack + 1) // 2 for padding, lack in zip(pair(p.padding), lacking)
            ),
            kernel_size=tuple(
                kernel - -lack // dilation
                for kernel, lack, dilation in zip(pair(p.kernel_size), lacking, pair(p.dilation))
            ),
        )
    most = tuple(max(each) - 1 for each in zip(pair(p.stride), pair(p.dilation)))
    if any(more > limit for more, limit in zip(pair(p.output_padding), most)):
        raise Mismatch(
            "output_padding",
            _(
                "output_padding {more} of {{node}} must be smaller than stride or dilation; "
                "allowed: {allowed}"
            ).format(
                more=shown(p.output_padding),
                allowed=(
                    _("0 to {most}").format(most=min(most))
                    if type(p.output_padding) is int
                    else _("up to {most}").format(most=text_of(most))
                ),
            ),
            (p.out_channels, *sides),
            most=most,
        )
    return (p.out_channels, *sides)


def _transposed_window(p: Settings, ins: Shapes, out: Shape) -> tuple[LayerWindow, LayerWindow]:
    windows = zip(*map(pair, (p.kernel_size, p.stride, p.padding, p.dilation)))
    vertical, horizontal = (transposed(*window) for window in windows)
    return vertical, horizontal


KINDS.declare(
    Kind(
        "ConvTranspose2d",
        "convolution",
        _(
            "Spreads every number over a window, and so raises the resolution: the gradient of a "
            "convolution as a layer. out = (in − 1) × stride − 2 × padding + dilation × (kernel − 1) + "
            "output_padding + 1 (Zeiler et al. 2010; Long, Shelhamer, Darrell 2014)."
        ),
        begins="convt",
        params=(
            OUT_CHANNELS,
            replace(KERNEL, default=2),
            replace(
                STRIDE,
                default=2,
                doc=_("Distance between the windows of neighbours; 2 doubles height and width."),
            ),
            replace(PADDING, doc=_("Rows and columns cut off on every side of the output.")),
            Param(
                "output_padding",
                0,
                _(
                    "Rows added below and columns added on the right: inputs of several sizes give one "
                    "output size in a strided convolution, and this chooses the size to return to."
                ),
                0,
                63,
                unit="px",
                pair=True,
                title=_("Output padding"),
            ),
            DILATION,
            GROUPS,
            BIAS,
        ),
        label=_label,
        shape=_transposed_shape,
        macs=lambda p, ins, out: prod((*ins[0], p.out_channels // p.groups, *pair(p.kernel_size))),
        keeps=("input",),
        window=_transposed_window,
        weights=lambda p, ins: _biased(
            p, Weight("weight", (ins[0][0], p.out_channels // p.groups, *pair(p.kernel_size)))
        ),
        call=lambda p, ins: Call(
            "nn.ConvTranspose2d",
            (
                Argument("in_channels", ins[0][0]),
                Argument("out_channels", p.out_channels),
                Argument("kernel_size", p.kernel_size),
                Argument("stride", p.stride, 1),
                Argument("padding", p.padding, 0),
                Argument("output_padding", p.output_padding, 0),
                Argument("groups", p.groups, 1),
                Argument("bias", p.bias, True),
                Argument("dilation", p.dilation, 1),
            ),
        ),
        linear=True,
        spreads=True,
        searched="convt deconvolution deconv upconvolution transposed fractionally-strided",
    )
)
