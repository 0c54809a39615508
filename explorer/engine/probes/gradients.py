"""How strongly one picture would change each layer that learns."""

from collections.abc import Mapping

import numpy as np

from explorer.engine.probes.passes import Pass, Tensors, Told
from explorer.protocol.looks import Gradients


def reduce(_look: Gradients, through: Pass) -> Tensors:
    """norms: float32 (), of each layer by its number."""
    none = through.logits.new_tensor(float("nan"))
    return {
        str(number): none if gradient is None else gradient.norm().float()
        for number, gradient in enumerate(through.gradients)
    }


def tell(_look: Gradients, through: Pass, found: Mapping[str, np.ndarray]) -> Told:
    """The norms with the paths of the layers."""
    norms = np.array([norm.item() for norm in found.values()], np.float32)
    return {"layers": list(through.model.weighted)}, {"norms": norms}
