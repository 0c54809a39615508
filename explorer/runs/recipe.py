"""How a network is trained: the figures that a person may set, and the learning rate over a run."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from explorer.catalog import Param
from explorer.text import _

MOMENTUM = 0.9
WARM_UP = 0.3
"""Share of the first epoch in which the learning rate rises."""
RATE_NORMALISED, RATE_PLAIN = 0.2, 0.02
"""Learning rates where none is set. With 0.2, cifar_resnet8 on Fashion-MNIST reached a test
accuracy of 88.8 and 88.2 % after its first epoch (seeds 0 and 1) and 92.1 % after its fifth; with
0.1 87.8 % and with 0.03 84.1 % after one. Without BatchNorm such rates make training diverge."""
AUTO = "auto"
MOST_PICTURES, MOST_VALIDATED = 65_536, 4_096
"""In a batch."""
PRECISIONS = ("float32", "bfloat16", "float16")
OPTIMISERS = MappingProxyType({"sgd": 0, "momentum": 1, "adam": 2, "adamw": 2})
"""Numbers that each optimiser keeps for every parameter. A run of this program uses momentum."""
MODES = (AUTO, "float32", "float32 channels-last", "bfloat16 channels-last")


class RecipeError(ValueError):
    """A figure of a recipe is not allowed; the sentence states what is."""


@dataclass(frozen=True)
class Recipe:
    """Stochastic gradient descent with Nesterov momentum (Sutskever et al. 2013); its figures are
    described in FIELDS.

    learning_rate: the highest, at the end of the warm-up; None until the network is known (see
    `settled`). weight_decay: of the weights of convolutions and linear layers; biases and the
    parameters of BatchNorm do not decay (He et al. 2018, arXiv 1812.01187, 3.1). limit: images of
    an epoch, None for all of them.
    """

    epochs: int = 5
    batch_size: int = 128
    learning_rate: float | None = None
    weight_decay: float = 5e-4
    seed: int = 0
    mode: str = AUTO
    limit: int | None = None

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            if fault := field.fault(getattr(self, name)):
                raise RecipeError(fault)

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> Self:
        """The recipe with these figures; one that is missing or None takes its default. Raises
        RecipeError."""
        return cls(**{name: figures[name] for name in FIELDS if figures.get(name) is not None})

    def as_dict(self) -> dict[str, Any]:
        """The figures by name, as `of` reads them."""
        return asdict(self)

    def updated(self, figures: Mapping[str, Any]) -> Self:
        """The recipe with those of these figures that are allowed. Raises TypeError if they are no
        mapping."""
        if not isinstance(figures, Mapping):
            raise TypeError(f"expected a mapping, got {type(figures).__name__}")
        allowed = {
            name: value
            for name, value in figures.items()
            if name in FIELDS and FIELDS[name].fault(value) is None
        }
        return replace(self, **allowed)

    def steps_per_epoch(self, images: int) -> int:
        """Steps of an epoch with a data set of `images` images; those that do not fill a batch are
        left out."""
        return max(1, min(images, self.limit or images) // self.batch_size)

    def settled(self, normalised: bool) -> Self:
        """The recipe with a learning rate: where none was set, the one for a network with BatchNorm
        (`normalised`) or without."""
        if self.learning_rate is not None:
            return self
        return replace(self, learning_rate=RATE_NORMALISED if normalised else RATE_PLAIN)

    def rate(self, step: int, steps_per_epoch: int) -> float:
        """The learning rate of step 0, 1, …, once `settled`.

        Cosine annealing with warm restarts (Loshchilov and Hutter 2017, arXiv 1608.03983): it falls
        to 0 in every epoch, so that the score after each is that of settled weights, and every
        restart is lower than the one before, along half a cosine over the run. The first epoch
        starts with a linear warm-up (Goyal et al. 2017, arXiv 1706.02677, 2.2).
        """
        epoch, place = divmod(step, steps_per_epoch)
        assert self.learning_rate is not None
        peak = self.learning_rate * _fall(epoch / self.epochs)
        warm = min(max(1, round(WARM_UP * steps_per_epoch)), steps_per_epoch) if epoch == 0 else 0
        if place < warm:
            return peak * (place + 1) / warm
        return peak * _fall((place - warm) / (steps_per_epoch - warm))


FIELDS: Mapping[str, Param] = MappingProxyType(
    {
        field.name: field
        for field in (
            Param(
                "epochs",
                Recipe.epochs,
                _("Number of passes through the training pictures."),
                1,
                10_000,
                title=_("Epochs"),
            ),
            Param(
                "batch_size",
                Recipe.batch_size,
                _("Number of pictures whose gradients are averaged in one step."),
                1,
                MOST_PICTURES,
                unit=_("pictures"),
                step=32,
                title=_("Batch size"),
            ),
            Param(
                "learning_rate",
                RATE_NORMALISED,
                _(
                    "The highest learning rate; automatic is {normalised} with BatchNorm, {plain} without."
                ).format(normalised=RATE_NORMALISED, plain=RATE_PLAIN),
                1e-8,
                100,
                step=0.005,
                absent=_("automatic"),
                title=_("Learning rate"),
            ),
            Param(
                "weight_decay",
                Recipe.weight_decay,
                _("How strongly each step pulls the weights towards 0."),
                0,
                1,
                step=0.0001,
                title=_("Weight decay"),
            ),
            Param(
                "seed",
                Recipe.seed,
                _(
                    "Determines the initial weights, the order of the pictures and which are held out."
                ),
                0,
                2**31 - 1,
                title=_("Seed"),
            ),
            Param(
                "mode",
                Recipe.mode,
                _("Number format and memory layout; auto measures which is fastest."),
                choices=MODES,
                title=_("Mode"),
            ),
            Param(
                "limit",
                1,
                _("Number of training pictures per epoch."),
                1,
                10**9,
                unit=_("pictures"),
                absent=_("all"),
                title=_("Limit"),
            ),
        )
    }
)
REMEMBERED = ("epochs", "batch_size", "learning_rate", "weight_decay", "seed")
"""The figures that the window's form shows and its settings keep."""


def _fall(share: float) -> float:
    """Half a cosine from 1 at share 0 to 0 at share 1."""
    return 0.5 * (1 + math.cos(math.pi * share))
