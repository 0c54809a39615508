"""One sentence on what the sizes of the layers' gradients mean."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from explorer.analysis.facts import Facts
from explorer.analysis.report import Report
from explorer.app import number
from explorer.catalog import KINDS
from explorer.text import _, ngettext

HEALTHY = 10.0  # a gradient is healthy from a tenth of the median to ten times the median
# The first layer reads the picture itself; in a published SqueezeNet its gradient is a fiftieth of the
# median.
FIRST = 100.0
LOST = 10.0  # a loss is lost from so many times that of guessing
# Gradients vanish or explode if the first quarter of the layers differs from the last by the factor
# STEEP, and the first half from the second by TREND, in the same direction.
STEEP, TREND = 100.0, 10.0


def judge(
    norms: np.ndarray, layers: Sequence[str], loss: float = 0.0, classes: int = 0
) -> tuple[str, str]:
    """The role (good, warning, problem or muted) and the sentence for the L2 norms (n,) of these
    layers, in order of depth, and the loss, a cross-entropy over so many classes.

    A norm is NaN where the layer has no part in the loss; that counts as 0.
    """
    if not len(norms):
        return "muted", _("no layer has weights")
    if not math.isfinite(loss):
        return "problem", _("lost: the loss is no finite number")
    guess = math.log(max(classes, 1))  # of equal probabilities
    if guess and loss > LOST * guess:
        return "problem", _("exploding: the loss is {loss}, where guessing gives {guess}").format(
            loss=_plain(loss), guess=_plain(guess)
        )
    if np.isinf(norms).any():
        return "problem", _("exploding: the gradient of {layer} is infinite").format(
            layer=layers[int(np.argmax(np.isinf(norms)))]
        )
    norms = np.nan_to_num(norms)
    reached = norms > 0
    if not reached.any():
        return "problem", _("no layer gets a gradient")
    if not reached.all():
        return "warning", ngettext(
            "no gradient reaches {layer} ({count} of {all} layer)",
            "no gradient reaches {layer} ({count} of {all} layers)",
            len(norms),
        ).format(layer=layers[int(np.argmin(reached))], count=int((~reached).sum()), all=len(norms))
    ratio = _first_to_last(norms)
    if ratio < 1 / STEEP:
        return "problem", _(
            "vanishing: the first layers get 1/{factor} of the gradient of the last"
        ).format(factor=number.grouped(round(1 / ratio)))
    if ratio > STEEP:
        return "problem", _(
            "exploding: the first layers get {factor} times the gradient of the last"
        ).format(factor=number.grouped(round(ratio)))
    relative = norms / np.median(norms)
    low, high = float(relative.min()), float(relative.max())
    outlier = int(np.argmax(np.abs(np.log(relative))))
    bounds = np.full(len(norms), HEALTHY)
    bounds[0] = FIRST
    healthy = bool(np.all((relative >= 1 / bounds) & (relative <= bounds)))
    if low >= 1 / HEALTHY and high <= HEALTHY:
        sentence = _("healthy: {low} to {high} times the median")
    elif healthy:
        sentence = _("healthy but for {layer}: {low} to {high} times the median")
    else:
        sentence = _("uneven: {low} to {high} times the median; {layer} is farthest from it")
    return "good" if healthy else "warning", sentence.format(
        low=_plain(low), high=_plain(high), layer=layers[outlier]
    )


def _first_to_last(norms: np.ndarray) -> float:
    """How many times as large the norms (n,), all positive, of the first layers are as those of the
    last; 1 if the network as a whole does not follow that trend.

    Compares the medians of the first and the last quarter, of at least three layers, so that no
    single layer decides; the halves must differ in the same direction.
    """
    quarter, half = max(len(norms) // 4, min(3, len(norms) // 2), 1), max(len(norms) // 2, 1)
    ratio, trend = (
        float(np.median(norms[:count]) / np.median(norms[-count:])) for count in (quarter, half)
    )
    return ratio if min(trend, ratio) > TREND or max(trend, ratio) < 1 / TREND else 1.0


@lru_cache(maxsize=2)  # called whenever the panel draws
def compared(layers: tuple[str, ...], report: Report | None) -> np.ndarray:
    """Which of these layers are compared, (n,) bool: all but normalisations and gates, whose
    gradients are far smaller than those of the layers around them; all, if no others are left.

    report: on the network that the layers belong to; without one, all are compared.
    """
    left_out = (
        set()
        if report is None
        else {
            layer.path
            for layer, gate in zip(report.layers(), _gates(report), strict=True)
            if gate or KINDS[layer.kind].category == "normalisation"
        }
    )
    main = np.array([path not in left_out for path in layers], bool)
    return main if main.any() else np.ones(len(layers), bool)


def _gates(report: Report) -> list[bool]:
    """Whether each layer, in order of execution, is inside a gate."""
    return [
        gate
        for id, facts in report.facts.items()
        if id in report.alive
        for gate in _gates_in(facts)
    ]


def _gates_in(facts: Facts, within: bool = False) -> list[bool]:
    if not facts.kind.composite:
        return [within]
    within = within or facts.kind.gates
    return [gate for child in facts.children for gate in _gates_in(child.facts, within)]


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.2g}"
