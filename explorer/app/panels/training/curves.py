"""One plot of a run: its title and legend above, and its curves over the steps."""

import math
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer.app import number, theme

HEADER = 22
DOT, DASH = "\N{BLACK CIRCLE}", "\N{EN DASH}"


class Curves(QWidget):
    """A plot over steps: raw and smoothed training, validation, the run before.

    Ranges are set from outside, so that drawing never measures the data. `hovered` bears the step
    under the mouse, or None when it left.
    """

    hovered = Signal(object)

    def __init__(
        self, title: str, values: pg.AxisItem | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.log = False
        self._legend_text = ""
        self.title = QLabel(title)
        self.title.setProperty("role", "small")
        self.title.setFixedHeight(HEADER)
        self.legend = QLabel()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setMinimumWidth(1)
        self.header = QHBoxLayout()
        self.header.setContentsMargins(0, 0, 8, 0)
        self.header.setSpacing(12)
        self.header.addWidget(self.title)
        self.header.addWidget(self.legend, 1, Qt.AlignmentFlag.AlignRight)
        axes = {"bottom": Steps("bottom"), "left": values or Values("left")}
        self.plot = pg.PlotWidget(axisItems=axes)
        self.plot.setFrameShape(self.plot.Shape.NoFrame)
        self.plot.setMinimumSize(120, 60)
        item = self.plot.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.setContentsMargins(0, 4, 8, 0)
        self.plot.setMouseEnabled(x=False, y=False)
        item.getViewBox().setDefaultPadding(0)
        item.disableAutoRange()
        self.epochs = pg.PlotDataItem(connect="pairs")
        self.before = pg.PlotDataItem()
        self.raw = pg.PlotDataItem()
        self.train = pg.PlotDataItem(antialias=True)
        self.validation = pg.PlotDataItem(symbol="o", symbolSize=7, antialias=True)
        self._lines = (self.epochs, self.before, self.raw, self.train, self.validation)
        for line in self._lines:
            item.addItem(line)
        self.cross = pg.InfiniteLine(angle=90)
        self.cross.hide()
        item.addItem(self.cross, ignoreBounds=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self.header)
        column.addWidget(self.plot, 1)
        self.plot.scene().sigMouseMoved.connect(self._on_mouse)
        self.plot.viewport().installEventFilter(self)
        self.apply_theme()

    def apply_theme(self) -> None:
        """Takes the colours and faces of the current theme."""
        self.plot.setBackground(theme.color("panel"))
        item = self.plot.getPlotItem()
        item.getViewBox().setBackgroundColor(theme.color("plot"))
        for side, size in (("left", 40), ("bottom", None)):
            axis = item.getAxis(side)
            axis.setPen(pg.mkPen(None))
            axis.setTextPen(theme.color("muted"))
            axis.setTickPen(theme.color("line"))
            axis.setTickFont(theme.mono(10))
            axis.setStyle(
                tickLength=0, tickTextOffset=6, maxTickLevel=0, hideOverlappingLabels=False
            )
            if size:
                axis.setWidth(size)
        item.getAxis("bottom").setHeight(18)
        item.getAxis("left").setGrid(120)
        faint = QColor(theme.TRAIN)
        faint.setAlpha(60)
        self.raw.setPen(pg.mkPen(faint, width=1))
        self.train.setPen(pg.mkPen(theme.TRAIN, width=2))
        self.validation.setPen(pg.mkPen(theme.VALIDATION, width=1))
        self.validation.setSymbolBrush(theme.VALIDATION)
        self.validation.setSymbolPen(None)
        self.before.setPen(pg.mkPen(theme.color("faint"), width=1, style=Qt.PenStyle.DashLine))
        self.epochs.setPen(pg.mkPen(theme.color("grid"), width=1))
        self.cross.setPen(pg.mkPen(theme.color("faint"), width=1))
        self._legend_text = ""

    def set_log(self, log: bool) -> None:
        """A logarithmic scale of the values, or a linear one."""
        self.log = log
        self.plot.getPlotItem().setLogMode(y=log)

    def set_ranges(self, last_step: float, low: float, high: float) -> None:
        """The steps 0 to `last_step`, the values `low` to `high` (above 0 on a log scale)."""
        if self.log:
            low, high = math.log10(max(low, 1e-9)), math.log10(max(high, 1e-9))
        self.plot.setRange(
            xRange=(0, max(last_step, 1)),
            yRange=(low, max(high, low + 1e-9)),
            padding=0,
            disableAutoRange=True,
        )

    def set_epochs(self, ends: np.ndarray, low: float, high: float) -> None:
        """Upright lines at these steps."""
        self.epochs.setData(np.repeat(ends, 2), np.tile([low, high], len(ends)))

    def set_legend(self, entries: list[tuple[str, str, str]]) -> None:
        """(colour, mark, text) of each entry; the last ones are left out where room is short."""
        measure = QFontMetrics(theme.sans(11))
        room = self.width() - 24 - (self.title.sizeHint().width() if self.title.isVisible() else 0)
        room -= sum(
            widget.width() + 12
            for index in range(2, self.header.count())
            if (item := self.header.itemAt(index)) and (widget := item.widget()) is not None
        )
        parts: list[str] = []
        for colour, mark, words in entries:
            room -= measure.horizontalAdvance(f"{mark} {words}") + 14
            if room < 0 and parts:
                break
            tint = colour if mark == DOT else theme.current().muted
            parts.append(
                f'<span style="color:{colour}">{mark}</span> '
                f'<span style="color:{tint}">{escape(words)}</span>'
            )
        text = "&nbsp;&nbsp; ".join(parts)
        if text != self._legend_text:
            self._legend_text = text
            self.legend.setText(f'<span style="font-size:11px">{text}</span>')

    def show_cross(self, step: float | None) -> None:
        """The upright line of the read-out."""
        self.cross.setVisible(step is not None)
        if step is not None:
            self.cross.setPos(step)

    def _on_mouse(self, position: object) -> None:
        box = self.plot.getPlotItem().getViewBox()
        if box.sceneBoundingRect().contains(position):
            self.hovered.emit(box.mapSceneToView(position).x())
        else:
            self.hovered.emit(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.hovered.emit(None)
        return super().eventFilter(watched, event)


class Values(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis of positive values; on a logarithmic scale 1, 2 and 5 of every decade."""

    def logTickValues(
        self, minVal: float, maxVal: float, size: float, stdTicks: object
    ) -> list[tuple[float | None, list[float]]]:
        marks = (1, 2, 5) if maxVal - minVal < 2.5 else (1,)
        decades = range(math.floor(minVal), math.ceil(maxVal) + 1)
        ticks = [decade + math.log10(mark) for decade in decades for mark in marks]
        return [(None, [tick for tick in ticks if minVal <= tick <= maxVal])]

    def logTickStrings(self, values: list[float], scale: float, spacing: object) -> list[str]:
        return [f"{10**value * scale:.3g}" for value in values]


class Percent(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis of shares, 0 to 1, written in percent."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        digits = 0 if spacing >= 0.01 else 1
        return [f"{value * 100:.{digits}f} %" for value in values]


class Steps(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis of steps, in thousands where they are many."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [number.short(round(value)) for value in values]
