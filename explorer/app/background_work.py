"""Work on the whole network, done for some ms at a time, so that the window never waits."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from PySide6.QtCore import QObject, QTimer

BUDGET = 3e-3  # s in one turn of the event loop
PAUSE_MS = 60  # without another change, before the work starts


class BackgroundWork(QTimer):
    """Runs one generator at a time, and calls `done` with what it returned.

    While it works, `done` also keeps its owner, and so itself, from being deleted.
    """

    def __init__(self, parent: QObject, done: Callable[[Any], None]) -> None:
        super().__init__(parent, singleShot=True)
        self._done = done
        self._steps: Iterator[bool | None] | None = None
        self.timeout.connect(lambda: self._go_on())

    @property
    def ready(self) -> bool:
        """There is nothing left to do."""
        return self._steps is None

    def run(self, steps: Iterator[bool | None], at_once: bool) -> None:
        """Do this work instead of what is left of the last; it yields True before a long step.

        at_once: the first ms of it before this returns, but no long step.
        """
        self._steps = steps
        if at_once:
            self._go_on(long=False)
        else:
            self.start(PAUSE_MS)

    def _go_on(self, long: bool = True) -> None:
        assert self._steps is not None
        end = perf_counter() + BUDGET
        while perf_counter() < end:
            try:
                if next(self._steps) and not long:
                    break
            except StopIteration as stop:
                self.stop()
                self._steps = None
                self._done(stop.value)
                return
        self.start(0)
