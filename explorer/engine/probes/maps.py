"""The output of a node, its maps side by side as one 8-bit picture that is made on the device."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from explorer.engine.probes.passes import Described, Pass, Tensors
from explorer.protocol.looks import Maps

MOST = 64
"""Number of maps in one mosaic."""
GAP = 1
"""Pixels between two tiles."""


def reduce(look: Maps, through: Pass) -> Tensors:
    """As `compose`, of the node's value."""
    return compose(through.values[look.path])


def describe(look: Maps, through: Pass, fetched: Mapping[str, np.ndarray]) -> Described:
    """The mosaic with the figures that it is read by."""
    return described(tuple(through.values[look.path].shape[1:]), fetched)


def compose(value: Tensor) -> dict[str, Tensor]:
    """The mosaic of `value`, (1, C, H, W) or (1, features).

    At most 64 maps, the strongest (mean absolute value) first, each stretched over 0..255 by its
    own least and greatest value. Vectors and maps of one pixel have no pattern: they keep the order
    of their channels, lie in one row and share one scale, and their values come with them.

    range: (low, high, mean, share of zeros) of all values, float32. order: (shown,) int32, the
    channel of each tile, row by row. mosaic: (H, W) uint8. values: (shown,) float32, of vectors.
    """
    maps = value.detach()[0].float()
    if maps.ndim == 1:
        maps = maps[:, None, None]
    count, height, width = maps.shape
    shown = min(count, MOST)
    finite = torch.nan_to_num(maps)
    # Sorted on the device; the stable order keeps equal maps (all dead ones) in their places.
    order = torch.sort(finite.abs().mean((1, 2)), descending=True, stable=True).indices[:shown]
    is_vector = height * width == 1
    if is_vector:
        order = torch.sort(order).values
    columns = _columns(shown, is_vector)
    rows = math.ceil(shown / columns)
    chosen = finite[order]
    over = (0, 1, 2) if is_vector else (1, 2)
    low, high = chosen.amin(over, keepdim=True), chosen.amax(over, keepdim=True)
    scaled = (chosen - low) / (high - low).clamp_min(torch.finfo(torch.float32).tiny) * 255
    tiles = torch.zeros(
        (rows * columns, height + GAP, width + GAP), dtype=torch.uint8, device=maps.device
    )
    tiles[:shown, :height, :width] = scaled.round_().clamp_(0, 255).to(torch.uint8)
    pixels = tiles.reshape(rows, columns, height + GAP, width + GAP).transpose(1, 2)
    pixels = pixels.reshape(rows * (height + GAP), columns * (width + GAP))[:-GAP, :-GAP]
    return {
        "range": torch.stack([maps.amin(), maps.amax(), maps.mean(), (maps == 0).float().mean()]),
        "order": order.to(torch.int32),
        **({"values": maps[order].flatten()} if is_vector else {}),
        "mosaic": pixels,
    }


def described(shape: tuple[int, ...], fetched: Mapping[str, np.ndarray]) -> Described:
    """Figures and arrays of an output of that shape (without the batch)."""
    arrays = dict(fetched)
    low, high, mean, zeros = arrays.pop("range").tolist()
    shown, tile = len(arrays["order"]), shape[1:] if len(shape) > 1 else (1, 1)
    figures = {
        "shape": list(shape),
        "tile": list(tile),
        "columns": _columns(shown, math.prod(tile) == 1),
        "count": shape[0],
        "shown": shown,
        "low": low,
        "high": high,
        "mean": mean,
        "zeros": zeros,
    }
    return figures, arrays


def _columns(shown: int, is_vector: bool) -> int:
    return shown if is_vector else math.ceil(math.sqrt(shown))
