"""The score of a network on a part of a data set, counted batch by batch so that it can be
interrupted."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.analysis.memory_forecast import LOST, forecast
from explorer.engine import device_memory
from explorer.engine.data import Pictures, Split
from explorer.engine.device import release, synchronise
from explorer.engine.failure import out_of_memory
from explorer.engine.model import Model
from explorer.engine.precision import Precision

_FIRST, _SECONDS = 256, 0.1


@dataclass(frozen=True)
class Score:
    """loss: mean cross entropy; accuracy: share of right answers, 0 to 1.

    confusion: (classes, classes) int64, rows are labels, columns guesses.
    """

    loss: float
    accuracy: float
    confusion: np.ndarray


def validate(
    model: Model, pictures: Pictures, split: Split, mode: Precision, batch: int
) -> Iterator[Score | None]:
    """Yields None after each batch of `split`, one of the data set's, and its score at the very end.

    Batches grow to what the device computes in about a tenth of a second, and to no more than
    `_most_pictures`; batch: pictures in a training step. Where memory runs out all the same, half
    as many pictures are tried once. The network is in eval mode while a batch runs and in its own
    mode in between.
    """
    classes = len(pictures.about.classes)
    confusion = torch.zeros(classes * classes, dtype=torch.int64, device=pictures.device)
    loss = torch.zeros((), device=pictures.device)
    most = _most_pictures(model, mode, batch)
    start, size, halved = 0, min(_FIRST, most), False
    while start < len(split):
        began = time.perf_counter()
        images, labels = split.images[start : start + size], split.labels[start : start + size]
        try:
            lost, guesses = _guessed(model, pictures, mode, images, labels)
            full = False
        except (RuntimeError, MemoryError) as fault:
            if halved or size == 1 or not out_of_memory(fault):
                raise
            full = True
        if full:  # here the tensors of the failed batch are released
            release(pictures.device)
            most = size = size // 2
            halved = True
            continue
        loss += lost
        confusion += torch.bincount(labels * classes + guesses, minlength=len(confusion))
        start += len(labels)
        synchronise(pictures.device)
        took = time.perf_counter() - began
        if took < _SECONDS / 2:
            size = min(size * 2, most)
        elif took > _SECONDS * 1.5:
            size = min(max(size // 2, 8), most)
        yield None
    counted = confusion.reshape(classes, classes).cpu().numpy()
    yield Score(float(loss) / len(split), float(np.trace(counted)) / max(1, len(split)), counted)


def _most_pictures(model: Model, mode: Precision, batch: int) -> int:
    """The pictures in a batch that the forecast of the run allows with the memory that is free."""
    precision = "bfloat16" if mode.half else "float32"
    kind = "cpu" if model.device.type == "cpu" else "cuda"
    plan = forecast(model.report, batch, precision, device=kind)
    assert plan is not None  # the network runs
    if free := device_memory.free_on(model.device):
        taken = plan.parameters + plan.buffers + plan.gradients + plan.optimiser
        room = taken + int(free * (1 - LOST))
        plan = forecast(model.report, batch, precision, device=kind, room=room)
        assert plan is not None
    return plan.validated


def _guessed(
    model: Model, pictures: Pictures, mode: Precision, images: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """The sum of the losses of these pictures, and the class that each is taken for."""
    training = model.net.training
    model.net.eval()
    try:
        with torch.no_grad():
            logits = mode.logits(model.net, pictures.normalised(images))
            return F.cross_entropy(logits, labels, reduction="sum"), logits.argmax(1)
    finally:
        model.net.train(training)
