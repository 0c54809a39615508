"""A run that the window asked for: measuring, training, telling of it, saving; one small unit at a
time."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from explorer.analysis.form import SAFETENSORS
from explorer.catalog import check
from explorer.catalog.datasets import DATASETS
from explorer.engine import checkpoint, data, device, results
from explorer.engine.budget import Budget
from explorer.engine.checkpoint import FORMAT, VERSION, Checkpoint, path_of
from explorer.engine.failure import EngineError
from explorer.engine.model import build
from explorer.engine.precision import PRECISIONS, sound
from explorer.engine.training import COLUMNS, EpochScore, StepRows, TrainingRun, choose
from explorer.graph import file
from explorer.protocol import messages
from explorer.protocol.messages import Failed, Message, Modes, Saved, State, Train
from explorer.runs.recipe import AUTO, Recipe
from explorer.text import _

DISPLAY_SECONDS = 0.05
SAVE_SECONDS = 10.0
_SAVE_SHARE = 0.02
"""Share of the time that saving may take: a large network is saved less often than every 10 s."""

Say = Callable[[Message], None]


class TrainingSession:
    """One `train` request from its start to its end.

    Its state is "measuring", "running", "paused", "stopped" or "finished", said whenever it
    changes. `advance()` does one unit of work and tells what is due; whoever owns it looks at
    the requests in between.
    """

    def __init__(
        self, request: Train, say: Say, start: Sequence[Mapping[str, Tensor]] = ()
    ) -> None:
        """Builds the network with the weights `start`, as far as they fit, and reads the
        checkpoint, if it resumes; raises EngineError or FileError."""
        self.generation, self._send = request.generation, say
        self.state = ""
        self.run: TrainingRun | None = None
        self.budget = Budget()
        self._until: int | None = None
        self._measured: list[tuple[str, float]] = []
        self._saved_at = (0, 0)
        self._saved = self._shown = time.perf_counter()
        self._save_seconds = 0.0

        resumed = _resumed(request)
        self._resumed = resumed
        recipe = Recipe.of(resumed.about["recipe"] if resumed else request.recipe)
        name, place = request.data, device.pick(request.device)
        self.pictures = data.load(name, place)
        self.graph = check.from_dict(resumed.about["graph"] if resumed else request.graph)
        self.model = build(self.graph, place, recipe.seed, DATASETS[name], start)
        if place.type == "cpu":
            device.lower_priority()
        self.recipe = recipe
        self.out = None if request.out is None else path_of(request.out)
        self.file = _checkpoint_file(self.out, request.checkpoint)
        if recipe.mode == AUTO or PRECISIONS[recipe.mode] not in sound(place):
            self._measuring = choose(self.model, self.pictures, recipe)
            self._turn("measuring")
        else:
            self._begin(recipe.mode)

    @property
    def busy(self) -> bool:
        """Whether `advance()` has something to do."""
        return self.state in ("measuring", "running") or (self._until is not None and not self.over)

    @property
    def over(self) -> bool:
        return self.state in ("stopped", "finished")

    def advance(self) -> None:
        """One unit of work: a trial step, a training step, or a batch of validation."""
        if self.run is None:
            try:
                self._measured = next(self._measuring) or self._measured
            except StopIteration:
                measured = tuple(self._measured)
                self._send(
                    Modes(generation=self.generation, measured=measured, chosen=measured[0][0])
                )
                self._begin(self._measured[0][0])
            return
        if self.run.finished:  # it resumed at its very end
            self._finish(self.run)
            return
        validated = self.run.advance()
        stepped = self._until is not None and self.run.step >= self._until
        if validated or stepped or time.perf_counter() - self._shown > DISPLAY_SECONDS:
            self.tell()
        if validated:
            self._tell_score(validated)
        if self.run.finished:
            self._finish(self.run)
        elif stepped:
            self._until = None
            if self.state == "running":
                self._turn("paused")
        elif validated or time.perf_counter() - self._saved > max(
            SAVE_SECONDS, self._save_seconds / _SAVE_SHARE
        ):
            self.save()

    def pause(self) -> None:
        """Stops after the last step, to go on later."""
        if not self.over and self.state != "paused":
            self.tell()
            self._until = None
            self._turn("paused")
            self.save()

    def resume(self) -> None:
        """Goes on after a pause."""
        if self.state == "paused":
            self.budget.reset()
            self._until = None
            self._shown = time.perf_counter()
            self._turn("measuring" if self.run is None else "running")

    def take_step(self) -> None:
        """Exactly one training step more, then paused again; what is left of a validation comes
        first."""
        if not self.over and self.run is not None:
            self._until = self.run.step + 1

    def stop(self) -> None:
        """Ends the run where it is, and keeps a checkpoint."""
        if not self.over:
            self.tell()
            self._turn("stopped")
            self.save()

    def fail(self) -> None:
        """Ends the run after a fault: nothing is saved, since what is in memory may be
        worthless."""
        if not self.over:
            self._turn("stopped")

    def keep(self) -> None:
        """Writes a last checkpoint and says nothing: there may be nobody to hear it."""
        if self.run is not None and not self.over and not self.run.fetch().lost:
            self._send = _silence
            self.save()

    def tell(self) -> None:
        """Sends the rows since the last time; raises EngineError if the loss is no number any
        more."""
        self._shown = time.perf_counter()
        run = self.run
        if run is None:
            return
        device.synchronise(
            run.model.device
        )  # what the device still does is not the cost of telling
        start = time.perf_counter()
        found = run.fetch()
        if len(found.rows):
            self._tell_rows(run, found)
        self.budget.spend(time.perf_counter() - start, looked=False)
        if found.lost:
            raise EngineError(found.lost)

    def save(self) -> None:
        """Writes the checkpoint, if there is a place for it and anything to add; says where.

        A full disk is no reason to lose a run: it is told, and tried again later.
        """
        if self.file is None or self.run is None or self._saved_at == self._place:
            return
        start = time.perf_counter()
        tensors, about = self.run.state()
        about |= {
            "format": FORMAT,
            "version": VERSION,
            "recipe": self.run.recipe.as_dict(),
            "graph": file.to_dict(self.graph),
            "data": self.pictures.about.name,
        }
        try:
            checkpoint.write(self.file, tensors, about)
        except EngineError as fault:
            self._saved = time.perf_counter()
            self._send(Failed(generation=self.generation, sentence=str(fault)))
            return
        self._saved, self._saved_at = time.perf_counter(), self._place
        self._save_seconds = self._saved - start
        self._send(
            Saved(
                generation=self.generation,
                path=str(self.file),
                step=self.run.step,
                epoch=self.run.epoch,
            )
        )

    def _turn(self, state: str, accuracy: float | None = None, files: tuple[str, ...] = ()) -> None:
        self.state = state
        self._send(State(generation=self.generation, state=state, accuracy=accuracy, files=files))

    def _begin(self, mode: str) -> None:
        self.run = TrainingRun(self.model, self.pictures, replace(self.recipe, mode=mode))
        if self._resumed is not None:
            self.run.restore(self._resumed.tensors, self._resumed.about)
            self._resumed = None
        self.budget.reset()
        self._saved, self._saved_at = time.perf_counter(), self._place
        self._turn("running")

    @property
    def _place(self) -> tuple[int, int]:
        """Where the run is: a checkpoint of the same place need not be written again."""
        return (self.run.step, len(self.run.validated)) if self.run is not None else (0, 0)

    def _finish(self, run: TrainingRun) -> None:
        files: tuple[Path, ...] = ()
        if self.out is not None:
            try:
                files = results.write(run, self.out)
            except EngineError as fault:  # what was trained stays in memory, and is finished
                self._send(Failed(generation=self.generation, sentence=str(fault)))
        self.save()
        score = run.validated[-1].score
        self._turn("finished", score.accuracy, tuple(str(path) for path in files))

    def _tell_rows(self, run: TrainingRun, found: StepRows) -> None:
        self._send(
            messages.Rows(
                generation=self.generation,
                columns=COLUMNS,
                rows=found.rows,
                gradients=found.gradients,
                gradient_steps=found.gradient_steps,
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

    def _tell_score(self, found: EpochScore) -> None:
        self._send(
            messages.Validated(
                generation=self.generation,
                epoch=found.epoch,
                step=found.step,
                loss=found.score.loss,
                accuracy=found.score.accuracy,
                confusion=found.score.confusion,
            )
        )


def _silence(_message: Message) -> None:
    """Says nothing."""


def _resumed(request: Train) -> Checkpoint | None:
    if request.resume is None:
        return None
    found = checkpoint.read_run(path_of(request.resume))
    if not isinstance(found.about.get("recipe"), dict) or "graph" not in found.about:
        raise EngineError(
            _("The checkpoint {path} does not say how it was trained.").format(path=request.resume)
        )
    return found


def _checkpoint_file(out: Path | None, wanted: str | None) -> Path | None:
    """Where checkpoints go: into `out`, else where the request says, a file or a folder; or
    nowhere."""
    if out is not None:
        return out / checkpoint.NAME
    if wanted is None:
        return None
    path = path_of(wanted)
    return path if path.suffix == SAFETENSORS else path / checkpoint.NAME
