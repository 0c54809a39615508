"""What a finished run leaves in its folder: the weights, the metrics and the graph."""

import csv
import io
import re
import tempfile
from pathlib import Path

from explorer.engine import checkpoint
from explorer.engine.failure import EngineError
from explorer.engine.training import TrainingRun
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
        raise EngineError(
            _("{path} cannot be written: {fault}.").format(path=folder, fault=fault)
        ) from None
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
    except (OSError, ValueError) as fault:
        reason = (
            _("it is no folder")
            if isinstance(fault, (FileExistsError, NotADirectoryError))
            else getattr(fault, "strerror", None) or fault
        )
        raise EngineError(
            _("{path} cannot be written: {fault}.").format(path=folder, fault=reason)
        ) from None
    for name in (WEIGHTS, METRICS):
        if (folder / name).is_dir():
            raise EngineError(
                _("{path} cannot be written: {fault}.").format(
                    path=folder / name, fault=_("it is a folder")
                )
            )


def _metrics(run: TrainingRun) -> str:
    """One line a step; the validation's figures stand in the line of an epoch's last step."""
    scores = {each.step: each.score for each in run.validated}
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*run.columns, "validation_loss", "validation_accuracy"])
    for rows in run.history:
        for step, epoch, *figures in rows.tolist():
            score = scores.get(int(step))
            figures += [score.loss, score.accuracy] if score else []
            shown = [f"{figure:.6g}" for figure in figures] + ([] if score else ["", ""])
            lines.writerow([int(step), int(epoch), *shown])
    return text.getvalue()
