"""Weights on their way into a network, and a network with its weights on its way out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from explorer.engine import checkpoint, onnx, weights
from explorer.engine.failure import EngineError
from explorer.engine.match import ForeignWeights, Match, adopt
from explorer.engine.model import Model, build
from explorer.graph.graph import Graph
from explorer.text import _

FORMS = ("safetensors", "onnx")


def bring(graph: Graph, file: Path) -> tuple[Model, Match]:
    """The network of `graph` on the CPU with the weights of `file`, and how they were matched.

    Raises EngineError, ForeignWeights if they are another network's.
    """
    found = weights.read(file)
    model = build(graph, torch.device("cpu"))
    return model, adopt(model.net, found.tensors, found.ordered)


def save(
    model: Model, form: object, path: Path, source: Path | None = None
) -> onnx.Exported | None:
    """Writes the network's weights as "safetensors", or all of it as "onnx"; `source` is the file
    that they came from. What it says of an ONNX file. Raises EngineError."""
    if form == "onnx":
        return onnx.write(model, path)
    if form not in FORMS:
        raise EngineError(
            _("There is no form “{form}”; there are: {forms}.").format(
                form=str(form)[:40], forms=", ".join(FORMS)
            )
        )
    if path.is_dir():
        raise EngineError(_("{path} is a folder; name the file to write.").format(path=path))
    if not path.parent.is_dir():
        raise EngineError(
            _("{path} cannot be written: {fault}.").format(
                path=path, fault=_("there is no such folder")
            )
        )
    _write(model, path, source)
    return None


def _write(model: Model, path: Path, source: Path | None) -> None:
    about = {"name": model.graph.name} | ({"from": source.name} if source else {})
    checkpoint.write(path, model.net.state_dict(), about)


def imported(graph: Graph, file: Path, to: Path) -> dict[str, Any]:
    """Writes the weights of `file` to `to`, whose folder is made, under the names of `graph`; the
    `imported` answer, in which "path" is null if they do not fit and nothing was written."""
    try:
        model, match = bring(graph, file)
    except ForeignWeights as fault:
        return {"say": "imported", "path": None, "sentence": str(fault), "rows": fault.match.rows()}
    _write(model, to, file)
    return {"say": "imported", "path": str(to), "sentence": match.sentence, "rows": match.rows()}


def exported(model: Model, request: Mapping[str, Any]) -> dict[str, Any]:
    """Does an `export` request; its answer."""
    path = checkpoint.path_of(request.get("path"))
    made = save(model, request.get("form"), path)
    return {
        "say": "exported",
        "form": request.get("form"),
        "path": str(path),
        "difference": made and made.difference,
        "largest": made and made.largest,
        "dynamic": made and made.dynamic,
    }
