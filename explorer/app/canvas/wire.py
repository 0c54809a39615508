"""A wire: as thick as its tensor has channels, the shape under it, the tensor above it to scale."""

from math import log2

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from explorer.app import theme
from explorer.app.canvas.card import READABLE
from explorer.app.number import shape_text
from explorer.app.tensor_box import paint_tensor
from explorer.graph.graph import Shape, Wire

BOX = 34.0
ROOM = 44.0  # a wire shorter than this has no room for its label
TURN, BOW = 10.0, 46.0
LONGEST_BEND = 150.0
FORWARD = 12.0  # a target this far right of its source is reached directly, else round below


class WireItem(QGraphicsItem):
    """One wire on the canvas."""

    def __init__(self, wire: Wire | None = None):
        super().__init__()
        self.wire = wire
        self.shape_of: Shape | None = None
        self.largest: Shape | None = None
        self.dashed = False
        self.problem = False
        self.selected = self.hot = False
        self.path = QPainterPath()
        self.label_at = QPointF()
        self.has_room = self.folds = False
        self.setZValue(1)

    def carry(self, shape: Shape | None, largest: Shape | None, dashed: bool, problem: bool) -> None:
        """Take the tensor that runs through the wire; `largest` gives the scale of its box."""
        new = (shape, largest, dashed, problem)
        if new != (self.shape_of, self.largest, self.dashed, self.problem):
            self.shape_of, self.largest, self.dashed, self.problem = new
            self.update()

    def lay(self, start: QPointF, end: QPointF, low: float = 0.0,
            over: float | None = None) -> None:
        """Run from `start` to `end` (scene); `low`: below which a way back passes; `over`: the
        height at which a way forward passes over cards between."""
        self.prepareGeometryChange()
        self.path, self.label_at, self.has_room = route(start, end, low, over)
        self.folds = end.x() - start.x() < FORWARD

    @property
    def thickness(self) -> float:
        """1.5 to 6 px, with the logarithm of the channels."""
        channels = self.shape_of[0] if self.shape_of else 1
        return min(6.0, 1.4 + 0.4 * log2(max(1, channels)))

    def boundingRect(self) -> QRectF:
        rect = self.path.boundingRect().adjusted(-8, -8, 8, 8)
        if self.has_room:
            rect = rect.united(QRectF(self.label_at.x() - 44, self.label_at.y() - 56, 88, 84))
        return rect

    def near(self, place: QPointF, reach: float = 8.0) -> bool:
        """The place (scene) is on the wire or close to it."""
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * reach + self.thickness)
        return stroker.createStroke(self.path).contains(place)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem,
              widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = theme.color("problem" if self.problem else
                            "accent" if self.selected or self.hot else "muted")
        pen = QPen(color, self.thickness + 2 * self.hot)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self.dashed:
            pen.setDashPattern([2.2, 1.6])
        painter.strokePath(self.path, pen)
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        if not self.has_room or not self.shape_of or scale < READABLE:
            return
        rect, text = self._words(), shape_text(self.shape_of)
        painter.setFont(theme.mono(10))
        painter.fillRect(rect, theme.color("canvas"))
        painter.setPen(theme.color("problem" if self.problem else "text"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        if self._has_box:
            paint_tensor(painter, self._box(), self.shape_of, color,
                         theme.mixed("muted", "canvas", 0.25), self.largest or self.shape_of)

    def painted(self) -> QRectF:
        """What the wire and its label cover (scene)."""
        found = self.path.boundingRect().adjusted(-3, -3, 3, 3)
        if self.has_room and self.shape_of:
            found = found.united(self._words())
            if self._has_box:
                found = found.united(self._box())
        return found

    @property
    def _has_box(self) -> bool:
        return len(self.shape_of) == 3 and not self.folds

    def _words(self) -> QRectF:
        """Where the shape stands, under the wire."""
        width = QFontMetricsF(theme.mono(10)).horizontalAdvance(shape_text(self.shape_of)) + 6
        return QRectF(self.label_at.x() - width / 2, self.label_at.y() + 6, width, 15)

    def _box(self) -> QRectF:
        """Where the tensor stands, above the wire."""
        return QRectF(self.label_at.x() - BOX / 2, self.label_at.y() - BOX - 14, BOX, BOX)


def route(start: QPointF, end: QPointF, low: float = 0.0,
          over: float | None = None) -> tuple[QPainterPath, QPointF, bool]:
    """A wire's way, where its label stands, and whether there is room for one.

    Forward it is a straight line, a soft curve, or a bow over what stands between; backward it
    goes round below what it leaves.
    """
    path = QPainterPath(start)
    gap = end.x() - start.x()
    if gap >= FORWARD and over is not None:
        rise = QPointF(start.x() + BOW, over)
        fall = QPointF(end.x() - BOW, over)
        path.cubicTo(QPointF(rise.x(), start.y()), QPointF(start.x(), over), rise)
        path.lineTo(fall)
        path.cubicTo(QPointF(end.x(), over), QPointF(fall.x(), end.y()), end)
        return path, (rise + fall) / 2, True
    if gap >= FORWARD:
        if abs(end.y() - start.y()) < 0.5:
            path.lineTo(end)
        else:
            # A long way round, as a shortcut's, keeps to the lower lane and bends at its end.
            flat = max(0.0, gap - LONGEST_BEND)
            rises = end.y() < start.y()
            first = start + QPointF(flat if rises else 0.0, 0)
            last = end - QPointF(0.0 if rises else flat, 0)
            bend = (last.x() - first.x()) / 2
            path.lineTo(first)
            path.cubicTo(first + QPointF(bend, 0), last - QPointF(bend, 0), last)
            path.lineTo(end)
            if flat > ROOM:
                middle = (start + first) / 2 if rises else (last + end) / 2
                return path, middle, True
        return path, path.pointAtPercent(0.5), gap >= ROOM
    below = max(start.y(), low) + 22
    if end.y() > below + 20:
        below = (below + end.y()) / 2 if low == 0.0 else below
    corners = [start, QPointF(start.x() + 22, start.y()), QPointF(start.x() + 22, below),
               QPointF(end.x() - 22, below), QPointF(end.x() - 22, end.y()), end]
    for before, corner, after in zip(corners, corners[1:], corners[2:]):
        path.lineTo(_towards(corner, before))
        path.quadTo(corner, _towards(corner, after))
    path.lineTo(end)
    return path, QPointF((start.x() + end.x()) / 2, below), True


def _towards(corner: QPointF, other: QPointF) -> QPointF:
    """The point TURN (or half of the way, if that is less) from `corner` to `other`."""
    gap = other - corner
    length = max(1e-6, (gap.x() ** 2 + gap.y() ** 2) ** 0.5)
    return corner + gap * (min(TURN, length / 2) / length)
