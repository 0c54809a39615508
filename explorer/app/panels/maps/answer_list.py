"""What a network takes a picture for: its likeliest classes and how sure it is of each."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.app import number, theme

ROW, MOST = 19, 5


class AnswerList(QWidget):
    """A row a class: its name, its probability, and a bar as long as that is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.answers: tuple[tuple[str, float], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_answers(self, answers: Sequence[tuple[str, float]]) -> None:
        """Names with probabilities from 0 to 1, the likeliest first."""
        self.answers = tuple((name, chance) for name, chance in answers[:MOST])
        spoken = ", ".join(f"{name} {number.percent(chance, 0)}" for name, chance in self.answers)
        self.setAccessibleName(spoken)
        self.setToolTip(spoken)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, (name, chance) in enumerate(self.answers):
            top = index * ROW
            painter.setPen(theme.color("text" if index == 0 else "muted"))
            painter.setFont(theme.mono(10))
            share = number.percent(chance, 0)
            room = painter.fontMetrics().horizontalAdvance(share)
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(self.width() - room, top, room, ROW - 4), right, share)
            painter.setFont(theme.sans(11))
            shown = painter.fontMetrics().elidedText(
                name, Qt.TextElideMode.ElideRight, self.width() - room - 8
            )
            painter.drawText(
                QRectF(0, top, self.width() - room - 8, ROW - 4),
                Qt.AlignmentFlag.AlignVCenter,
                shown,
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("line"))
            painter.drawRoundedRect(QRectF(0, top + ROW - 4, self.width(), 3), 1.5, 1.5)
            painter.setBrush(theme.color("accent" if index == 0 else "muted"))
            painter.drawRoundedRect(
                QRectF(0, top + ROW - 4, max(self.width() * chance, 1), 3), 1.5, 1.5
            )

    def sizeHint(self) -> QSize:
        return QSize(176, MOST * ROW)
