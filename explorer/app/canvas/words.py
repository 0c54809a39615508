"""Words that have to fit on one line of a card."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics

_WAYS = ((0, 100), (1, 100), (1, 88), (2, 80))  # so many pixels smaller, so wide in per cent


def fitted(font: QFont, words: str, width: float) -> tuple[QFont, str]:
    """The face and the words that fit into `width` pixels: smaller, then narrower, and only then
    cut."""
    found = QFont(font)
    for smaller, stretch in _WAYS:
        found.setPixelSize(font.pixelSize() - smaller)
        found.setStretch(stretch)
        metrics = QFontMetrics(found)
        if metrics.horizontalAdvance(words) <= width:
            return found, words
    return found, metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(width))
