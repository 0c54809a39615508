"""Loss and accuracy of the run, over its steps."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from explorer.app.session import Session
from explorer.app.widgets.live_panel import LivePanel
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.panels.training.plots import TrainingPlots


class TrainingPanel(LivePanel):
    """Curves of loss and accuracy: every step faint, smoothed, and validation after each epoch.

    The run before stays as a dashed line, so that two networks can be compared.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.fill(None, _("Press Run (F5) to train.\nLoss and accuracy of every step appear here."))
        self.setMinimumSize(200, 120)
        self.follow(session.run, session.run.grown)

    @cached_property
    def plots(self) -> "TrainingPlots":
        """Made when there is something to plot: pyqtgraph takes longer to import than all of the
        window to build, and the first look at the window need not wait for it."""
        from explorer.app.panels.training.plots import TrainingPlots

        plots = TrainingPlots()
        plots.touched.connect(self.redraw.mark)
        self.stack.addWidget(plots)
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
        self.stack.setCurrentWidget(self.plots)
        self.plots.show_run(record.history, record.before)

    def sizeHint(self) -> QSize:
        return QSize(440, 260)
