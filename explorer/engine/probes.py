"""The probe: one pinned picture through the network as it stands, forward and backward."""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from explorer.engine import data as sets
from explorer.engine.data import Pictures
from explorer.engine.failure import EngineError
from explorer.engine.model import Model
from explorer.engine.mosaic import compose
from explorer.engine.walk import INPUT, Walk
from explorer.text import _

SHARE = 0.03
"""Share of the time that watching may take while training."""
PAUSE = 0.05
"""Seconds between two probes at the least: nobody sees more than 20 a second."""
_MEMORY = 30.0
"""Seconds after which what was spent, and what passed, counts for 1/e in the share."""


@dataclass(frozen=True)
class Watch:
    """What the probe shows. path: of a node on the canvas or of a layer; image: number of a test
    picture."""

    path: str
    image: int


class Probe:
    """Looks at one model through one data set, without leaving a trace in it.

    The model's `.grad`, BatchNorm statistics and the random number generators stay as they were:
    the forward pass runs in eval mode, where dropout is off and statistics are only read, and the
    gradients are asked for with torch.autograd.grad.
    """

    def __init__(self, model: Model, pictures: Pictures) -> None:
        self.model, self.pictures = model, pictures
        self._walk = Walk(model.report, model.net)

    def look(self, watch: Watch) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The figures and arrays of a `probe` answer, but its cost.

        Raises EngineError if there is no such node or picture.
        """
        path, index = self._check(watch)
        test = self.pictures.test
        images = self.pictures.normalised(test.images[index : index + 1])
        label = test.labels[index : index + 1]
        weights = self.model.weights
        training = self.model.net.training
        self.model.net.eval()
        try:
            # Gradients are asked for even where nothing has weights, so that there is one way only.
            with torch.enable_grad():
                logits, values = self._walk.run(images, {path})
                loss = F.cross_entropy(logits.float(), label)
                found = torch.autograd.grad(loss, weights, allow_unused=True) if weights else ()
        finally:
            self.model.net.train(training)
        with torch.no_grad():
            norms = [loss.new_tensor(float("nan")) if g is None else g.norm() for g in found]
            chances = logits[0].detach().float().softmax(0)
            best = chances.argmax()
            extra = torch.stack([*norms, chances[best], best.float(), label[0].float()])
            mosaic = compose(values[path], extra)
        *gradients, confidence, guess, truth = mosaic.extra
        message = {
            "say": "probe",
            "path": watch.path,
            "shape": list(mosaic.shape),
            "tile": list(mosaic.tile),
            "columns": mosaic.columns,
            "count": mosaic.count,
            "shown": len(mosaic.order),
            "low": mosaic.low,
            "high": mosaic.high,
            "mean": mosaic.mean,
            "zeros": mosaic.zeros,
            "image": watch.image,
            "label": int(truth),
            "guess": int(guess),
            "confidence": float(confidence),
            "layers": self.model.weighted,
        }
        arrays = {
            "mosaic": mosaic.pixels,
            "order": mosaic.order,
            "gradients": np.array(gradients, np.float32),
            "picture": sets.picture(self.pictures.about.name, index),
        }
        return message, arrays

    def _check(self, watch: Watch) -> tuple[str, int]:
        count = len(self.pictures.test)
        if type(watch.image) is not int or not 0 <= watch.image < count:
            raise EngineError(
                _("There is no test picture {index}; allowed: 0 to {last}.").format(
                    index=repr(watch.image)[:40], last=count - 1
                )
            )
        if watch.path == INPUT:
            return INPUT, watch.image
        try:
            return self.model.report.producer(watch.path), watch.image
        except KeyError:
            if watch.path in {layer.path for layer in self.model.report.layers()}:
                return watch.path, watch.image
        raise EngineError(
            _("There is no node “{path}” on the way from the input to the output.").format(
                path=str(watch.path)[:80]
            )
        )


class Budget:
    """Keeps what watching costs under a share of the time.

    After each look comes a pause in proportion to what it cost, longer for what sending rows costs
    beside it; so a dear look comes seldom, but it comes.
    """

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self.reset()

    def reset(self) -> None:
        """Begins anew, at the start of a run or after a pause of it."""
        self._now = self._next = time.perf_counter()
        self._looking = self._telling = self._passed = (
            0.0  # seconds, what is long ago counting less
        )

    @property
    def due(self) -> bool:
        """Whether the next look may begin."""
        return time.perf_counter() >= self._next

    def spend(self, seconds: float, looked: bool = True) -> None:
        """Books what watching took until now; `looked` if it was a probe, not only rows that were
        sent."""
        now = time.perf_counter()
        passed = now - self._now
        left = math.exp(-passed / _MEMORY)
        self._now = now
        self._looking, self._telling = self._looking * left, self._telling * left
        self._passed = self._passed * left + passed
        if looked:
            self._looking += seconds
            told = self._telling / self._passed if self._passed else 0.0
            share = max(self._share - told, self._share / 4)
            self._next = now + max(PAUSE, seconds * (1 / share - 1))
        else:
            self._telling += seconds

    @property
    def cost(self) -> float:
        """Share of the time that was spent, 0 to 1."""
        passed = self._passed + time.perf_counter() - self._now
        return min(1.0, (self._looking + self._telling) / passed) if passed > 0 else 0.0
