"""The commands that carry weights in and out: import, predict, export to safetensors and ONNX.

Each gives an exit status as `explorer.cli` has it, and raises EngineError with one sentence.
"""

from pathlib import Path

from explorer.engine import predict, transfer
from explorer.engine.match import ForeignWeights
from explorer.engine.model import build
from explorer.graph.graph import Graph
from explorer.text import _


def import_weights(graph: Graph, file: Path, output: Path | None, report: bool) -> int:
    """Match a file of weights to a network, print what came of it, write them under our names."""
    try:
        model, match = transfer.bring(graph, file)
    except ForeignWeights as fault:
        if report:
            print(*fault.match.lines(), sep="\n")
        raise
    if output is not None:
        transfer.save(model, "safetensors", output, file)
    if report:
        print(*match.lines(), sep="\n")
    print(match.sentence)
    if match.ordered and not report:
        print(_("--report lists which went where"))
    if output is not None:
        print(output)
    return 0


def export(graph: Graph, form: str, output: Path, file: Path | None, seed: int) -> int:
    """Write a network with weights, those of a file, or drawn from `seed`; say what was written."""
    if file is None:
        model = build(graph, predict.CPU, seed)
    else:
        model, _match = transfer.bring(graph, file)
    made = transfer.save(model, form, output, file)
    if made is None:
        print(output)
        return 0
    print(*made.files, sep="\n")
    batch = _("any number of pictures at a time") if made.dynamic else _("one picture at a time")
    print(_("onnxruntime's outputs differ by at most {difference:.1e}, of outputs up to {largest:.3g}; "
            "{batch}").format(difference=made.difference, largest=made.largest, batch=batch))
    return 0


def answer(graph: Graph, photo: Path, file: Path | None, top: int) -> int:
    """Print what a network takes a photo for."""
    for name, chance in predict.predict(graph, photo, file, top):
        print(f"{chance:.2f}  {name}")
    return 0
