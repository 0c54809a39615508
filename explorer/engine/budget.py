"""What watching may cost of the time that training takes."""

import math
import time

SHARE = 0.03
"""Share of the time that watching may take while training."""
PAUSE = 0.05
"""Seconds between two probes at the least: nobody sees more than 20 a second."""
_MEMORY = 30.0
"""Seconds after which what was spent, and what passed, counts for 1/e in the share."""


class Budget:
    """Keeps what watching costs under a share of the time.

    After each look comes a pause in proportion to what it cost, longer for what sending rows costs
    beside it; so a dear look comes seldom, but it comes.
    """

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self.reset()

    def reset(self) -> None:
        """Begins anew, at the start of a run or after a pause of it."""
        self._now = self._next = time.perf_counter()
        self._looking = self._telling = self._passed = (
            0.0  # seconds, what is long ago counting less
        )

    @property
    def due(self) -> bool:
        """Whether the next look may begin."""
        return time.perf_counter() >= self._next

    def spend(self, seconds: float, looked: bool = True) -> None:
        """Books what watching took until now; `looked` if it was a probe, not only rows that were
        sent."""
        now = time.perf_counter()
        passed = now - self._now
        left = math.exp(-passed / _MEMORY)
        self._now = now
        self._looking, self._telling = self._looking * left, self._telling * left
        self._passed = self._passed * left + passed
        if looked:
            self._looking += seconds
            told = self._telling / self._passed if self._passed else 0.0
            share = max(self._share - told, self._share / 4)
            self._next = now + max(PAUSE, seconds * (1 / share - 1))
        else:
            self._telling += seconds

    @property
    def cost(self) -> float:
        """Share of the time that was spent, 0 to 1."""
        passed = self._passed + time.perf_counter() - self._now
        return min(1.0, (self._looking + self._telling) / passed) if passed > 0 else 0.0
