"""The engine's desk: takes requests, lets the session work in between, and answers every one of
them."""

import os
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor

from explorer.catalog import check
from explorer.engine import data, device, transfer, weights
from explorer.engine.checkpoint import path_of
from explorer.engine.data import Pictures
from explorer.engine.failure import EngineError, device_lost, out_of_memory, sentence
from explorer.engine.model import Model, build, calibrate
from explorer.engine.photos import Photos
from explorer.engine.probes.probe import Probe
from explorer.engine.stream import Received, ReplyStream, Requests
from explorer.engine.training_session import TrainingSession
from explorer.protocol.codec import MessageError
from explorer.protocol.frames import FrameError
from explorer.protocol.looks import Look
from explorer.protocol.messages import (
    Build,
    Built,
    Export,
    Failed,
    Hello,
    Import,
    Message,
    Pause,
    Quit,
    Resume,
    State,
    Step,
    Stop,
    Taken,
    Train,
    Watch,
    Watching,
)
from explorer.runs.recipe import FIELDS
from explorer.text import _

_REPLACED_BY: dict[type, tuple[type, ...]] = {
    Build: (Build, Train),
    Watch: (Watch, Build, Train),
}
"""A waiting request is dropped if one of these comes after it, so bursts collapse to the latest."""


class BuiltAs(NamedTuple):
    """What a model's weights depend on beside its graph. weights: the file that they come from."""

    data: str
    device: str
    seed: int
    weights: str | None

    @classmethod
    def of(cls, session: TrainingSession, weights: str | None) -> Self:
        """How the model of a run was made."""
        return cls(
            session.pictures.about.name, str(session.model.device), session.recipe.seed, weights
        )

    def starts_as(self, other: Self | None) -> bool:
        """Whether the weights of both come from the same seed and file."""
        return other is not None and (self.seed, self.weights) == (other.seed, other.weights)


class Service:
    """Answers requests until the stream ends or `quit` comes."""

    def __init__(self, requests: Requests, answers: ReplyStream) -> None:
        self._requests, self._answers = requests, answers
        self._going = True
        self._session: TrainingSession | None = None
        self._built_as: BuiltAs | None = None  # how the model was made
        self._start: tuple[str, weights.Weights] | None = None  # the file of weights last read
        self._probe: Probe | None = None
        self._looks: tuple[Look, ...] = ()
        self._generation = 0  # of the newest request with looks
        self._awaited = False  # a probe was sent and is not yet taken
        self._wanted = False  # a probe was requested and is not yet sent

    def serve(self) -> None:
        """Sends `Hello` and works until the end; a run that is under way is saved in a checkpoint.

        Raises FrameError if the stream is not one of frames, and BrokenPipeError when nobody reads.
        """
        self._send(
            Hello(
                devices=tuple(device.find()),
                torch=str(torch.__version__),
                pid=os.getpid(),
                unused=device.unused_gpu(),
            )
        )
        try:
            while self._going:
                self._turn()
        except (BrokenPipeError, FrameError):
            self._save_run()
            raise
        self._save_run()

    def _save_run(self) -> None:
        if self._session is not None:
            self._session.save_silently()

    def _turn(self) -> None:
        """Answers the waiting requests, then does one unit of work and a probe, if they are due."""
        for request in collapsed(self._requests.take(wait=self._running is None)):
            self._guarded(request.generation, self._answer, request)
        session = self._running
        if session is not None and not self._guarded(session.generation, session.advance):
            self._session = None
            session.fail()
            self._guarded(session.generation, self._rebuild, session)
        if self._probe_due() and not self._guarded(self._generation, self._look):
            self._wanted = False

    @property
    def _running(self) -> TrainingSession | None:
        """The session, if it has something to do."""
        return self._session if self._session is not None and self._session.busy else None

    def _send(self, message: Message) -> None:
        self._answers.send(message)

    def _guarded(self, generation: int, act: Callable[..., None], *arguments: Any) -> bool:
        """Calls `act`; whether it succeeded. A fault is sent as `Failed`, and the engine goes
        on."""
        try:
            act(*arguments)
            return True
        except BrokenPipeError:
            raise  # nobody reads any more
        except Exception as fault:  # the outermost boundary: sent with its traceback
            detail = traceback.format_exc()
            self._send(Failed(generation=generation, sentence=sentence(fault), detail=detail))
            if device_lost(fault):
                raise SystemExit(1) from fault
            full = out_of_memory(fault)
        if full and self._place is not None:  # the fault is gone, and with it what it kept alive
            device.release(self._place)
        return False

    @property
    def _place(self) -> torch.device | None:
        """The device of the model that the engine holds."""
        holder = self._session or self._probe
        return holder.model.device if holder is not None else None

    def _answer(self, request: Message | MessageError) -> None:
        session = self._session
        match request:
            case MessageError():
                raise request
            case Build():
                self._build(request)
            case Watch():
                self._look_at(request)
            case Taken():
                self._awaited = False
            case Import():
                self._send(transfer.imported(request))
            case Export():
                self._export(request)
            case Train():
                self._train(request)
            case Quit():
                self._going = False
            case Pause() | Resume() | Step() | Stop() if session is None:
                raise EngineError(_("There is no run."))
            case Pause() if session is not None:
                session.pause()
            case Resume() if session is not None:
                session.resume()
            case Step() if session is not None:
                session.take_step()
                self._wanted = True
            case Stop() if session is not None:
                session.stop()
            case _:
                raise EngineError(
                    _("There is no request “{name}”.").format(name=type(request).__name__)
                )

    def _build(self, request: Build) -> None:
        start = time.perf_counter()
        graph = check.from_dict(request.graph)
        place = device.pick(request.device)
        name, seed = request.data, request.seed
        if fault := FIELDS["seed"].fault(seed):
            raise EngineError(f"{fault}.")
        pictures = data.to_look_at(name, place)
        built_as = BuiltAs(name, str(place), seed, request.weights)
        # Another seed or file asks for other weights; another device or data set does not.
        before = self._probe.model if self._probe and built_as.starts_as(self._built_as) else None
        learned = [before.net.state_dict()] if before else []
        given = self._read_start(built_as.weights, request.generation)
        stated = self._start[1].about if self._start is not None else {}
        if not stated and graph.input == pictures.about.input:
            stated = {"data": name}  # for photos beside its pictures, which adapt to the network
        model = build(graph, place, seed, keep=[*learned, *given], about=stated)
        if before is not None and before.text == model.text and self._built_as == built_as:
            # Only names or places changed: what runs goes on.
            before.graph, before.report, before.weighted = graph, model.report, model.weighted
            before.drawn, before.stated = frozenset(), model.stated
            model = before
        else:
            if self._session is not None:
                self._session.stop()
                self._session = None
            calibrate(model, pictures, before)
        self._adopt(model, built_as, pictures)
        self._send(
            Built(
                generation=request.generation,
                params=model.params,
                kept=model.kept,
                fresh=len(model.drawn),
                seconds=time.perf_counter() - start,
            )
        )
        self._look_at(request)

    def _train(self, request: Train) -> None:
        if self._session is not None:
            self._session.stop()
            self._session = None
        generation = request.generation
        try:
            session = TrainingSession(
                request, self._send, self._read_start(request.weights, generation)
            )
        except Exception:
            self._send(State(generation=generation, state="stopped"))
            raise
        self._session = session
        self._adopt(session.model, BuiltAs.of(session, request.weights), session.pictures)
        self._look_at(request)

    def _read_start(self, path: str | None, generation: int) -> list[dict[str, Tensor]]:
        """The weights in the file that a network starts with; none, if there is no file, or if it
        cannot be read, which is sent as `Failed`."""

        def read(path: str) -> None:
            self._start = path, weights.read(path_of(path))

        if self._start is not None and self._start[0] != path:
            self._start = None
        if path is not None and self._start is None:
            self._guarded(generation, read, path)
        return [self._start[1].tensors] if self._start is not None else []

    def _export(self, request: Export) -> None:
        if self._probe is None or check.from_dict(request.graph) != self._probe.model.graph:
            raise EngineError(_("The engine does not hold this network, so nothing was written."))
        self._send(transfer.exported(self._probe.model, request))

    def _adopt(self, model: Model, built_as: BuiltAs, pictures: Pictures | Photos) -> None:
        self._built_as, self._probe = built_as, Probe(model, pictures)

    def _rebuild(self, session: TrainingSession) -> None:
        """Builds the network of a failed run, whose weights may be useless, as it was at the
        start."""
        path = self._built_as.weights if self._built_as is not None else None
        self._built_as = self._probe = None
        session.run = None  # with its optimiser
        session.model.net.zero_grad()
        start = self._read_start(path, session.generation)
        model = build(
            session.graph, session.model.device, session.recipe.seed, session.pictures.about, start
        )
        calibrate(model, session.pictures)
        self._adopt(model, BuiltAs.of(session, path), session.pictures)

    def _look_at(self, request: Watching) -> None:
        self._generation = request.generation
        self._looks = request.looks or self._looks
        self._wanted = bool(self._looks)

    def _probe_due(self) -> bool:
        if self._probe is None or not self._looks or self._awaited:
            return False
        session = self._running
        if self._wanted or session is None or session.run is None:
            return self._wanted
        # During validation the weights do not change, and neither would the answers.
        return not session.run.validating and session.budget.due

    def _look(self) -> None:
        probe, session = self._probe, self._running
        assert probe is not None
        if session and session.run:
            session.run.wait()  # work that is still queued is not the probe's cost
        start = time.perf_counter()
        with session.run.peak.paused() if session and session.run else nullcontext():
            answers = probe.look(self._looks)
        cost = session.budget.cost if session and session.run else 0.0
        self._awaited, self._wanted = True, False
        for answer in answers:
            self._send(replace(answer, generation=self._generation, cost=cost))
        if session and session.run:
            session.budget.spend(time.perf_counter() - start)


def collapsed(requests: list[Received]) -> list[Message | MessageError]:
    """The requests that still matter, in order; the end of the stream is a `Quit`.

    Raises FrameError if the stream is not one of frames: nothing after it has a meaning.
    """
    kept: list[Message | MessageError] = []
    later: set[type] = set()
    for request in reversed(requests):
        if isinstance(request, FrameError):
            raise request
        request = Quit() if request is None else request
        kind = type(request)
        if not later.intersection(_REPLACED_BY.get(kind, ())):
            kept.append(request)
        later.add(kind)
        if kind is Export:  # it needs the network that was requested before it
            later.clear()
    return kept[::-1]
