"""The commands that carry weights in and out: import, predict, export to safetensors and ONNX.

Each gives an exit status as `explorer.cli` has it, and raises EngineError with one sentence.
"""

from pathlib import Path

from explorer.engine import checkpoint, onnx, predict, weights
from explorer.engine.failure import EngineError
from explorer.engine.match import ForeignWeights, adopt
from explorer.engine.model import Model, build
from explorer.graph.graph import Graph
from explorer.text import _


def import_weights(graph: Graph, file: Path, output: Path | None, report: bool) -> int:
    """Match a file of weights to a network, print what came of it, write them under our names."""
    model = build(graph, predict.CPU)
    found = weights.read(file)
    try:
        match = adopt(model.net, found.tensors, found.ordered)
    except ForeignWeights as fault:
        if report:
            print(*fault.match.lines(), sep="\n")
        raise
    if report:
        print(*match.lines(), sep="\n")
    if output is not None:
        _write(model, output, file)
    print(match.sentence)
    if match.ordered and not report:
        print(_("--report lists which went where"))
    if output is not None:
        print(output)
    return 0


def export(graph: Graph, form: str, output: Path, file: Path | None, seed: int) -> int:
    """Write a network with weights: those of a file, or drawn from `seed`."""
    model = build(graph, predict.CPU, seed)
    if file is not None:
        found = weights.read(file)
        adopt(model.net, found.tensors, found.ordered)
    for line in write(model, form, output, file):
        print(line)
    return 0


def write(model: Model, form: str, output: Path, source: Path | None = None) -> list[str]:
    """Write a model as "safetensors" or "onnx"; the lines that say what was written."""
    if form == "safetensors":
        _write(model, output, source)
        return [str(output)]
    made = onnx.write(model, output)
    batch = _("any number of pictures at a time") if made.dynamic else _("one picture at a time")
    return [*map(str, made.files),
            _("onnxruntime gives the same to {difference:.1e}; {batch}").format(
                difference=made.difference, batch=batch)]


def _write(model: Model, output: Path, source: Path | None) -> None:
    if output.is_dir():
        raise EngineError(_("{path} is a folder; name the file to write.").format(path=output))
    about = {"name": model.graph.name}
    if source is not None:
        about["from"] = source.name
    checkpoint.write(output, model.net.state_dict(), about)


def answer(graph: Graph, photo: Path, file: Path | None, top: int) -> int:
    """Print what a network takes a photo for."""
    for name, chance in predict.predict(graph, photo, file, top):
        print(f"{chance:.2f}  {name}")
    return 0
