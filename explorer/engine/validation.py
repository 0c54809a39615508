"""The score of a network on a part of a data set, counted batch by batch so that it can be
interrupted."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from explorer.engine.data import Pictures, Split
from explorer.engine.device import synchronise
from explorer.engine.precision import Precision

_FIRST, _MOST, _SECONDS = 256, 4096, 0.1


@dataclass(frozen=True)
class Score:
    """loss: mean cross entropy; accuracy: share of right answers, 0 to 1.

    confusion: (classes, classes) int64, rows are labels, columns guesses.
    """

    loss: float
    accuracy: float
    confusion: np.ndarray


def validate(
    net: nn.Module, pictures: Pictures, split: Split, mode: Precision
) -> Iterator[Score | None]:
    """Yields None after each batch of `split`, one of the data set's, and its score at the very end.

    Batches grow to what the device computes in about a tenth of a second. The network is in eval
    mode while a batch runs and in its own mode in between.
    """
    classes = len(pictures.about.classes)
    confusion = torch.zeros(classes * classes, dtype=torch.int64, device=pictures.device)
    loss = torch.zeros((), device=pictures.device)
    start, size = 0, _FIRST
    while start < len(split):
        began = time.perf_counter()
        images, labels = split.images[start : start + size], split.labels[start : start + size]
        training = net.training
        net.eval()
        with torch.no_grad():
            logits = mode.logits(net, pictures.normalised(images))
            loss += F.cross_entropy(logits, labels, reduction="sum")
            confusion += torch.bincount(
                labels * classes + logits.argmax(1), minlength=len(confusion)
            )
        net.train(training)
        start += len(labels)
        synchronise(pictures.device)
        took = time.perf_counter() - began
        if took < _SECONDS / 2:
            size = min(size * 2, _MOST)
        elif took > _SECONDS * 1.5:
            size = max(size // 2, 8)
        yield None
    counted = confusion.reshape(classes, classes).cpu().numpy()
    yield Score(float(loss) / len(split), float(np.trace(counted)) / max(1, len(split)), counted)
