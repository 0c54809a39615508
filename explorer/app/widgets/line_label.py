"""A line of text that says so where it is shortened."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class LineLabel(QLabel):
    """The parts of a line, with dots between them. If they do not fit, parts are dropped from the
    end, and finally the first is shortened; "…" marks both. The text and the tool tip are whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, textFormat=Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._parts: tuple[str, ...] = ()

    def show_parts(self, parts: Sequence[str]) -> None:
        """Show these parts, the most important first."""
        self._parts = tuple(parts)
        self.setText(" · ".join(parts))
        self.setToolTip(self.text())

    def text_in(self, room: int) -> str:
        """The text that is painted in `room` pixels."""
        measure = self.fontMetrics()
        for count in range(len(self._parts), 0, -1):
            dropped = ["…"] * (count < len(self._parts))
            text = " · ".join([*self._parts[:count], *dropped])
            if measure.horizontalAdvance(text) <= room:
                return text
        return measure.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room)

    def minimumSizeHint(self) -> QSize:
        return QSize(1, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(
            self.contentsRect(),
            self.alignment() | Qt.AlignmentFlag.AlignVCenter,
            self.text_in(self.contentsRect().width()),
        )
