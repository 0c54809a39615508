"""Normalisation of maps."""

from math import prod

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
    Steps,
    Weight,
)
from explorer.catalog.layers.convolution import divisors, listed
from explorer.catalog.layers.window import a_map
from explorer.graph.graph import Shape
from explorer.text import _

EPS = Param(
    "eps",
    1e-5,
    _("Added to the variance, so that nothing is divided by 0."),
    0.0,
    1.0,
    title=_("Epsilon"),
)
MOMENTUM = Param(
    "momentum",
    0.1,
    _("Share of the newest batch in BatchNorm2d's running mean and variance."),
    0.0,
    1.0,
    title=_("Momentum"),
)
_NUMBER = 4  # bytes of a number that is kept for the backward pass (torch.float32)


def _scale_and_shift(channels: int) -> tuple[Weight, Weight]:
    return Weight("weight", (channels,)), Weight("bias", (channels,))


KINDS.declare(
    Kind(
        "BatchNorm2d",
        "normalisation",
        _(
            "Brings every channel to mean 0 and standard deviation 1 over the batch, then scales and "
            "shifts it by learned numbers: γ (x − μ) / √(σ² + ε) + β (Ioffe and Szegedy 2015)."
        ),
        begins="bn",
        params=(EPS, MOMENTUM),
        label=lambda p: "",
        shape=lambda p, ins: a_map(ins[0], "BatchNorm2d", ins[0]),
        keeps=("input",),
        weights=lambda p, ins: (
            *_scale_and_shift(ins[0][0]),
            Weight("running_mean", ins[0][:1], False),
            Weight("running_var", ins[0][:1], False),
            Weight("num_batches_tracked", (), False),
        ),
        call=lambda p, ins: Call(
            "nn.BatchNorm2d",
            (
                Argument("num_features", ins[0][0]),
                Argument("eps", p.eps, 1e-5),
                Argument("momentum", p.momentum, 0.1),
            ),
        ),
        common=True,
        linear=True,  # in eval mode, by constants
        normalises=True,
        searched="bn batchnorm normalise",
    )
)


def _group_shape(p: Settings, ins: Shapes) -> Shape:
    shape = a_map(ins[0], "GroupNorm", ins[0])
    # PyTorch refuses groups of one number for one picture; for many it would give 0 everywhere.
    allowed = [groups for groups in divisors(shape[0]) if shape != (groups, 1, 1)]
    if p.num_groups in allowed:
        return shape
    raise Mismatch(
        "num_groups",
        (
            _(
                "num_groups {groups} of {{node}} does not divide its {count} channels; allowed: "
                "{divisors}"
            )
            if shape[0] % p.num_groups
            else _(
                "num_groups {groups} of {{node}} leaves one number in each group of 1×1 maps, and "
                "nothing to normalise; allowed: {divisors}"
            )
        ).format(groups=p.num_groups, count=shape[0], divisors=listed(allowed) or _("none")),
        shape,
        numbers=allowed,
    )


KINDS.declare(
    Kind(
        "GroupNorm",
        "normalisation",
        _(
            "Normalises each group of channels of each picture separately, independent of the batch and "
            "so suited to small ones: γ (x − μ) / √(σ² + ε) + β, with μ and σ over the channels of a "
            "group and all places (Wu and He 2018)."
        ),
        begins="gn",
        params=(
            Param(
                "num_groups",
                32,
                _(
                    "Number of groups that the channels are split into; 1 normalises over all channels "
                    "and places."
                ),
                1,
                MOST_CHANNELS,
                title=_("Groups"),
            ),
            EPS,
        ),
        label=lambda p: f"g{p.num_groups}",
        shape=_group_shape,
        keeps=("input",),
        extra=lambda p, ins, out: 2 * _NUMBER * p.num_groups,  # mean and deviation of each group
        weights=lambda p, ins: _scale_and_shift(ins[0][0]),
        call=lambda p, ins: Call(
            "nn.GroupNorm",
            (
                Argument("num_groups", p.num_groups),
                Argument("num_channels", ins[0][0]),
                Argument("eps", p.eps, 1e-5),
            ),
        ),
        normalises=True,
        full_on=("cuda",),
        searched="gn instance instancenorm",
    )
)

KINDS.declare(
    Kind(
        "LayerNorm2d",
        "normalisation",
        _(
            "LayerNorm for maps: normalises over the channels at each place, γ (x − μ) / √(σ² + ε) + β "
            "(Ba, Kiros, Hinton 2016; on maps as in ConvNeXt, Liu et al. 2022)."
        ),
        begins="ln",
        params=(EPS,),
        label=lambda p: "",
        shape=lambda p, ins: a_map(ins[0], "LayerNorm2d", ins[0]),
        keeps=("input",),
        extra=lambda p, ins, out: 2 * _NUMBER * out[1] * out[2],  # mean and deviation of each place
        weights=lambda p, ins: _scale_and_shift(ins[0][0]),
        call=lambda p, ins: Call(
            "LayerNorm2d", (Argument("normalized_shape", ins[0][0]), Argument("eps", p.eps, 1e-5))
        ),
        module='''class LayerNorm2d(nn.LayerNorm):
    """Normalises the channels of every place of a map (N, C, H, W)."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
''',
        normalises=True,
        full_on=("cuda",),
        searched="ln layernorm",
    )
)

KINDS.declare(
    Kind(
        "LayerNorm",
        "normalisation",
        _(
            "Normalises over the last axis: the features of a vector, or the channels of a map that "
            "Permute has put last (Ba, Kiros, Hinton 2016)."
        ),
        begins="ln",
        params=(EPS,),
        label=lambda p: "",
        shape=lambda p, ins: ins[0],
        keeps=("input",),
        extra=lambda p, ins, out: 2 * _NUMBER * prod(out[:-1]),  # mean and deviation of each row
        weights=lambda p, ins: _scale_and_shift(ins[0][-1]),
        call=lambda p, ins: Call(
            "nn.LayerNorm", (Argument("normalized_shape", ins[0][-1]), Argument("eps", p.eps, 1e-5))
        ),
        normalises=True,
        full_on=("cuda",),
        searched="ln layernorm",
    )
)


def _response_steps(p: Settings, ins: Shapes, width: int, cuda: bool) -> Steps:
    """The steps of torch.nn.functional.local_response_norm: squares; the same padded with zeros at
    both ends of the channels; their means over a window (under autocast float32 on the CPU); times α;
    plus k; the power of that (always float32); the quotient.

    Kept are what was averaged, and the power's base and result. Backward, the quotient's gradients
    take four times its size; the last of the others is that of what was averaged.
    """
    channels, *sides = ins[0]
    maps = prod(ins[0])
    padded = (channels + p.size - 1) * prod(sides)
    mean = width if cuda else _NUMBER
    cast = padded * width if mean != width else 0
    return Steps(
        padded * mean + 2 * maps * _NUMBER,
        max((maps + padded) * width, cast + (padded + maps) * mean, 3 * maps * _NUMBER),
        4 * maps * _NUMBER,
        maps * (width + mean - 2 * _NUMBER) + padded * mean,
    )


KINDS.declare(
    Kind(
        "LocalResponseNorm",
        "normalisation",
        _(
            "Divides every number by the strength of the same place in the neighbouring channels: x / (k "
            "+ α / n Σ x²)^β (Krizhevsky et al. 2012, section 3.3, where α is not divided by n)."
        ),
        begins="lrn",
        params=(
            Param(
                "size",
                5,
                _("Number of neighbouring channels that count (n)."),
                1,
                1024,
                title=_("Size"),
            ),
            Param("alpha", 1e-4, _("Weight of their squares (α)."), 0.0, 1000.0, title=_("Alpha")),
            Param("beta", 0.75, _("Exponent (β)."), 0.0, 10.0, title=_("Beta")),
            Param(
                "k",
                1.0,
                _("Added to the sum, so that nothing is divided by 0 (k); 2 in the paper."),
                0.0,
                1000.0,
            ),
        ),
        label=lambda p: f"n{p.size}",
        shape=lambda p, ins: a_map(ins[0], "LocalResponseNorm", ins[0]),
        keeps=("input",),
        steps=_response_steps,
        call=lambda p, ins: Call(
            "nn.LocalResponseNorm",
            (
                Argument("size", p.size),
                Argument("alpha", p.alpha, 1e-4),
                Argument("beta", p.beta, 0.75),
                Argument("k", p.k, 1.0),
            ),
        ),
        searched="lrn",
    )
)
