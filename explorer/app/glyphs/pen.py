"""Strokes and fills that all glyphs are drawn with."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

WIDTH, HEIGHT = 28.0, 14.0  # the box in which every glyph is drawn, before it is scaled
Point = tuple[float, float]


def fit(painter: QPainter, rect: QRectF) -> None:
    """Lay the box of glyphs into `rect`, as large as it goes, at its left and half-way up."""
    scale = min(rect.width() / WIDTH, rect.height() / HEIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.left(), rect.center().y() - HEIGHT / 2 * scale)
    painter.scale(scale, scale)


def pale(colour: QColor, share: float) -> QColor:
    """The colour, only `share` (0 to 1) of it."""
    found = QColor(colour)
    found.setAlphaF(share)
    return found


def pen(colour: QColor, width: float = 1.4, dashed: bool = False) -> QPen:
    """A pen with round ends, or a dashed one."""
    found = QPen(colour, width)
    found.setCapStyle(Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap)
    found.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        found.setDashPattern((1.5, 1.3))
    return found


def fill(
    painter: QPainter, colour: QColor, x: float, y: float, w: float, h: float, radius: float = 1.5
) -> None:
    """A filled box."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
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
    painter.setPen(pen(colour, width, dashed))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(QRectF(x, y, w, h), radius, radius)


def stroke(
    painter: QPainter, colour: QColor, *points: Point, width: float = 1.4, dashed: bool = False
) -> None:
    """A line through points."""
    painter.setPen(pen(colour, width, dashed))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline([QPointF(x, y) for x, y in points])


def trace(
    painter: QPainter, colour: QColor, path: QPainterPath, width: float = 1.4, dashed: bool = False
) -> None:
    """A line along a path."""
    painter.setPen(pen(colour, width, dashed))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)


def dot(painter: QPainter, colour: QColor, x: float, y: float, radius: float) -> None:
    """A filled circle."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(x, y), radius, radius)


def ring(
    painter: QPainter, colour: QColor, x: float, y: float, radius: float, width: float = 1.3
) -> None:
    """An empty circle."""
    painter.setPen(pen(colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(x, y), radius, radius)


def bow(
    left: float, right: float, foot: float, top: float = 1.0, corner: float = 4.0
) -> QPainterPath:
    """The way of a shortcut over what lies between `left` and `right`."""
    path = QPainterPath(QPointF(left, foot))
    path.lineTo(left, top + corner)
    path.quadTo(left, top, left + corner, top)
    path.lineTo(right - corner, top)
    path.quadTo(right, top, right, top + corner)
    path.lineTo(right, foot)
    return path
