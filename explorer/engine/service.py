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
from explorer.engine.failure import EngineError, device_lost, out_of_memory, sentence
from explorer.engine.model import Model, build, calibrate
from explorer.engine.probes.probe import Probe
from explorer.engine.stream import Answers, Heard, Requests
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
"""A request that waits is dropped if one of these comes after it: bursts collapse to the latest."""


class BuiltAs(NamedTuple):
    """What decides over a model's weights beside its graph. weights: the file that they come
    from."""

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

    def weighs_as(self, other: Self | None) -> bool:
        """A tensor of one fits the other."""
        return other is not None and (self.seed, self.weights) == (other.seed, other.weights)


class Service:
    """Answers requests until the stream ends or `quit` comes."""

    def __init__(self, requests: Requests, answers: Answers) -> None:
        self._requests, self._answers = requests, answers
        self._going = True
        self._session: TrainingSession | None = None
        self._model: Model | None = None
        self._built_as: BuiltAs | None = None  # how the model was made
        self._start: tuple[object, dict[str, Tensor]] | None = (
            None  # a file of weights, as last read
        )
        self._probe: Probe | None = None
        self._looks: tuple[Look, ...] = ()
        self._generation = 0  # of the newest request that says what to look at
        self._awaited = False  # a probe is on its way and not yet taken
        self._wanted = False  # a probe was asked for and not yet sent

    def serve(self) -> None:
        """Says hello, and works until the end; whatever runs then is kept in a checkpoint.

        Raises FrameError if the stream makes no sense, and BrokenPipeError when nobody listens.
        """
        self._say(
            Hello(devices=tuple(device.find()), torch=str(torch.__version__), pid=os.getpid())
        )
        try:
            while self._going:
                self._turn()
        except (BrokenPipeError, FrameError):
            self._keep()
            raise
        self._keep()

    def _turn(self) -> None:
        """Answers what has come, then works a little."""
        for request in collapsed(self._requests.take(wait=not self._busy)):
            self._guarded(request.generation, self._answer, request)
        if self._session is not None and self._session.busy:
            self._guarded(self._session.generation, self._work)
        if self._probe_due():
            self._guarded(self._generation, self._look)

    def _keep(self) -> None:
        if self._session is not None:
            self._session.keep()

    @property
    def _busy(self) -> bool:
        return self._session is not None and self._session.busy

    def _say(self, message: Message) -> None:
        self._answers.say(message)

    def _guarded(self, generation: int, act: Callable[..., None], *arguments: Any) -> None:
        """Does something; any fault becomes a sentence, and the engine goes on."""
        try:
            act(*arguments)
        except BrokenPipeError:
            raise  # nobody listens any more
        except Exception as fault:  # the boundary: told with its traceback
            detail = traceback.format_exc()
            self._say(Failed(generation=generation, sentence=sentence(fault), detail=detail))
            if device_lost(fault):
                raise SystemExit(1) from fault
            if out_of_memory(fault) and torch.cuda.is_available():
                torch.cuda.empty_cache()
            if act == self._look:
                self._wanted = False
            if act == self._work:
                session, self._session = self._session, None
                assert session is not None
                session.fail()
                self._guarded(session.generation, self._renew, session)

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
                self._say(transfer.imported(request))
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
        if reason := FIELDS["seed"].fault(seed):
            raise EngineError(_("seed {reason}.").format(reason=reason))
        pictures = data.to_look_at(name, place)
        built_as = BuiltAs(name, str(place), seed, request.weights)
        # Another seed or file asks for other weights; another device or data set does not.
        before = self._model if built_as.weighs_as(self._built_as) else None
        learned = [before.net.state_dict()] if before else []
        given = self._read_start(built_as.weights, request.generation)
        about = pictures.about if pictures.about.labelled else None
        model = build(graph, place, seed, about, [*learned, *given])
        if before is not None and before.text == model.text and self._built_as == built_as:
            # Only names or places changed: what runs goes on.
            before.graph, before.report, before.weighted = graph, model.report, model.weighted
            before.kept, before.drawn = len(before.net.state_dict()), frozenset()
            model = before
        else:
            if self._session is not None:
                self._session.stop()
                self._session = None
            if model.fresh:
                calibrate(model, pictures)
        self._adopt(model, built_as, Probe(model, pictures))
        self._say(
            Built(
                generation=request.generation,
                params=model.params,
                kept=model.kept,
                fresh=model.fresh,
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
                request, self._say, self._read_start(request.weights, generation)
            )
        except Exception:
            self._say(State(generation=generation, state="stopped"))
            raise
        self._session = session
        built_as = BuiltAs.of(session, request.weights)
        self._adopt(session.model, built_as, Probe(session.model, session.pictures))
        self._look_at(request)

    def _read_start(self, path: str | None, generation: int) -> list[dict[str, Tensor]]:
        """The weights in the file that a network begins with; where it is gone, that is told, and
        all are drawn."""
        if path is None:
            self._start = None
            return []
        if self._start is None or self._start[0] != path:
            self._start = None
            found: list[dict[str, Tensor]] = []
            self._guarded(generation, lambda: found.append(weights.read(path_of(path)).tensors))
            if not found:
                return []
            self._start = path, found[0]
            return found
        return [self._start[1]]

    def _export(self, request: Export) -> None:
        if self._model is None or check.from_dict(request.graph) != self._model.graph:
            raise EngineError(_("The engine does not hold this network, so nothing was written."))
        self._say(transfer.exported(self._model, request))

    def _adopt(self, model: Model, built_as: BuiltAs, probe: Probe) -> None:
        self._model, self._built_as, self._probe = model, built_as, probe

    def _renew(self, session: TrainingSession) -> None:
        """After a run that failed, whose weights may be worthless: the same network as it began."""
        path = self._built_as.weights if self._built_as is not None else None
        self._model = self._built_as = self._probe = None
        start = self._read_start(path, session.generation)
        model = build(
            session.graph, session.model.device, session.recipe.seed, session.pictures.about, start
        )
        if model.fresh:
            calibrate(model, session.pictures)
        self._adopt(model, BuiltAs.of(session, path), Probe(model, session.pictures))

    def _look_at(self, request: Watching) -> None:
        self._generation = request.generation
        self._looks = request.looks or self._looks
        self._wanted = bool(self._looks)

    def _work(self) -> None:
        assert self._session is not None
        self._session.advance()

    def _probe_due(self) -> bool:
        if self._probe is None or not self._looks or self._awaited:
            return False
        session = self._session
        if self._wanted or session is None or not session.busy or session.run is None:
            return self._wanted
        # While it validates the weights rest, and the picture with them.
        return not session.run.validating and session.budget.due

    def _look(self) -> None:
        model, probe, session = self._model, self._probe, self._session
        assert model is not None and probe is not None
        running = session.run if session is not None and session.busy else None
        device.synchronise(model.device)  # what the device still does is not the probe's cost
        start = time.perf_counter()
        with running.peak.looking_away() if running else nullcontext():
            seen = probe.look(self._looks)
        cost = session.budget.cost if session and running else 0.0
        self._awaited, self._wanted = True, False
        for each in seen:
            self._say(replace(each, generation=self._generation, cost=cost))
        if session and running:
            session.budget.spend(time.perf_counter() - start)


def collapsed(requests: list[Heard]) -> list[Message | MessageError]:
    """The requests that still matter, in order; the end of the stream is a `Quit`.

    Raises FrameError if the stream made no sense: nothing after it can be understood.
    """
    found: list[Message | MessageError] = []
    later: set[type] = set()
    for request in reversed(requests):
        if isinstance(request, FrameError):
            raise request
        request = Quit() if request is None else request
        kind = type(request)
        if not later.intersection(_REPLACED_BY.get(kind, ())):
            found.append(request)
        later.add(kind)
        if kind is Export:  # it is of the network that was asked for before it
            later.clear()
    return found[::-1]
