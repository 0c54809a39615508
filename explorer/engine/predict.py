"""The classes that a network with weights finds likeliest for one photo."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from explorer.catalog import published
from explorer.catalog.datasets import DATASETS, PHOTOS, DataSet, class_names
from explorer.catalog.layers import text_of
from explorer.engine import photos, weights
from explorer.engine.failure import EngineError
from explorer.engine.model import build, gives_probabilities
from explorer.engine.weight_import import Match, adopt
from explorer.graph.graph import Graph
from explorer.text import _

CPU = torch.device("cpu")


def answers(
    logits: Tensor, names: Sequence[str], top: int, probabilities: bool = False
) -> list[tuple[str, float]]:
    """The `top` likeliest classes, the likeliest first, with their probabilities.

    logits: (classes,) logits, or probabilities already if `probabilities`.
    """
    logits = logits.detach().float()
    likely = (logits if probabilities else logits.softmax(0)).topk(min(top, len(logits)))
    return [
        (names[index], each)
        for each, index in zip(likely.values.tolist(), likely.indices.tolist(), strict=True)
    ]


def predict(
    graph: Graph,
    photo: Path,
    file: Path | None = None,
    top: int = 5,
    on_match: Callable[[Match], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> list[tuple[str, float]]:
    """The likeliest classes of a photo and their probabilities.

    The weights come from `file`, else they are those published under the network's name. Pictures
    are prepared, and classes named, as in the data set that a file of this program states. `on_match`
    is called with the match of the weights, `on_note` with what of the photo is not shown as it is.
    Raises EngineError, also if there are no weights.
    """
    file = file or published.weights(graph.name)
    if file is None:
        raise EngineError(
            _(
                "No weights come with {name}: give a file of them with --weights; there "
                "are weights for {names}."
            ).format(name=graph.name, names=", ".join(published.names()))
        )
    found = weights.read(file)
    model = build(graph, CPU)
    output = model.report.output
    if output is None or len(output) != 1:
        raise EngineError(
            _("The network gives {shape}, not a vector with a number for each class.").format(
                shape=text_of(output or ())
            )
        )
    match = adopt(model.net, found.tensors, found.ordered)
    if on_match is not None:
        on_match(match)
    data = _trained_on(found, graph, output[0])
    sample = photos.sample(photo, graph.input, data, CPU)
    if sample.note and on_note is not None:
        on_note(sample.note)
    with torch.inference_mode():
        logits = model.net.eval()(sample.images)[0]
    return answers(logits, class_names(output[0], data), top, gives_probabilities(model.report))


def _trained_on(found: weights.Weights, graph: Graph, classes: int) -> DataSet:
    data = DATASETS.get(str(found.about.get("data")))
    if data is not None and data.input == graph.input and len(data.classes) == classes:
        return data
    return PHOTOS
