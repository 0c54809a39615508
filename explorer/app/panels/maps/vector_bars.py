"""The values of a vector as bars."""

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from explorer.app import number, theme

ROW, WIDEST = 20, 24


class VectorBars(QWidget):
    """A bar from zero to each value, with its name; the true class is green, a wrong guess red."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.values = np.empty(0)
        self.names: tuple[str, ...] = ()
        self._label = self._guess = -1
        self.setMinimumSize(96, 64)

    def show_values(
        self, values: np.ndarray, names: tuple[str, ...], label: int, guess: int
    ) -> None:
        """Show values (n,) with n names, or none; label and guess: indices, or -1."""
        self.values, self.names = values, names
        self._label, self._guess = label, guess
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        count = len(self.values)
        if not count:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = min(0.0, float(self.values.min())), max(0.0, float(self.values.max()))
        if self.height() < 10 * count:
            self._paint_upright(painter, low, high)
            return
        row = min(ROW, self.height() / count)
        font = theme.sans(11) if row >= 14 else theme.sans(10)
        measure = QFontMetrics(font)
        names = self.names or tuple(str(index) for index in range(count))
        left = max(measure.horizontalAdvance(name) for name in names) + 8
        right = QFontMetrics(theme.mono(10)).horizontalAdvance("-00.00") + 8
        room = max(self.width() - left - right, 1)
        zero = left + room * -low / ((high - low) or 1)
        for index, (name, value) in enumerate(zip(names, self.values, strict=True)):
            top = index * row
            marked = index in (self._label, self._guess)
            painter.setFont(font)
            painter.setPen(theme.color("text" if marked else "muted"))
            painter.drawText(
                QRectF(0, top, left - 8, row),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                name,
            )
            end = left + room * (value - low) / ((high - low) or 1)
            bar = QRectF(min(zero, end), top + row * 0.2, max(abs(end - zero), 1), row * 0.6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._color(index))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setFont(theme.mono(10))
            painter.setPen(theme.color("text" if marked else "muted"))
            painter.drawText(
                QRectF(self.width() - right, top, right, row),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                number.value_text(float(value)) if abs(value) < 0.1 else f"{value:.2f}",
            )
        painter.setPen(theme.color("line"))
        painter.drawLine(int(zero), 0, int(zero), int(row * count))

    def _paint_upright(self, painter: QPainter, low: float, high: float) -> None:
        """Paint a vector that is too long for names: upright bars from left to right."""
        step = min(WIDEST, self.width() / len(self.values))
        scale = self.height() / ((high - low) or 1)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, value in enumerate(self.values):
            painter.setBrush(self._color(index))
            top, bottom = max(value, 0.0), min(value, 0.0)
            painter.drawRect(
                QRectF(
                    index * step,
                    (high - top) * scale,
                    max(step - 1, 0.5),
                    max((top - bottom) * scale, 1),
                )
            )

    def _color(self, index: int) -> QColor:
        if index == self._label:
            return theme.color("good")
        if index == self._guess:
            return theme.color("problem")
        return theme.mixed("block", "panel", 0.7)
