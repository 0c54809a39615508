"""Non-linearities: functions of every number by itself, and Softmax."""

from collections.abc import Callable
from typing import Any

from explorer.catalog.kind import KINDS, Argument, Call, Kind, Param, Settings
from explorer.text import _


def _activation(
    name: str,
    formula: str,
    doc: str,
    keeps: str = "input",
    params: tuple[Param, ...] = (),
    arguments: Callable[[Settings], tuple[Argument, ...]] = lambda p: (),
    **traits: Any,
) -> None:
    KINDS.declare(
        Kind(
            name,
            "activation",
            f"{formula}: {doc}",
            params=params,
            label=lambda p: formula if len(formula) < 12 else "",
            shape=lambda p, ins: ins[0],
            keeps=(keeps,),
            call=lambda p, ins: Call(f"nn.{name}", arguments(p)),
            **traits,
        )
    )


_activation(
    "ReLU",
    "max(0, x)",
    _(
        "without a non-linearity, stacked layers would equal one linear "
        "layer (Nair and Hinton 2010)."
    ),
    "output",
    searched="rectifier non-linearity nonlinearity activation",
)
_activation(
    "ReLU6",
    "min(max(0, x), 6)",
    _("a ReLU that stays small enough for low precision (Howard et al. 2017, MobileNet)."),
    begins="relu",
)
_activation(
    "LeakyReLU",
    "max(αx, x)",
    _("lets a little of the negative side through, so that no unit dies (Maas, Hannun, Ng 2013)."),
    begins="leaky",
    params=(Param("negative_slope", 0.01, _("Slope on the negative side (α)."), 0.0, 1.0),),
    arguments=lambda p: (Argument("negative_slope", p.negative_slope, 0.01),),
    searched="lrelu",
)
_activation(
    "GELU",
    "x Φ(x)",
    _(
        "x times the share of a normal distribution below it; the smooth "
        "ReLU of ConvNeXt (Hendrycks and Gimpel 2016)."
    ),
)
_activation(
    "SiLU",
    "x σ(x)",
    _(
        "also called swish; the non-linearity of EfficientNet (Elfwing et "
        "al. 2017; Ramachandran et al. 2017)."
    ),
    searched="swish",
)
_activation(
    "Hardswish",
    "x ReLU6(x + 3) / 6",
    _("SiLU from straight pieces, cheap to compute (Howard et al. 2019, MobileNetV3)."),
    begins="hswish",
    searched="h-swish hswish",
)
_activation(
    "Sigmoid",
    "1 / (1 + e⁻ˣ)",
    _(
        "brings every number between 0 and 1: a gate; saturates "
        "on both sides, where its gradient vanishes "
        "(Rumelhart, Hinton, Williams 1986)."
    ),
    "output",
    searched="logistic gate",
)
_activation(
    "Hardsigmoid",
    "ReLU6(x + 3) / 6",
    _("Sigmoid from straight pieces (Courbariaux et al. 2015; MobileNetV3)."),
    begins="hsigmoid",
    searched="h-sigmoid hsigmoid",
)
_activation(
    "Tanh",
    "tanh x",
    _("brings every number between −1 and 1: LeNet's non-linearity (LeCun et al. 1998)."),
    "output",
)

KINDS.declare(
    Kind(
        "Softmax",
        "activation",
        _(
            "eˣⁱ / Σ eˣʲ: scores to probabilities that add up to 1, over the channels. Training needs "
            "none at the end: the cross-entropy contains it (Bridle 1990)."
        ),
        label=lambda p: _("channels"),
        shape=lambda p, ins: ins[0],
        keeps=("output",),
        call=lambda p, ins: Call("nn.Softmax", (Argument("dim", 1, None),)),
        searched="probabilities",
    )
)
