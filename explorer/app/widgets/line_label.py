"""A line of words that stays true where it has to be shortened."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class LineLabel(QLabel):
    """Parts of a line with dots between them. Where they do not fit, the last parts are left out
    and in the end the first is shortened, marked by "…"; the text and the tool tip have all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, textFormat=Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._parts: tuple[str, ...] = ()

    def show_parts(self, parts: Sequence[str]) -> None:
        """Show these parts, the most important first."""
        self._parts = tuple(parts)
        self.setText(" · ".join(parts))
        self.setToolTip(self.text())

    def words_in(self, room: int) -> str:
        """The words that are painted in `room` pixels."""
        measure = self.fontMetrics()
        for count in range(len(self._parts), 0, -1):
            words = " · ".join(self._parts[:count])
            if count < len(self._parts):
                words += " · …"
            if measure.horizontalAdvance(words) <= room:
                return words
        return measure.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(
            self.contentsRect(),
            self.alignment() | Qt.AlignmentFlag.AlignVCenter,
            self.words_in(self.contentsRect().width()),
        )
