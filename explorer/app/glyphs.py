"""Small drawings of the kinds, in the colours of their categories: for cards, palette and menus."""

from collections.abc import Callable
from types import SimpleNamespace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from explorer.app import theme
from explorer.catalog import KINDS

WIDTH, HEIGHT = 28.0, 14.0  # the box in which every glyph is drawn, before it is scaled


def paint_kind(painter: QPainter, rect: QRectF, kind_name: str,
               settings: SimpleNamespace | None = None) -> None:
    """The glyph of a kind, as large as fits into `rect`, at its left and half-way up.

    settings: with them a block's arc shows its shortcut: solid, dashed where it projects, absent
    in a plain block. A kind that has no glyph of its own is drawn as its category.
    """
    kind = KINDS.get(kind_name)
    draw = _GLYPHS.get(kind_name) or _OF_CATEGORY.get(kind.category if kind else "", _group)
    painter.save()
    _fit(painter, rect)
    draw(painter, theme.color(kind.category if kind else "muted"), settings)
    painter.restore()


def paint_block(painter: QPainter, rect: QRectF, dashed: bool | None,
                colour: QColor | None = None) -> None:
    """One residual block, its shortcut solid (False), dashed (True) or absent (None).

    colour: that of the category "block" by default.
    """
    painter.save()
    _fit(painter, rect)
    _residual(painter, colour or theme.color("block"), dashed, 2)
    painter.restore()


def is_dashed(settings: SimpleNamespace) -> bool | None:
    """How a block with these settings draws its shortcut, as far as they alone tell; see
    `paint_block`."""
    if settings.shortcut == "none":
        return None
    return settings.shortcut == "projection" or settings.stride != 1


def _fit(painter: QPainter, rect: QRectF) -> None:
    """Lay the box of glyphs into `rect`."""
    scale = min(rect.width() / WIDTH, rect.height() / HEIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.left(), rect.center().y() - HEIGHT / 2 * scale)
    painter.scale(scale, scale)


def _pen(colour: QColor, width: float = 1.4, dashed: bool = False) -> QPen:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if dashed else Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if dashed:
        pen.setDashPattern((1.5, 1.3))
    return pen


def _filled(painter: QPainter, colour: QColor, x: float, y: float, w: float, h: float,
            radius: float = 1.5) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(x, y, w, h), radius, radius)


def _stroked(painter: QPainter, colour: QColor, *points: tuple[float, float],
             width: float = 1.4) -> None:
    painter.setPen(_pen(colour, width))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline([QPointF(x, y) for x, y in points])


def _pale(colour: QColor, share: float) -> QColor:
    pale = QColor(colour)
    pale.setAlphaF(share)
    return pale


def _stem(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    for x, w, h in ((1, 6, 14), (10, 5, 10), (18, 4, 5)):
        _filled(painter, colour, x, (HEIGHT - h) / 2, w, h)


def _stage(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    for x in (1, 9, 17):
        _filled(painter, colour, x, 1, 6.5, 12)


def _residual(painter: QPainter, colour: QColor, dashed: bool | None, boxes: int) -> None:
    """Boxes on a line, the shortcut above them."""
    _stroked(painter, colour, (0.7, 10), (27.3, 10), width=1)
    size = 7.0 if boxes == 2 else 5.0
    for number in range(boxes):
        x = WIDTH / 2 + (number - (boxes - 1) / 2) * (size + (4 if boxes == 2 else 2)) - size / 2
        _filled(painter, colour, x, 7, size, 6)
    if dashed is not None:
        arc = QPainterPath(QPointF(2, 10))
        arc.lineTo(2, 5)
        arc.quadTo(2, 1, 6, 1)
        arc.lineTo(22, 1)
        arc.quadTo(26, 1, 26, 5)
        arc.lineTo(26, 10)
        painter.setPen(_pen(colour, 1.3, dashed))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(arc)


def _basic(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    _residual(painter, colour, False if settings is None else is_dashed(settings), 2)


def _bottleneck(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    _residual(painter, colour, False if settings is None else is_dashed(settings), 3)


def _head(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon([QPointF(1, 0), QPointF(6, 0), QPointF(14, 4.5), QPointF(14, 9.5),
                         QPointF(6, 14), QPointF(1, 14)])
    for y, end in ((1.2, 24), (5, 22), (9, 20), (12.8, 26)):
        _stroked(painter, colour, (17, y), (end, y), width=1.5)


def _linear(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    left, right = (2, 7, 12), (4.5, 9.5)
    for a in left:
        for b in right:
            _stroked(painter, _pale(colour, 0.7), (4, a), (20, b), width=0.9)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for x, ys in ((4, left), (20, right)):
        for y in ys:
            painter.drawEllipse(QPointF(x, y), 2, 2)


def _conv(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    for row in range(3):
        for column in range(3):
            share = 1 if row == 0 or column == 0 else 0.45
            _filled(painter, _pale(colour, share), 1 + 5 * column, 5 * row, 4, 4, 0.8)


def _bell(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    bell = QPainterPath(QPointF(1, 12.5))
    bell.cubicTo(8, 12.5, 7.5, 1.5, 11, 1.5)
    bell.cubicTo(14.5, 1.5, 14, 12.5, 21, 12.5)
    painter.setPen(_pen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(bell)


def _hinge(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    _stroked(painter, colour, (1, 12.5), (10.5, 12.5), (19.5, 1.5), width=1.8)


def _pool(fill: Callable[[QPainter, QColor], None]):
    def draw(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
        painter.setPen(_pen(colour, 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(1, 0.7, 13, 12.6), 1.5, 1.5)
        fill(painter, colour)
    return draw


def _one_quarter(painter: QPainter, colour: QColor) -> None:
    _filled(painter, colour, 7.5, 1, 6.5, 6, 0.5)


def _four_quarters(painter: QPainter, colour: QColor) -> None:
    for x in (1.5, 7.9):
        for y in (1.2, 7.4):
            _filled(painter, _pale(colour, 0.5), x, y, 5.6, 5.4, 0.5)


def _centre(painter: QPainter, colour: QColor) -> None:
    _filled(painter, _pale(colour, 0.35), 1.5, 1.2, 12, 11.6, 0.5)
    _filled(painter, colour, 5.5, 5, 4, 4, 0.5)


def _add(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    painter.setPen(_pen(colour, 1.3))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF(8, 7), 6.3, 6.3)
    painter.drawLine(QPointF(4.6, 7), QPointF(11.4, 7))
    painter.drawLine(QPointF(8, 3.6), QPointF(8, 10.4))


def _concat(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    """Three sheets behind one another."""
    for number, share in ((2, 0.35), (1, 0.6), (0, 1)):
        _filled(painter, _pale(colour, share), 1 + 4 * number, 4.5 - 2 * number, 8, 9, 1.2)


def _flatten(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    """A map, and the row that it becomes."""
    for x in (1, 5):
        for y in (3.2, 7.2):
            _filled(painter, colour, x, y, 3.4, 3.4, 0.6)
    for number in range(4):
        _filled(painter, _pale(colour, 0.6), 12 + 4 * number, 5.3, 3.4, 3.4, 0.6)


def _dropout(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    """Dots, some of them gone."""
    for row in range(2):
        for column in range(4):
            gone = (row, column) in ((0, 1), (1, 2), (1, 0))
            painter.setPen(_pen(_pale(colour, 0.7), 0.9) if gone else Qt.PenStyle.NoPen)
            painter.setBrush(Qt.BrushStyle.NoBrush if gone else colour)
            painter.drawEllipse(QPointF(3 + 6 * column, 3.8 + 6.4 * row), 1.9, 1.9)


def _identity(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    _stroked(painter, colour, (1, 7), (23, 7), width=1.6)
    _stroked(painter, colour, (19, 3.5), (23, 7), (19, 10.5), width=1.6)


def _projection(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    arc = QPainterPath(QPointF(2, 12))
    arc.lineTo(2, 6)
    arc.quadTo(2, 1.5, 6.5, 1.5)
    arc.lineTo(19.5, 1.5)
    arc.quadTo(24, 1.5, 24, 6)
    arc.lineTo(24, 12)
    painter.setPen(_pen(colour, 1.5, dashed=True))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(arc)
    _filled(painter, colour, 10.5, 7, 5, 5, 1.2)


def _group(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    """Two nodes and their wire in a frame."""
    painter.setPen(_pen(_pale(colour, 0.8), 1.2))
    painter.setBrush(_pale(colour, 0.15))
    painter.drawRoundedRect(QRectF(0.8, 0.8, 24, 12.4), 2.5, 2.5)
    _stroked(painter, colour, (6, 7), (19, 7), width=1)
    for x in (4.5, 15.5):
        _filled(painter, colour, x, 4.5, 5.5, 5, 1.2)


_GLYPHS = {
    "BasicBlock": _basic, "Bottleneck": _bottleneck, "Group": _group, "Linear": _linear,
    "MaxPool2d": _pool(_one_quarter), "AvgPool2d": _pool(_four_quarters),
    "AdaptiveAvgPool2d": _pool(_centre), "Add": _add, "Concat": _concat, "Flatten": _flatten,
    "Dropout": _dropout, "Identity": _identity, "Projection": _projection}
_OF_CATEGORY = {
    "stem": _stem, "stage": _stage, "block": _basic, "head": _head, "convolution": _conv,
    "normalisation": _bell, "activation": _hinge, "pooling": _pool(_one_quarter), "merge": _add,
    "shape": _identity}
