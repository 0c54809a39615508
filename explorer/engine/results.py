"""What a finished run leaves in its folder: the weights, the metrics and the graph."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from explorer.engine import checkpoint
from explorer.engine.failure import EngineError
from explorer.engine.validation import Score
from explorer.graph import file
from explorer.graph.graph import Graph
from explorer.text import _

WEIGHTS, METRICS = "weights.safetensors", "metrics.csv"


def write(
    folder: Path,
    graph: Graph,
    weights: Mapping[str, Tensor],
    about: Mapping[str, Any],
    metrics: str,
) -> tuple[Path, ...]:
    """Writes weights.safetensors, metrics.csv and <name>.cnn.json; returns their paths.

    about: what the file of the weights says of them. Each is written to a temporary and renamed.
    Raises EngineError if the folder cannot be written.
    """
    name = re.sub(r"[^\w-]+", "_", graph.name).strip("_") or "network"
    paths = folder / WEIGHTS, folder / METRICS, folder / f"{name}{file.SUFFIX}"
    checkpoint.write(paths[0], weights, about)
    try:
        file.replace_text(paths[1], metrics)
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


def metrics(
    columns: Iterable[str], history: Iterable[np.ndarray], scores: Mapping[int, Score]
) -> str:
    """One line a step, as CSV; the validation's figures stand in the line of an epoch's last step."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([*columns, "validation_loss", "validation_accuracy"])
    for rows in history:
        for step, epoch, *figures in rows.tolist():
            score = scores.get(int(step))
            figures += [score.loss, score.accuracy] if score else []
            shown = [f"{figure:.6g}" for figure in figures] + ([] if score else ["", ""])
            lines.writerow([int(step), int(epoch), *shown])
    return text.getvalue()
