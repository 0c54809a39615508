"""The colour map of maps and heat maps: viridis, readable without telling red from green."""

from collections.abc import Sequence

import numpy as np
from pyqtgraph import colormap
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QLinearGradient

_MAP = colormap.get("viridis")
TABLE: Sequence[int] = [color.rgb() for color in _MAP.getLookupTable(nPts=256, mode="qcolor")]
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
    brush: QLinearGradient = _MAP.getGradient(QPointF(left, 0), QPointF(right, 0))
    return brush
