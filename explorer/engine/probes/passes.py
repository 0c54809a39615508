"""One pinned picture through the network as it stands, forward and backward."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.engine.model import Model
from explorer.engine.photos import Sample

Tensors = Mapping[str, Tensor]
Told = tuple[dict[str, Any], dict[str, np.ndarray]]
"""Figures and arrays of a look."""


@dataclass(frozen=True)
class Pass:
    """What every look of one picture is made of.

    values: what the nodes of the looks put out, (1, C, H, W) or (1, features), by their paths.
    logits: (1, classes) or any other output. gradients: of the weights of `model.weighted`, None
    where one has none. names: of the classes, none where the output is no vector of them; chances:
    the output holds probabilities already.
    """

    model: Model
    sample: Sample
    values: Tensors
    logits: Tensor
    gradients: Sequence[Tensor | None]
    names: Sequence[str]
    chances: bool


def fetch(wanted: Tensors) -> dict[str, np.ndarray]:
    """The tensors, small ones of any type, from the device to here in one transfer."""
    flat = [tensor.detach().contiguous().flatten().view(torch.uint8) for tensor in wanted.values()]
    whole = torch.cat(flat).cpu().numpy() if flat else np.empty(0, np.uint8)
    found, start = {}, 0
    for name, tensor in wanted.items():
        end = start + tensor.numel() * tensor.element_size()
        kind = str(tensor.dtype).removeprefix("torch.")
        found[name] = whole[start:end].view(kind).reshape(tensor.shape)
        start = end
    return found
