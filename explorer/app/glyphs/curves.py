"""Glyphs of activations, each drawn as its curve."""

from collections.abc import Callable
from types import SimpleNamespace

from PySide6.QtGui import QColor, QPainter

from explorer.app.glyphs.pen import fill, pale, stroke
from explorer.catalog import KINDS, Kind

Glyph = Callable[[QPainter, QColor, SimpleNamespace | None], None]

_LEFT, _RIGHT, _TOP, _BOTTOM = 1.0, 25.0, 1.5, 12.5
_STEPS = 48


def curve(kind: Kind) -> Glyph:
    """The glyph of an elementwise activation: its curve."""
    assert kind.curve is not None
    value, first, last = kind.curve
    heights = [value(first + (last - first) * step / _STEPS) for step in range(_STEPS + 1)]
    low, high = min(0.0, *heights), max(heights)
    margin = 0.05 * (high - low)

    def height(y: float) -> float:
        share = (y - low + margin) / (high - low + 2 * margin)
        return _BOTTOM - share * (_BOTTOM - _TOP)

    points = [
        (_LEFT + (_RIGHT - _LEFT) * step / _STEPS, height(y)) for step, y in enumerate(heights)
    ]

    def draw(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
        stroke(painter, pale(colour, 0.35), (_LEFT, height(0)), (_RIGHT, height(0)), width=0.8)
        stroke(painter, colour, *points, width=1.7)

    return draw


def softmax(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
    """Shares that add up to one."""
    for number, height in enumerate((3.0, 12.0, 5.0, 2.0, 3.5)):
        fill(
            painter,
            colour if height > 10 else pale(colour, 0.55),
            1 + 5 * number,
            13 - height,
            3.6,
            height,
            0.8,
        )


GLYPHS = {kind.name: curve(kind) for kind in KINDS.values() if kind.curve} | {"Softmax": softmax}
