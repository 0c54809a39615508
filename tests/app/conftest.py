"""Sessions without an engine: their link says what a test lets it say."""

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal

from explorer.app import theme
from explorer.app.session import Session
from explorer.protocol.looks import Answers, Gradients, Maps
from explorer.protocol.messages import Device, Hello, Message, Rows, Seen

COLUMNS = ["step", "epoch", "loss", "accuracy", "learning_rate"]
LAYERS = [f"layer{stage}.0.conv{conv}" for stage in (1, 2, 3) for conv in (1, 2)]


class Link(QObject):
    """Says what a test lets it say, and counts what was taken."""

    built = Signal(object)
    seen = Signal(object)
    rows_arrived = Signal(object)
    validated = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0
        self._owes_taken = False
        self.sent: list[Message] = []

    def took(self) -> None:
        self.taken += self._owes_taken
        self._owes_taken = False

    def send(self, request: Message) -> int:
        self.sent.append(request)
        return len(self.sent)

    def say_rows(self, steps, losses=None, gradients=None, layers=LAYERS, total=1000) -> None:
        """Rows of these steps; accuracy is 1 - loss / 4."""
        steps = np.asarray(steps, float)
        losses = np.full(len(steps), 0.5) if losses is None else np.asarray(losses, float)
        rows = np.column_stack([steps, steps * 0, losses, 1 - losses / 4, steps * 0])
        more = {}
        if gradients is not None:
            more["gradients"] = np.asarray(gradients, np.float32)
            more["gradient_steps"] = steps.astype(np.int64)
        self.rows_arrived.emit(
            Rows(columns=COLUMNS, rows=rows, epochs=5, steps=total, layers=tuple(layers), **more)
        )

    def say_probe(
        self,
        path="layer2",
        shape=(32, 14, 14),
        label=9,
        guess=9,
        image=0,
        gradients=None,
        title="",
        answers=(),
        picture=None,
    ):
        """A probe as the engine makes it: tiles one pixel apart, at most 64."""
        count = shape[0]
        shown = min(count, 64)
        if len(shape) == 1:
            columns, tile = shown, (1, 1)
        else:
            columns, tile = int(np.ceil(np.sqrt(shown))), shape[1:]
        rows = -(-shown // columns)
        mosaic = np.zeros((rows * (tile[0] + 1) - 1, columns * (tile[1] + 1) - 1), np.uint8)
        for index in range(shown):
            row, column = divmod(index, columns)
            top, left = row * (tile[0] + 1), column * (tile[1] + 1)
            mosaic[top : top + tile[0], left : left + tile[1]] = index * 3
        norms = np.ones(len(LAYERS)) if gradients is None else gradients
        figures = {
            "shape": list(shape),
            "tile": list(tile),
            "columns": columns,
            "count": count,
            "shown": shown,
            "low": -1.0,
            "high": 3.5,
            "mean": 0.25,
            "zeros": 0.42,
        }
        arrays = {"mosaic": mosaic, "order": np.arange(shown, dtype=np.int32)[::-1].copy()}
        if len(shape) == 1:
            arrays["values"] = np.linspace(-1, 3.5, shown, dtype=np.float32)
        told = {
            "title": title,
            "label": label,
            "guess": guess,
            "confidence": 0.93,
            "answers": list(answers),
        }
        if picture is None:
            picture = np.full((28, 28), 200, np.uint8)
        norms = {"norms": np.asarray(norms, np.float32), "loss": np.float32([2.3])}
        for seen in (
            Seen(look=Maps(path, image), figures=figures, arrays=arrays, cost=0.018, more=True),
            Seen(look=Gradients(image), figures={"layers": LAYERS}, arrays=norms, more=True),
            Seen(look=Answers(image), figures=told, arrays={"picture": picture}),
        ):
            self.say_seen(seen)

    def say_seen(self, seen: Seen) -> None:
        self._owes_taken |= not seen.more
        self.seen.emit(seen)


class Drawn:
    """A view as a person sees it: whatever a test reads of it, what is due is drawn before."""

    def __init__(self, panel) -> None:
        self.panel = panel

    def __getattr__(self, name: str):
        self.panel.redraw.settle()
        return getattr(self.panel, name)


class WholeLink(Link):
    """A link with all that a session listens to; its engine never says hello."""

    started = Signal()
    hello_said = Signal(object)
    built = Signal(object)
    modes_measured = Signal(object)
    saved = Signal(object)
    imported = Signal(object)
    exported = Signal(object)
    state_changed = Signal(object)
    failed = Signal(str)
    died = Signal(str)
    hello = None
    given_up = restarting = False

    def start(self) -> None:
        self.started.emit()


@pytest.fixture
def session(qapp) -> Session:
    """A real session with the first document, in the dark theme, without an engine."""
    # What tests before left behind would be dressed too.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.apply(qapp, theme.DARK)
    return Session(WholeLink())


@pytest.fixture
def live_session(session) -> Session:
    """The same, whose engine said hello and builds the network; it says what the test lets it say."""
    session.link.hello = Hello(devices=(Device("cpu", "a", 1),), torch="", pid=1)
    session.link.hello_said.emit(session.link.hello)
    session.link.sent.clear()
    return session
