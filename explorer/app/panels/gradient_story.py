"""What the sizes of the layers' gradients mean, in a sentence."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from explorer.analysis.facts import Facts
from explorer.analysis.report import Report
from explorer.app import number
from explorer.catalog import KINDS
from explorer.text import _

HEALTHY = 10.0  # times the median, and its inverse: within them no layer starves or bursts
STEEP = 100.0  # between the first quarter of the layers and the last
TREND = 10.0  # then at least between the halves


def judge(norms: np.ndarray, layers: Sequence[str]) -> tuple[str, str]:
    """(role, sentence) for L2 norms (n,) by depth; role is good, warning, problem or muted.

    A norm that is not a number because the layer has no part in the loss counts as 0.
    """
    if not len(norms):
        return "muted", _("No layer here has weights.")
    if np.isinf(norms).any():
        return "problem", _("exploding: the gradient of {layer} is infinite").format(
            layer=layers[int(np.argmax(np.isinf(norms)))]
        )
    norms = np.nan_to_num(norms)
    reached = norms > 0
    if not reached.any():
        return "problem", _("no layer gets a gradient")
    if not reached.all():
        return "warning", _("no gradient reaches {layer} ({count} of {all} layers)").format(
            layer=layers[int(np.argmin(reached))], count=int((~reached).sum()), all=len(norms)
        )
    ratio = _decline(norms)
    if ratio < 1 / STEEP:
        return "problem", _("vanishing: the first layers get 1/{times} of the last").format(
            times=number.grouped(round(1 / ratio))
        )
    if ratio > STEEP:
        return "problem", _("exploding: the first layers get {times} times the last").format(
            times=number.grouped(round(ratio))
        )
    relative = norms / np.median(norms)
    low, high = float(relative.min()), float(relative.max())
    bounds = f"{_plain(low)}\N{EN DASH}{_plain(high)}"
    if low >= 1 / HEALTHY and high <= HEALTHY:
        return "good", _("healthy: {bounds} of the median").format(bounds=bounds)
    outlier = int(np.argmax(np.abs(np.log(relative))))
    return "warning", _("uneven: {bounds} of the median, farthest {layer}").format(
        bounds=bounds, layer=layers[outlier]
    )


def _decline(norms: np.ndarray) -> float:
    """How many times larger the first layers' norms (n,), all positive, are than the last layers';
    1 if that is not the way of the whole network.

    The medians of the first and the last quarter are compared, of three layers at least, so that no
    single layer decides; and the halves must differ in the same direction.
    """
    few, half = max(len(norms) // 4, min(3, len(norms) // 2), 1), max(len(norms) // 2, 1)
    ratio, trend = (
        float(np.median(norms[:count]) / np.median(norms[-count:])) for count in (few, half)
    )
    return ratio if min(trend, ratio) > TREND or max(trend, ratio) < 1 / TREND else 1.0


@lru_cache(maxsize=2)  # asked at each drawing
def compared(layers: tuple[str, ...], report: Report | None) -> np.ndarray:
    """Which of these layers' gradients are compared, (n,) bool: not those of normalisations and of
    gates, which are far smaller than those of the layers between them; all, if no others are left.

    report: of the network that the layers are of; without one all are compared.
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
    """Of each layer in order of execution, whether it is inside a gate."""
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
