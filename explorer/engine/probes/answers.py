"""The classes that the network finds likeliest for one picture."""

from collections.abc import Mapping

import numpy as np
import torch

from explorer.engine.probes.passes import Described, Pass, Tensors
from explorer.protocol.looks import Answers

MOST = 5
"""Number of classes in an answer, the likeliest first."""


def reduce(_look: Answers, through: Pass) -> Tensors:
    """probabilities: float32 (n,) of the likeliest classes; classes: int64 (n,), their numbers; both
    missing where the output is no vector of classes; label: int64 (1,), where there is one."""
    wanted = {} if through.sample.label is None else {"label": through.sample.label}
    if not through.names:
        return wanted
    logits = through.logits[0]
    likely = (logits if through.probabilities else logits.softmax(0)).topk(min(MOST, len(logits)))
    return {**wanted, "probabilities": likely.values, "classes": likely.indices.to(torch.int64)}


def describe(_look: Answers, through: Pass, fetched: Mapping[str, np.ndarray]) -> Described:
    """The classes by name, and the picture as a person sees it."""
    classes, likely = (
        fetched[name].tolist() if name in fetched else [] for name in ("classes", "probabilities")
    )
    figures = {
        "title": through.sample.title,
        "note": through.sample.note,
        "label": int(fetched["label"][0]) if "label" in fetched else -1,
        "guess": classes[0] if classes else -1,
        "confidence": likely[0] if likely else 0.0,
        "answers": [[through.names[number], each] for number, each in zip(classes, likely)],
    }
    return figures, {"picture": through.sample.picture}
