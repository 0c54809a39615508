"""Joins between branches, and the learned scale of a branch."""

from explorer.catalog.kind import (
    KINDS,
    PORTS,
    Argument,
    Call,
    Kind,
    Mismatch,
    Param,
    Settings,
    Shapes,
    Weight,
)
from explorer.catalog.layers.window import text_of
from explorer.graph.graph import Shape
from explorer.text import _


def _shapes(ins: Shapes) -> str:
    return ", ".join(map(text_of, ins))


def _differ(a: Shape, b: Shape) -> str:
    if len(a) != len(b):
        return _("one is a map, another a vector")
    channels = _("channels {a} ≠ {b}").format(a=a[0], b=b[0]) if a[0] != b[0] else ""
    sides = _("size {a} ≠ {b}").format(a=text_of(a[1:]), b=text_of(b[1:])) if a[1:] != b[1:] else ""
    return ", ".join(filter(None, (channels, sides)))


def _add_shape(p: Settings, ins: Shapes) -> Shape:
    for shape in ins[1:]:
        if shape != ins[0]:
            raise Mismatch(
                "add",
                _("{{node}} adds tensors of equal shape, but gets {shapes}; {differ}").format(
                    shapes=_shapes(ins), differ=_differ(ins[0], shape)
                ),
                ins[0],
            )
    return ins[0]


KINDS.declare(
    Kind(
        "Add",
        "merge",
        _(
            "Adds its inputs element by element: where a residual block joins F(x) and x (He et al. "
            "2015)."
        ),
        inputs=PORTS[:2],
        variadic=True,
        label=lambda p: "",
        shape=_add_shape,
        expression=lambda p, names: " + ".join(names),
        common=True,
        joins="sum",
        searched="sum plus residual shortcut skip join +",
    )
)


def _multiply_shape(p: Settings, ins: Shapes) -> Shape:
    a, b = ins
    if len(a) == len(b) and all(x == y or 1 in (x, y) for x, y in zip(a, b)):
        return tuple(map(max, a, b))
    raise Mismatch(
        "multiply",
        _("{{node}} multiplies tensors whose sides are equal or 1, but gets {shapes}").format(
            shapes=_shapes(ins)
        ),
        max(a, b, key=len),
    )


KINDS.declare(
    Kind(
        "Multiply",
        "merge",
        _(
            "Multiplies its inputs element by element; a side of 1 is repeated to fit the other: how a "
            "gate opens and closes channels (Hu, Shen, Sun 2017)."
        ),
        inputs=PORTS[:2],
        label=lambda p: "",
        shape=_multiply_shape,
        keeps=("input",),
        expression=lambda p, names: " * ".join(names),
        joins="product",
        searched="product times gate scale * ×",
    )
)


def _concat_shape(p: Settings, ins: Shapes) -> Shape:
    channels = sum(shape[0] for shape in ins)
    for shape in ins[1:]:
        if shape[1:] != ins[0][1:]:
            raise Mismatch(
                "concat",
                _(
                    "{{node}} joins channels of maps of equal size, but gets {shapes}; {differ}"
                ).format(shapes=_shapes(ins), differ=_differ((0, *ins[0][1:]), (0, *shape[1:]))),
                (channels, *ins[0][1:]),
            )
    return (channels, *ins[0][1:])


KINDS.declare(
    Kind(
        "Concat",
        "merge",
        _(
            "Joins its inputs along the channels, one after another (Szegedy et al. 2014; Huang et al. "
            "2016)."
        ),
        inputs=PORTS[:2],
        variadic=True,
        label=lambda p: _("channels"),
        shape=_concat_shape,
        expression=lambda p, names: f"torch.cat([{', '.join(names)}], 1)",
        common=True,
        joins="stack",
        searched="concatenate cat stack join",
    )
)

KINDS.declare(
    Kind(
        "LayerScale",
        "merge",
        _(
            "Multiplies every channel by a learned number that starts small, so that a deep network "
            "starts near the identity (Touvron et al. 2021)."
        ),
        params=(
            Param(
                "value",
                1e-6,
                _("The number that each channel starts with."),
                0.0,
                1.0,
                title=_("Initial value"),
            ),
        ),
        label=lambda p: f"{p.value:g}",
        shape=lambda p, ins: ins[0],
        keeps=("input",),
        weights=lambda p, ins: (Weight("", (ins[0][0],) + (1,) * (len(ins[0]) - 1)),),
        call=lambda p, ins: Call(
            "nn.Parameter",
            (
                Argument(
                    "data",
                    Call(
                        "torch.full",
                        (
                            Argument("size", (ins[0][0],) + (1,) * (len(ins[0]) - 1)),
                            Argument("fill_value", float(p.value)),
                        ),
                    ),
                ),
            ),
        ),
        expression=lambda p, names: " * ".join(reversed(names)),
        linear=True,
        searched="gamma",
    )
)
