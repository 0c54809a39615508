"""A whole run without a window, as the command line trains."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.engine import device
from explorer.engine.failure import EngineError
from explorer.engine.training import EpochScore, TrainingRun
from explorer.engine.training_session import TrainingSession
from explorer.protocol.messages import Failed, Message, Rows, Train, Validated


@dataclass(frozen=True)
class Result:
    """How a run ended. accuracy: on the test pictures, 0 to 1; None before the end. mode: None
    where none was chosen yet. seconds: since it was started or resumed. finished: not interrupted.
    folder: that of the run. files: of its results."""

    accuracy: float | None
    mode: str | None
    steps: int
    seconds: float
    finished: bool
    folder: Path | None
    files: tuple[Path, ...]


def train(
    request: Train,
    progress: Callable[[TrainingRun, EpochScore | None], None] = lambda _run, _score: None,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> Result:
    """Trains to the end, or until a signal such as Ctrl+C ends it after the present step, as
    `cnn-explorer train` does.

    `progress(run, validated)` is called at display rate, and with the score after each epoch;
    `warn(sentence)` where something could not be written. Raises EngineError, FileError,
    RecipeError.
    """
    start = time.perf_counter()

    def hear(message: Message) -> None:
        match message:
            case Rows() if session.run is not None:
                progress(session.run, None)
            case Validated() if session.run is not None:
                progress(session.run, session.run.validated[-1])
            case Failed():
                warn(message.sentence)

    device.settle_threads()
    if unused := device.unused_gpu():
        warn(unused)
    with _end_signals() as received:
        session = TrainingSession(request, hear)
        try:
            while not session.over and not received:
                session.advance()
            session.stop()  # unless it is over
        except EngineError:
            session.fail()
            raise
    run, files = session.run, session.files
    return Result(
        accuracy=run.tested.accuracy if run and run.tested else None,
        mode=run.recipe.mode if run else None,
        steps=run.step if run else 0,
        seconds=time.perf_counter() - start,
        finished=session.state == "finished",
        folder=files.path if files and files.path.exists() else None,
        files=session.results,
    )


@contextmanager
def _end_signals() -> Iterator[list[int]]:
    """The signals that arrived and that end a run: a step that is interrupted in its middle leaves
    weights that no uninterrupted run has. The same signal once more ends the process at once."""
    received: list[int] = []
    former: dict[int, Any] = {}

    def receive(number: int, _frame: object) -> None:
        received.append(number)
        signal.signal(number, former[number])

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            if number := getattr(signal, name, None):
                former[number] = signal.signal(number, receive)
    try:
        yield received
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
