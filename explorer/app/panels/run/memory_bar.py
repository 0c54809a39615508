"""What a training step takes of a device's memory, as one bar."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.app import theme
from explorer.text import _

HEIGHT, CORNER = 16, 4  # pixels
COLOURS = {
    "parameters": "block",
    "gradients": "head",
    "optimiser": "stage",
    "copies": "merge",
    "activations": "convolution",
    "transient": "activation",
}
"""The colour of each part: a token of the theme."""


class MemoryBar(QWidget):
    """The parts of a step side by side, on the scale of the device's memory: first, hatched, what
    other programs use, at the end what stays free. What exceeds the device is red, beyond a line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts: dict[str, int] = {}
        self.device = self.others = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Memory of a training step"))
        theme.changed.connect(self.update)

    def set_parts(self, parts: dict[str, int], device: int = 0, others: int = 0) -> None:
        """Show these parts, named as in COLOURS. device: its memory, 0 if unknown; others: what other
        programs use of it. All in bytes."""
        self.parts, self.device, self.others = dict(parts), device, others
        self.update()

    @property
    def needed(self) -> int:
        """Bytes in use during a step, with those of other programs."""
        return self.others + sum(self.parts.values())

    def sizeHint(self) -> QSize:
        return QSize(240, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(0.5, 0.5, self.width() - 1, HEIGHT - 1)
        shape = QPainterPath()
        shape.addRoundedRect(whole, CORNER, CORNER)
        per = whole.width() / max(self.device, self.needed, 1)
        painter.save()
        painter.setClipPath(shape)
        painter.fillRect(whole, theme.color("canvas"))
        left = whole.left() + self.others * per
        self._fill(painter, whole.left(), left, "faint", Qt.BrushStyle.BDiagPattern)
        for name, size in self.parts.items():
            painter.fillRect(QRectF(left, 0, size * per, HEIGHT), theme.color(COLOURS[name]))
            left += size * per
        end = whole.left() + self.device * per
        if self.device and left > end + 0.5:
            self._fill(painter, end, left, "problem", Qt.BrushStyle.SolidPattern)
            painter.fillRect(QRectF(end - 1, 0, 2, HEIGHT), theme.color("text"))
        painter.restore()
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawPath(shape)
        painter.end()

    def _fill(
        self, painter: QPainter, left: float, right: float, colour: str, style: Qt.BrushStyle
    ) -> None:
        painter.fillRect(QRectF(left, 0, right - left, HEIGHT), QBrush(theme.color(colour), style))
