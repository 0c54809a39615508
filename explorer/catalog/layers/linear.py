"""Fully connected layers."""

from math import prod

from explorer.catalog.kind import (
    KINDS,
    MOST_FEATURES,
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


def _linear_shape(p: Settings, ins: Shapes) -> Shape:
    if p.per_place and len(ins[0]) == 3:
        return (*ins[0][:-1], p.out_features)
    if len(ins[0]) != 1:
        raise Mismatch(
            "vector",
            _(
                "{{node}}: Linear needs a vector, but gets a map of {shape}; allowed after Flatten"
            ).format(shape=text_of(ins[0])),
            (p.out_features,),
        )
    return (p.out_features,)


KINDS.declare(
    Kind(
        "Linear",
        "head",
        _(
            "Every output is a weighted sum of all inputs: a fully connected layer, Wx + b (Rosenblatt "
            "1958)."
        ),
        begins="fc",
        params=(
            Param(
                "out_features",
                10,
                _("Number of features that come out."),
                1,
                MOST_FEATURES,
                title=_("Out features"),
            ),
            Param("bias", True, _("Adds a learned number to each output."), title=_("Bias")),
            Param(
                "per_place",
                False,
                _(
                    "Takes a map whose channels are last (after Permute) and works on the channels of "
                    "each place, as a 1×1 convolution does."
                ),
                title=_("Per place"),
            ),
        ),
        label=lambda p: f"{p.out_features}",
        shape=_linear_shape,
        macs=lambda p, ins, out: prod((p.out_features, *ins[0])),
        keeps=("input",),
        weights=lambda p, ins: (
            Weight("weight", (p.out_features, ins[0][-1])),
            *((Weight("bias", (p.out_features,)),) if p.bias else ()),
        ),
        call=lambda p, ins: Call(
            "nn.Linear",
            (
                Argument("in_features", ins[0][-1]),
                Argument("out_features", p.out_features),
                Argument("bias", p.bias, True),
            ),
        ),
        common=True,
        linear=True,
        searched="fc dense fully connected mlp",
    )
)
