"""A tensor drawn as an oblique box: its length shows the channels, its height the rows, its depth
the columns."""

from collections.abc import Collection
from math import log2, sqrt

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from explorer.graph.graph import Shape

CHANNELS, HEIGHT, WIDTH = range(3)
OBLIQUE = 0.34  # length at which an edge into the depth is drawn, relative to one at the front
THINNEST = 3.0  # pixels


def paint_tensor(
    painter: QPainter,
    rect: QRectF,
    shape: Shape,
    color_line: QColor,
    color_fill: QColor,
    largest: Shape,
    marked: Collection[int] = (),
    color_marked: QColor | None = None,
) -> None:
    """Draw a tensor centred at the bottom of `rect`.

    shape: (channels, height, width), or (features,), which is drawn as a rod. largest: the shape
    that would fill `rect`. Boxes in equally large rects with the same `largest` share one scale:
    the square root of height and width, the logarithm of channels, so that both 3×224×224 and
    2048×7×7 can be recognised. marked: axes (CHANNELS, HEIGHT, WIDTH) whose edges are drawn in
    `color_marked`.
    """
    length, height, depth = _sides(rect, shape, largest)
    left = rect.center().x() - (length + depth) / 2
    bottom = rect.bottom() - 0.5
    near = [
        QPointF(left, bottom),
        QPointF(left + length, bottom),
        QPointF(left + length, bottom - height),
        QPointF(left, bottom - height),
    ]
    back = QPointF(depth, -depth)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color_fill)
    painter.drawPolygon(near)
    painter.setBrush(color_fill.lighter(125))
    painter.drawPolygon([near[3], near[2], near[2] + back, near[3] + back])
    painter.setBrush(color_fill.darker(115))
    painter.drawPolygon([near[1], near[2], near[2] + back, near[1] + back])
    edges = {
        CHANNELS: ((near[0], near[1]), (near[3], near[2]), (near[3] + back, near[2] + back)),
        HEIGHT: ((near[0], near[3]), (near[1], near[2]), (near[1] + back, near[2] + back)),
        WIDTH: ((near[3], near[3] + back), (near[2], near[2] + back), (near[1], near[1] + back)),
    }
    for axis in sorted(edges, key=lambda axis: axis in marked):
        if axis in marked and color_marked is not None:
            pen = QPen(color_marked, 2)
        else:
            pen = QPen(color_line, 1)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        for start, end in edges[axis]:
            painter.drawLine(start, end)
    painter.restore()


def differing(a: Shape, b: Shape) -> set[int]:
    """The axes along which two shapes differ; all of them, if one is a map and one a vector."""
    if len(a) != len(b):
        return {CHANNELS, HEIGHT, WIDTH}
    return {axis for axis, (x, y) in enumerate(zip(a, b)) if x != y}


def largest_of(*shapes: Shape | None) -> Shape:
    """The largest extent along each axis: the `largest` that draws these shapes on one scale."""
    maps = [_as_map(shape) for shape in shapes if shape]
    return tuple(max(sides) for sides in zip(*maps)) if maps else (1, 1, 1)


def _as_map(shape: Shape) -> Shape:
    return tuple(shape) if len(shape) == 3 else (*shape[:1], 1, 1)


def _sides(rect: QRectF, shape: Shape, largest: Shape) -> tuple[float, float, float]:
    """Pixels of the length, of the height, and of the oblique edges to the right and upward."""
    channels, high, wide = _as_map(shape)
    most_channels, most_high, most_wide = _as_map(largest)
    # The largest box is as high as the rect; OBLIQUE shortens its depth.
    deepest = rect.height() * OBLIQUE / (1 + OBLIQUE) * sqrt(most_wide / max(most_high, most_wide))
    deepest = min(deepest, rect.width() * 0.45)
    length = (rect.width() - deepest) * log2(1 + channels) / log2(1 + most_channels)
    height = (rect.height() - deepest) * sqrt(high / most_high)
    return (
        max(THINNEST, length),
        max(THINNEST, height),
        max(THINNEST * OBLIQUE, deepest * sqrt(wide / most_wide)),
    )
