"""The share of a run's time that watching may take."""

import math
import time

SHARE = 0.03
"""Share of the time that watching may take while training."""
PAUSE = 0.05
"""The least time between two probes, in seconds: a person sees no more than 20 a second."""
_MEMORY = 30.0
"""Seconds after which the time that was spent, and that passed, counts 1/e in the share."""


class Budget:
    """Keeps the cost of watching under a share of the time.

    After each probe comes a pause in proportion to its cost, longer if sending rows costs much too;
    so a costly probe is rare, but never left out.
    """

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self.reset()

    def reset(self) -> None:
        """Starts again, at the start of a run or after a pause of it."""
        self._now = self._next = time.perf_counter()
        self._probing = self._sending = self._passed = 0.0  # seconds, older ones weighted less

    @property
    def due(self) -> bool:
        """Whether the next probe may start."""
        return time.perf_counter() >= self._next

    def spend(self, seconds: float, looked: bool = True) -> None:
        """Counts `seconds` until now as spent: on a probe, or if not `looked` on sending rows."""
        now = time.perf_counter()
        passed = now - self._now
        left = math.exp(-passed / _MEMORY)
        self._now = now
        self._probing, self._sending = self._probing * left, self._sending * left
        self._passed = self._passed * left + passed
        if looked:
            self._probing += seconds
            sending = self._sending / self._passed if self._passed else 0.0
            share = max(self._share - sending, self._share / 4)
            self._next = now + max(PAUSE, seconds * (1 / share - 1))
        else:
            self._sending += seconds

    @property
    def cost(self) -> float:
        """Share of the time that was spent, 0 to 1."""
        passed = self._passed + time.perf_counter() - self._now
        return min(1.0, (self._probing + self._sending) / passed) if passed > 0 else 0.0
