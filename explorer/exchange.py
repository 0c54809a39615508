"""The commands that carry weights in and out: import, predict, export to safetensors and ONNX.

Each gives an exit status as `explorer.cli` has it, and raises EngineError with one sentence.
"""

import sys
from pathlib import Path

from explorer.catalog import published
from explorer.engine import predict, transfer
from explorer.engine.model import Model, build
from explorer.engine.weight_import import ForeignWeights, Match
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
    if match.renamed and not report:
        print(_("--report lists which went where"))
    if output is not None:
        print(output)
    return 0


def export(graph: Graph, form: str, output: Path, file: Path | None, seed: int | None) -> int:
    """Write a network with the weights of a file, else with those published for it, unless a seed is
    given; else with drawn ones. Say what was written."""
    model, source, which = _with_weights(graph, file, seed)
    made = transfer.save(model, form, output, source)
    if made is None:
        print(output)
        print(which)
        return 0
    print(*made.files, sep="\n")
    print(which)
    batch = _("any number of pictures at a time") if made.dynamic else _("one picture at a time")
    print(
        _(
            "onnxruntime's outputs differ by at most {difference:.1e}, of outputs up to {largest:.3g}; "
            "{batch}"
        ).format(difference=made.difference, largest=made.largest, batch=batch)
    )
    return 0


def _with_weights(
    graph: Graph, file: Path | None, seed: int | None
) -> tuple[Model, Path | None, str]:
    """The network, the file that its weights came from, and a line that says which they are."""
    if file is not None:
        model, match = transfer.bring(graph, file)
        return (
            model,
            file,
            _("with the weights of {file}: {sentence}").format(
                file=file.name, sentence=match.sentence
            ),
        )
    known = published.weights(graph.name) if seed is None else None
    if known is not None:
        try:
            return transfer.bring(graph, known)[0], known, _("with its published weights")
        except ForeignWeights:  # the template's name, but no longer its layers
            pass
    return (
        build(graph, predict.CPU, seed or 0),
        None,
        _("with weights drawn from seed {seed}").format(seed=seed or 0),
    )


def answer(graph: Graph, photo: Path, file: Path | None, top: int) -> int:
    """Print what a network takes a photo for."""
    matches: list[Match] = []
    for name, chance in predict.predict(graph, photo, file, top, matches.append):
        print(f"{chance:.2f}  {name}")
    if any(match.ordered or match.wild for match in matches):
        print(matches[0].sentence, file=sys.stderr)
    return 0
