"""The classes that a network finds likeliest for a picture, with their probabilities."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.app import number, theme

ROW, MOST = 19, 5


class AnswerList(QWidget):
    """One row per class: its name, its probability, and a bar of that length."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answers: tuple[tuple[str, float], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_answers(self, answers: Sequence[tuple[str, float]]) -> None:
        """Show names with probabilities from 0 to 1, the likeliest first."""
        self.answers = tuple((name, probability) for name, probability in answers[:MOST])
        text = ", ".join(f"{name} {number.percent(share, 0)}" for name, share in self.answers)
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, (name, probability) in enumerate(self.answers):
            top = index * ROW
            painter.setPen(theme.color("text" if index == 0 else "muted"))
            painter.setFont(theme.mono(10))
            percent = number.percent(probability, 0)
            width = painter.fontMetrics().horizontalAdvance(percent)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(self.width() - width, top, width, ROW - 4), right, percent)
            painter.setFont(theme.sans(11))
            room = self.width() - width - 8
            painter.drawText(
                QRectF(0, top, room, ROW - 4),
                Qt.AlignmentFlag.AlignVCenter,
                painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room),
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("line"))
            painter.drawRoundedRect(QRectF(0, top + ROW - 4, self.width(), 3), 1.5, 1.5)
            painter.setBrush(theme.color("accent" if index == 0 else "muted"))
            painter.drawRoundedRect(
                QRectF(0, top + ROW - 4, max(self.width() * probability, 1), 3), 1.5, 1.5
            )

    def sizeHint(self) -> QSize:
        return QSize(176, MOST * ROW)
