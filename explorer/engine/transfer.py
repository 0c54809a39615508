"""Imports weights into a network, and exports a network with its weights."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType

import torch

from explorer.catalog import check, published, templates
from explorer.engine import checkpoint, onnx, weights
from explorer.engine.failure import EngineError
from explorer.engine.model import Model, build
from explorer.engine.weight_import import ForeignWeights, Match, adopt_file
from explorer.graph.graph import Graph
from explorer.protocol.messages import Export, Exported, Import, Imported
from explorer.text import _


def load(graph: Graph, file: Path, wanted: str = "", partial: bool = False) -> tuple[Model, Match]:
    """The network of `graph` on the CPU with the weights of `file`, and how they were matched; see
    `adopt_file`.

    Raises EngineError, ForeignWeights if they are another network's.
    """
    content = weights.read(file)
    about = content.about or published.about(file)
    model = build(graph, torch.device("cpu"), about=about)
    return model, adopt_file(model.net, content, wanted, partial)


def template_for(name: str, file: Path) -> Graph:
    """The template of that name for the pictures and classes that a file of weights states; as it was
    published, if it states none. Raises EngineError."""
    stated = checkpoint.preprocess_of(checkpoint.about(file))
    if stated is None:
        return templates.build(name)
    return templates.build(name, stated.input, len(stated.classes) or None)


def save(model: Model, form: str, path: Path, source: Path | None = None) -> onnx.Exported | None:
    """Writes the network with its weights in one of the forms that the engine makes; `source` is the
    file that they came from. Returns the description of an ONNX file. Raises EngineError."""
    if form not in WRITERS:
        raise EngineError(
            _("There is no form “{form}”; there are: {forms}.").format(
                form=form[:40], forms=", ".join(WRITERS)
            )
        )
    if path.is_dir():
        raise EngineError(_("{path} is a folder; name the file to write.").format(path=path))
    if not path.parent.is_dir():
        raise EngineError(_("{path} cannot be written: there is no such folder.").format(path=path))
    return WRITERS[form](model, path, source)


def _weights(model: Model, path: Path, source: Path | None) -> None:
    _write(model, path, source, ())


def _write(model: Model, path: Path, source: Path | None, without: Collection[str]) -> None:
    about = {
        "name": model.graph.name,
        **({"from": source.name} if source else {}),
        **checkpoint.described(model.stated),
    }
    state = model.net.state_dict()
    checkpoint.write(path, {name: state[name] for name in state if name not in without}, about)


WRITERS: Mapping[str, Callable[[Model, Path, Path | None], onnx.Exported | None]] = (
    MappingProxyType(
        {"safetensors": _weights, "onnx": lambda model, path, _source: onnx.write(model, path)}
    )
)
"""The function that writes each form which `explorer/analysis/form.py` assigns to the engine."""


def imported(request: Import) -> Imported:
    """Writes the weights of a file under the names of the network, if they fit, to a file whose
    folder is made."""
    graph, file = check.from_dict(request.graph), checkpoint.path_of(request.file)
    to = checkpoint.path_of(request.to)
    try:
        model, match = load(graph, file, partial=request.partial)
    except ForeignWeights as fault:
        part = fault.part if fault.part.pairs else fault.match
        return Imported(
            generation=request.generation,
            path=None,
            sentence=str(fault),
            rows=tuple(part.rows()),
            part=len(fault.part.pairs),
        )
    # What was drawn is not written, so that it is drawn anew with another seed.
    _write(model, to, file, set(match.random))
    return Imported(
        generation=request.generation,
        path=str(to),
        sentence=match.sentence,
        rows=tuple(match.rows()),
    )


def exported(model: Model, request: Export) -> Exported:
    """Writes the file of the request."""
    path = checkpoint.path_of(request.path)
    made = save(model, request.form, path)
    return Exported(
        generation=request.generation,
        form=request.form,
        path=str(path),
        difference=made.difference if made else None,
        largest=made.largest if made else None,
        dynamic=made.dynamic if made else None,
    )
