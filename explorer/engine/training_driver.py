"""A whole run without a window, as the command line trains."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from explorer.engine import data, device, results
from explorer.engine.data import Pictures
from explorer.engine.failure import EngineError
from explorer.engine.model import Model, build
from explorer.engine.precision import PRECISIONS, supported
from explorer.engine.training import EpochScore, TrainingRun, choose
from explorer.graph.graph import Graph
from explorer.runs.recipe import AUTO, Recipe


def prepare(graph: Graph, set_name: str, name: str, recipe: Recipe) -> tuple[Model, Pictures]:
    """A new model of `graph` and its pictures on the device `name`; raises EngineError."""
    place = device.pick(name)
    if place.type == "cpu":
        device.lower_priority()
    pictures = data.load(set_name, place)
    return build(graph, place, recipe.seed, pictures.about), pictures


@dataclass(frozen=True)
class Result:
    """How a run ended. accuracy: on the test set, 0 to 1; seconds: of the whole run."""

    accuracy: float
    loss: float
    mode: str
    steps: int
    seconds: float
    files: tuple[Path, ...]


def train(
    graph: Graph,
    data_name: str = "fashion-mnist",
    recipe: Recipe | None = None,
    device_name: str = "auto",
    out: Path | None = None,
    progress: Callable[[TrainingRun, EpochScore | None], None] | None = None,
) -> Result:
    """Trains `graph` to the end, as `cnn-explorer train` does.

    `progress(run, validated)` is called at display rate, and with a score after each epoch. Weights,
    metrics and graph are written to the folder `out`, if it is given. Raises EngineError.
    """
    start = time.perf_counter()
    recipe = recipe or Recipe()
    if out is not None:
        results.check(out)
    device.settle_threads()
    model, pictures = prepare(graph, data_name, device_name, recipe)
    if recipe.mode == AUTO or PRECISIONS[recipe.mode] not in supported(model.device):
        *_, measured = choose(model, pictures, recipe)
        recipe = replace(recipe, mode=measured[0][0])
    run = TrainingRun(model, pictures, recipe)
    shown = 0.0
    while not run.finished:
        validated = run.advance()
        if validated or time.perf_counter() - shown > 0.1:
            if lost := run.fetch().lost:
                raise EngineError(lost)
            shown = time.perf_counter()
            if progress:
                progress(run, validated)
    score = run.validated[-1].score
    files = results.write(run, out) if out is not None else ()
    return Result(
        score.accuracy, score.loss, recipe.mode, run.step, time.perf_counter() - start, files
    )
