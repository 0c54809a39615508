"""Loss and accuracy over the steps of a run."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.app.session import Session
from explorer.app.widgets.label import label
from explorer.app.widgets.live_panel import LivePanel
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.panels.training.plots import TrainingPlots


class TrainingPanel(LivePanel):
    """Curves of loss and accuracy: every step (faint), smoothed, and validation after each epoch. The
    previous run stays as a dashed line, so that two networks can be compared. Why a run ended, unless
    the person ended it, stays below the curves until the next."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.fill(None, _("Press Run (F5) to train.\nLoss and accuracy of every step appear here."))
        self.reason = label("", "problem", wrap=True)
        self.reason.setContentsMargins(12, 0, 12, 8)
        self.setMinimumSize(200, 120)
        self.follow(session.run, session.run.grown)

    @cached_property
    def plots(self) -> "TrainingPlots":
        """The plots, made once there is something to plot: importing pyqtgraph takes longer than
        building the whole window, which must not wait for it."""
        from explorer.app.panels.training.plots import TrainingPlots

        plots = TrainingPlots()
        plots.redraw_needed.connect(self.redraw.mark)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(plots, 1)
        column.addWidget(self.reason)
        self.stack.addWidget(body)
        return plots

    def apply_theme(self) -> None:
        if "plots" in vars(self):
            self.plots.apply_theme()
        super().apply_theme()

    def draw(self) -> None:
        record = self._session.document.record
        if record is None or not (len(record.history) or record.before):
            self.show_empty()
            return
        self.plots.show_run(record.history, record.before)
        self.stack.setCurrentIndex(1)
        self.reason.setText(record.reason)
        self.reason.setVisible(bool(record.reason))

    def sizeHint(self) -> QSize:
        return QSize(440, 260)
