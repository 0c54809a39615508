"""Pooling: one number for each window."""

from dataclasses import replace
from math import prod
from typing import Any

from explorer.catalog.kind import (
    KINDS,
    Argument,
    Call,
    Extra,
    Kept,
    Kind,
    Mismatch,
    Param,
    Settings,
    Shapes,
)
from explorer.catalog.layer_window import WHOLE, LayerWindow, adaptive
from explorer.catalog.layers.window import (
    KERNEL,
    PADDING,
    STRIDE,
    a_map,
    extent,
    layer_window,
    pair,
    shown,
    slide,
    strided,
    text_of,
)
from explorer.graph.graph import Shape
from explorer.text import _

CEIL = Param(
    "ceil_mode",
    False,
    _("Rounds the output size up: a window that reaches past the edge counts too."),
    title=_("Round up"),
)
_INDEX = 8  # bytes of the place of a maximum (torch.int64)


def _pool_shape(p: Settings, ins: Shapes) -> Shape:
    shape = a_map(ins[0], "Pooling")
    kernels, paddings = pair(p.kernel_size), pair(p.padding)
    if any(2 * padding > kernel for padding, kernel in zip(paddings, kernels)):
        halves = tuple(kernel // 2 for kernel in kernels)
        most = min(halves) if type(p.padding) is int else tuple(map(min, paddings, halves))
        raise Mismatch(
            "padding",
            _(
                "padding {padding} of {{node}} is more than half of kernel_size {kernel}; allowed: "
                "{allowed}"
            ).format(
                padding=shown(p.padding),
                kernel=shown(p.kernel_size),
                allowed=(
                    _("0 to {most}").format(most=most)
                    if type(most) is int
                    else _("up to {most}").format(most=text_of(halves))
                ),
            ),
            (
                shape[0],
                *(
                    max(1, (side + 2 * padding - kernel) // stride + 1)
                    for side, padding, kernel, stride in zip(
                        shape[1:], paddings, kernels, pair(p.stride)
                    )
                ),
            ),
            most=most,
        )
    return slide(p, shape, shape[0])


def _pool_window(p: Settings, ins: Shapes, out: Shape) -> tuple[LayerWindow, LayerWindow]:
    """A window over the whole map is global pooling."""
    if (
        out[1:] == (1, 1)
        and pair(p.kernel_size) == ins[0][1:]
        and pair(p.padding) == (0, 0)
        and ins[0][1:] != (1, 1)
    ):
        return WHOLE, WHOLE
    return layer_window(p, ins, out)


def _pool(
    name: str,
    doc: str,
    padding: Param = PADDING,
    more: tuple[Param, ...] = (),
    extra: Extra | None = None,
    **traits: Any,
) -> None:
    KINDS.declare(
        Kind(
            name,
            "pooling",
            doc,
            params=(
                replace(KERNEL, default=2),
                replace(STRIDE, default=2),
                padding,
                CEIL,
                *more,
            ),
            label=lambda p: f"{extent(p.kernel_size)}{strided(p)}",
            shape=_pool_shape,
            window=_pool_window,
            keeps=("input",),
            extra=extra,
            **traits,
            call=lambda p, ins: Call(
                f"nn.{name}",
                (
                    Argument("kernel_size", p.kernel_size),
                    Argument("stride", p.stride, p.kernel_size),
                    Argument("padding", p.padding, 0),
                    Argument("ceil_mode", p.ceil_mode, False),
                    *(
                        Argument(param.name, getattr(p, param.name), param.default)
                        for param in more
                    ),
                ),
            ),
        )
    )


def _indices(p: Settings, ins: Shapes, out: Shape) -> int:
    return _INDEX * prod(out)


_pool(
    "MaxPool2d",
    _(
        "Keeps the largest value of each window: the pattern was there, no matter "
        "exactly where (Riesenhuber and Poggio 1999)."
    ),
    replace(PADDING, doc=_("Rows and columns of −∞ added on every side, which are never chosen.")),
    begins="maxpool",
    extra=_indices,
    common=True,
    searched="maxpool maximum subsampling",
)
_pool(
    "AvgPool2d",
    _("Takes the mean of each window (LeCun et al. 1998)."),
    begins="avgpool",
    more=(
        Param(
            "count_include_pad",
            True,
            _("Counts the zeros of the padding in the mean."),
            title=_("Count padding"),
        ),
    ),
    linear=True,
    searched="avgpool mean average subsampling",
)


def _adaptive(
    name: str,
    doc: str,
    keeps: Kept = ("input",),
    extra: Extra | None = None,
    **traits: Any,
) -> None:
    KINDS.declare(
        Kind(
            name,
            "pooling",
            doc,
            params=(
                Param(
                    "output_size",
                    1,
                    _("Height and width of the maps that come out."),
                    1,
                    1024,
                    unit="px",
                    pair=True,
                    title=_("Output size"),
                ),
            ),
            label=lambda p: extent(p.output_size),
            shape=lambda p, ins: (a_map(ins[0], name)[0], *pair(p.output_size)),
            window=lambda p, ins, out: (adaptive(ins[0][1], out[1]), adaptive(ins[0][2], out[2])),
            keeps=keeps,
            extra=extra,
            call=lambda p, ins: Call(f"nn.{name}", (Argument("output_size", p.output_size),)),
            **traits,
        )
    )


_adaptive(
    "AdaptiveAvgPool2d",
    _(
        "Averages each map to a fixed size, whatever the size of the input; size "
        "1 is global average pooling (Lin, Chen, Yan 2013)."
    ),
    begins="avgpool",
    # To 1×1 it is a mean, whose gradient needs no input (ATen, AdaptiveAveragePooling.cpp).
    keeps=lambda p, ins, out: () if out[1:] == (1, 1) else ("input",),
    common=True,
    linear=True,
    searched="gap global globalpool average mean",
)
_adaptive(
    "AdaptiveMaxPool2d",
    _(
        "Reduces each map to a fixed size by its largest values, whatever the size of the input; "
        "size 1 is global max pooling (Oquab et al. 2015)."
    ),
    begins="maxpool",
    extra=_indices,
    searched="global globalpool maximum",
)
