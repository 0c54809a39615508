"""The classes that a network with weights finds likeliest for one photo."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from explorer.analysis.report import analyse
from explorer.catalog import published
from explorer.catalog.layers import text_of
from explorer.catalog.preprocess import class_names
from explorer.engine import photos
from explorer.engine.failure import EngineError
from explorer.engine.model import gives_probabilities
from explorer.engine.photos import Sample
from explorer.engine.run_files import found
from explorer.engine.transfer import load
from explorer.graph.graph import Graph
from explorer.runs.folder import BEST, CHECKPOINT, WEIGHTS, RunError, network
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


class Predictor:
    """A network with weights, and how pictures become what it takes."""

    def __init__(self, graph: Graph, file: Path | None = None) -> None:
        """The weights come from `file`, else they are those published under the network's name.

        Pictures are prepared, and classes named, as the network itself states, else the file with the
        weights, else as for ImageNet. Raises EngineError, also if there are no weights.
        """
        file = file or published.weights(graph.name)
        if file is None:
            raise EngineError(
                _(
                    "No weights come with {name}: give a file of them with --weights; there "
                    "are weights for {names}."
                ).format(name=graph.name, names=", ".join(published.names()))
            )
        output = analyse(graph).output
        if output is not None and len(output) != 1:
            raise EngineError(
                _("The network gives {shape}, not a vector with a number for each class.").format(
                    shape=text_of(output)
                )
            )
        self.model, self.match = load(graph, file)
        assert output is not None  # of a network that was built
        self.model.net.eval()
        self._names = class_names(output[0], self.model.preprocess.classes)
        self._gives_probabilities = gives_probabilities(self.model.report)

    def sample(self, photo: Path) -> Sample:
        """The photo as the network takes it. Raises EngineError."""
        return photos.sample(photo, self.model.preprocess, CPU)

    def answers(self, sample: Sample, top: int = 5) -> list[tuple[str, float]]:
        """The likeliest classes of a photo and their probabilities, the likeliest first."""
        with torch.inference_mode():
            logits = self.model.net(sample.images)[0]
        return answers(logits, self._names, top, self._gives_probabilities)


def predict(
    graph: Graph, photo: Path, file: Path | None = None, top: int = 5
) -> list[tuple[str, float]]:
    """The likeliest classes of one photo, see `Predictor`. Raises EngineError."""
    predictor = Predictor(graph, file)
    return predictor.answers(predictor.sample(photo), top)


def of_run(name: str) -> tuple[Graph, Path]:
    """The network of a run and the file of its weights: those at its end, else the best, else the last
    that were saved. Raises EngineError, FileError."""
    folder = found(name)
    try:
        graph = network(folder)
    except RunError as error:
        raise EngineError(str(error)) from None
    for file in (WEIGHTS, BEST, CHECKPOINT):
        if (folder / file).exists():
            return graph, folder / file
    raise EngineError(_("The run {name} has saved no weights yet.").format(name=folder.name))
