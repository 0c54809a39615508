"""Windows that slide over both axes of a map: their parameters, sizes and reaches."""

from collections.abc import Callable

from explorer.catalog.kind import Mismatch, Param, Settings, Shapes
from explorer.catalog.layer_window import LayerWindow, sliding
from explorer.graph.graph import Shape
from explorer.text import _

Pair = tuple[int, int]

KERNEL = Param(
    "kernel_size",
    3,
    _("Height and width of the window that slides over the map."),
    1,
    255,
    unit="px",
    pair=True,
    title=_("Kernel size"),
)
STRIDE = Param(
    "stride",
    1,
    _("Step of the window; 2 halves height and width."),
    1,
    64,
    unit="px",
    pair=True,
    title=_("Stride"),
)
PADDING = Param(
    "padding",
    0,
    _("Zeros added on every side before the window slides."),
    0,
    127,
    unit="px",
    pair=True,
    title=_("Padding"),
)
DILATION = Param(
    "dilation",
    1,
    _("Distance between the taps of the kernel; 1 is an ordinary kernel."),
    1,
    64,
    unit="px",
    pair=True,
    title=_("Dilation"),
)


def text_of(shape: Shape) -> str:
    """A shape as a person reads it: 64×28×28."""
    return "×".join(map(str, shape))


def pair(value: int | Pair) -> Pair:
    """(height, width) of a parameter that may be one number."""
    return value if isinstance(value, tuple) else (value, value)


def extent(value: int | Pair) -> str:
    """A window's size on a label: 3×3."""
    return text_of(pair(value))


def shown(value: int | Shape) -> str:
    """A parameter in a sentence: 3, or 3×5."""
    return text_of(value) if isinstance(value, tuple) else str(value)


def strided(p: Settings) -> str:
    """The stride as a label ends with it: ", s2"; nothing if it is 1."""
    return f", s{shown(p.stride)}" if pair(p.stride) != (1, 1) else ""


def a_map(shape: Shape, kind: str, intended: Shape | None = None) -> Shape:
    """The shape, if it is a map (channels, height, width). Raises Mismatch."""
    if len(shape) != 3:
        raise Mismatch(
            "map",
            _(
                "{{node}}: {kind} needs a map channels×height×width, but gets a vector of {shape}"
            ).format(kind=kind, shape=text_of(shape)),
            intended,
        )
    return shape


def pads(p: Settings) -> tuple[Pair, Pair]:
    """The padding (before, after) on each axis; "same" puts an odd one after (torch.nn.Conv2d)."""
    if p.padding != "same":
        height, width = pair(p.padding)
        return (height, height), (width, width)
    totals = [d * (k - 1) for k, d in zip(pair(p.kernel_size), pair(p.dilation))]
    vertical, horizontal = ((total // 2, total - total // 2) for total in totals)
    return vertical, horizontal


def layer_window(p: Settings, ins: Shapes, out: Shape) -> tuple[LayerWindow, LayerWindow]:
    """What one place sees through the window."""
    vertical, horizontal = (
        sliding(kernel, stride, before, dilation)
        for kernel, stride, (before, _), dilation in zip(
            pair(p.kernel_size), pair(p.stride), pads(p), pair(getattr(p, "dilation", 1))
        )
    )
    return vertical, horizontal


def slide(p: Settings, shape: Shape, channels: int) -> Shape:
    """The shape after the window has slid over both axes (torch.nn.Conv2d and MaxPool2d,
    "Shape"). Raises Mismatch if the window does not fit into the padded map."""
    kernels, strides = pair(p.kernel_size), pair(p.stride)
    dilations = pair(getattr(p, "dilation", 1))
    ceil = getattr(p, "ceil_mode", False)
    if p.padding == "same" and strides != (1, 1):
        raise Mismatch(
            "same",
            _('padding "same" of {{node}} needs stride 1, but stride is {stride}').format(
                stride=shown(p.stride)
            ),
            (channels, *(-(-side // stride) for side, stride in zip(shape[1:], strides))),
            padding=tuple((before + after + 1) // 2 for before, after in pads(p)),
        )
    sides = []
    for side, kernel, stride, dilation, (before, after) in zip(
        shape[1:], kernels, strides, dilations, pads(p)
    ):
        room = side + before + after - dilation * (kernel - 1) - 1
        places = (-(-room // stride) if ceil else room // stride) + 1
        if places < 1:
            raise _too_large(p, shape, channels, kernels, strides, dilations)
        if ceil and (places - 1) * stride >= side + before:
            places -= 1  # the last window must start inside the map or its left padding
        sides.append(places)
    return (channels, *sides)


def _too_large(
    p: Settings, shape: Shape, channels: int, kernels: Pair, strides: Pair, dilations: Pair
) -> Mismatch:
    padded = tuple(side + sum(pad) for side, pad in zip(shape[1:], pads(p)))
    hangs = [stride - 1 if getattr(p, "ceil_mode", False) else 0 for stride in strides]
    largest = tuple(
        (most + hang - 1) // dilation + 1 for most, hang, dilation in zip(padded, hangs, dilations)
    )
    reaches = tuple(d * (k - 1) + 1 for k, d in zip(kernels, dilations))
    needed = tuple(
        max(-(-(wide - hang - side) // 2), 0) for wide, hang, side in zip(reaches, hangs, shape[1:])
    )
    padding: int | Shape
    if kernels[0] == kernels[1] and type(p.padding) is int:
        padding = max(needed)
    else:
        padding = tuple(map(max, needed, pair(p.padding)))
    largest_one: int | Shape
    if kernels[0] == kernels[1]:
        largest_one, allowed = min(largest), _("1 to {largest}").format(largest=min(largest))
    else:
        largest_one = tuple(map(min, kernels, largest))
        allowed = _("up to {largest}").format(largest=text_of(largest))
    return Mismatch(
        "kernel",
        (
            _(
                "kernel_size {kernel} is larger than the padded input {padded} of {{node}}; allowed: "
                "{allowed}"
            )
            if set(dilations) == {1}
            else _(
                "kernel_size {kernel} with dilation {dilation} ({reach} pixels) is larger than the "
                "padded input {padded} of {{node}}; allowed: {allowed}"
            )
        ).format(
            kernel=shown(p.kernel_size),
            dilation=shown(getattr(p, "dilation", 1)),
            reach=shown(reaches if reaches[0] != reaches[1] else reaches[0]),
            padded=text_of(padded),
            allowed=allowed,
        ),
        (channels, *(-(-side // stride) for side, stride in zip(shape[1:], strides))),
        largest=largest_one,
        padding=padding,
    )


def intended(of: Callable[[], Shape]) -> Shape | None:
    """The shape that `of` returns, or if that fails too the one that its Mismatch intends."""
    try:
        return of()
    except Mismatch as mismatch:
        return mismatch.intended
