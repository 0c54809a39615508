"""Strokes and fills of which all glyphs are made."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

WIDTH, HEIGHT = 28.0, 14.0  # the box in which every glyph is drawn, before it is scaled
Point = tuple[float, float]


def fit(painter: QPainter, rect: QRectF) -> None:
    """Make the painter draw the box of glyphs as large as fits into `rect`, left, centred in height."""
    scale = min(rect.width() / WIDTH, rect.height() / HEIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.left(), rect.center().y() - HEIGHT / 2 * scale)
    painter.scale(scale, scale)


def pale(colour: QColor, share: float) -> QColor:
    """The colour at an opacity of `share` (0 to 1)."""
    faint = QColor(colour)
    faint.setAlphaF(share)
    return faint


def pen(colour: QColor, width: float = 1.4, dashed: bool = False) -> QPen:
    """A pen with round ends, or a dashed one."""
    cap = Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap
    made = QPen(colour, width, Qt.PenStyle.SolidLine, cap, Qt.PenJoinStyle.RoundJoin)
    if dashed:
        made.setDashPattern((1.5, 1.3))
    return made


def _outline(painter: QPainter, colour: QColor, width: float = 1.4, dashed: bool = False) -> None:
    painter.setPen(pen(colour, width, dashed))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _filling(painter: QPainter, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)


def fill(
    painter: QPainter, colour: QColor, x: float, y: float, w: float, h: float, radius: float = 1.5
) -> None:
    """A filled box."""
    _filling(painter, colour)
    painter.drawRoundedRect(QRectF(x, y, w, h), radius, radius)


def frame(
    painter: QPainter,
    colour: QColor,
    x: float,
    y: float,
    w: float,
    h: float,
    radius: float = 1.5,
    width: float = 1.2,
    dashed: bool = False,
) -> None:
    """An empty box."""
    _outline(painter, colour, width, dashed)
    painter.drawRoundedRect(QRectF(x, y, w, h), radius, radius)


def stroke(
    painter: QPainter, colour: QColor, *points: Point, width: float = 1.4, dashed: bool = False
) -> None:
    """A line through points."""
    _outline(painter, colour, width, dashed)
    painter.drawPolyline([QPointF(x, y) for x, y in points])


def trace(
    painter: QPainter, colour: QColor, path: QPainterPath, width: float = 1.4, dashed: bool = False
) -> None:
    """A line along a path."""
    _outline(painter, colour, width, dashed)
    painter.drawPath(path)


def dot(painter: QPainter, colour: QColor, x: float, y: float, radius: float) -> None:
    """A filled circle."""
    _filling(painter, colour)
    painter.drawEllipse(QPointF(x, y), radius, radius)


def ring(
    painter: QPainter, colour: QColor, x: float, y: float, radius: float, width: float = 1.3
) -> None:
    """An empty circle."""
    _outline(painter, colour, width)
    painter.drawEllipse(QPointF(x, y), radius, radius)


def bow(
    left: float, right: float, foot: float, top: float = 1.0, corner: float = 4.0
) -> QPainterPath:
    """The path of a shortcut over what lies between `left` and `right`."""
    path = QPainterPath(QPointF(left, foot))
    path.lineTo(left, top + corner)
    path.quadTo(left, top, left + corner, top)
    path.lineTo(right - corner, top)
    path.quadTo(right, top, right, top + corner)
    path.lineTo(right, foot)
    return path
