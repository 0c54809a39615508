"""How much gradient every layer gets: over the depth of the network, and over the time of a run."""

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from explorer.app.panels.depth_plots import DepthProfile, HeatMap
from explorer.app.panels.gradient_story import Course, judge
from explorer.app.panels.live import LivePanel
from explorer.catalog import KINDS
from explorer.text import _

BESIDE = 560  # pixels of width from which both plots fit side by side


class GradientsPanel(LivePanel):
    """L2 norms of the layers' weight gradients: the newest over depth, and depth × time in a run.

    Before a run, and after it, the probe's gradients are shown over the depth.
    """

    def __init__(self, session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.course = Course()
        self.norms = np.empty(0)
        self.layers: tuple[str, ...] = ()
        self._main = np.empty(0, bool)
        self._in_run = False
        self._owes = False
        self._build()
        session.link.built.connect(self._on_built)
        session.link.probed.connect(self._on_probed)
        session.link.rows_arrived.connect(self._on_rows)

    def _build(self) -> None:
        self.title = QLabel()
        self.title.setProperty("role", "small")
        self.title.setMinimumWidth(1)
        self.hint = QLabel()
        self.hint.setProperty("role", "number")
        self.heat, self.profile = HeatMap(), DepthProfile()
        for plot in (self.heat, self.profile):
            plot.pointed.connect(self.hint.setText)
        self.sentence = QLabel()
        self.sentence.setMinimumWidth(1)
        self.sentence.setWordWrap(True)
        self.sentence.setToolTip(
            _(
                "Compared are the L2 norms of the gradients of the weights; normalisations "
                "(grey) are left out; the green band is a tenth to ten times their median"
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
        self.fill(body, _("Every layer's gradient appears here as soon as the engine has built "
                          "the network."))
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
            role, sentence = judge(self.norms[self._main], self.course.layers)
            self.profile.show_norms(self.norms, self.layers, self._main, role)
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

    def _on_built(self, _message: dict) -> None:
        self._in_run = False

    def _on_probed(self, message: dict, arrays: dict[str, np.ndarray]) -> None:
        self._meet(tuple(message["layers"]))
        if not self._in_run:
            # In a run its own figures are shown: means over a batch, not one picture's.
            self.norms = arrays["gradients"]
        self._owes = True
        self.stale()

    def _on_rows(self, message: dict, arrays: dict[str, np.ndarray]) -> None:
        norms, steps = arrays.get("gradients"), arrays.get("gradient_steps")
        if norms is None or steps is None or not len(steps):
            return
        self._meet(tuple(message["layers"]))
        if steps[0] <= 1 and len(self.course):
            self.course = Course(self.course.layers)
        self.course.add(steps, norms[:, self._main])
        self.norms, self._in_run = norms[-1], True
        self.stale()

    def _meet(self, layers: tuple[str, ...]) -> None:
        """Begins anew if these are other layers than before.

        Normalisations have far smaller gradients than the layers between them: they are drawn over
        the depth, but left out of the comparison and of the course over time.
        """
        if layers == self.layers:
            return
        report = getattr(self._session, "report", None)
        kinds = {layer.path: layer.kind for layer in report.layers()} if report else {}
        self.layers = layers
        self._main = np.array([not _normalises(kinds.get(path)) for path in layers], bool)
        if not self._main.any():
            self._main[:] = True
        self.norms = np.zeros(len(layers))
        self.course = Course([path for path, main in zip(layers, self._main, strict=True) if main])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= BESIDE
        self._both.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )

    def sizeHint(self) -> QSize:
        return QSize(420, 260)


def _normalises(kind: str | None) -> bool:
    return kind in KINDS and KINDS[kind].category == "normalisation"
