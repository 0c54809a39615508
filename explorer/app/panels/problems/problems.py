"""The problems of the network with their fixes, and below them the advice."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.fixes import fixes
from explorer.analysis.problem import Problem, problems
from explorer.analysis.report import Report
from explorer.app.panels.problems.advice_row import AdviceRow
from explorer.app.panels.problems.list_row import Badge, ListRow
from explorer.app.session import Change, Session
from explorer.app.widgets.column import clear
from explorer.app.widgets.fix_button import FixButton
from explorer.app.widgets.label import label, link, link_label
from explorer.app.widgets.live_panel import Redraw
from explorer.app.widgets.mismatch_card import RULES, MismatchCard
from explorer.text import _, ngettext

MOST = 30  # rows of problems, and of advice; the others follow once these are dealt with
_NARROW = 700  # pixels of width below which there is no room for the card


class Problems(QWidget):
    """The list of problems and advice; beside it, for branches that do not fit together, both tensors
    on one scale.

    count_changed(count): the number of problems and misfits changed. advice_counted(count): the
    number of pieces of advice may have changed.
    """

    count_changed = Signal(int)
    advice_counted = Signal(int)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(200)  # however long the sentences in it are
        self._session = session
        self.rows: list[ProblemRow] = []
        self.unfit: list[MisfitRow] = []
        self.advice: list[AdviceRow] = []
        self.card: MismatchCard | None = None
        self._count = len(problems(session.report)) + len(session.misfits)
        self._shown: (
            tuple[Report | None, tuple[Problem, ...], tuple[Problem, ...], int, bool] | None
        ) = None
        self._build()
        self.redraw = Redraw(self, self.refresh)
        session.changed.connect(self._on_change)
        session.advice.changed.connect(self._on_advice)
        session.run.recipe_changed.connect(self._on_recipe)

    def _build(self) -> None:
        self.empty = label(_("No problems: the network can run"), "good")
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
        """Show the node of a problem on the canvas. number: of the problem, from 0."""
        self._session.lead_to(problems(self._session.report)[number].path)

    # Following --------------------------------------------------------------------------------

    def _on_recipe(self, _recipe: object) -> None:
        self._recount()
        self.redraw.mark()

    def _recount(self) -> None:
        count = len(problems(self._session.report)) + len(self._session.misfits)
        if count != self._count:
            self._count = count
            self.count_changed.emit(count)

    def _on_change(self, change: Change) -> None:
        self._recount()
        if change.network or change.selection:
            self.redraw.mark()

    def _on_advice(self) -> None:
        self.advice_counted.emit(len(self._session.advice.shown))
        self.redraw.mark()

    def _mark_selection(self) -> None:
        for row in (*self.rows, *self.unfit, *self.advice):
            row.set_current(row.problem.path == self._session.selected)
        self._show_card()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_card()

    def refresh(self) -> None:
        """Show the problems and the advice that there are now."""
        report, advice = self._session.report, self._session.advice
        faults, unfit = problems(report), self._session.misfits
        aside = bool(advice.aside or advice.rules_aside)
        shown = report if faults else None, unfit, advice.shown, advice.aside, aside
        if shown == self._shown:
            self._mark_selection()
            return
        self._shown = shown
        if self._list.isAncestorOf(self.focusWidget() or self):
            self._scroll.setFocus()  # otherwise Qt would move it to a button and scroll to that
        clear(self._column, keep=1)
        self.rows = [ProblemRow(self._session, problem) for problem in faults[:MOST]]
        self.unfit = [MisfitRow(self._session, each) for each in unfit[:MOST]]
        self.advice = [AdviceRow(self._session, each) for each in advice.shown[:MOST]]
        if unfit or advice.shown or aside:
            self._add_rows(_("Problems") if faults else "", self.rows, len(faults))
            self._add_rows(_("Does not fit the run"), self.unfit, len(unfit))
            if not faults and not unfit:
                self._add(label(_("No problems: the network can run"), "good"))
            self._add_rows(_("Advice"), self.advice, len(advice.shown))
            if aside:
                self._add(self._aside_line(advice.aside))
        else:
            self._add_rows("", self.rows, len(faults))
        listed = bool(faults or unfit or advice.shown or aside)
        self.empty.setVisible(not listed)
        self._scroll.setVisible(listed)
        self._mark_selection()

    def _add(self, widget: QWidget) -> None:
        self._column.insertWidget(self._column.count() - 1, widget)

    def _add_rows(self, heading: str, rows: Sequence[QWidget], count: int) -> None:
        if heading and rows:
            if self._column.count() > 1:
                self._column.insertSpacing(self._column.count() - 1, 6)
            self._add(label(f"{heading} {count}".upper(), "heading"))
        for row in rows:
            self._add(row)
        if count > MOST:
            rest = ngettext("and {count} more", "and {count} more", count - MOST)
            self._add(label(rest.format(count=count - MOST), "muted"))

    def _aside_line(self, count: int) -> QLabel:
        """How much advice is ignored, and a link that brings it back."""
        sentence = (
            ngettext(
                "{count} piece of advice is ignored here. {link}",
                "{count} pieces of advice are ignored here. {link}",
                count,
            )
            if count
            else _("Some kinds of advice are ignored. {link}")
        )
        line = link_label(sentence.format(count=count, link=link("back", _("Bring back"))))
        line.linkActivated.connect(lambda _link: self._session.advice.bring_back())
        return line

    def _show_card(self) -> None:
        """Show the card of the selected mismatch, or of the first if none is selected."""
        mismatches = [each for each in problems(self._session.report) if each.rule in RULES]
        wanted = next(
            (problem for problem in mismatches if problem.path == self._session.selected),
            mismatches[0] if mismatches else None,
        )
        if self.card is not None:
            if self.card.problem is wanted:
                return
            self.card.hide()
            self.card.deleteLater()
            self.card = None
        if wanted is not None:
            self.card = MismatchCard(self._session, wanted, self)
            self._beside.insertWidget(0, self.card)
            self._fit_card()

    def _fit_card(self) -> None:
        """Show the card only if there is room for it."""
        if self.card is not None:
            self.card.setVisible(
                self.width() >= _NARROW and self.height() >= self.card.sizeHint().height() + 8
            )


class ProblemRow(ListRow):
    """A problem that keeps the network from running."""

    def __init__(self, session: Session, problem: Problem, parent: QWidget | None = None) -> None:
        badge = Badge("≠" if problem.rule in RULES else "!", "problem")
        buttons = [
            FixButton(session, fix, number == 0, 11)
            for number, fix in enumerate(fixes(session.report, problem))
        ]
        super().__init__(session, problem, badge, buttons, parent)


class MisfitRow(ListRow):
    """What keeps a sound network from being trained with this data set and recipe."""

    def __init__(self, session: Session, misfit: Problem, parent: QWidget | None = None) -> None:
        buttons = [
            FixButton(session, fix, number == 0, 11)
            for number, fix in enumerate(fixes(session.report, misfit))
        ]
        super().__init__(session, misfit, Badge("!", "warning"), buttons, parent)
