"""Loss and accuracy of the run, over its steps."""

from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from explorer.app.panels.history import History
from explorer.app.panels.live import LivePanel
from explorer.app.session import Session
from explorer.protocol.messages import Rows, Validated
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.panels.training_plots import TrainingPlots


class TrainingPanel(LivePanel):
    """Curves of loss and accuracy: every step faint, smoothed, and validation after each epoch.

    The run before stays as a dashed line, so that two networks can be compared.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.run = History()  # of the document in view
        self.before: History | None = None
        self._runs: WeakKeyDictionary[object, tuple[History, History | None]] = WeakKeyDictionary()
        self._last: History | None = None  # of all documents
        self.fill(None, _("Press Run (F5) to train.\nLoss and accuracy of every step appear here."))
        self.setMinimumSize(200, 120)
        session.link.rows_arrived.connect(self._on_rows)
        session.link.validated.connect(self._on_validated)
        self.follow(session.run)

    @cached_property
    def plots(self) -> "TrainingPlots":
        """Made when there is something to plot: pyqtgraph takes longer to import than all of the
        window to build, and the first look at the window need not wait for it."""
        from explorer.app.panels.training_plots import TrainingPlots

        plots = TrainingPlots()
        plots.touched.connect(self.stale)
        self.stack.addWidget(plots)
        return plots

    def wear(self) -> None:
        if "plots" in vars(self):
            self.plots.wear()
        self.stale()

    def draw(self) -> None:
        if not len(self.run):
            self.say_nothing()
            return
        self.stack.setCurrentWidget(self.plots)
        self.plots.show_run(self.run, self.before)

    # what comes

    def _on_rows(self, rows: Rows) -> None:
        if not len(rows.rows):
            return
        columns = [rows.columns.index(name) for name in ("step", "loss", "accuracy")]
        steps, losses, accuracies = (rows.rows[:, column] for column in columns)
        document = self._session.run.document
        if document is None:
            return
        run, before = self._runs.get(document) or (None, None)
        if run is None or not run.continues(steps[0]):
            run, before = History(document.graph.name), self._last
        run.add(steps, losses, accuracies)
        run.steps, run.epochs = rows.steps, rows.epochs
        self._runs[document] = run, before
        self._last = run
        self._show_own()

    def _on_validated(self, found: Validated) -> None:
        document = self._session.run.document
        run, _before = (document and self._runs.get(document)) or (None, None)
        if run is not None:
            run.validate(found.step, found.loss, found.accuracy)
            self._show_own()

    def _show_own(self) -> None:
        """Take the run of the document in view, if that is another than was shown."""
        self.run, self.before = self._runs.get(self._session.document) or (History(), None)
        self.stale()

    def forget(self) -> None:
        if "plots" in vars(self):
            self.plots.forget_ranges()
        self._show_own()

    def sizeHint(self) -> QSize:
        return QSize(440, 260)
