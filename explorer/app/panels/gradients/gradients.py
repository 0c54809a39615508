"""How large each layer's gradient is: over the depth of the network, and over the steps of a run."""

import itertools

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from explorer.app.panels.gradients.depth_plots import DepthProfile, HeatMap
from explorer.app.panels.gradients.diagnosis import compared, judge
from explorer.app.session import Session
from explorer.app.widgets.label import label
from explorer.app.widgets.live_panel import LivePanel
from explorer.text import _

BESIDE = 560  # pixels of width from which the plots stand side by side


class GradientsPanel(LivePanel):
    """L2 norms of the layers' weight gradients: the newest over depth, and those of a run over depth
    and time.

    Before and after a run, the newest gradients are those of the probe.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._build()
        self.follow(session.run, session.run.looked, session.run.grown)

    def _build(self) -> None:
        self.title = label("", "small")
        self.title.setMinimumWidth(1)
        self.hint = label("", "number")
        self.heat, self.profile = HeatMap(), DepthProfile()
        for plot in (self.heat, self.profile):
            plot.pointed.connect(self.hint.setText)
        self.sentence = label("", "muted", wrap=True)
        self.sentence.setMinimumWidth(1)
        self.sentence.setToolTip(
            _(
                "Compares the L2 norms of the weights' gradients, without those of normalisations and "
                "gates (grey). The green band goes from a tenth of their median to ten times it. A loss "
                "far above that of guessing is a problem whatever the gradients are."
            )
        )
        top = QHBoxLayout()
        top.addWidget(self.title)
        top.addStretch(1)
        top.addWidget(self.hint)
        self._plots = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._plots.setSpacing(4)
        self._plots.addWidget(self.heat, 3)
        self._plots.addWidget(self.profile, 2)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addLayout(top)
        column.addLayout(self._plots, 1)
        column.addWidget(self.sentence)
        self.fill(
            body,
            _("Every layer's gradient appears here as soon as the engine has built the network."),
        )
        self.heat.hide()
        self.setMinimumSize(240, 140)

    def draw(self) -> None:
        session = self._session
        layers, norms = session.run.gradients
        if not layers:
            self.show_empty(session.run.wait)
        else:
            self.stack.setCurrentIndex(1)
            held, record = session.engine_holds, session.document.record
            main = compared(layers, held.report if held else None)
            has_run = (
                record is not None
                and record.gradients.layers == layers
                and len(record.gradients) > 1
            )
            self.heat.setVisible(has_run)
            self.title.setText(
                _("gradient size, depth × time") if has_run else _("gradient size over depth")
            )
            if record is not None and has_run:
                self.heat.show_course(record.gradients.of(main))
            role, sentence = judge(
                norms[main], list(itertools.compress(layers, main)), *session.run.loss
            )
            self.profile.show_norms(norms, layers, main, role)
            self._show_sentence(role, sentence)
        session.link.took()

    def _show_sentence(self, role: str, sentence: str) -> None:
        self.sentence.setText(sentence)
        if self.sentence.property("role") != role:
            self.sentence.setProperty("role", role)
            self.sentence.style().polish(self.sentence)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= BESIDE
        self._plots.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )

    def sizeHint(self) -> QSize:
        return QSize(420, 260)
