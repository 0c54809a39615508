"""The two plots of a run, loss and accuracy, side by side, one below the other, or one at a time."""

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.app import number, theme
from explorer.app.panels.training.curves import DASH, DOT, Curves, Percent
from explorer.app.widgets.small_button import small_button
from explorer.runs.history import (
    ACCURACY,
    LOSS,
    SMOOTH_ACCURACY,
    SMOOTH_LOSS,
    STEP,
    History,
)
from explorer.text import _

BESIDE, BELOW = 520, 380  # pixels of width, of height, from which both plots fit
MOST_EPOCH_LINES = 60
MOST_POINTS = 200  # of a curve as it is drawn: what a plot of this size can show


class TrainingPlots(QWidget):
    """Every step faint, smoothed, validation after each epoch, and dashed the run before.

    `touched` tells that the person asked for another look at them, which `draw` gives.
    """

    touched = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run = History()
        self.before: History | None = None
        self._hover: float | None = None
        self._scales: dict[Curves, tuple[object, ...]] = {}
        self.loss = Curves(_("loss"))
        self.accuracy = Curves(_("accuracy"), Percent("left"))
        self._plots = ((self.loss, LOSS, SMOOTH_LOSS), (self.accuracy, ACCURACY, SMOOTH_ACCURACY))
        self._build()

    def _build(self) -> None:
        self.log = _switch(_("log"), _("Draw the loss on a logarithmic scale"))
        self.log.toggled.connect(self._on_log)
        self._which = QButtonGroup(self)
        self._switches = QWidget()
        row = QHBoxLayout(self._switches)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for index, (curves, name) in enumerate(
            ((self.loss, _("loss")), (self.accuracy, _("accuracy")))
        ):
            button = _switch(name, _("Show the curve of {name}").format(name=name))
            button.setChecked(index == 0)
            self._which.addButton(button, index)
            row.addWidget(button)
            curves.hovered.connect(self._on_hover)
        self._which.idToggled.connect(lambda *_args: self._arrange())
        self._top = QHBoxLayout()
        self._top.addWidget(self._switches)
        self._top.addStretch(1)
        self._both = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._both.setSpacing(16)
        self._both.addWidget(self.loss, 1)
        self._both.addWidget(self.accuracy, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 4)
        column.setSpacing(4)
        column.addLayout(self._top)
        column.addLayout(self._both, 1)

    def show_run(self, run: History, before: History | None) -> None:
        """Draw `run`, and dashed the one `before` it."""
        if run is not self.run:
            self._scales.clear()
        self.run, self.before = run, before
        self.draw()

    def apply_theme(self) -> None:
        for curves, _raw, _smooth in self._plots:
            curves.apply_theme()

    def draw(self) -> None:
        for curves, raw, smooth in self._plots:
            if not curves.isVisibleTo(self):
                continue
            curves.raw.setData(*self.run.peaks(raw, 2 * MOST_POINTS))
            curves.train.setData(*self.run.thinned(smooth, MOST_POINTS))
            known = np.array(self.run.validations).reshape(-1, 3)
            curves.validation.setData(known[:, 0], known[:, raw])
            self._set_ranges(curves, raw, smooth)
            curves.set_legend(self._legend(raw, smooth))
            curves.show_cross(self._hover)

    def _set_ranges(self, curves: Curves, raw: int, smooth: int) -> None:
        longest = self.run if len(self.run) or self.before is None else self.before
        last = max(longest.steps, longest.last_step)
        if raw == LOSS:
            low, high = self._loss_range(curves.log)
        else:
            low, high = self._accuracy_range(), 1.0
        scale = (last, low, high, self.run.epochs, id(self.before), curves.log)
        if scale == self._scales.get(curves):
            return
        self._scales[curves] = scale
        curves.set_ranges(last, low, high)
        epochs = self.run.epochs
        ends = np.arange(1, epochs) * (self.run.steps / max(epochs, 1))
        curves.set_epochs(ends if epochs <= MOST_EPOCH_LINES else ends[:0], low, high)
        if self.before is None:
            curves.before.setData([], [])
        else:
            curves.before.setData(*self.before.thinned(smooth, MOST_POINTS))

    def _loss_range(self, log: bool) -> tuple[float, float]:
        """Round bounds that hold the smoothed curves and the validations, not every outlier."""
        runs = [run for run in (self.run, self.before) if run is not None and len(run)]
        found = [run.points[:, SMOOTH_LOSS] for run in runs]
        found += [np.array([loss for _step, loss, _accuracy in run.validations]) for run in runs]
        values = np.concatenate(found)
        values = values[np.isfinite(values)]
        if not len(values):
            return (0.1, 10.0) if log else (0.0, 1.0)
        high = _round_up(float(values.max()))
        if not log:
            return 0.0, high
        return 10 ** (np.floor(np.log10(max(values.min() * 0.7, 1e-6)) * 4) / 4), high

    def _accuracy_range(self) -> float:
        """0 until validations show where it matters; then the tens below them."""
        known = [accuracy for _step, _loss, accuracy in self.run.validations]
        known += (
            [accuracy for _step, _loss, accuracy in self.before.validations] if self.before else []
        )
        return max(0.0, np.floor((min(known) - 0.15) * 10) / 10) if known else 0.0

    def _legend(self, raw: int, smooth: int) -> list[tuple[str, str, str]]:
        """The figures of the step under the mouse, or of the newest."""
        step = self.run.last_step if self._hover is None else self._hover
        point = self.run.at(step)
        if point is None:
            return []
        entries = []
        if self._hover is not None:
            entries.append(
                (
                    theme.current().text,
                    "",
                    _("step {step}").format(step=number.grouped(int(point[STEP]))),
                )
            )
        entries.append(
            (theme.TRAIN, DOT, _("train {value}").format(value=_figure(raw, point[smooth])))
        )
        known = self.run.validated_before(step)
        if known:
            text = _("validation {value}").format(value=_figure(raw, known[raw]))
            if raw == LOSS and not self.accuracy.isVisibleTo(self):
                text += f"  {number.percent(known[ACCURACY])}"
            entries.append((theme.VALIDATION, DOT, text))
        if self.before is not None and len(self.before):
            last = self.before.at(self.before.last_step if self._hover is None else step)
            assert last is not None
            name = self.before.name or _("run before")
            entries.append((theme.current().muted, DASH, f"{name} {_figure(raw, last[smooth])}"))
        return entries

    # what the person does

    def _on_hover(self, step: float | None) -> None:
        self._hover = step
        self.touched.emit()

    def _on_log(self, log: bool) -> None:
        self.loss.set_log(log)
        self._scales.clear()
        self.touched.emit()

    def _arrange(self) -> None:
        beside, below = self.width() >= BESIDE, self.height() >= BELOW
        both = beside or below
        self._both.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        self._switches.setVisible(not both)
        (self.loss.header if both else self._top).addWidget(self.log)
        for index, (curves, _raw, _smooth) in enumerate(self._plots):
            curves.setVisible(both or self._which.checkedId() == index)
            curves.title.setVisible(both)
        self._scales.clear()
        self.touched.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()


def _switch(text: str, tip: str) -> QToolButton:
    button = small_button(text, tip, flat=True)
    button.setCheckable(True)
    return button


def _figure(raw: int, value: float) -> str:
    return number.percent(value) if raw == ACCURACY else number.value_text(value)


def _round_up(value: float) -> float:
    """The next round figure above `value`, so that the axis moves seldom."""
    power = 10 ** np.floor(np.log10(max(value, 1e-9)))
    rounded: float = next(
        (s * power for s in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if s * power >= value), 10 * power
    )
    return rounded
