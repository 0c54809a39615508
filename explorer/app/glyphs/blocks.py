"""Glyphs of stems, stages and blocks; a shortcut is solid (False), dashed (True) or absent (None)."""

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Literal

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath

from explorer.app.glyphs.pen import (
    WIDTH,
    bow,
    dot,
    fill,
    frame,
    pale,
    ring,
    stroke,
    trace,
)

Settings = SimpleNamespace | None
Shortcut = bool | None
Asked = Shortcut | Literal[""]  # "" where only the settings are known
Glyph = Callable[[QPainter, QColor, Settings, Asked], None]
Box = tuple[float, float]  # width, height


def dashed(settings: SimpleNamespace) -> Shortcut:
    """How the shortcut of a block is drawn, by its settings alone."""
    rule, stride = getattr(settings, "shortcut", "automatic"), getattr(settings, "stride", 1)
    if rule == "none":
        return None
    return bool(rule == "projection" or stride not in (1, (1, 1)))


def row(
    painter: QPainter, colour: QColor, shortcut: Shortcut, *boxes: Box, gap: float = 2.0
) -> list[float]:
    """Draw boxes on a line with the shortcut above; returns the left edge of each box."""
    stroke(painter, colour, (0.7, 10), (27.3, 10), width=1)
    x = (WIDTH - sum(width for width, _height in boxes) - gap * (len(boxes) - 1)) / 2
    lefts = []
    for width, height in boxes:
        fill(painter, colour, x, 10 - height / 2, width, height, min(1.5, width / 3))
        lefts.append(x)
        x += width + gap
    if shortcut is not None:
        trace(painter, colour, bow(2, 26, 10), 1.3, shortcut)
    return lefts


def _of(settings: Settings, shortcut: Asked) -> Shortcut:
    if not isinstance(shortcut, str):
        return shortcut
    return False if settings is None else dashed(settings)


def chain(*boxes: Box, gap: float = 2.0) -> Glyph:
    """Boxes on a line, with a shortcut: the wider the block is there, the higher the box."""

    def draw(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
        row(painter, colour, _of(settings, shortcut), *boxes, gap=gap)

    return draw


basic = chain((7, 6), (7, 6), gap=4)


def bottleneck(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """Narrow in the middle, which is split if the convolution has groups."""
    grouped = getattr(settings, "groups", 1) > 1 or hasattr(settings, "group_width")
    if not grouped:
        wide = getattr(settings, "width_per_group", 64) > 64
        row(painter, colour, _of(settings, shortcut), (5, 6), (6, 7.4) if wide else (5, 4), (5, 6))
        return
    lefts = row(painter, colour, _of(settings, shortcut), (5, 6), (7, 0.01), (5, 6))
    for number in range(3):
        fill(painter, colour, lefts[1], 6.2 + 2.8 * number, 7, 2, 0.6)


def preactivated(count: int) -> Glyph:
    def draw(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
        """Normalisation and activation, the dots, come before each convolution."""
        if count == 2:
            lefts = row(painter, colour, _of(settings, shortcut), (5.5, 6), (5.5, 6), gap=5.5)
        else:
            lefts = row(
                painter, colour, _of(settings, shortcut), (3.6, 6), (3.6, 4), (3.6, 6), gap=3.8
            )
        for left in lefts:
            dot(painter, colour, left - 1.9, 10, 1.3)

    return draw


def convnext(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """A large depthwise kernel, then wide, then narrow."""
    lefts = row(painter, colour, _of(settings, shortcut), (7, 0.01), (3.6, 7.6), (3.6, 4))
    for number in range(3):
        fill(painter, colour, lefts[0] + 2.6 * number, 6.6, 1.8, 6.8, 0.6)


def squeeze(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """One number for each channel, squeezed, scales the channel."""
    stroke(painter, colour, (0.7, 10.4), (18, 10.4), width=1.2)
    stroke(painter, colour, (24.4, 10.4), (27.3, 10.4), width=1.2)
    path = QPainterPath(QPointF(3.5, 10.4))
    path.lineTo(3.5, 3)
    path.lineTo(21.2, 3)
    path.lineTo(21.2, 7.2)
    trace(painter, colour, path, 1.1)
    for x, height in ((6.4, 5), (10.6, 2.6), (14.8, 5)):
        fill(painter, colour, x, 3 - height / 2, 2.6, height, 0.7)
    ring(painter, colour, 21.2, 10.4, 3, 1.2)
    for sign in (1, -1):
        stroke(painter, colour, (20, 10.4 - 1.2 * sign), (22.4, 10.4 + 1.2 * sign), width=1.1)


def fire(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """Squeezed to few channels, expanded two ways."""
    stroke(painter, colour, (0.7, 7), (4, 7), width=1)
    fill(painter, colour, 3.6, 4.6, 4, 4.8, 1)
    for y, size in ((3.2, 4.4), (10.6, 6)):
        stroke(painter, colour, (7.6, 7), (11.5, y), (22, y), (26.8, 7), width=1)
        fill(painter, colour if size > 5 else pale(colour, 0.75), 13.2, y - size / 2, 6.4, size, 1)


def inception(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """Four branches side by side."""
    for y, boxes in (
        (1.8, ((13, 4),)),
        (5.2, ((9, 4), (15, 5))),
        (8.8, ((9, 4), (15, 6.5))),
        (12.2, ((9, 3), (15, 4))),
    ):
        stroke(painter, pale(colour, 0.7), (1, 7), (5, y), (23, y), (27, 7), width=0.9)
        for x, width in boxes:
            fill(painter, colour, x, y - 1.35, width, 2.7, 0.7)


def dense(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """Every layer takes the output of all before it."""
    places = (3.0, 10.0, 17.0, 24.0)
    for left, right in itertools.combinations(places, 2):
        span = right - left
        if span > 7:  # not the next one, which the line reaches
            near, far, top = left + 0.2 * span, right - 0.2 * span, 10 - 0.62 * span
            path = QPainterPath(QPointF(left, 10))
            path.cubicTo(near, top, far, top, right, 10)
            trace(painter, pale(colour, 0.75), path, 1)
    stroke(painter, colour, (places[0], 10), (places[-1], 10), width=1)
    for x in places:
        dot(painter, colour, x, 10, 2.3)


def transition(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """Fewer channels, half the size."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(pale(colour, 0.55))
    painter.drawPolygon([QPointF(1, 0.6), QPointF(12, 4), QPointF(12, 10), QPointF(1, 13.4)])
    fill(painter, colour, 14, 4, 5, 6, 1.2)
    stroke(painter, colour, (19, 7), (26, 7), width=1.2)


def shuffle_unit(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """Half of the channels bypass the layers, then both halves are mixed."""
    stroke(painter, colour, (1, 3.4), (18, 3.4), (26, 10.6), width=1.2)
    stroke(painter, colour, (1, 10.6), (18, 10.6), (26, 3.4), width=1.2)
    for x in (4, 9, 14):
        fill(painter, colour, x, 8, 3.6, 5.2, 1)


def group_of_convs(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """Equal convolutions, then half the size."""
    stroke(painter, colour, (0.7, 7), (26, 7), width=1)
    for number in range(3):
        fill(painter, colour, 2.5 + 6 * number, 1.4, 4.4, 11.2, 1.2)
    fill(painter, pale(colour, 0.6), 20.6, 4.4, 3.6, 5.2, 1)


def group(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """Two nodes and their wire in a frame."""
    frame(painter, pale(colour, 0.8), 0.8, 0.8, 24, 12.4, 2.5)
    fill(painter, pale(colour, 0.15), 1.2, 1.2, 23.2, 11.6, 2.2)
    stroke(painter, colour, (6, 7), (19, 7), width=1)
    for x in (4.5, 15.5):
        fill(painter, colour, x, 4.5, 5.5, 5, 1.2)


# Stems and stages -------------------------------------------------------------------------------


def bars(*boxes: tuple[float, float, float]) -> Glyph:
    """Bars (left, width, height), half-way up."""

    def draw(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
        for x, width, height in boxes:
            fill(painter, colour, x, (14 - height) / 2, width, height)

    return draw


def patchify(painter: QPainter, colour: QColor, settings: Settings, shortcut: Asked) -> None:
    """A picture cut into patches."""
    for line in range(3):
        for column in range(5):
            fill(
                painter,
                pale(colour, 1 if (line + column) % 2 == 0 else 0.5),
                1 + 5 * column,
                0.2 + 4.8 * line,
                4,
                3.9,
                0.8,
            )


MBCONV = chain(
    (4, 3.6), (5.6, 7.6), (2.2, 2.4), (4, 3.6), gap=1.7
)  # the third squeezes and excites
GLYPHS: dict[str, Glyph] = {
    "ImageNetStem": bars((1, 6, 14), (10, 5, 10), (18, 4, 5)),
    "CifarStem": bars((1, 5, 14), (9, 5, 14)),
    "DeepStem": bars((1, 4, 14), (7, 4, 11), (13, 4, 11), (19, 4, 5)),
    "PatchifyStem": patchify,
    "ConvNeXtDownsample": bars((1, 6, 12), (10, 4, 6)),
    "BasicBlock": basic,
    "Bottleneck": bottleneck,
    "RegNetBlock": bottleneck,
    "PreActBasicBlock": preactivated(2),
    "PreActBottleneck": preactivated(3),
    "SqueezeExcitation": squeeze,
    "InvertedResidual": chain((4.4, 3.6), (6.4, 7.6), (4.4, 3.6)),
    "InvertedResidualV3": MBCONV,
    "MBConv": MBCONV,
    "FusedMBConv": chain((9, 7.6), (4.4, 3.6), gap=2.6),
    "ConvNeXtBlock": convnext,
    "Fire": fire,
    "Inception": inception,
    "DenseLayer": dense,
    "Transition": transition,
    "ShuffleUnit": shuffle_unit,
    "VGGGroup": group_of_convs,
    "Group": group,
}
GLYPHS |= {f"Inception{letter}": inception for letter in "ABCDE"}
