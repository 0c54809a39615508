"""What the sizes of the layers' gradients mean, in a sentence; and their course over a run."""

from collections.abc import Sequence

import numpy as np

from explorer.analysis.facts import Facts
from explorer.analysis.report import Report
from explorer.app import number
from explorer.catalog import KINDS
from explorer.text import _

HEALTHY = 10.0  # times the median, and its inverse: within them no layer starves or bursts
STEEP = 100.0  # between the first quarter of the layers and the last
TREND = 10.0  # then at least between the halves
MOST_COLUMNS = 600
TINY = 1e-12


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


def compared(layers: Sequence[str], report: Report | None) -> np.ndarray:
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


class Course:
    """Gradient sizes of a run, depth × time, in bounded memory.

    logs: (L, T) float32 of log10 of the norms; NaN where one is not finite. steps: (T,). Beyond
    MOST_COLUMNS two neighbours in time become their mean.
    """

    def __init__(self, layers: Sequence[str] = ()) -> None:
        self.layers = tuple(layers)
        self._logs = np.empty((len(self.layers), MOST_COLUMNS), np.float32)
        self._steps = np.empty(MOST_COLUMNS)
        self._count = 0
        self._stride = 1
        self._waiting = np.empty((0, len(self.layers)), np.float32)
        self._waiting_steps = np.empty(0)

    def __len__(self) -> int:
        return self._count

    @property
    def logs(self) -> np.ndarray:
        return self._logs[:, : self._count]

    @property
    def steps(self) -> np.ndarray:
        return self._steps[: self._count]

    def add(self, steps: np.ndarray, norms: np.ndarray) -> None:
        """Appends norms (k, L); what was known from the first of these steps on is replaced."""
        if not len(steps):
            return
        if self._count and steps[0] <= self._steps[self._count - 1]:
            self._count = int(np.searchsorted(self.steps, steps[0]))
            self._waiting = self._waiting[:0]
            self._waiting_steps = self._waiting_steps[:0]
        finite = np.where(np.isfinite(norms), np.maximum(norms, TINY), np.nan)
        rows = np.concatenate([self._waiting, np.log10(finite).astype(np.float32)])
        marks = np.concatenate([self._waiting_steps, steps])
        while True:
            size = self._stride
            whole = min(len(rows) // size, MOST_COLUMNS - self._count)
            place = slice(self._count, self._count + whole)
            bundles = rows[: whole * size].reshape(whole, size, len(self.layers))
            self._logs[:, place] = bundles.mean(axis=1).T
            self._steps[place] = marks[: whole * size].reshape(whole, size)[:, -1]
            self._count += whole
            rows, marks = rows[whole * size :], marks[whole * size :]
            if self._count < MOST_COLUMNS:
                self._waiting, self._waiting_steps = rows, marks
                return
            self._count //= 2
            self._logs[:, : self._count] = self._logs.reshape(len(self.layers), -1, 2).mean(axis=2)
            self._steps[: self._count] = self._steps[1::2]
            self._stride *= 2

    def last(self) -> np.ndarray:
        """The newest norms, (L,); TINY where a layer got none."""
        return 10.0 ** self._logs[:, self._count - 1] if self._count else np.empty(0)

    def levels(self) -> tuple[np.ndarray, float, float]:
        """(uint8 (L, T): 0 to 254 over the bounds, 255 where not finite; the bounds as log10)."""
        logs = self.logs
        known = logs[np.isfinite(logs) & (logs > np.log10(TINY) + 1)]
        if not known.size:
            return np.zeros(logs.shape, np.uint8), 0.0, 0.0
        low, high = float(known.min()), float(known.max())
        scaled = (logs - low) * (254 / max(high - low, 1e-6))
        levels = np.clip(np.nan_to_num(scaled, nan=0.0), 0, 254).round().astype(np.uint8)
        levels[np.isnan(logs)] = 255
        return levels, low, high
