"""A wire: the thicker the more channels, the shape below it, the tensor above it to scale."""

from functools import lru_cache
from math import log2

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPainterPathStroker, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from explorer.app import theme
from explorer.app.canvas.card import READABLE
from explorer.app.canvas.routing import Route
from explorer.app.number import shape_text
from explorer.app.widgets.tensor_box import paint_tensor
from explorer.graph.graph import Shape, Wire

BOX = 34.0
NORMAL, SMALL = 10, 9  # size of a shape's letters in pixels


class WireItem(QGraphicsItem):
    """One wire on the canvas. first: of the wires from its source, this one shows the tensor."""

    def __init__(self, wire: Wire | None = None) -> None:
        super().__init__()
        self.wire = wire
        self.shape_of: Shape | None = None
        self.largest: Shape | None = None
        self.dashed = False
        self.problem = False
        self.selected = self.hot = False
        self.route = Route(QPainterPath(), None)
        self.first = True
        self.setZValue(1)

    def carry(
        self, shape: Shape | None, largest: Shape | None, dashed: bool, problem: bool
    ) -> None:
        """Show a tensor of this shape; `largest` is the shape that fills the box of the tensor."""
        new = (shape, largest, dashed, problem)
        if new != (self.shape_of, self.largest, self.dashed, self.problem):
            self.shape_of, self.largest, self.dashed, self.problem = new
            self.update()

    def lay(self, route: Route) -> None:
        """Take a route."""
        self.prepareGeometryChange()
        self.route = route

    @property
    def path(self) -> QPainterPath:
        """The path that it follows (scene)."""
        return self.route.path

    @property
    def thickness(self) -> float:
        """1.4 to 6 pixels, with the logarithm of the channels."""
        channels = self.shape_of[0] if self.shape_of else 1
        return min(6.0, 1.4 + 0.4 * log2(max(1, channels)))

    def boundingRect(self) -> QRectF:
        rect = self.path.boundingRect().adjusted(-8, -8, 8, 8)
        at = self.route.label_at
        return rect if at is None else rect.united(QRectF(at.x() - 44, at.y() - 56, 88, 84))

    def near(self, place: QPointF, reach: float = 8.0) -> bool:
        """Whether a place (scene) is on the wire or at most `reach` beside it."""
        around = self.path.boundingRect().adjusted(-reach, -reach, reach, reach)
        if not around.contains(place):
            return False
        stroker = QPainterPathStroker()
        stroker.setWidth(2 * reach + self.thickness)
        return stroker.createStroke(self.path).contains(place)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        color = theme.color(
            "problem" if self.problem else "accent" if self.selected or self.hot else "muted"
        )
        pen = QPen(color, self.thickness + 2 * self.hot)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if self.dashed:
            pen.setDashPattern([2.2, 1.6])
        painter.strokePath(self.path, pen)
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        if self.route.label_at is None or not self.shape_of or scale < READABLE:
            return
        rect, text = self._words(), shape_text(self.shape_of)
        painter.setFont(theme.mono(self._letters))
        painter.fillRect(rect, theme.color("canvas"))
        painter.setPen(theme.color("problem" if self.problem else "text"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        if self._has_box:
            paint_tensor(
                painter,
                self._box(),
                self.shape_of,
                color,
                theme.mixed("muted", "canvas", 0.25),
                self.largest or self.shape_of,
            )

    def painted(self) -> QRectF:
        """What the wire and its label cover (scene)."""
        return self.path.boundingRect().adjusted(-3, -3, 3, 3).united(self.label())

    def label(self) -> QRectF:
        """What the label covers (scene), nothing if there is none."""
        if self.route.label_at is None or not self.shape_of:
            return QRectF()
        return self._words().united(self._box()) if self._has_box else self._words()

    @property
    def _has_box(self) -> bool:
        shape = self.shape_of
        return self.first and shape is not None and len(shape) == 3 and not self.route.folds

    @property
    def _letters(self) -> int:
        """The size of the shape's letters: a little smaller where the gap is narrow."""
        room = self.path.boundingRect().width() - 12
        fits = self.route.folds or _width(shape_text(self.shape_of or ()), NORMAL) <= room
        return NORMAL if fits else SMALL

    def _words(self) -> QRectF:
        """Where the shape stands, below the wire."""
        width = _width(shape_text(self.shape_of or ()), self._letters) + 6
        at = self.route.label_at
        assert at is not None
        return QRectF(at.x() - width / 2, at.y() + 6, width, 15)

    def _box(self) -> QRectF:
        """Where the tensor stands, above the wire."""
        at = self.route.label_at
        assert at is not None
        return QRectF(at.x() - BOX / 2, at.y() - BOX - 14, BOX, BOX)


@lru_cache(maxsize=4096)
def _width(words: str, letters: int) -> float:
    return QFontMetricsF(theme.mono(letters)).horizontalAdvance(words)
