"""How a network is trained: the figures that a person may set, and the learning rate over a run."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from explorer.engine import mode
from explorer.engine.failure import EngineError
from explorer.text import _

MOMENTUM = 0.9
WARM_UP = 0.3
"""Share of the first epoch over which the learning rate rises."""
RATE_NORMALISED, RATE_PLAIN = 0.2, 0.02
"""Learning rates where none is set. With 0.2, cifar_resnet8 on Fashion-MNIST had 88.8 and 88.2 %
right after its first epoch (seeds 0 and 1) and 92.1 % after its fifth; with 0.1 87.8 % and with
0.03 84.1 % after one. Without BatchNorm such rates blow the weights up."""

_RANGES = {
    "epochs": (1, 10_000),
    "batch_size": (1, 65_536),
    "learning_rate": (1e-8, 100.0),
    "weight_decay": (0.0, 1.0),
    "seed": (0, 2**31 - 1),
    "limit": (1, 10**9),
}


@dataclass(frozen=True)
class Recipe:
    """Stochastic gradient descent with Nesterov momentum (Sutskever et al. 2013).

    learning_rate: the highest, at the end of the warm-up; None until the network is known (see
    `settled`). weight_decay: of weights of two or more
    dimensions; biases and BatchNorm's are left free (He et al. 2018, arXiv 1812.01187, 3.1).
    limit: images of an epoch, None for all of them.
    """

    epochs: int = 5
    batch_size: int = 128
    learning_rate: float | None = None
    weight_decay: float = 5e-4
    seed: int = 0
    mode: str = mode.AUTO
    limit: int | None = None

    def __post_init__(self) -> None:
        mode.check(self.mode)
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if name in ("limit", "learning_rate") and value is None:
                continue
            whole = name not in ("learning_rate", "weight_decay")
            right = type(value) is int or (not whole and type(value) is float)
            if not right or not low <= value <= high:
                raise EngineError(
                    _("{name} is {value}; allowed: {low:g} to {high:g}.").format(
                        name=name, value=repr(value)[:40], low=low, high=high
                    )
                )

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Self:
        """The recipe in a request; what it leaves out, or gives as null, takes its default."""
        known = {field.name for field in fields(cls)}
        return cls(
            **{key: value for key, value in request.items() if key in known and value is not None}
        )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def steps_an_epoch(self, images: int) -> int:
        """Steps in an epoch of a set of so many images; what does not fill a batch waits for
        another epoch."""
        images = min(images, self.limit or images)
        return max(1, images // self.batch_size)

    def settled(self, normalised: bool) -> Self:
        """The recipe with a learning rate: if none was set, one for a network with BatchNorm or
        without."""
        if self.learning_rate is not None:
            return self
        return replace(self, learning_rate=RATE_NORMALISED if normalised else RATE_PLAIN)

    def rate(self, step: int, steps_an_epoch: int) -> float:
        """The learning rate of step 0, 1, …, once `settled`.

        Cosine annealing with warm restarts (Loshchilov and Hutter 2017, arXiv 1608.03983): it falls
        to nothing in every epoch, so that the score after each is that of a network at rest, and
        every restart begins lower, along half a cosine over the run. The first epoch begins with
        a straight warm-up (Goyal et al. 2017, arXiv 1706.02677, 2.2).
        """
        epoch, place = divmod(step, steps_an_epoch)
        assert self.learning_rate is not None
        peak = self.learning_rate * _fall(epoch / self.epochs)
        warm = min(max(1, round(WARM_UP * steps_an_epoch)), steps_an_epoch) if epoch == 0 else 0
        if place < warm:
            return peak * (place + 1) / warm
        return peak * _fall((place - warm) / (steps_an_epoch - warm))


def _fall(share: float) -> float:
    """Half a cosine from 1 at share 0 to 0 at share 1."""
    return 0.5 * (1 + math.cos(math.pi * share))
