"""Feature maps as one 8-bit picture, reduced on the device and fetched in one transfer."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

MOST = 64
"""Maps in one mosaic."""
GAP = 1
"""Pixels between two tiles."""


@dataclass(frozen=True)
class Mosaic:
    """The maps of one picture, side by side.

    pixels: (H, W) uint8. order: (shown,) int32, the channel of each tile, row by row. tile: height
    and width of one. count: channels that there are. low, high, mean: of all values; zeros: share
    of exact zeros; extra: the figures that travelled along, float32.
    """

    pixels: np.ndarray
    order: np.ndarray
    shape: tuple[int, ...]
    tile: tuple[int, int]
    columns: int
    count: int
    low: float
    high: float
    mean: float
    zeros: float
    extra: np.ndarray


def compose(value: Tensor, extra: Tensor) -> Mosaic:
    """The mosaic of `value`, (1, C, H, W) or (1, features); `extra`, float32 (n,), travels along.

    At most 64 maps, the strongest (mean absolute value) first, each stretched over 0..255 by its
    own least and greatest value. Vectors and maps of one pixel have no pattern of their own: they
    keep the order of their channels, lie in one row and share one scale.
    """
    maps = value.detach()[0].float()
    shape = tuple(maps.shape)
    if maps.ndim == 1:
        maps = maps[:, None, None]
    count, height, width = maps.shape
    shown = min(count, MOST)
    finite = torch.nan_to_num(maps)
    # The strongest; sorting on the device, where a stable order makes equal maps (all dead) stay
    # put.
    order = torch.sort(finite.abs().mean((1, 2)), descending=True, stable=True).indices[:shown]
    over: tuple[int, ...]
    if height * width == 1:
        order = torch.sort(order).values
        columns, over = shown, (0, 1, 2)
    else:
        columns, over = math.ceil(math.sqrt(shown)), (1, 2)
    rows = math.ceil(shown / columns)
    chosen = finite[order]
    low, high = chosen.amin(over, keepdim=True), chosen.amax(over, keepdim=True)
    scaled = (chosen - low) / (high - low).clamp_min(torch.finfo(torch.float32).tiny) * 255
    tiles = torch.zeros(
        (rows * columns, height + GAP, width + GAP), dtype=torch.uint8, device=maps.device
    )
    tiles[:shown, :height, :width] = scaled.round_().clamp_(0, 255).to(torch.uint8)
    pixels = tiles.reshape(rows, columns, height + GAP, width + GAP).transpose(1, 2)
    pixels = pixels.reshape(rows * (height + GAP), columns * (width + GAP))[:-GAP, :-GAP]
    figures = torch.cat(
        [
            torch.stack([maps.amin(), maps.amax(), maps.mean(), (maps == 0).float().mean()]),
            extra.to(torch.float32),
        ]
    )
    whole = (
        torch.cat(
            [figures.view(torch.uint8), order.to(torch.int32).view(torch.uint8), pixels.flatten()]
        )
        .cpu()
        .numpy()
    )
    middle, end = 4 * len(figures), 4 * len(figures) + 4 * shown
    found = whole[:middle].view(np.float32)
    return Mosaic(
        pixels=whole[end:].reshape(pixels.shape),
        order=whole[middle:end].view(np.int32),
        shape=shape,
        tile=(height, width),
        columns=columns,
        count=count,
        low=float(found[0]),
        high=float(found[1]),
        mean=float(found[2]),
        zeros=float(found[3]),
        extra=found[4:],
    )
