"""How much gradient every layer gets: over the depth of the network, and over the time of a run."""

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from explorer.app.panels.depth_plots import DepthProfile, HeatMap
from explorer.app.panels.gradient_story import Course, judge
from explorer.app.panels.live import LivePanel
from explorer.text import _

BESIDE = 560  # pixels of width from which both plots fit side by side


class GradientsPanel(LivePanel):
    """L2 norms of the layers' weight gradients: the newest over depth, and depth × time in a run.

    Before a run, and after an edit, the probe's gradients are shown.
    """

    def __init__(self, session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.course = Course()
        self.norms = np.empty(0)
        self.layers: tuple[str, ...] = ()
        self._owes = False
        self._build()
        session.link.probed.connect(self._on_probed)
        session.link.rows_arrived.connect(self._on_rows)

    def _build(self) -> None:
        self.title = QLabel()
        self.title.setProperty("role", "small")
        self.hint = QLabel()
        self.hint.setProperty("role", "number")
        self.heat, self.profile = HeatMap(), DepthProfile()
        for plot in (self.heat, self.profile):
            plot.pointed.connect(self.hint.setText)
        self.sentence = QLabel()
        self.sentence.setMinimumWidth(1)
        self.sentence.setToolTip(
            _(
                "Compared are the L2 norms of the gradients of each layer's weights; the green "
                "band is a tenth to ten times their median"
            )
        )
        top = QHBoxLayout()
        top.addWidget(self.title)
        top.addStretch(1)
        top.addWidget(self.hint)
        self._both = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._both.setSpacing(4)
        self._both.addWidget(self.heat, 3)
        self._both.addWidget(self.profile, 2)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(self._both, 1)
        column.addWidget(self.sentence)
        self.empty = QLabel(
            _("Every layer's gradient appears here as soon as the engine has built the network.")
        )
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(body)
        self.heat.hide()
        self.setMinimumSize(240, 140)

    def draw(self) -> None:
        if not self.layers:
            self.stack.setCurrentIndex(0)
        else:
            self.stack.setCurrentIndex(1)
            has_run = len(self.course) > 1
            self.heat.setVisible(has_run)
            self.title.setText(
                _("gradient size, depth × time") if has_run else _("gradient size over depth")
            )
            if has_run:
                self.heat.show_course(self.course)
            role, sentence = judge(self.norms, self.layers)
            self.profile.show_norms(self.norms, self.layers, role)
            self._say(role, sentence)
        if self._owes:
            self._owes = False
            self._session.link.took()

    def _say(self, role: str, sentence: str) -> None:
        self.sentence.setText(sentence)
        if self.sentence.property("role") != role:
            self.sentence.setProperty("role", role)
            self.sentence.style().polish(self.sentence)

    def wear(self) -> None:
        self.stale()

    def _on_probed(self, message: dict, arrays: dict[str, np.ndarray]) -> None:
        layers = tuple(message["layers"])
        if layers != self.course.layers:
            self.course = Course(layers)
        if not len(self.course):
            # In a run its own figures are shown: means over a batch, not one picture's.
            self.norms, self.layers = arrays["gradients"], layers
        self._owes = True
        self.stale()

    def _on_rows(self, message: dict, arrays: dict[str, np.ndarray]) -> None:
        norms, steps = arrays.get("gradients"), arrays.get("gradient_steps")
        if norms is None or steps is None or not len(steps):
            return
        layers = tuple(message["layers"])
        if layers != self.course.layers or (steps[0] <= 1 and len(self.course)):
            self.course = Course(layers)
        self.course.add(steps, norms)
        self.norms, self.layers = norms[-1], layers
        self.stale()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= BESIDE
        self._both.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )

    def sizeHint(self) -> QSize:
        return QSize(420, 260)
