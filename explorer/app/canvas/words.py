"""Text that must fit on one line of a card."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics

_FACES = ((0, 100), (1, 100), (1, 88), (2, 80))  # pixels by which it is smaller, width in percent


def fitted(font: QFont, words: str, width: float) -> tuple[QFont, str]:
    """The font and the text that fit into `width` pixels: smaller, then narrower, and only then
    cut."""
    face = QFont(font)
    for smaller, stretch in _FACES:
        face.setPixelSize(font.pixelSize() - smaller)
        face.setStretch(stretch)
        metrics = QFontMetrics(face)
        if metrics.horizontalAdvance(words) <= width:
            return face, words
    return face, metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(width))
