"""The gradient norm of every layer over the steps of a run, in bounded memory."""

from collections.abc import Sequence

import numpy as np

MOST_COLUMNS = 600
TINY = 1e-12


class Course:
    """Gradient norms of a run, layers × time, in bounded memory.

    logs: (L, T) float32 of log10 of the norms; NaN where one is not finite. steps: (T,). Beyond
    MOST_COLUMNS two neighbours in time become their mean. newest: (L,), the last norms, exactly.
    """

    def __init__(self, layers: Sequence[str] = ()) -> None:
        self.layers = tuple(layers)
        self._logs = np.empty((len(self.layers), MOST_COLUMNS), np.float32)
        self._steps = np.empty(MOST_COLUMNS)
        self._count = 0
        self._stride = 1
        self._waiting = np.empty((0, len(self.layers)), np.float32)
        self._waiting_steps = np.empty(0)
        self.newest = np.zeros(len(self.layers))

    def __len__(self) -> int:
        return self._count

    @property
    def logs(self) -> np.ndarray:
        return self._logs[:, : self._count]

    @property
    def steps(self) -> np.ndarray:
        return self._steps[: self._count]

    def add(self, steps: np.ndarray, norms: np.ndarray) -> None:
        """Appends norms (k, L) at `steps` (k,); they replace all from the first of these steps on."""
        if not len(steps):
            return
        self.newest = norms[-1]
        if self._count and steps[0] <= self._steps[self._count - 1]:
            self._count = int(np.searchsorted(self.steps, steps[0]))
            self._waiting, self._waiting_steps = self._waiting[:0], self._waiting_steps[:0]
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

    def of(self, which: np.ndarray) -> "Course":
        """The present course of some layers, `which` (L,) bool."""
        part = Course([layer for layer, each in zip(self.layers, which, strict=True) if each])
        part._logs, part._steps, part._count = self._logs[which], self._steps, self._count
        return part

    def levels(self) -> tuple[np.ndarray, float, float]:
        """A picture of the norms: uint8 (L, T), 0 to 254 between the bounds, 255 where not finite;
        and the lower and upper bound, as log10."""
        logs = self.logs
        known = logs[np.isfinite(logs) & (logs > np.log10(TINY) + 1)]
        if not known.size:
            return np.zeros(logs.shape, np.uint8), 0.0, 0.0
        low, high = float(known.min()), float(known.max())
        scaled = (logs - low) * (254 / max(high - low, 1e-6))
        levels = np.clip(np.nan_to_num(scaled, nan=0.0), 0, 254).round().astype(np.uint8)
        levels[np.isnan(logs)] = 255
        return levels, low, high
