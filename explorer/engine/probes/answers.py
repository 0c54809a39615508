"""What the network takes one picture for."""

from collections.abc import Mapping

import numpy as np
import torch

from explorer.engine.probes.passes import Pass, Tensors, Told
from explorer.protocol.looks import Answers

MOST = 5
"""Classes that are named, the likeliest first."""


def reduce(_look: Answers, through: Pass) -> Tensors:
    """chances: float32 (n,) of the likeliest classes; classes: int64 (n,), their numbers; nothing
    where the output is no vector of classes; label: int64 (1,), where there is one."""
    wanted = {} if through.sample.label is None else {"label": through.sample.label}
    if not through.names:
        return wanted
    logits = through.logits[0]
    likely = (logits if through.chances else logits.softmax(0)).topk(min(MOST, len(logits)))
    return {**wanted, "chances": likely.values, "classes": likely.indices.to(torch.int64)}


def tell(_look: Answers, through: Pass, found: Mapping[str, np.ndarray]) -> Told:
    """The classes by name, and the picture for the eye."""
    chances, classes = found.get("chances", np.empty(0)), found.get("classes", np.empty(0, int))
    named = [
        [through.names[number], chance]
        for number, chance in zip(classes.tolist(), chances.tolist(), strict=True)
    ]
    figures = {
        "title": through.sample.title,
        "label": int(found["label"][0]) if "label" in found else -1,
        "guess": int(classes[0]) if len(classes) else -1,
        "confidence": float(chances[0]) if len(chances) else 0.0,
        "answers": named,
    }
    return figures, {"picture": through.sample.picture}
