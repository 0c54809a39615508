"""The files of a run as the engine reads and writes them, in a folder that it locks."""

import contextlib
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import torch
from filelock import Timeout

import explorer
from explorer import folders
from explorer.catalog import check
from explorer.engine import checkpoint
from explorer.engine.checkpoint import Checkpoint, path_of
from explorer.engine.failure import EngineError, unwritable
from explorer.engine.training import EpochScore, StepRows, TrainingRun
from explorer.graph import file
from explorer.graph.graph import Graph
from explorer.runs import folder
from explorer.runs.folder import (
    BEST,
    CHECKPOINT,
    METRICS,
    NETWORK,
    WEIGHTS,
    RunAbout,
    RunError,
    RunFolder,
    Scored,
)
from explorer.runs.recipe import Recipe
from explorer.text import _


@dataclass(frozen=True)
class Earlier:
    """A run that is to be resumed.

    checkpoint: None where it ended before its first. folder: None where the checkpoint lies in no
    run's folder. divided: training pictures are held out for validation; in a run of an earlier
    version they are not.
    """

    graph: Graph
    recipe: Recipe
    data: str
    device: str | None
    checkpoint: Checkpoint | None
    folder: Path | None
    divided: bool = True


def found(name: str) -> Path:
    """The folder or file of a run, which is named by its path or as in the user's folder of runs.
    Raises EngineError."""
    path = path_of(name)
    if not path.exists():
        path = folders.runs() / path
    if not path.exists():
        raise EngineError(_("There is no run {name}.").format(name=name))
    return path


def earlier(name: str) -> Earlier:
    """The run in a folder, which is named by its path or as in the user's folder of runs, or that of a
    checkpoint's file. Raises EngineError, FileError, RecipeError."""
    path = found(name)
    inside = path if path.is_dir() else path.parent
    state = inside / CHECKPOINT if path.is_dir() else path
    try:
        about = RunAbout.read(inside) if (inside / folder.ABOUT).exists() or path.is_dir() else None
    except RunError as error:
        raise EngineError(str(error)) from None
    if about is not None and not state.exists():
        graph = check.read(inside / NETWORK)
        return Earlier(graph, about.recipe, about.data, about.device, None, inside.resolve())
    resumed = checkpoint.read_run(state)
    if not isinstance(resumed.about.get("recipe"), dict) or "graph" not in resumed.about:
        raise EngineError(
            _("The checkpoint {path} has no recipe or no graph, so it cannot be resumed.").format(
                path=state
            )
        )
    return Earlier(
        check.from_dict(resumed.about["graph"]),
        Recipe.of(resumed.about["recipe"]),
        str(resumed.about.get("data")),
        about.device if about else None,
        resumed,
        inside.resolve() if about else None,
        resumed.about.get("divided") is True,
    )


class RunFiles:
    """The files of one run while it goes on.

    A fault in writing the tables, such as a full disk, is reported once; they are written anew with
    the next checkpoint that succeeds.
    """

    def __init__(self, path: Path, on_fault: Callable[[str], None]) -> None:
        """Locks an existing folder. Raises EngineError if another process holds it."""
        self.path, self.checkpoint, self._on_fault = path, path / CHECKPOINT, on_fault
        self._folder: RunFolder | None = None
        self._behind = False  # the tables lack something
        self._lock = folder.lock(path)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise EngineError(
                _("The run {name} is going on in another process.").format(name=path.name)
            ) from None
        except OSError as fault:
            raise unwritable(path, fault) from None

    @classmethod
    def claimed(cls, wanted: str, on_fault: Callable[[str], None]) -> "RunFiles":
        """Those in a new folder: the one that is wanted, or one with a number behind its name; a
        relative path lies in the user's folder of runs. Raises EngineError."""
        path = folders.runs() / path_of(wanted)
        try:
            return cls(folder.claim(path), on_fault)
        except (OSError, ValueError) as fault:
            raise unwritable(path, fault) from None

    def begin(self, run: TrainingRun, weights: str | None) -> None:
        """Writes what is known of a run before its first step; of one that was resumed, drops what was
        written after its checkpoint. Raises EngineError."""
        device = str(run.model.device)
        try:
            if (self.path / folder.ABOUT).exists():
                self._folder = RunFolder(self.path, RunAbout.read(self.path))
                self._rewrite(run)
                self._folder.update(state="running", step=run.step, device=device)
                self._folder.log(f"resumed after step {run.step} on {device}")
                return
            about = RunAbout(
                name=run.model.graph.name,
                data=run.pictures.about.name,
                recipe=run.recipe,
                weights=weights,
                device=device,
                state="running",
                steps=run.steps,
                started=datetime.now().astimezone().isoformat(timespec="seconds"),
                versions={
                    "cnn-explorer": explorer.__version__,
                    "torch": str(torch.__version__),
                    "python": platform.python_version(),
                },
            )
            self._folder = RunFolder(self.path, about)
            self._folder.begin(run.model.graph)
            self._folder.log(f"started on {device} in {run.recipe.mode}")
        except (OSError, RunError) as fault:
            raise unwritable(self.path, fault) from None

    def add(self, run: TrainingRun, fetched: StepRows) -> None:
        """Adds the rows of steps."""
        with self._writing() as out:
            out.add_rows(fetched.rows)
            layers = tuple(run.model.weighted)
            out.add_gradients(layers, fetched.gradient_steps, fetched.gradients)

    def add_score(self, run: TrainingRun, validated: EpochScore) -> None:
        """Adds a validation, and keeps the weights if none before was better."""
        with self._writing() as out:
            best, accuracy = out.about.best, validated.score.accuracy
            out.add_score(_score(validated))
            out.log(f"epoch {validated.epoch}: validation accuracy {accuracy:.4f}")
            if best is None or accuracy > best:
                self._write_weights(BEST, run)

    def save(self, run: TrainingRun) -> None:
        """Writes the checkpoint. Raises EngineError."""
        tensors, about = run.state()
        about |= {
            "format": checkpoint.FORMAT,
            "version": checkpoint.VERSION,
            "recipe": run.recipe.as_dict(),
            "graph": file.to_dict(run.model.graph),
            "data": run.pictures.about.name,
            **checkpoint.described(run.pictures.about.preprocess),
        }
        checkpoint.write(self.checkpoint, tensors, about)
        behind = self._behind
        with self._writing() as out:
            if behind:
                self._rewrite(run)
                self._behind = False
            out.update(step=run.step)

    def enter(self, state: str, reason: str = "") -> None:
        """Notes that the run is in another state, and why if it was not the person who wanted it."""
        if self._folder is not None and state != self._folder.about.state:
            with self._writing() as out:
                out.update(state=state, reason=reason)
                out.log(f"{state}: {reason}" if reason else state)

    def finish(self, run: TrainingRun) -> tuple[Path, ...]:
        """Writes the trained weights; returns the files of the results. Raises EngineError."""
        self._write_weights(WEIGHTS, run)
        if run.tested is not None:
            with self._writing() as out:
                out.update(test=run.tested.accuracy)
                out.log(f"test accuracy {run.tested.accuracy:.4f}")
        return tuple(self.path / name for name in (WEIGHTS, METRICS, NETWORK))

    def close(self) -> None:
        """Gives the folder free; one in which no run began is deleted."""
        self._lock.release()
        (self.path / folder.LOCK).unlink(missing_ok=True)
        if self._folder is None:
            with contextlib.suppress(OSError):  # there is something in it
                self.path.rmdir()

    def _write_weights(self, name: str, run: TrainingRun) -> None:
        about = {
            "name": run.model.graph.name,
            "data": run.pictures.about.name,
            "recipe": run.recipe.as_dict(),
            **checkpoint.described(run.pictures.about.preprocess),
        }
        checkpoint.write(self.path / name, run.model.net.state_dict(), about)

    def _rewrite(self, run: TrainingRun) -> None:
        assert self._folder is not None
        self._folder.rewrite(run.rows, list(map(_score, run.validated)))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[RunFolder]:
        """A context in which a fault is reported, but does not end the run."""
        assert self._folder is not None  # the run began
        try:
            yield self._folder
        except (OSError, EngineError) as fault:
            if not self._behind:
                self._on_fault(str(unwritable(self.path, fault)))
            self._behind = True


def _score(validated: EpochScore) -> Scored:
    score = validated.score
    return Scored(validated.epoch, validated.step, score.loss, score.accuracy, score.confusion)
