"""How strongly one picture would change each layer with weights."""

from collections.abc import Mapping

import numpy as np

from explorer.engine.probes.passes import Described, Pass, Tensors
from explorer.protocol.looks import Gradients


def reduce(_look: Gradients, through: Pass) -> Tensors:
    """The norms, float32 (), each by the number of its layer."""
    none = through.logits.new_tensor(float("nan"))
    return {
        str(number): none if gradient is None else gradient.norm().float()
        for number, gradient in enumerate(through.gradients)
    }


def describe(_look: Gradients, through: Pass, fetched: Mapping[str, np.ndarray]) -> Described:
    """The norms with the paths of the layers."""
    norms = np.array(list(fetched.values()), np.float32)
    return {"layers": list(through.model.weighted)}, {"norms": norms}
