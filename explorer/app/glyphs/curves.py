"""Activations, each drawn as its own curve."""

from collections.abc import Callable
from math import erf, exp, sqrt, tanh
from types import SimpleNamespace

from PySide6.QtGui import QColor, QPainter

from explorer.app.glyphs.pen import fill, pale, stroke

_LEFT, _RIGHT, _TOP, _BOTTOM = 1.0, 25.0, 1.5, 12.5
_STEPS = 48
_STEEPEST_LEAK = 0.15  # a true slope of 0.01 could not be told from ReLU's 0


def _relu6(x: float) -> float:
    return min(max(0.0, x), 6.0)


def _sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


# The function; from where to where x goes; what the lower and upper edge stand for.
_CURVES: dict[str, tuple[Callable[[float], float], float, float, float, float]] = {
    "ReLU": (lambda x: max(0.0, x), -3, 3, -0.2, 3),
    "ReLU6": (_relu6, -4, 10, -0.2, 6.2),
    "LeakyReLU": (lambda x: max(_STEEPEST_LEAK * x, x), -3, 3, -0.6, 3),
    "GELU": (lambda x: x * (1 + erf(x / sqrt(2))) / 2, -3.2, 2, -0.35, 2),
    "SiLU": (lambda x: x * _sigmoid(x), -7, 3, -0.6, 3),
    "Hardswish": (lambda x: x * _relu6(x + 3) / 6, -5, 2.5, -0.6, 2.3),
    "Sigmoid": (_sigmoid, -6, 6, -0.05, 1.05),
    "Hardsigmoid": (lambda x: _relu6(x + 3) / 6, -6, 6, -0.05, 1.05),
    "Tanh": (tanh, -3.2, 3.2, -1.1, 1.1),
}


def curve(name: str) -> Callable[[QPainter, QColor, SimpleNamespace | None], None]:
    """The glyph of the activation of that name."""
    value, begin, end, low, high = _CURVES[name]

    def draw(painter: QPainter, colour: QColor, settings: SimpleNamespace | None) -> None:
        def height(y: float) -> float:
            return _BOTTOM - (y - low) / (high - low) * (_BOTTOM - _TOP)

        points = []
        for step in range(_STEPS + 1):
            x = begin + (end - begin) * step / _STEPS
            points.append((_LEFT + (_RIGHT - _LEFT) * step / _STEPS, height(value(x))))
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


GLYPHS = {name: curve(name) for name in _CURVES} | {"Softmax": softmax}
