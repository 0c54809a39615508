"""Glyphs of the other layers: convolution, normalisation, pooling, joins, changes of shape."""

from collections.abc import Callable
from types import SimpleNamespace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath

from explorer.app.glyphs.pen import bow, dot, fill, frame, pale, pen, ring, stroke, trace

Settings = SimpleNamespace | None
Glyph = Callable[[QPainter, QColor, Settings], None]
_MOST_TAPS = 5  # a larger kernel is drawn with so many a side
_MOST_IN_LINE = 9  # and one of a single row or column


def _two(value: object, otherwise: int) -> tuple[int, int]:
    if isinstance(value, tuple):
        return value
    return (value, value) if isinstance(value, int) else (otherwise, otherwise)


# Convolution ----------------------------------------------------------------------------------


def conv(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """The taps of the kernel: spread if it is dilated, in bands if it is grouped, one sheet a
    channel if it is depthwise."""
    sides = _two(getattr(settings, "kernel_size", 3), 3)
    rows, columns = (min(side, _MOST_IN_LINE if 1 in sides else _MOST_TAPS) for side in sides)
    groups = getattr(settings, "groups", 1)
    if isinstance(groups, int) and groups > 1 and groups == getattr(settings, "out_channels", 0):
        _depthwise(painter, colour)
        return
    spread = max(_two(getattr(settings, "dilation", 1), 1)) > 1
    if rows == columns == 1:
        frame(painter, pale(colour, 0.5), 1, 0.7, 13, 12.6)
        fill(painter, colour, 5, 4.5, 5, 5, 0.8)
        return
    if spread:
        _dilated(painter, colour, rows, columns)
        return
    longest = max(rows, columns)
    step = (
        (5.0 if longest <= 3 else 14.5 / longest)
        if columns <= 3 or rows > 1
        else min(5.2, 26 / columns)
    )
    size = step - (1.0 if longest <= 3 else 0.7)
    top = (14 - step * rows + step - size) / 2
    for row in range(rows):
        for column in range(columns):
            share = 1 if row == 0 or column == 0 else 0.45
            if groups != 1:
                share = 1 if column < columns / 2 else 0.45
            gap = 2.0 if groups != 1 and column >= columns / 2 else 0.0
            fill(
                painter,
                pale(colour, share),
                1 + step * column + gap,
                top + step * row,
                size,
                size,
                0.8,
            )


def _dilated(painter: QPainter, colour: QColor, rows: int, columns: int) -> None:
    rows, columns = min(rows, 3), min(columns, 3)
    for row in range(2 * rows - 1):
        for column in range(2 * columns - 1):
            tap = row % 2 == 0 and column % 2 == 0
            x, y = 2.2 + 2.9 * column, 7 + 2.75 * (row - rows + 1)
            dot(painter, colour if tap else pale(colour, 0.3), x, y, 1.5 if tap else 0.7)


def _depthwise(painter: QPainter, colour: QColor) -> None:
    for number, share in enumerate((1.0, 0.7, 0.4)):
        x = 1 + 8.4 * number
        frame(painter, pale(colour, share), x, 1, 6.4, 12, 1.2, 1.1)
        fill(painter, pale(colour, share), x + 1.7, 5.5, 3, 3, 0.6)


def transposed(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """One pixel that becomes many."""
    fill(painter, colour, 1, 4.7, 4.6, 4.6, 0.8)
    for y, end in ((5, 1.5), (9, 12.5)):
        stroke(painter, pale(colour, 0.7), (6.4, y), (11.2, end), width=0.9)
    for row in range(3):
        for column in range(3):
            fill(
                painter,
                pale(colour, 0.5 + 0.5 * (row == column == 1)),
                12.2 + 4.9 * column,
                4.9 * row,
                4,
                4,
                0.8,
            )


def composed(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """Convolution, normalisation, activation in a row."""
    for row in range(2):
        for column in range(2):
            fill(painter, colour, 0.8 + 4 * column, 3 + 4 * row, 3.2, 3.2, 0.6)
    _bell(painter, pale(colour, 0.8), 9.5, 18, 11, 3, 1.3)
    stroke(painter, colour, (19.5, 11), (23, 11), (27, 3), width=1.4)


# Normalisation --------------------------------------------------------------------------------


def _bell(
    painter: QPainter,
    colour: QColor,
    left: float,
    right: float,
    foot: float,
    top: float,
    width: float,
) -> None:
    span = right - left
    bell = QPainterPath(QPointF(left, foot))
    bell.cubicTo(left + 0.35 * span, foot, left + 0.325 * span, top, left + span / 2, top)
    bell.cubicTo(right - 0.325 * span, top, right - 0.35 * span, foot, right, foot)
    trace(painter, colour, bell, width)


def normal(painter: QPainter, colour: QColor, settings: Settings) -> None:
    _bell(painter, colour, 1, 21, 12.5, 1.5, 1.5)


def _over(chosen: Callable[[int, int], bool]) -> Glyph:
    """A bell curve, and the numbers that are normalised together: channels across, pictures down
    (after Wu and He 2018, figure 2)."""

    def draw(painter: QPainter, colour: QColor, settings: Settings) -> None:
        _bell(painter, colour, 1, 13, 12.5, 1.5, 1.4)
        for row in range(3):
            for column in range(4):
                fill(
                    painter,
                    colour if chosen(row, column) else pale(colour, 0.3),
                    15.2 + 3.2 * column,
                    2.3 + 3.3 * row,
                    2.5,
                    2.6,
                    0.5,
                )

    return draw


# Pooling --------------------------------------------------------------------------------------


def _pool(*boxes: tuple[float, float, float, float, float]) -> Glyph:
    """Boxes (opacity, left, top, width, height) in a frame."""

    def draw(painter: QPainter, colour: QColor, settings: Settings) -> None:
        frame(painter, colour, 1, 0.7, 13, 12.6, width=1.3)
        for opacity, x, y, width, height in boxes:
            fill(painter, pale(colour, opacity), x, y, width, height, 0.5)

    return draw


# Joins ----------------------------------------------------------------------------------------


def add(painter: QPainter, colour: QColor, settings: Settings) -> None:
    ring(painter, colour, 8, 7, 6.3)
    painter.drawLine(QPointF(4.6, 7), QPointF(11.4, 7))
    painter.drawLine(QPointF(8, 3.6), QPointF(8, 10.4))


def multiply(painter: QPainter, colour: QColor, settings: Settings) -> None:
    ring(painter, colour, 8, 7, 6.3)
    for sign in (1, -1):
        painter.drawLine(QPointF(5.5, 7 - 2.5 * sign), QPointF(10.5, 7 + 2.5 * sign))


def layer_scale(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """A factor for each channel."""
    ring(painter, colour, 7, 7, 5.6)
    dot(painter, colour, 7, 7, 1.6)
    for number, width in enumerate((4.0, 9.0, 6.0)):
        stroke(
            painter,
            pale(colour, 0.7),
            (16, 3 + 4 * number),
            (16 + width, 3 + 4 * number),
            width=1.8,
        )


def concat(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """Three stacked feature maps."""
    for number, share in ((2, 0.35), (1, 0.6), (0, 1)):
        fill(painter, pale(colour, share), 1 + 4 * number, 4.5 - 2 * number, 8, 9, 1.2)


def projection(painter: QPainter, colour: QColor, settings: Settings) -> None:
    trace(painter, colour, bow(2, 24, 12, 1.5, 4.5), 1.5, dashed=True)
    fill(painter, colour, 10.5, 7, 5, 5, 1.2)


def zero_shortcut(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """Like a projection, with zeros for the new channels."""
    trace(painter, colour, bow(2, 24, 12, 1.5, 4.5), 1.5, dashed=True)
    ring(painter, colour, 13, 9.3, 2.9, 1.2)


# Shape ----------------------------------------------------------------------------------------


def flatten(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """A map, and the row that it becomes."""
    for x in (1, 5):
        for y in (3.2, 7.2):
            fill(painter, colour, x, y, 3.4, 3.4, 0.6)
    for number in range(4):
        fill(painter, pale(colour, 0.6), 12 + 4 * number, 5.3, 3.4, 3.4, 0.6)


def dropout(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """Dots, some of them gone."""
    for row in range(2):
        for column in range(4):
            gone = (row, column) in ((0, 1), (1, 2), (1, 0))
            painter.setPen(pen(pale(colour, 0.7), 0.9) if gone else Qt.PenStyle.NoPen)
            painter.setBrush(Qt.BrushStyle.NoBrush if gone else colour)
            painter.drawEllipse(QPointF(3 + 6 * column, 3.8 + 6.4 * row), 1.9, 1.9)


def drop_path(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """A branch that is crossed out beside the identity."""
    stroke(painter, colour, (1, 11.5), (25, 11.5), width=1.5)
    trace(painter, pale(colour, 0.6), bow(5, 21, 11.5, 2.2), 1.2)
    for sign in (1, -1):
        stroke(painter, colour, (11, 2.4 - 2 * sign), (15, 2.4 + 2 * sign), width=1.4)


def identity(painter: QPainter, colour: QColor, settings: Settings) -> None:
    stroke(painter, colour, (1, 7), (23, 7), width=1.6)
    stroke(painter, colour, (19, 3.5), (23, 7), (19, 10.5), width=1.6)


def upsample(painter: QPainter, colour: QColor, settings: Settings) -> None:
    fill(painter, colour, 1, 7.6, 5.4, 5.4, 1)
    frame(painter, colour, 13, 0.8, 12.4, 12.4)
    stroke(painter, pale(colour, 0.8), (7.4, 6.6), (11.2, 3.6), width=1.2)
    stroke(painter, pale(colour, 0.8), (8.6, 3.2), (11.4, 3.4), (11, 6.2), width=1.2)


def zero_pad(painter: QPainter, colour: QColor, settings: Settings) -> None:
    frame(painter, pale(colour, 0.8), 1, 0.8, 22, 12.4, 1.2, 1.1, dashed=True)
    fill(painter, colour, 5, 3.8, 14, 6.4, 1)


def channel_pad(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """Channels, the outer ones empty."""
    for number in range(4):
        x = 1 + 6.2 * number
        if number in (0, 3):
            frame(painter, pale(colour, 0.8), x + 0.4, 1.4, 4, 11.2, 1, 1)
        else:
            fill(painter, colour, x, 1, 4.8, 12, 1)


def chunk(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """One stack of channels, cut in two."""
    fill(painter, colour, 1, 1, 6, 12, 1)
    for y, end in ((4, 3.4), (10, 10.6)):
        stroke(painter, pale(colour, 0.7), (8.5, y), (14, end), width=1)
    fill(painter, colour, 15.5, 0.6, 6, 5.6, 1)
    fill(painter, pale(colour, 0.5), 15.5, 7.8, 6, 5.6, 1)


def shuffle(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """Two groups of channels, interleaved."""
    for place, goal in enumerate((0, 2, 1, 3)):
        share = 1 if place < 2 else 0.5
        left, right = 1.6 + 3.6 * place, 1.6 + 3.6 * goal
        stroke(
            painter, pale(colour, share), (3, left), (8, left), (16, right), (22, right), width=1.5
        )


def permute(painter: QPainter, colour: QColor, settings: Settings) -> None:
    """Axes that change places."""
    for y, sign in ((4, 1), (10, -1)):
        tail, tip = (2, 23) if sign > 0 else (23, 2)
        paint, barb = pale(colour, 1 if sign > 0 else 0.6), tip - 3.4 * sign
        stroke(painter, paint, (tail, y), (tip, y), width=1.5)
        stroke(painter, paint, (barb, y - 2.6), (tip, y), (barb, y + 2.6), width=1.5)


def linear(painter: QPainter, colour: QColor, settings: Settings) -> None:
    left, right = (2, 7, 12), (4.5, 9.5)
    for a in left:
        for b in right:
            stroke(painter, pale(colour, 0.7), (4, a), (20, b), width=0.9)
    for x, ys in ((4, left), (20, right)):
        for y in ys:
            dot(painter, colour, x, y, 2)


def head(painter: QPainter, colour: QColor, settings: Settings) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(
        [
            QPointF(1, 0),
            QPointF(6, 0),
            QPointF(14, 4.5),
            QPointF(14, 9.5),
            QPointF(6, 14),
            QPointF(1, 14),
        ]
    )
    for y, end in ((1.2, 24), (5, 22), (9, 20), (12.8, 26)):
        stroke(painter, colour, (17, y), (end, y), width=1.5)


GLYPHS = {
    "ConvTranspose2d": transposed,
    "ConvNormAct": composed,
    "BasicConv2d": composed,
    "BatchNorm2d": _over(lambda row, column: column == 1),
    "LayerNorm2d": _over(lambda row, column: row == 1),
    "LayerNorm": _over(lambda row, column: row == 1),
    "GroupNorm": _over(lambda row, column: row == 1 and column < 2),
    "LocalResponseNorm": _over(lambda row, column: row == 1 and column < 3),
    "MaxPool2d": _pool((1, 7.5, 1, 6.5, 6)),
    "AvgPool2d": _pool(*((0.5, x, y, 5.6, 5.4) for x in (1.5, 7.9) for y in (1.2, 7.4))),
    "AdaptiveAvgPool2d": _pool((0.35, 1.5, 1.2, 12, 11.6), (1, 5.5, 5, 4, 4)),
    "AdaptiveMaxPool2d": _pool((1, 8.6, 1.9, 4, 4)),
    "Add": add,
    "Multiply": multiply,
    "Concat": concat,
    "LayerScale": layer_scale,
    "Projection": projection,
    "ZeroShortcut": zero_shortcut,
    "Flatten": flatten,
    "Dropout": dropout,
    "DropPath": drop_path,
    "Identity": identity,
    "Upsample": upsample,
    "ZeroPad2d": zero_pad,
    "ChannelPad": channel_pad,
    "Chunk": chunk,
    "ChannelShuffle": shuffle,
    "Permute": permute,
    "Linear": linear,
}
