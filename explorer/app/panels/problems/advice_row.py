"""Pieces of advice: rows in the list, with the reason and a menu to ignore them, and short ones in
the inspector."""

from html import escape

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.advice import RULES
from explorer.analysis.problem import Problem
from explorer.app import theme
from explorer.app.panels.problems.list_row import Badge, ListRow
from explorer.app.session import Session
from explorer.app.widgets.column import clear
from explorer.app.widgets.fix_button import FixButton
from explorer.app.widgets.flow import Flow
from explorer.app.widgets.label import label
from explorer.app.widgets.small_button import small_button
from explorer.text import _, ngettext


class AdviceRow(ListRow):
    """A piece of advice; "Why?" unfolds the reason, and "Ignore" or Delete sets it aside."""

    def __init__(self, session: Session, advice: Problem, parent: QWidget | None = None) -> None:
        buttons = [FixButton(session, fix, False, 11) for fix in advice.tried]
        super().__init__(session, advice, Badge("i", "warning"), buttons, parent)
        self.reason = label(advice.reason, "small", wrap=True)
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.reason.hide()
        self.why = _quiet_button(_("Why?"), _("Show the reason and its source"))
        self.why.setCheckable(True)
        self.why.toggled.connect(self.reason.setVisible)
        self.ignore = _quiet_button(_("Ignore"), _("Ignore this advice"))
        self.ignore.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.ignore.setMenu(self._menu())
        self.top.addWidget(self.why)
        self.top.addWidget(self.ignore)
        self.words.addWidget(self.reason)

    def _menu(self) -> QMenu:
        menu, advice = QMenu(self), self._session.advice
        menu.addAction(
            _("Here: {node}").format(node=self.problem.path),
            lambda: advice.ignore_here(self.problem),
        )
        menu.addAction(
            _("Everywhere: {rule}").format(rule=RULES[self.problem.rule].title),
            lambda: advice.ignore_rule(self.problem.rule),
        )
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.ignore.menu().popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self._session.advice.ignore_here(self.problem)
        else:
            super().keyPressEvent(event)


def _quiet_button(text: str, tip: str) -> QToolButton:
    button = small_button(text, tip, flat=True)
    button.setProperty("quiet", True)
    button.setCursor(Qt.CursorShape.ArrowCursor)
    return button


class AdviceList(QWidget):
    """The advice on what is selected, in the inspector, with its fixes."""

    MOST = 3

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: tuple[Problem, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)

    def show_advice(self, advice: tuple[Problem, ...]) -> None:
        """Show the first few of these pieces of advice, and how many more there are."""
        if advice == self._shown:
            return
        self._shown = advice
        clear(self._column)
        for each in advice[: self.MOST]:
            self._column.addWidget(_ShortAdvice(self._session, each))
        if (more := len(advice) - self.MOST) > 0:
            rest = ngettext("and {count} more", "and {count} more", more).format(count=more)
            self._column.addWidget(label(rest, "small"))


class _ShortAdvice(QWidget):
    """A dot, a sentence, its fixes; the tool tip gives the reason."""

    def __init__(self, session: Session, advice: Problem) -> None:
        super().__init__()
        sentence = QLabel(advice.message)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(sentence)
        if advice.tried:
            fixes = Flow(4)
            for fix in advice.tried:
                fixes.addWidget(FixButton(session, fix, False, 11))
            words.addLayout(fixes)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(_Dot(), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.setToolTip(f"<p>{escape(advice.reason)}</p>")


class _Dot(QWidget):
    """The small mark of advice, as on a card, level with the first line of a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(9, 16))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("warning"))
        painter.drawEllipse(QPointF(4.5, 8), 4, 4)
        painter.end()
