"""How much gradient every layer gets: over the depth of the network, and over the time of a run."""

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

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
from explorer.app.panels.gradient_story import Course, compared, judge
from explorer.app.panels.live import LivePanel
from explorer.app.session import Session
from explorer.protocol import looks
from explorer.protocol.messages import Built, Rows, Seen
from explorer.text import _

BESIDE = 560  # pixels of width from which both plots fit side by side


@dataclass
class LayerNorms:
    """What is known of one document's network: norms (n,) of its layers, main (n,) bool of those
    that are compared, and the course of its last run."""

    layers: tuple[str, ...] = ()
    norms: np.ndarray = field(default_factory=lambda: np.empty(0))
    main: np.ndarray = field(default_factory=lambda: np.empty(0, bool))
    course: Course = field(default_factory=Course)
    in_run: bool = False


class GradientsPanel(LivePanel):
    """L2 norms of the layers' weight gradients: the newest over depth, and depth × time in a run.

    Before a run, and after it, the probe's gradients are shown over the depth.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.seen = LayerNorms()  # of the document in view
        self._of_runs: WeakKeyDictionary[object, LayerNorms] = WeakKeyDictionary()
        self._owes = False
        self._build()
        session.link.built.connect(self._on_built)
        session.link.seen.connect(self._on_seen)
        session.link.rows_arrived.connect(self._on_rows)
        self.follow(session.run)

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
                "and gates (grey) are left out; the green band is a tenth to ten times their median"
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
        self.fill(
            body,
            _("Every layer's gradient appears here as soon as the engine has built the network."),
        )
        self.heat.hide()
        self.setMinimumSize(240, 140)

    def draw(self) -> None:
        seen = self.seen
        if not seen.layers:
            self.say_nothing(self._session.run.wait)
        else:
            self.stack.setCurrentIndex(1)
            has_run = len(seen.course) > 1
            self.heat.setVisible(has_run)
            self.title.setText(
                _("gradient size, depth × time") if has_run else _("gradient size over depth")
            )
            if has_run:
                self.heat.show_course(seen.course)
            role, sentence = judge(seen.norms[seen.main], seen.course.layers)
            self.profile.show_norms(seen.norms, seen.layers, seen.main, role)
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

    def forget(self) -> None:
        """Goes on with the run that the document in view is in, or with nothing."""
        session = self._session
        kept = self._of_runs.get(session.document) if session.run.shows_document else None
        self.seen = kept or LayerNorms()

    def _on_built(self, _built: Built) -> None:
        self.seen.in_run = False

    def _on_seen(self, answer: Seen) -> None:
        self._owes = True
        if not self._session.run.shows_document:
            return
        if isinstance(answer.look, looks.Gradients):
            self.seen = self._meet(self.seen, tuple(answer.figures["layers"]))
            if not self.seen.in_run:
                # In a run its own figures are shown: means over a batch, not one picture's.
                self.seen.norms = answer.arrays["norms"]
        # After the last look too, which may come later: only then can it be said to be taken.
        self.stale()

    def _on_rows(self, rows: Rows) -> None:
        norms, steps = rows.gradients, rows.gradient_steps
        if not len(steps):
            return
        run = self._session.run
        before = (
            self.seen if run.shows_document else self._of_runs.get(run.document) or LayerNorms()
        )
        seen = self._of_runs[run.document] = self._meet(before, rows.layers)
        if steps[0] <= 1 and len(seen.course):
            seen.course = Course(seen.course.layers)
        seen.course.add(steps, norms[:, seen.main])
        seen.norms, seen.in_run = norms[-1], True
        if run.shows_document:
            self.seen = seen
            self.stale()

    def _meet(self, seen: LayerNorms, layers: tuple[str, ...]) -> LayerNorms:
        """Begins anew if these are other layers than before."""
        if layers == seen.layers:
            return seen
        main = compared(layers, self._session.run.report)
        course = Course([path for path, each in zip(layers, main, strict=True) if each])
        return LayerNorms(layers, np.zeros(len(layers)), main, course)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= BESIDE
        self._both.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )

    def sizeHint(self) -> QSize:
        return QSize(420, 260)
