"""Two plots of the gradients of a network's layers: at one moment, and over a whole run."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from explorer.app import number, theme
from explorer.app.panels.gradients.diagnosis import HEALTHY
from explorer.app.widgets import viridis
from explorer.runs.course import TINY, Course
from explorer.text import _

LEFT, BOTTOM, SCALE = 44, 16, 10
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _DepthPlot(QWidget):
    """What both plots share: the room that their labels leave, and a text on what the mouse is over.

    pointed(text): the mouse moved over the plot, or left it ("").
    """

    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setMinimumSize(120, 48)
        self._mouse: QPointF | None = None

    def text_at(self, place: QPointF) -> str:
        """What the plot shows at that place."""
        raise NotImplementedError

    def room(self) -> QRect:
        """The part of the widget that the labels leave for the plot."""
        return QRect(LEFT, 2, max(self.width() - LEFT - 2, 1), max(self.height() - BOTTOM - 2, 1))

    def _on_mouse(self, place: QPointF | None) -> None:
        self._mouse = place
        inside = place is not None and self.room().contains(place.toPoint())
        self.pointed.emit(self.text_at(place) if place is not None and inside else "")
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._on_mouse(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._on_mouse(None)


class DepthProfile(_DepthPlot):
    """One point per layer, from input to output, on a logarithmic scale with the healthy band."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.norms = np.empty(0)
        self.layers: tuple[str, ...] = ()
        self.main = np.empty(0, bool)
        self.role = "good"

    def show_norms(
        self, norms: np.ndarray, layers: Sequence[str], main: np.ndarray, role: str
    ) -> None:
        """Draw the norms (n,) of these layers; one that is not positive is marked as a problem.

        main: (n,) bool, the layers that are compared. role: the colour of their line; the line
        through the others is grey.
        """
        self.norms, self.layers, self.role = np.asarray(norms, float), tuple(layers), role
        self.main = np.asarray(main, bool)
        self.update()

    def bounds(self) -> tuple[float, float]:
        """log10 of the least and greatest value of the scale, which holds the healthy band."""
        known = self.norms[self._known()]
        if not known.size:
            return -1.0, 1.0
        middle, spread = self._middle(), math.log10(HEALTHY)
        return (
            min(math.log10(known.min()), middle - spread) - 0.1,
            max(math.log10(known.max()), middle + spread) + 0.1,
        )

    def _known(self) -> np.ndarray:
        return np.isfinite(self.norms) & (self.norms > TINY)

    def _middle(self) -> float:
        """log10 of the median of the norms that are compared, or of all if none of those is known."""
        known = self._known()
        compared = known & self.main
        return math.log10(np.median(self.norms[compared if compared.any() else known]))

    def text_at(self, place: QPointF) -> str:
        index = self._index_at(place)
        if index < 0:
            return ""
        return f"{self.layers[index]}  {number.value_text(float(self.norms[index]))}"

    def _index_at(self, place: QPointF) -> int:
        count = len(self.norms)
        room = self.room()
        share = (place.x() - room.left()) / room.width()
        return min(max(int(share * count), 0), count - 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.room()
        painter.fillRect(room, theme.color("plot"))
        low, high = self.bounds()
        known = self._known()

        def y(log: float) -> float:
            return room.bottom() - (log - low) / (high - low) * room.height()

        if known.any():
            middle, spread = self._middle(), math.log10(HEALTHY)
            top, bottom = y(middle + spread), y(middle - spread)
            band = QRectF(room.left(), top, room.width(), bottom - top)
            painter.fillRect(band, theme.mixed("good", "plot", 0.1))
        self._paint_scale(painter, room, low, high, y)
        if not known.any():
            return
        step = room.width() / len(self.norms)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for which, colour in ((known & ~self.main, "faint"), (known & self.main, self.role)):
            points = [
                QPointF(room.left() + (index + 0.5) * step, y(math.log10(self.norms[index])))
                for index in np.flatnonzero(which)
            ]
            painter.setPen(QPen(theme.color(colour), 1))
            painter.drawPolyline(QPolygonF(points))
            if step >= 4:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color(colour))
                for point in points:
                    painter.drawEllipse(point, 2.5, 2.5)
        for index in np.flatnonzero(~known):
            painter.fillRect(
                QRectF(room.left() + index * step, room.bottom() - 3, max(step, 2), 3),
                theme.color("problem"),
            )
        if self._mouse is not None and room.contains(self._mouse.toPoint()):
            x = room.left() + (self._index_at(self._mouse) + 0.5) * step
            painter.setPen(QPen(theme.color("muted"), 1))
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))

    def _paint_scale(
        self, painter: QPainter, room: QRect, low: float, high: float, y: Callable[[float], float]
    ) -> None:
        painter.setFont(theme.mono(10))
        decades = range(math.ceil(low), math.floor(high) + 1)
        every = max(1, math.ceil(len(decades) * 14 / max(room.height(), 1)))
        for decade in list(decades)[::every]:
            painter.setPen(theme.color("grid"))
            painter.drawLine(room.left(), round(y(decade)), room.right(), round(y(decade)))
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(0, y(decade) - 8, LEFT - 6, 16), _RIGHT, _decade(decade))
        ends = QRect(room.left(), room.bottom() + 2, room.width(), BOTTOM - 2)
        if self.layers:
            measure = QFontMetrics(painter.font())
            half = room.width() // 2 - 8
            for name, side in (
                (self.layers[0], Qt.AlignmentFlag.AlignLeft),
                (self.layers[-1], Qt.AlignmentFlag.AlignRight),
            ):
                text = measure.elidedText(name, Qt.TextElideMode.ElideMiddle, half)
                painter.drawText(ends, side | Qt.AlignmentFlag.AlignVCenter, text)


class HeatMap(_DepthPlot):
    """The gradients of a run: layers from top to bottom, steps from left to right, and their size as
    a colour on a logarithmic scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._course = Course()
        self._image = QImage()
        self._low = self._high = 0.0

    def show_course(self, course: Course) -> None:
        """Draw a course, which may have grown since it was last drawn."""
        self._course = course
        levels, self._low, self._high = course.levels()
        if levels.size:
            table = [*viridis.table()[:255], theme.color("problem").rgb()]
            self._image = viridis.picture(levels, table)
        else:
            self._image = QImage()
        self.update()

    def room(self) -> QRect:
        return super().room().adjusted(0, 0, -54, 0)

    def text_at(self, place: QPointF) -> str:
        room, course = self.room(), self._course
        if not len(course):
            return ""
        column = min(int((place.x() - room.left()) / room.width() * len(course)), len(course) - 1)
        row = min(
            int((place.y() - room.top()) / room.height() * len(course.layers)),
            len(course.layers) - 1,
        )
        log = float(course.logs[row, column])
        value = number.value_text(10**log) if math.isfinite(log) else _("not a number")
        return f"{course.layers[row]}  {value}  " + _at_step(course.steps[column])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.room()
        painter.fillRect(room, theme.color("plot"))
        if self._image.isNull():
            return
        painter.drawImage(room, self._image)
        painter.setFont(theme.mono(10))
        painter.setPen(theme.color("muted"))
        measure = QFontMetrics(painter.font())
        for index, top in ((0, room.top()), (-1, room.bottom() - 13)):
            name = self._course.layers[index].split(".")[0]
            text = measure.elidedText(name, Qt.TextElideMode.ElideRight, LEFT - 4)
            painter.drawText(QRectF(0, top, LEFT - 6, 14), _RIGHT, text)
        below = QRect(room.left(), room.bottom() + 2, room.width(), BOTTOM - 2)
        steps = self._course.steps
        painter.drawText(
            below, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, _at_step(steps[0])
        )
        painter.drawText(below, _RIGHT, number.grouped(int(steps[-1])))
        self._paint_colours(painter, room)

    def _paint_colours(self, painter: QPainter, room: QRect) -> None:
        """Paint the scale at the right: its colours and the values at its ends."""
        bar = QRect(room.right() + 8, room.top(), SCALE - 2, room.height())
        column = np.linspace(254, 0, 128).astype(np.uint8)[:, None]
        painter.drawImage(bar, viridis.picture(column))
        for log, top in ((self._high, bar.top()), (self._low, bar.bottom() - 13)):
            painter.drawText(
                QRect(bar.right() + 5, top, 40, 14), Qt.AlignmentFlag.AlignVCenter, f"{10**log:.2g}"
            )


def _decade(power: int) -> str:
    return f"{10.0**power:g}" if -3 <= power <= 3 else f"1e{power}"


def _at_step(step: float) -> str:
    return _("step {step}").format(step=number.grouped(int(step)))
