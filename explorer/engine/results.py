"""The files of a finished run: its weights, its metrics and its graph."""

import csv
import io
import re
import tempfile
from pathlib import Path

from explorer.engine import checkpoint
from explorer.engine.failure import EngineError, unwritable
from explorer.engine.training import COLUMNS, TrainingRun
from explorer.graph import file
from explorer.text import _

WEIGHTS, METRICS = "weights.safetensors", "metrics.csv"


def write(run: TrainingRun, folder: Path) -> tuple[Path, ...]:
    """Writes weights.safetensors, metrics.csv and <name>.cnn.json; returns their paths.

    Each is written to a temporary and renamed. Raises EngineError if the folder cannot be written.
    """
    graph = run.model.graph
    name = re.sub(r"[^\w-]+", "_", graph.name).strip("_") or "network"
    paths = folder / WEIGHTS, folder / METRICS, folder / f"{name}{file.SUFFIX}"
    about = {"name": graph.name, "data": run.pictures.about.name, "recipe": run.recipe.as_dict()}
    checkpoint.write(paths[0], run.model.net.state_dict(), about)
    try:
        file.replace_bytes(paths[1], _metrics(run).encode("utf-8"))
        file.write(graph, paths[2])
    except OSError as fault:
        raise unwritable(folder, fault) from None
    return paths


def check(folder: Path) -> None:
    """Raises EngineError if `write` could not write to the folder; leaves nothing there."""
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        finally:
            for each in missing:
                each.rmdir()
    except (FileExistsError, NotADirectoryError):
        raise EngineError(
            _("{path} cannot be written: it is not a folder.").format(path=folder)
        ) from None
    except (OSError, ValueError) as fault:
        raise unwritable(folder, fault) from None
    for path in (folder / WEIGHTS, folder / METRICS):
        if path.is_dir():
            raise EngineError(_("{path} cannot be written: it is a folder.").format(path=path))


def _metrics(run: TrainingRun) -> str:
    """One line per step; the validation's figures are in the line of an epoch's last step."""
    scores = {each.step: each.score for each in run.validated}
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*COLUMNS, "validation_loss", "validation_accuracy"])
    for rows in run.history:
        for step, epoch, *figures in rows.tolist():
            score = scores.get(int(step))
            figures += [score.loss, score.accuracy] if score else []
            shown = [f"{figure:.6g}" for figure in figures] + ([] if score else ["", ""])
            lines.writerow([int(step), int(epoch), *shown])
    return text.getvalue()
