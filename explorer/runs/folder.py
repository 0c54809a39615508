"""The folder of a run: written while the run goes on, and read again by whoever opens or resumes it.

run.json describes it (version 1): name, data set, preprocessing, recipe, device, versions, state.
network.cnn.json is its graph; metrics.csv has a line for each step, gradients.csv the L2 norms of all
layers' gradients at some steps, confusion.csv the confusion matrix of each validation, log.txt what
happened when. checkpoint.safetensors is the last state to resume from, best.safetensors the weights
with the best validation, weights.safetensors those at the end. The engine writes the tensors.
"""

import csv
import errno
import itertools
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
from filelock import BaseFileLock, FileLock, Timeout

from explorer.catalog import check
from explorer.catalog.datasets import DATASETS
from explorer.catalog.preprocess import KEY, Preprocess, with_preprocess
from explorer.graph import file
from explorer.graph.file import FileError
from explorer.graph.graph import Graph
from explorer.runs.recipe import Recipe, RecipeError
from explorer.runs.record import ACTIVE, Progress, RunRecord
from explorer.text import _

FORMAT, VERSION = "cnn-explorer-run", 1
ABOUT, NETWORK, LOG = "run.json", f"network{file.SUFFIX}", "log.txt"
METRICS, GRADIENTS, CONFUSION = "metrics.csv", "gradients.csv", "confusion.csv"
LOCK = ".lock"
CHECKPOINT, BEST, WEIGHTS = "checkpoint.safetensors", "best.safetensors", "weights.safetensors"
COLUMNS = ("step", "epoch", "loss", "accuracy", "learning_rate")
SCORES = ("validation_loss", "validation_accuracy")
MOST_BYTES = 2**30
_STATES = (*ACTIVE, "stopped", "finished")


class RunError(ValueError):
    """A folder is not that of a run that can be read; the sentence says why."""


@dataclass(frozen=True)
class RunAbout:
    """What run.json states of a run.

    recipe: with the mode that was chosen. weights: the file with its initial weights, None for
    random ones. state: as that of a `RunRecord`; one that is active may belong to an engine that
    died. step, steps: done, and in all epochs. accuracy: of the last validation, best: the highest,
    test: on the test pictures at the end, each 0 to 1. reason: why it ended, where it was not the
    person who ended it. started: ISO 8601 with the time zone. versions: of the program, PyTorch and
    Python.
    """

    name: str
    data: str
    recipe: Recipe
    weights: str | None = None
    device: str = ""
    state: str = "measuring"
    step: int = 0
    steps: int = 0
    accuracy: float | None = None
    best: float | None = None
    test: float | None = None
    reason: str = ""
    started: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def preprocess(self) -> Preprocess:
        """How pictures become what the network was trained on."""
        return DATASETS[self.data].preprocess

    @classmethod
    def read(cls, folder: Path) -> Self:
        """That of the run in a folder. Raises RunError."""
        try:
            values = json.loads((folder / ABOUT).read_bytes())
        except FileNotFoundError:
            raise RunError(
                _("{name} is not the folder of a run.").format(name=folder.name)
            ) from None
        except (OSError, ValueError, RecursionError):
            values = None
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise RunError(_("{file} of {name} is damaged.").format(file=ABOUT, name=folder.name))
        if values.get("version") != VERSION:
            raise RunError(
                _(
                    "The run {name} is of version {version}, written by a newer CNN Explorer; this "
                    "one reads version {known}."
                ).format(name=folder.name, version=repr(values.get("version"))[:20], known=VERSION)
            )
        match values:
            case {
                "name": str(),
                "data": {"name": str(data)},
                "recipe": dict(recipe),
                "weights": str() | None,
                "device": str(),
                "state": str(state),
                "step": int(),
                "steps": int(),
                "accuracy": int() | float() | None,
                "best": int() | float() | None,
                "test": int() | float() | None,
                "reason": str(),
                "started": str(),
                "versions": dict(),
            } if state in _STATES and data in DATASETS:
                try:
                    values |= {"data": data, "recipe": Recipe.of(recipe)}
                except RecipeError as error:
                    raise RunError(f"{folder.name}: {error}") from None
                return cls(**{name: values[name] for name in cls.__dataclass_fields__})
        raise RunError(
            _("{file} of {name} lacks a value, or has a wrong one.").format(
                file=ABOUT, name=folder.name
            )
        )

    def write(self, folder: Path) -> None:
        """Writes run.json. Raises OSError."""
        values = {
            "format": FORMAT,
            "version": VERSION,
            **asdict(self),
            "data": asdict(DATASETS[self.data]),
            KEY: self.preprocess.as_dict(),
        }
        text = json.dumps(values, indent=1, ensure_ascii=False)
        file.replace_bytes(folder / ABOUT, text.encode("utf-8"), sync=False)


def folder_name(name: str) -> str:
    """The name of the folder for runs of a network of that name."""
    return re.sub(r"[^\w-]+", "_", name).strip("_") or "network"


def claim(wanted: Path) -> Path:
    """A new folder, or one that is empty but for the lock of a process that died: `wanted`, or with a
    number if that is taken. Raises OSError."""
    for number in itertools.count(1):
        path = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
            if any(child.name != LOCK for child in path.iterdir()) or held(path):
                continue
        return path.resolve()
    raise AssertionError  # there are numbers without end


@dataclass(frozen=True, eq=False)
class Scored:
    """A validation. confusion: (classes, classes), rows are labels, columns guesses."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    confusion: np.ndarray


def lock(folder: Path) -> BaseFileLock:
    """The lock that the engine holds as long as it trains the run."""
    return FileLock(folder / LOCK)


def held(folder: Path) -> bool:
    """Whether an engine trains the run now."""
    if not (folder / LOCK).exists():
        return False
    try:
        with lock(folder).acquire(timeout=0):
            return False
    except (Timeout, OSError):
        return True


class RunFolder:
    """Writes the folder of a run. All methods raise OSError."""

    def __init__(self, path: Path, about: RunAbout) -> None:
        self.path, self.about = path, about
        self._last_row: list[float] | None = None  # of an epoch whose validation is not over

    def begin(self, graph: Graph) -> None:
        """Writes what is known before the first step."""
        file.write(graph, self.path / NETWORK)
        self._add(METRICS, [[*COLUMNS, *SCORES]])
        self.update()

    def update(self, **changes: Any) -> None:
        """Changes what run.json states."""
        self.about = replace(self.about, **changes)
        self.about.write(self.path)

    def log(self, sentence: str) -> None:
        """Adds a line with the time to log.txt."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        with open(self.path / LOG, "a", encoding="utf-8") as log:
            log.write(f"{now} {sentence}\n")

    def add_rows(self, rows: np.ndarray) -> None:
        """Adds steps: (n, 5) as COLUMNS. The last one of an epoch waits for its validation."""
        lines = []
        for row in rows.tolist():
            if self._last_row is not None:
                lines.append(_line(self._last_row))
            self._last_row = row
        if self._last_row is not None and not self._ends_epoch(self._last_row):
            lines.append(_line(self._last_row))
            self._last_row = None
        self._add(METRICS, lines)

    def _ends_epoch(self, row: list[float]) -> bool:
        per_epoch = self.about.steps // self.about.recipe.epochs
        return row[0] % per_epoch == 0

    def add_gradients(self, layers: Sequence[str], steps: np.ndarray, norms: np.ndarray) -> None:
        """Adds the L2 norms (k, layers) of the gradients at `steps` (k,)."""
        lines = [[int(step), *map(_text, row)] for step, row in zip(steps, norms.tolist())]
        self._add(GRADIENTS, lines, ["step", *layers])

    def add_score(self, score: Scored) -> None:
        """Adds the validation after an epoch."""
        if self._last_row is not None:
            self._add(METRICS, [_line(self._last_row, score.loss, score.accuracy)])
            self._last_row = None
        self._add_confusion(score)
        best = max(score.accuracy, self.about.best or 0.0)
        self.update(step=score.step, accuracy=score.accuracy, best=best)

    def _add_confusion(self, score: Scored) -> None:
        classes = DATASETS[self.about.data].classes
        counts = zip(classes, score.confusion.tolist())
        lines = [[score.epoch, label, *row] for label, row in counts]
        self._add(CONFUSION, lines, ["epoch", "label", *classes])

    def rewrite(self, rows: np.ndarray, scores: Sequence[Scored]) -> None:
        """Makes the tables hold these steps, (n, 5) as COLUMNS, and validations alone, where a run goes
        on from a checkpoint; of the gradients, those up to the last step."""
        by_step = {score.step: (score.loss, score.accuracy) for score in scores}
        lines = [_line(row, *by_step.get(int(row[0]), ())) for row in rows.tolist()]
        last = rows[-1].tolist() if len(rows) else [0.0]
        self._last_row = None
        if lines and self._ends_epoch(last) and last[0] not in by_step:
            self._last_row = last
            lines.pop()
        self._replace(METRICS, [[*COLUMNS, *SCORES], *lines])
        (self.path / CONFUSION).unlink(missing_ok=True)
        for score in scores:
            self._add_confusion(score)
        if (self.path / GRADIENTS).exists():
            first, *norms = _rows_in(self.path / GRADIENTS)
            self._replace(GRADIENTS, [first, *(row for row in norms if int(row[0]) <= last[0])])

    def _add(self, name: str, lines: list[list[Any]], first: list[str] | None = None) -> None:
        if lines:
            path = self.path / name
            head = [first] if first and not path.exists() else []
            with open(path, "a", encoding="utf-8", newline="") as table:
                csv.writer(table, lineterminator="\n").writerows([*head, *lines])

    def _replace(self, name: str, lines: Iterable[list[Any]]) -> None:
        (self.path / name).unlink(missing_ok=True)
        self._add(name, list(lines))


def _text(figure: float) -> str:
    return f"{figure:.6g}"


def _line(row: Sequence[float], *scores: float) -> list[Any]:
    step, epoch, *figures = row
    return [int(step), int(epoch), *map(_text, (*figures, *scores)), *[""] * (2 - len(scores))]


def _rows_in(path: Path) -> Iterator[list[str]]:
    """The lines of a table, without one that was not written to its end. Raises RunError, OSError."""
    if path.stat().st_size > MOST_BYTES:
        raise RunError(_("{name} is too large.").format(name=path.name))
    with open(path, encoding="utf-8", newline="") as table:
        lines = (line for line in table if line.endswith("\n"))
        rows = csv.reader(lines)
        first = next(rows, [])
        yield first
        yield from (row for row in rows if len(row) == len(first))


def network(folder: Path) -> Graph:
    """The network of the run in a folder, which states how pictures become what it was trained on.
    Raises RunError, FileError."""
    about = RunAbout.read(folder)
    return with_preprocess(check.read(folder / NETWORK), about.preprocess)


def read(folder: Path) -> RunRecord:
    """The run in a folder, with its curves. Raises RunError."""
    about = RunAbout.read(folder)
    try:
        graph = check.read(folder / NETWORK)
        data = DATASETS[about.data]
        record = RunRecord(graph, data, about.recipe, about.weights, str(folder), state=about.state)
        record.reason, record.test = about.reason, about.test
        if record.active:  # its engine died, or trains it for another window
            record.state = "died"
        if (folder / CHECKPOINT).exists():
            record.checkpoint = record.trained = str(folder / CHECKPOINT)
        if about.state == "finished" and (folder / WEIGHTS).exists():
            record.trained = str(folder / WEIGHTS)
        progress = Progress(about.step, about.steps, about.recipe.epochs)
        _read_metrics(folder / METRICS, record, progress)
        if (folder / GRADIENTS).exists():
            (_step, *layers), *rows = _rows_in(folder / GRADIENTS)
            norms = np.array(rows, float).reshape(len(rows), len(layers) + 1)
            record.add_gradients(tuple(layers), norms[:, 0], norms[:, 1:].astype(np.float32))
        if (folder / CONFUSION).exists():
            _first, *rows = _rows_in(folder / CONFUSION)
            counts = [[int(count) for count in row[2:]] for row in rows[-len(data.classes) :]]
            record.confusion = np.array(counts, np.int64)
    except (FileError, OSError, ValueError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RunError(
            _("The run {name} cannot be read: {reason}").format(
                name=folder.name, reason=reason[:120]
            )
        ) from None
    return record


def _read_metrics(path: Path, record: RunRecord, progress: Progress) -> None:
    first, *lines = _rows_in(path)
    if first != [*COLUMNS, *SCORES]:
        raise RunError(_("{name} has other columns.").format(name=path.name))
    rows = np.array([line[: len(COLUMNS)] for line in lines], float).reshape(-1, len(COLUMNS))
    step = int(rows[-1, 0]) if len(rows) else progress.step
    record.add(rows[:, 0], rows[:, 2], rows[:, 3], replace(progress, step=max(step, progress.step)))
    for line in lines:
        if line[-1]:
            record.history.validate(float(line[0]), float(line[-2]), float(line[-1]))


def listed(root: Path) -> list[tuple[Path, RunAbout]]:
    """The runs that have a folder in `root`, the latest first; what is no run is left out."""
    found = []
    for folder in root.glob("*"):
        try:
            found.append((folder, RunAbout.read(folder)))
        except RunError:
            continue
    return sorted(found, key=lambda each: each[1].started, reverse=True)
