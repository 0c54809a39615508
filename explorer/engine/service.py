"""The engine's desk: takes requests, lets the job work in between, and answers every one of
them."""

import os
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from explorer.catalog import check
from explorer.engine import data, device, transfer, weights
from explorer.engine.checkpoint import path_of
from explorer.engine.failure import EngineError, device_lost, out_of_memory, sentence
from explorer.engine.job import Job
from explorer.engine.model import Model, build, calibrate
from explorer.engine.probes import Probe, Watch
from explorer.engine.stream import Answers, Requests
from explorer.protocol import FrameError, Message
from explorer.text import _

_REPLACED_BY = {"build": ("build", "train"), "watch": ("watch", "build", "train")}
"""A request that waits is dropped if one of these comes after it: bursts collapse to the latest."""


class BuiltAs(NamedTuple):
    """What decides over a model's weights beside its graph. weights: the file that they come
    from."""

    data: str
    device: str
    seed: int
    weights: str | None

    @classmethod
    def of(cls, job: Job, weights: str | None) -> Self:
        """How the model of a run was made."""
        return cls(job.pictures.about.name, str(job.model.device), job.recipe.seed, weights)

    def weighs_as(self, other: Self | None) -> bool:
        """A tensor of one fits the other."""
        return other is not None and (self.seed, self.weights) == (other.seed, other.weights)


class Service:
    """Answers requests until the stream ends or `quit` comes."""

    def __init__(self, requests: Requests, answers: Answers) -> None:
        self._requests, self._answers = requests, answers
        self._going = True
        self._job: Job | None = None
        self._model: Model | None = None
        self._built_as: BuiltAs | None = None  # how the model was made
        self._start: tuple[object, dict[str, Tensor]] | None = (
            None  # a file of weights, as last read
        )
        self._probe: Probe | None = None
        self._watch: Watch | None = None
        self._generation = 0  # of the newest request that says what to look at
        self._awaited = False  # a probe is on its way and not yet taken
        self._wanted = False  # a probe was asked for and not yet sent

    def serve(self) -> None:
        """Says hello, and works until the end; whatever runs then is kept in a checkpoint.

        Raises FrameError if the stream makes no sense, and BrokenPipeError when nobody listens.
        """
        self._say(
            {
                "say": "hello",
                "devices": [asdict(each) for each in device.find()],
                "torch": torch.__version__,
                "pid": os.getpid(),
            }
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
            self._guarded(request.get("generation", 0), self._answer, request)
        if self._job is not None and self._job.busy:
            self._guarded(self._job.generation, self._work)
        if self._probe_due():
            self._guarded(self._generation, self._look)

    def _keep(self) -> None:
        if self._job is not None:
            self._job.keep()

    @property
    def _busy(self) -> bool:
        return self._job is not None and self._job.busy

    def _say(self, message: Message, **arrays: np.ndarray) -> None:
        self._answers.say(message, **arrays)

    def _guarded(self, generation: int, act: Callable[..., None], *arguments: Any) -> None:
        """Does something; any fault becomes a sentence, and the engine goes on."""
        try:
            act(*arguments)
        except BrokenPipeError:
            raise  # nobody listens any more
        except Exception as fault:  # the boundary: told with its traceback
            self._say(
                {
                    "say": "failed",
                    "generation": generation,
                    "sentence": sentence(fault),
                    "detail": traceback.format_exc(),
                }
            )
            if device_lost(fault):
                raise SystemExit(1) from fault
            if out_of_memory(fault) and torch.cuda.is_available():
                torch.cuda.empty_cache()
            if act == self._look:
                self._wanted = False
            if act == self._work:
                job, self._job = self._job, None
                assert job is not None
                job.fail()
                self._guarded(job.generation, self._renew, job)

    def _answer(self, request: Message) -> None:
        match request.get("do"):
            case "build":
                self._build(request)
            case "watch":
                self._look_at(request)
            case "taken":
                self._awaited = False
            case "import":
                self._import(request)
            case "export":
                self._export(request)
            case "train":
                self._train(request)
            case "pause" if self._job is not None:
                self._job.pause()
            case "resume" if self._job is not None:
                self._job.resume()
            case "step" if self._job is not None:
                self._job.take_step()
                self._wanted = True
            case "stop" if self._job is not None:
                self._job.stop()
            case "pause" | "resume" | "step" | "stop":
                raise EngineError(_("There is no run."))
            case "quit":
                self._going = False
            case other:
                raise EngineError(_("There is no request “{name}”.").format(name=str(other)[:40]))

    def _build(self, request: Message) -> None:
        start = time.perf_counter()
        graph = check.from_dict(request.get("graph"))
        place = device.pick(request.get("device", "auto"))
        name, seed = request.get("data", "fashion-mnist"), request.get("seed", 0)
        if type(seed) is not int or not 0 <= seed < 2**31:
            raise EngineError(
                _("seed is {value}; allowed: 0 to {most}.").format(value=seed, most=2**31 - 1)
            )
        pictures = data.to_look_at(name, place)
        built_as = BuiltAs(name, str(place), seed, request.get("weights"))
        # Another seed or file asks for other weights; another device or data set does not.
        before = self._model if built_as.weighs_as(self._built_as) else None
        learned = [before.net.state_dict()] if before else []
        given = self._read_start(built_as.weights, request.get("generation", 0))
        about = pictures.about if pictures.about.labelled else None
        model = build(graph, place, seed, about, [*learned, *given])
        if before is not None and before.text == model.text and self._built_as == built_as:
            # Only names or places changed: what runs goes on.
            before.graph, before.report, before.weighted = graph, model.report, model.weighted
            before.kept, before.drawn = len(before.net.state_dict()), frozenset()
            model = before
        else:
            if self._job is not None:
                self._job.stop()
                self._job = None
            if model.fresh:
                calibrate(model, pictures)
        self._adopt(model, built_as, Probe(model, pictures))
        self._say(
            {
                "say": "built",
                "generation": request.get("generation", 0),
                "params": model.params,
                "kept": model.kept,
                "fresh": model.fresh,
                "seconds": time.perf_counter() - start,
            }
        )
        self._look_at(request)

    def _train(self, request: Message) -> None:
        if self._job is not None:
            self._job.stop()
            self._job = None
        generation = request.get("generation", 0)
        try:
            job = Job(request, self._say, self._read_start(request.get("weights"), generation))
        except Exception:
            self._say({"say": "state", "generation": generation, "state": "stopped"})
            raise
        self._job = job
        built_as = BuiltAs.of(job, request.get("weights"))
        self._adopt(job.model, built_as, Probe(job.model, job.pictures))
        self._look_at(request)

    def _read_start(self, path: object, generation: int) -> list[dict[str, Tensor]]:
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

    def _import(self, request: Message) -> None:
        graph = check.from_dict(request.get("graph"))
        file, to = path_of(request.get("file")), path_of(request.get("to"))
        answer = transfer.imported(graph, file, to)
        self._say({**answer, "generation": request.get("generation", 0)})

    def _export(self, request: Message) -> None:
        if self._model is None or check.from_dict(request.get("graph")) != self._model.graph:
            raise EngineError(_("The engine does not hold this network, so nothing was written."))
        answer = transfer.exported(self._model, request)
        self._say({**answer, "generation": request.get("generation", 0)})

    def _adopt(self, model: Model, built_as: BuiltAs, probe: Probe) -> None:
        self._model, self._built_as, self._probe = model, built_as, probe

    def _renew(self, job: Job) -> None:
        """After a run that failed, whose weights may be worthless: the same network as it began."""
        path = self._built_as.weights if self._built_as is not None else None
        self._model = self._built_as = self._probe = None
        start = self._read_start(path, job.generation)
        model = build(job.graph, job.model.device, job.recipe.seed, job.pictures.about, start)
        if model.fresh:
            calibrate(model, job.pictures)
        self._adopt(model, BuiltAs.of(job, path), Probe(model, job.pictures))

    def _look_at(self, request: Message) -> None:
        self._generation = request.get("generation", 0)
        if request.get("watch") is not None:
            self._watch = Watch(str(request["watch"]), request.get("image") or 0)
        self._wanted = self._watch is not None

    def _work(self) -> None:
        assert self._job is not None
        self._job.advance()

    def _probe_due(self) -> bool:
        if self._probe is None or self._watch is None or self._awaited:
            return False
        job = self._job
        if self._wanted or job is None or not job.busy or job.run is None:
            return self._wanted
        # While it validates the weights rest, and the picture with them.
        return not job.run.validating and job.budget.due

    def _look(self) -> None:
        model, probe, watch, job = self._model, self._probe, self._watch, self._job
        assert model is not None and probe is not None and watch is not None
        running = job.run if job is not None and job.busy else None
        device.synchronise(model.device)  # what the device still does is not the probe's cost
        start = time.perf_counter()
        with running.peak.looking_away() if running else nullcontext():
            message, arrays = probe.look(watch)
        message["generation"] = self._generation
        message["cost"] = job.budget.cost if job and running else 0.0
        self._awaited, self._wanted = True, False
        self._say(message, **arrays)
        if job and running:
            job.budget.spend(time.perf_counter() - start)


def collapsed(requests: list[Message | FrameError | None]) -> list[Message]:
    """The requests that still matter, in order; the end of the stream is a `quit`.

    Raises FrameError if the stream made no sense: nothing after it can be understood.
    """
    found: list[Message] = []
    later: set[str] = set()
    for request in reversed(requests):
        if isinstance(request, FrameError):
            raise request
        request = {"do": "quit"} if request is None else request
        do = str(request.get("do"))
        if not later.intersection(_REPLACED_BY.get(do, ())):
            found.append(request)
        later.add(do)
        if do == "export":  # it is of the network that was asked for before it
            later.clear()
    return found[::-1]
