"""A row in the list of problems and advice."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.problem import Problem
from explorer.app import theme
from explorer.app.session import Session
from explorer.app.widgets.fix_button import FixButton
from explorer.app.widgets.flow import Flow
from explorer.text import _


class ListRow(QFrame):
    """Mark, path, sentence and fixes; a click or Enter shows the node on the canvas. Subclasses add
    to `top`, beside the path, and to `words`, below the fixes."""

    def __init__(
        self,
        session: Session,
        problem: Problem,
        mark: QWidget,
        buttons: Sequence[FixButton],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self.problem, self.buttons = session, problem, buttons
        self._current = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)  # repaint when the pointer enters or leaves
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{problem.path}: {problem.message}")
        self.setToolTip(_("Show {path} on the canvas").format(path=problem.path))
        path = _PathLabel(str(problem.path))
        sentence = QLabel(problem.message)
        sentence.setWordWrap(True)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.words = QVBoxLayout()
        self.words.setSpacing(2)
        self.top = QHBoxLayout()
        self.top.setSpacing(2)
        self.top.addWidget(path, 1)
        self.words.addLayout(self.top)
        self.words.addWidget(sentence)
        if buttons:
            flow = Flow()
            for button in buttons:
                button.setCursor(Qt.CursorShape.ArrowCursor)
                flow.addWidget(button)
            self.words.addSpacing(2)
            self.words.addLayout(flow)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(10)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self.words, 1)

    def set_current(self, current: bool) -> None:
        """Mark the row of the selected node."""
        if current != self._current:
            self._current = current
            self.update()

    def _show_node(self) -> None:
        self._session.lead_to(self.problem.path)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self._show_node()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._show_node()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = "accent" if self._current or self.hasFocus() else "line"
        painter.setPen(QPen(theme.color(edge), 1))
        painter.setBrush(theme.color("hover" if self.underMouse() else "card"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7)
        painter.end()


class _PathLabel(QLabel):
    """A path that is shortened in its middle where room is short."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.setFont(theme.mono(11, True))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.mono(11, True))
        painter.setPen(theme.color("text"))
        words = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideMiddle, self.width()
        )
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()


class Badge(QWidget):
    """A disc with a mark, in a colour of the theme."""

    def __init__(self, mark: str, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark, self._colour = mark, colour
        self.setFixedSize(QSize(18, 18))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(self._colour))
        painter.drawEllipse(QPointF(9, 9), 8, 8)
        painter.setPen(Qt.GlobalColor.white)
        painter.setFont(theme.sans(11, bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._mark)
        painter.end()
