"""What a network with weights answers on one photo."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from explorer.catalog import published
from explorer.catalog.datasets import DATASETS, PHOTOS, DataSet, class_names
from explorer.engine import photos, weights
from explorer.engine.failure import EngineError
from explorer.engine.model import build, gives_chances
from explorer.engine.weight_import import Match, adopt
from explorer.graph.graph import Graph
from explorer.text import _

CPU = torch.device("cpu")


def answers(
    logits: Tensor, names: Sequence[str], top: int, chances: bool = False
) -> list[tuple[str, float]]:
    """The `top` likeliest classes, the likeliest first, with their probabilities.

    logits: (classes,), or probabilities, if `chances`.
    """
    logits = logits.detach().float()
    likely = (logits if chances else logits.softmax(0)).topk(min(top, len(logits)))
    return [
        (names[index], chance)
        for chance, index in zip(likely.values.tolist(), likely.indices.tolist(), strict=True)
    ]


def predict(
    graph: Graph,
    photo: Path,
    file: Path | None = None,
    top: int = 5,
    tell: Callable[[Match], None] | None = None,
) -> list[tuple[str, float]]:
    """The likeliest classes of a photo and their probabilities.

    The weights come from `file`, else they are those published under the network's name. A file of
    a run of ours says on which data set it was trained: pictures and names are as there. `tell`
    gets to know how the weights were matched. Raises EngineError, also if there are no weights.
    """
    file = file or published.weights(graph.name)
    if file is None:
        raise EngineError(
            _(
                "No weights come with {name}: give a file of them with --weights; there "
                "are some for {names}."
            ).format(name=graph.name, names=", ".join(published.names()))
        )
    found = weights.read(file)
    model = build(graph, CPU)
    output = model.report.output
    if output is None or len(output) != 1:
        raise EngineError(
            _("The network gives {shape}, no vector with a number for each class.").format(
                shape="×".join(map(str, output or ()))
            )
        )
    match = adopt(model.net, found.tensors, found.ordered)
    if tell is not None:
        tell(match)
    data = _trained_on(found, graph, output[0])
    sample = photos.sample(photo, graph.input, data, CPU)
    with torch.inference_mode():
        logits = model.net.eval()(sample.images)[0]
    return answers(logits, class_names(output[0], data), top, gives_chances(model.report))


def _trained_on(found: weights.Weights, graph: Graph, classes: int) -> DataSet:
    data = DATASETS.get(str(found.about.get("data")))
    if data is not None and data.input == graph.input and len(data.classes) == classes:
        return data
    return PHOTOS
