"""A run that the window requested: it measures, trains, reports and saves, one small unit of work at a
time."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from explorer.catalog import check
from explorer.engine import data, device
from explorer.engine.budget import Budget
from explorer.engine.failure import EngineError
from explorer.engine.model import build
from explorer.engine.precision import PRECISIONS, supported
from explorer.engine.run_files import RunFiles, earlier
from explorer.engine.training import StepRows, TrainingRun, choose
from explorer.protocol.messages import Failed, Message, Modes, Rows, Saved, State, Train, Validated
from explorer.runs.folder import COLUMNS
from explorer.runs.recipe import AUTO
from explorer.text import _

DISPLAY_SECONDS = 0.05
SAVE_SECONDS, MOST_SECONDS = 10.0, 60.0
"""Between two checkpoints within an epoch; more than the least where saving takes long."""
_SAVE_SHARE = 0.02
"""Share of the time that saving may take."""


class TrainingSession:
    """One `Train` request from its start to its end.

    Its state is "measuring", "running", "paused", "stopped" or "finished", and is sent whenever it
    changes. `advance()` does one unit of work and sends what is due; its owner answers requests in
    between. files: None if nothing is kept; results: the files of a finished run.
    """

    def __init__(
        self,
        request: Train,
        send: Callable[[Message], None],
        start: Sequence[Mapping[str, Tensor]] = (),
    ) -> None:
        """Builds the network with the weights `start`, as far as they fit, and reads the
        checkpoint, if it resumes; raises EngineError or FileError."""
        self.generation, self._send = request.generation, send
        self.state = ""
        self.run: TrainingRun | None = None
        self.budget = Budget()
        self._reason = ""  # why it ended
        self._until: int | None = None
        self._measured: list[tuple[str, float]] = []
        self._saved_at = (0, 0)
        self._saved = self._shown = time.perf_counter()
        self._save_seconds = 0.0

        before = None if request.resume is None else earlier(request.resume)
        recipe = self.recipe = before.recipe if before else request.recipe
        place = device.pick(request.device, before.device if before else None)
        self.pictures = data.load(before.data if before else request.data, place)
        if before is None or before.divided:
            self.pictures = self.pictures.divided(recipe.seed)
        self.graph = before.graph if before else check.from_dict(request.graph)
        self._resumed = before.checkpoint if before else None
        self._weights, self._required = request.weights, request.required
        self.model = build(self.graph, place, recipe.seed, self.pictures.about, start)
        self.model.stated = self.pictures.about.preprocess  # whatever it was before
        if place.type == "cpu":
            device.lower_priority()
        self.results: tuple[Path, ...] = ()
        self.files: RunFiles | None = None
        if before is not None and before.folder is not None:
            self.files = RunFiles(before.folder, self._on_fault)
        elif request.out is not None:
            with self._unless(request.required):
                self.files = RunFiles.claimed(request.out, self._on_fault)
        if recipe.mode == AUTO or PRECISIONS[recipe.mode] not in supported(place):
            self._measuring = choose(self.model, self.pictures, recipe)
            self._enter("measuring")
        else:
            self._start(recipe.mode)

    @property
    def busy(self) -> bool:
        """Whether `advance()` has something to do."""
        return self.state in ("measuring", "running") or (self._until is not None and not self.over)

    @property
    def over(self) -> bool:
        """Whether it was stopped or is finished."""
        return self.state in ("stopped", "finished")

    def advance(self) -> None:
        """One unit of work: a trial step, a training step, or a batch of validation."""
        if self.run is None:
            try:
                self._measured = next(self._measuring) or self._measured
            except StopIteration:
                chosen, _speed = self._measured[0]
                self._send(
                    Modes(generation=self.generation, measured=tuple(self._measured), chosen=chosen)
                )
                self._start(chosen)
            return
        if self.run.finished:  # it resumed at its very end
            self._finish(self.run)
            return
        validated = self.run.advance()
        stepped = self._until is not None and self.run.step >= self._until
        if validated or stepped or time.perf_counter() - self._shown > DISPLAY_SECONDS:
            self.send_rows()
        if validated:
            if self.files is not None:
                self.files.add_score(self.run, validated)
            self._send(
                Validated(
                    generation=self.generation,
                    epoch=validated.epoch,
                    step=validated.step,
                    loss=validated.score.loss,
                    accuracy=validated.score.accuracy,
                    confusion=validated.score.confusion,
                )
            )
        if self.run.finished:
            self._finish(self.run)
        elif stepped:
            self._until = None
            if self.state == "running":
                self._enter("paused")
        elif validated or time.perf_counter() - self._saved > self._pause_between_saves:
            self.save()

    def pause(self) -> None:
        """Pauses after the last step, until `resume`."""
        if not self.over and self.state != "paused":
            self.send_rows()
            self._until = None
            self._enter("paused")
            self.save()

    def resume(self) -> None:
        """Goes on after a pause."""
        if self.state == "paused":
            self.budget.reset()
            self._until = None
            self._shown = time.perf_counter()
            self._enter("measuring" if self.run is None else "running")

    def take_step(self) -> None:
        """Does exactly one more training step, after the rest of a validation, and pauses again."""
        if not self.over and self.run is not None:
            self._until = self.run.step + 1

    def stop(self) -> None:
        """Ends the run where it is, and saves a checkpoint."""
        if not self.over:
            self.send_rows()
            self._enter("stopped")
            self.save()
            self._close()

    def fail(self) -> None:
        """Ends the run after a fault; saves nothing, since what is in memory may be useless."""
        if not self.over:
            self._enter("stopped")
            self._close()

    def save_silently(self) -> None:
        """Writes a last checkpoint and sends nothing, as there may be nobody to read it."""
        self._send = lambda _message: None
        if self.run is not None and not self.over and not self._fetched(self.run).lost:
            self.save()
        self.fail()

    def send_rows(self) -> None:
        """Sends the rows since the last time; raises EngineError if the loss is NaN or infinite."""
        self._shown = time.perf_counter()
        run = self.run
        if run is None:
            return
        run.wait()  # queued work is not the cost of sending
        start = time.perf_counter()
        fetched = self._fetched(run)
        if len(fetched.rows):
            self._send(
                Rows(
                    generation=self.generation,
                    columns=COLUMNS,
                    rows=fetched.rows,
                    gradients=fetched.gradients,
                    gradient_steps=fetched.gradient_steps,
                    layers=tuple(run.model.weighted),
                    epoch=run.epoch,
                    epochs=run.recipe.epochs,
                    step=run.step,
                    steps=run.steps,
                    images_per_second=run.images_per_second,
                    seconds_left=run.seconds_left,
                    watching=self.budget.cost,
                    memory=run.peak.bytes,
                )
            )
        self.budget.spend(time.perf_counter() - start, looked=False)
        if fetched.lost:
            self._reason = fetched.lost
            raise EngineError(fetched.lost)

    def _fetched(self, run: TrainingRun) -> StepRows:
        """The rows since the last time, which go to the files too."""
        fetched = run.fetch()
        if self.files is not None:
            self.files.add(run, fetched)
        return fetched

    @contextmanager
    def _unless(self, required: bool) -> Iterator[None]:
        """A context in which a folder that cannot be written is reported, and the run goes on without
        it, unless it is required."""
        try:
            yield
        except EngineError as fault:
            if required:
                raise
            self._on_fault(_("{fault} The run goes on, but it is not kept.").format(fault=fault))

    def _on_fault(self, sentence: str) -> None:
        self._send(Failed(generation=self.generation, sentence=sentence))

    def save(self) -> None:
        """Writes the checkpoint, if it has a folder and there is anything new, and sends `Saved`.

        If it cannot be written, for example to a full disk, that is sent, and the run goes on.
        """
        if self.files is None or self.run is None or self._saved_at == self._place:
            return
        start = time.perf_counter()
        try:
            self.files.save(self.run)
        except EngineError as fault:
            self._saved = time.perf_counter()
            self._on_fault(str(fault))
            return
        self._saved, self._saved_at = time.perf_counter(), self._place
        self._save_seconds = self._saved - start
        self._send(
            Saved(
                generation=self.generation,
                path=str(self.files.checkpoint),
                step=self.run.step,
                epoch=self.run.epoch,
            )
        )

    def _enter(
        self, state: str, accuracy: float | None = None, files: tuple[str, ...] = ()
    ) -> None:
        self.state = state
        folder = None if self.files is None else str(self.files.path)
        self._send(
            State(
                generation=self.generation,
                state=state,
                accuracy=accuracy,
                files=files,
                folder=folder,
            )
        )
        if self.files is not None:
            self.files.enter(state, self._reason)

    def _start(self, mode: str) -> None:
        self.run = TrainingRun(self.model, self.pictures, replace(self.recipe, mode=mode))
        if self._resumed is not None:
            self.run.restore(self._resumed.tensors, self._resumed.about)
            self._resumed = None
        if self.files is not None:
            files, self.files = self.files, None
            with self._unless(self._required):
                files.begin(self.run, self._weights)
                self.files = files
        self.budget.reset()
        self._saved, self._saved_at = time.perf_counter(), self._place
        self._enter("running")

    @property
    def _pause_between_saves(self) -> float:
        return min(max(SAVE_SECONDS, self._save_seconds / _SAVE_SHARE), MOST_SECONDS)

    @property
    def _place(self) -> tuple[int, int]:
        """Step and validation that the run has reached; one checkpoint of each is enough."""
        return (self.run.step, len(self.run.validated)) if self.run is not None else (0, 0)

    def _finish(self, run: TrainingRun) -> None:
        self.save()
        if self.files is not None:
            try:
                self.results = self.files.finish(run)
            except EngineError as fault:  # the trained weights stay in memory
                self._on_fault(str(fault))
            self.files.enter("finished")
        self._close()
        assert run.tested is not None  # that is what finishes it
        self._enter("finished", run.tested.accuracy, tuple(map(str, self.results)))

    def _close(self) -> None:
        if self.files is not None:
            self.files.close()
