"""The colour map of maps and heat maps: viridis, readable without telling red from green."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QColor, QImage, QLinearGradient

# Every 1/8 of viridis (Smith and van der Walt 2015, CC0).
_STOPS = (
    "#440154",
    "#472d7b",
    "#3b528b",
    "#2c728e",
    "#21918c",
    "#28ae80",
    "#5ec962",
    "#addc30",
    "#fde725",
)


def _table() -> list[int]:
    places = np.linspace(0, 255, len(_STOPS))
    parts = [[QColor(stop).getRgb()[part] for stop in _STOPS] for part in range(3)]
    red, green, blue = (
        np.interp(np.arange(256), places, part).round().astype(int) for part in parts
    )
    return [
        0xFF000000 | int(r) << 16 | int(g) << 8 | int(b)
        for r, g, b in zip(red, green, blue, strict=True)
    ]


TABLE: Sequence[int] = _table()
GREYS: Sequence[int] = [0xFF000000 | value * 0x010101 for value in range(256)]


def picture(values: np.ndarray, table: Sequence[int] = TABLE) -> QImage:
    """The uint8 `values` (H, W) as an image in the colours of `table`, a copy."""
    values = np.ascontiguousarray(values)
    height, width = values.shape
    image = QImage(values.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    return image.convertToFormat(QImage.Format.Format_RGB32)


def gradient(left: float, right: float) -> QLinearGradient:
    """A brush that runs through the map from x = `left` to `right`."""
    brush = QLinearGradient(left, 0, right, 0)
    for place, stop in enumerate(_STOPS):
        brush.setColorAt(place / (len(_STOPS) - 1), QColor(stop))
    return brush
