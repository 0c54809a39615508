"""Non-linearities: functions of every number by itself, and Softmax."""

from collections.abc import Callable
from math import erf, exp, sqrt, tanh
from typing import Any

from explorer.catalog.kind import KINDS, Argument, Call, Kind, Param, Settings, Shapes, Weight
from explorer.text import _


def _activation(
    name: str,
    formula: str,
    doc: str,
    keeps: str = "input",
    params: tuple[Param, ...] = (),
    arguments: Callable[[Settings, Shapes], tuple[Argument, ...]] = lambda p, ins: (),
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
            call=lambda p, ins: Call(f"nn.{name}", arguments(p, ins)),
            **traits,
        )
    )


def _relu6(x: float) -> float:
    return min(max(0.0, x), 6.0)


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


_activation(
    "ReLU",
    "max(0, x)",
    _(
        "without a non-linearity, stacked layers would equal one linear "
        "layer (Nair and Hinton 2010)."
    ),
    "output",
    searched="rectifier non-linearity nonlinearity activation",
    curve=(lambda x: max(0.0, x), -3, 3),
    positive=True,
    common=True,
)
_activation(
    "ReLU6",
    "min(max(0, x), 6)",
    _("a ReLU that stays small enough for low precision (Sandler et al. 2018, MobileNetV2)."),
    begins="relu",
    curve=(_relu6, -4, 10),
    positive=True,
)
_activation(
    "LeakyReLU",
    "max(αx, x)",
    _("lets a little of the negative side through, so that no unit dies (Maas, Hannun, Ng 2013)."),
    begins="leaky",
    params=(
        Param(
            "negative_slope",
            0.01,
            _("Slope on the negative side (α)."),
            0.0,
            1.0,
            title=_("Negative slope"),
        ),
    ),
    arguments=lambda p, ins: (Argument("negative_slope", p.negative_slope, 0.01),),
    searched="lrelu",
    curve=(lambda x: max(0.15 * x, x), -3, 3),  # a slope of 0.01 could not be told from 0
)
_activation(
    "PReLU",
    "max(0, x) + α min(0, x)",
    _("learns the slope on the negative side (He et al. 2015, arXiv 1502.01852, section 2.1)."),
    params=(
        Param(
            "per_channel",
            True,
            _("A slope for each channel; otherwise one for the whole layer."),
            title=_("Per channel"),
        ),
        Param(
            "init",
            0.25,
            _("The slope (α) that training starts with."),
            0.0,
            1.0,
            title=_("Initial slope"),
        ),
    ),
    arguments=lambda p, ins: (
        Argument("num_parameters", ins[0][0] if p.per_channel else 1, 1),
        Argument("init", p.init, 0.25),
    ),
    weights=lambda p, ins: (Weight("weight", (ins[0][0] if p.per_channel else 1,)),),
    at_work=1,  # the slope's gradient at each place, before they are summed up
    curve=(lambda x: max(0.25 * x, x), -3, 3),
    searched="parametric relu",
)
_activation(
    "GELU",
    "x Φ(x)",
    _(
        "x times the probability that a standard normal number is less than x; the smooth "
        "ReLU of ConvNeXt (Hendrycks and Gimpel 2016)."
    ),
    curve=(lambda x: x * (1 + erf(x / sqrt(2))) / 2, -3.2, 2),
    common=True,
)
_activation(
    "SiLU",
    "x σ(x)",
    _(
        "also called swish; the non-linearity of EfficientNet (Elfwing et "
        "al. 2017; Ramachandran et al. 2017)."
    ),
    searched="swish",
    curve=(lambda x: x * _sigmoid(x), -7, 3),
)
_activation(
    "Hardswish",
    "x ReLU6(x + 3) / 6",
    _("a cheap approximation of SiLU (Howard et al. 2019, MobileNetV3)."),
    begins="hswish",
    searched="h-swish hswish",
    curve=(lambda x: x * _relu6(x + 3) / 6, -5, 2.5),
)
_activation(
    "Sigmoid",
    "1 / (1 + e⁻ˣ)",
    _(
        "maps every number to one between 0 and 1, as a gate does; saturates on both sides, where "
        "its gradient vanishes (Rumelhart, Hinton, Williams 1986)."
    ),
    "output",
    searched="logistic gate",
    curve=(_sigmoid, -6, 6),
    positive=True,
)
_activation(
    "Hardsigmoid",
    "ReLU6(x + 3) / 6",
    _(
        "a sigmoid made of straight lines (Courbariaux et al. 2015; with this slope Howard et al. "
        "2019, MobileNetV3)."
    ),
    begins="hsigmoid",
    searched="h-sigmoid hsigmoid",
    curve=(lambda x: _relu6(x + 3) / 6, -6, 6),
    positive=True,
)
_activation(
    "Tanh",
    "tanh x",
    _("maps every number to one between −1 and 1: LeNet's non-linearity (LeCun et al. 1998)."),
    "output",
    curve=(tanh, -3.2, 3.2),
)

KINDS.declare(
    Kind(
        "Softmax",
        "activation",
        _(
            "eˣⁱ / Σ eˣʲ: turns the scores of the channels into probabilities that add up to 1 (Bridle "
            "1990). For training, leave it out at the end: the cross-entropy contains it."
        ),
        label=lambda p: _("channels"),
        shape=lambda p, ins: ins[0],
        keeps=("output",),
        call=lambda p, ins: Call("nn.Softmax", (Argument("dim", 1, None),)),
        probabilities=True,
        full_on=("cuda",),
        searched="probabilities",
    )
)
