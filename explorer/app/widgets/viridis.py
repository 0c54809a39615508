"""The colour map of feature maps and heat maps: viridis, which does not rely on red and green."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QLinearGradient

if TYPE_CHECKING:
    from pyqtgraph import ColorMap

GREYS: Sequence[int] = [0xFF000000 | value * 0x010101 for value in range(256)]


@cache
def _map() -> ColorMap:
    # Importing pyqtgraph takes a third of a second, which must not delay the window's start.
    from pyqtgraph import colormap

    return colormap.get("viridis")


@cache
def table() -> Sequence[int]:
    """The 256 colours, dark to light, as Qt's 0xffRRGGBB."""
    return [color.rgb() for color in _map().getLookupTable(nPts=256, mode="qcolor")]


def picture(values: np.ndarray, colors: Sequence[int] | None = None) -> QImage:
    """The uint8 `values` (H, W) as an image in `colors` (256; None: viridis), a copy."""
    values = np.ascontiguousarray(values)
    height, width = values.shape
    image = QImage(values.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(table() if colors is None else colors)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def gradient(left: float, right: float) -> QLinearGradient:
    """A brush that runs through the colours from x = `left` to `right` (pixels)."""
    brush: QLinearGradient = _map().getGradient(QPointF(left, 0), QPointF(right, 0))
    return brush
