"""The probe: answers all looks at one picture by one pass, and leaves no trace in the model."""

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.catalog.preprocess import class_names
from explorer.engine.data import Pictures
from explorer.engine.failure import EngineError
from explorer.engine.model import Model, gives_probabilities
from explorer.engine.photos import Photos
from explorer.engine.probes.passes import Pass, fetch
from explorer.engine.stepwise_forward import INPUT, StepwiseForward
from explorer.graph.path import NodePath
from explorer.protocol.looks import Look
from explorer.protocol.messages import Seen
from explorer.text import _

LOOKS = {
    look: import_module(f"explorer.engine.probes.{look.__name__.lower()}")
    for look in get_args(Look)
}
"""Each look with the file that computes it, which bears its name."""


class Probe:
    """Looks at one model with the pictures of one data set, without leaving a trace in it.

    The model's `.grad`, BatchNorm statistics and the random number generators stay as they were:
    the forward pass runs in eval mode, where dropout is off and statistics are only read, and the
    gradients are computed with torch.autograd.grad.
    """

    def __init__(self, model: Model, pictures: Pictures | Photos) -> None:
        self.model, self.pictures = model, pictures
        self._forward = StepwiseForward(model.report, model.net)
        output = model.report.output
        self._names: Sequence[str] = ()
        if output is not None and len(output) == 1:
            self._names = class_names(output[0], pictures.about.classes, model.preprocess.classes)
        self._gives_probabilities = gives_probabilities(model.report)

    def look(self, looks: Sequence[Look]) -> list[Seen]:
        """An answer to each of the looks, all at one picture.

        The gradients are those of the cross entropy; for a photo, which has no label, with the
        network's own guess as label; where the output is no vector, those of its mean square.
        Raises EngineError if there is no such node or picture.
        """
        through = self._pass(looks)
        with torch.no_grad():
            wanted = [LOOKS[type(each)].reduce(each, through) for each in looks]
            whole = fetch(
                {
                    f"{place}.{key}": t
                    for place, each in enumerate(wanted)
                    for key, t in each.items()
                }
            )
        answers = []
        for place, (each, part) in enumerate(zip(looks, wanted, strict=True)):
            fetched = {key: whole[f"{place}.{key}"] for key in part}
            figures, arrays = LOOKS[type(each)].describe(each, through, fetched)
            more = place < len(looks) - 1
            answers.append(Seen(look=each, figures=figures, arrays=arrays, more=more))
        return answers

    def _pass(self, looks: Sequence[Look]) -> Pass:
        paths = {each.path: self._producer(each.path) for each in looks if hasattr(each, "path")}
        sample = self.pictures.sample(looks[0].image, self.model.preprocess)
        if self.model.report.output != (len(self.pictures.about.classes),):
            sample = replace(sample, label=None)  # its classes are not those of the data set
        weights = self.model.weights
        training = self.model.net.training
        self.model.net.eval()
        try:
            with torch.enable_grad():
                logits, values = self._forward.run(sample.images, set(paths.values()))
                loss = self._loss(logits.float(), sample.label)
                slopes = torch.autograd.grad(loss, weights, allow_unused=True) if weights else ()
        finally:
            self.model.net.train(training)
        named = {path: values[producer].detach() for path, producer in paths.items()}
        return Pass(
            self.model,
            sample,
            named,
            logits.detach().float(),
            loss.detach(),
            slopes,
            self._names,
            self._gives_probabilities,
        )

    def _loss(self, logits: Tensor, label: Tensor | None) -> Tensor:
        if not self._names:
            return logits.square().mean()
        label = logits.detach().argmax(1) if label is None else label
        return F.cross_entropy(logits, label)

    def _producer(self, path: str) -> str:
        if path == INPUT:
            return INPUT
        try:
            return self.model.report.producer(NodePath.of(path))
        except KeyError:
            if path in {layer.path for layer in self.model.report.layers()}:
                return path
        raise EngineError(
            _("There is no node “{path}” between the input and the output.").format(path=path[:80])
        )
