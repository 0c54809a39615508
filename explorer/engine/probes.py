"""The probe: one pinned picture through the network as it stands, forward and backward."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.catalog.datasets import class_names
from explorer.engine.data import Pictures
from explorer.engine.failure import EngineError
from explorer.engine.model import Model, gives_chances
from explorer.engine.mosaic import compose
from explorer.engine.photos import Photos
from explorer.engine.walk import INPUT, Walk
from explorer.text import _

SHARE = 0.03
"""Share of the time that watching may take while training."""
PAUSE = 0.05
"""Seconds between two probes at the least: nobody sees more than 20 a second."""
ANSWERS = 5
"""Classes that a probe names, the likeliest first."""
_MEMORY = 30.0
"""Seconds after which what was spent, and what passed, counts for 1/e in the share."""


@dataclass(frozen=True)
class Watch:
    """What the probe shows. path: of a node on the canvas or of a layer; image: number of a test
    picture, or path of a photo."""

    path: str
    image: int | str


class Probe:
    """Looks at one model through one data set, without leaving a trace in it.

    The model's `.grad`, BatchNorm statistics and the random number generators stay as they were:
    the forward pass runs in eval mode, where dropout is off and statistics are only read, and the
    gradients are asked for with torch.autograd.grad.
    """

    def __init__(self, model: Model, pictures: Pictures | Photos) -> None:
        self.model, self.pictures = model, pictures
        self._walk = Walk(model.report, model.net)
        output = model.report.output
        self._names: Sequence[str] = ()
        if output is not None and len(output) == 1:
            self._names = class_names(output[0], pictures.about)
        self._gives_chances = gives_chances(model.report)

    def look(self, watch: Watch) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The figures and arrays of a `probe` answer, but its cost.

        The gradients are those of the cross entropy; for a photo, which nobody labelled, with the
        network's own guess as its label; where the output is no vector, of its mean square. Raises
        EngineError if there is no such node or picture.
        """
        path = self._check(watch)
        sample = self.pictures.sample(watch.image, self.model.graph.input)
        weights = self.model.weights
        training = self.model.net.training
        self.model.net.eval()
        try:
            # Gradients are asked for even where nothing has weights, so that there is one way only.
            with torch.enable_grad():
                logits, values = self._walk.run(sample.images, {path})
                loss = self._loss(logits.float(), sample.label)
                found = torch.autograd.grad(loss, weights, allow_unused=True) if weights else ()
        finally:
            self.model.net.train(training)
        with torch.no_grad():
            norms = [loss.new_tensor(float("nan")) if g is None else g.norm() for g in found]
            likely = self._likely(logits[0].detach().float())
            truth = loss.new_tensor(-1) if sample.label is None else sample.label[0].float()
            mosaic = compose(values[path], torch.stack([*norms, truth, *likely]))
        gradients, truth = mosaic.extra[: len(norms)], mosaic.extra[len(norms)]
        chances, classes = np.split(mosaic.extra[len(norms) + 1 :], 2)
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
            "title": sample.title,
            "label": int(truth),
            "guess": int(classes[0]) if len(classes) else -1,
            "confidence": float(chances[0]) if len(chances) else 0.0,
            "answers": [
                [self._names[int(each)], float(chance)]
                for each, chance in zip(classes, chances, strict=True)
            ],
            "layers": self.model.weighted,
        }
        arrays = {
            "mosaic": mosaic.pixels,
            "order": mosaic.order,
            "gradients": np.array(gradients, np.float32),
            "picture": sample.picture,
        }
        return message, arrays

    def _loss(self, logits: Tensor, label: Tensor | None) -> Tensor:
        if not self._names:
            return logits.square().mean()
        label = logits.detach().argmax(1) if label is None else label
        return F.cross_entropy(logits, label)

    def _likely(self, logits: Tensor) -> list[Tensor]:
        """The probabilities of the likeliest classes, then their numbers as float32, exact up to
        2**24; nothing where the output is no vector of classes."""
        if not self._names:
            return []
        chances = logits if self._gives_chances else logits.softmax(0)
        found = chances.topk(min(ANSWERS, len(chances)))
        return [*found.values, *found.indices.float()]

    def _check(self, watch: Watch) -> str:
        if watch.path == INPUT:
            return INPUT
        try:
            return self.model.report.producer(watch.path)
        except KeyError:
            if watch.path in {layer.path for layer in self.model.report.layers()}:
                return watch.path
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
