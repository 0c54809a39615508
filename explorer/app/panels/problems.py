"""Everything that is wrong with the network, each with what would mend it."""

from html import escape

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.problem import Problem
from explorer.app import theme
from explorer.app.panels.fix_button import FixButton
from explorer.app.panels.flow import Flow
from explorer.app.panels.mismatch import RULES, MismatchCard
from explorer.text import _

MOST = 30  # rows; whoever has more problems mends these first
_NARROW = 700  # pixels of width below which there is no room for the card


class Problems(QWidget):
    """The list of problems; beside it, for branches that do not fit, both tensors to scale.

    count_changed(count): there are so many problems now. A click on a row leads to its node.
    """

    count_changed = Signal(int)

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self.rows: list[ProblemRow] = []
        self.card: MismatchCard | None = None
        self._count = len(session.report.problems)
        self._shown: tuple[Problem, ...] | None = None
        self._build()
        session.changed.connect(self._on_change)
        session.data_changed.connect(self._on_change)
        session.selection_changed.connect(self._on_selection)

    def _build(self) -> None:
        self.empty = QLabel(_("No problems: the network can run"))
        self.empty.setProperty("role", "good")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._list)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._beside = QVBoxLayout()
        self._beside.setContentsMargins(0, 8, 12, 0)
        self._beside.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.empty, 1)
        row.addWidget(self._scroll, 1)
        row.addLayout(self._beside)

    def lead_to(self, number: int) -> None:
        """Show the node of a problem on the canvas; 0 is the first."""
        self._session.lead_to(self._session.report.problems[number].path)

    # Following --------------------------------------------------------------------------------

    def _on_change(self, *_change) -> None:
        count = len(self._session.report.problems)
        if count != self._count:
            self._count = count
            self.count_changed.emit(count)
        if self.isVisible():
            self.refresh()

    def _on_selection(self, path: str) -> None:
        if self.isVisible():
            for row in self.rows:
                row.set_current(row.problem.path == path)
            self._show_card()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._fit_card()

    def refresh(self) -> None:
        """Show the problems that there are now."""
        problems = self._session.report.problems
        if problems == self._shown:
            return
        self._shown = problems
        while self._column.count() > 1:
            gone = self._column.takeAt(0).widget()
            gone.hide()
            gone.deleteLater()
        self.rows = [ProblemRow(self._session, problem) for problem in problems[:MOST]]
        selected = self._session.selected
        for number, row in enumerate(self.rows):
            row.set_current(row.problem.path == selected)
            self._column.insertWidget(number, row)
        if len(problems) > MOST:
            more = QLabel(_("and {count} more").format(count=len(problems) - MOST))
            more.setProperty("role", "muted")
            self._column.insertWidget(len(self.rows), more)
        self.empty.setVisible(not problems)
        self._scroll.setVisible(bool(problems))
        self._show_card()

    def _show_card(self) -> None:
        """The card of the selected mismatch, else of the first."""
        found = [problem for problem in (self._shown or ()) if problem.rule in RULES]
        wanted = next((problem for problem in found if problem.path == self._session.selected),
                      found[0] if found else None)
        if self.card is not None:
            if self.card.problem == wanted:
                return
            self.card.hide()
            self.card.deleteLater()
            self.card = None
        if wanted is not None:
            self.card = MismatchCard(self._session, wanted, self)
            self._beside.insertWidget(0, self.card)
            self._fit_card()

    def _fit_card(self) -> None:
        """Show the card, if there is room for it."""
        if self.card is not None:
            self.card.setVisible(self.width() >= _NARROW
                                 and self.height() >= self.card.sizeHint().height() + 8)


class ProblemRow(QFrame):
    """One problem: badge, path, sentence, fixes. A click or Enter leads to its node."""

    def __init__(self, session, problem: Problem, parent: QWidget | None = None):
        super().__init__(parent)
        self._session, self.problem = session, problem
        self._current = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{problem.path}: {problem.message}")
        self.setToolTip(_("Show {path} on the canvas").format(path=problem.path))
        path = QLabel(f"<b>{escape(problem.path)}</b>")
        path.setProperty("role", "number")
        sentence = QLabel(problem.message)
        sentence.setWordWrap(True)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(path)
        words.addWidget(sentence)
        self.buttons = [FixButton(session, fix, number == 0, 11)
                        for number, fix in enumerate(problem.fixes)]
        if self.buttons:
            fixes = Flow()
            for button in self.buttons:
                button.setCursor(Qt.CursorShape.ArrowCursor)
                fixes.addWidget(button)
            words.addSpacing(2)
            words.addLayout(fixes)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(10)
        row.addWidget(Badge("≠" if problem.rule in RULES else "!"), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)

    def set_current(self, current: bool) -> None:
        """Mark the row, because its node is selected."""
        if current != self._current:
            self._current = current
            self.update()

    def _lead(self) -> None:
        self._session.lead_to(self.problem.path)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
                event.position().toPoint()):
            self._lead()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._lead()
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

    def enterEvent(self, event) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event) -> None:
        super().leaveEvent(event)
        self.update()

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.update()


class Badge(QWidget):
    """A red disc with a mark."""

    def __init__(self, mark: str, parent: QWidget | None = None):
        super().__init__(parent)
        self._mark = mark
        self.setFixedSize(QSize(18, 18))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("problem"))
        painter.drawEllipse(QPointF(9, 9), 8, 8)
        painter.setPen(Qt.GlobalColor.white)
        painter.setFont(theme.sans(11, bold=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._mark)
        painter.end()
