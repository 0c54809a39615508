"""How strongly one picture would change each layer with weights."""

from collections.abc import Mapping

import numpy as np

from explorer.engine.probes.passes import Described, Pass, Tensors
from explorer.protocol.looks import Gradients


def reduce(_look: Gradients, through: Pass) -> Tensors:
    """The norms, float32 (), each by the number of its layer, after the loss."""
    none = through.logits.new_tensor(float("nan"))
    return {"loss": through.loss.float()} | {
        str(number): none if gradient is None else gradient.norm().float()
        for number, gradient in enumerate(through.gradients)
    }


def describe(_look: Gradients, through: Pass, fetched: Mapping[str, np.ndarray]) -> Described:
    """The norms with the paths of the layers, and the loss."""
    loss, *norms = fetched.values()
    figures = {"layers": list(through.model.weighted)}
    return figures, {"norms": np.array(norms, np.float32), "loss": loss.reshape(1)}
