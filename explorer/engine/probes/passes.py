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
Described = tuple[dict[str, Any], dict[str, np.ndarray]]
"""Figures and arrays of a look."""


@dataclass(frozen=True)
class Pass:
    """The results of a pass, from which all looks at its picture are made.

    values: the outputs of the nodes in the looks, (1, C, H, W) or (1, features), by their paths.
    logits: (1, classes) or any other output. loss: (), the cross-entropy, or the mean square of an
    output that is no vector of classes. gradients: of the weights of `model.weighted`, None
    where one has none. names: of the classes, none where the output is no vector of them;
    probabilities: whether the output holds probabilities already.
    """

    model: Model
    sample: Sample
    values: Tensors
    logits: Tensor
    loss: Tensor
    gradients: Sequence[Tensor | None]
    names: Sequence[str]
    probabilities: bool


def fetch(wanted: Tensors) -> dict[str, np.ndarray]:
    """The tensors, small ones of any type, as arrays, moved from the device in one transfer."""
    flat = [tensor.detach().contiguous().flatten().view(torch.uint8) for tensor in wanted.values()]
    whole = torch.cat(flat).cpu().numpy() if flat else np.empty(0, np.uint8)
    fetched, start = {}, 0
    for name, tensor in wanted.items():
        end = start + tensor.numel() * tensor.element_size()
        kind = str(tensor.dtype).removeprefix("torch.")
        fetched[name] = whole[start:end].view(kind).reshape(tensor.shape)
        start = end
    return fetched
