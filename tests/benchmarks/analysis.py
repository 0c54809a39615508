"""Full analysis of cifar_resnet1202 and resnet152 against torchinfo's summary of the same network,
in one run.

    python tests/benchmarks/analysis.py [--rounds 30]

Full: every shape, the totals, the problems and the list of all 561 layers. Cold: nothing is
remembered; the expansion of stages and blocks is included. After one edit: one parameter of one
node has a value that it never had, everything else is remembered, as while a person turns a spin
box: ten edits in a row, the time of one; each node of the network takes its turn, once for the
analysis alone and once until the list of layers stands too. torchinfo runs
the module of the exported source at 1×3×224×224 with depth 10. Medians, and ratios to torchinfo's.
"""

import argparse
import gc
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from explorer.analysis.facts import forget
from explorer.analysis.layer import layers_of
from explorer.analysis.report import Report, analyse
from explorer.analysis.source import class_name, source
from explorer.catalog import templates
from explorer.graph import edits
from explorer.graph.graph import Graph

NAME, DEEPEST = "resnet152", "cifar_resnet1202"
TURNS = 10


EDITS = (
    ("stem", "out_channels"),
    ("layer1", "width"),
    ("layer2", "width"),
    ("layer3", "width"),
    ("layer4", "width"),
    ("head", "classes"),
)


def analysed(graph: Graph) -> Report:
    """Shapes, totals and problems."""
    report = analyse(graph)
    assert report.ok and report.params and report.macs and report.activations
    return report


def listed(graph: Graph) -> int:
    """The same, and the list of layers: all that the window shows of a network; their number."""
    return len(analysed(graph).layers())


def taken(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    gc.collect()
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def cold(name: str, work: Callable[[Graph], object]) -> float:
    graph = templates.build(name)
    forget()
    layers_of.cache_clear()
    return taken(lambda: work(graph))


def edited(work: Callable[[Graph], object], node: str, param: str, values: range) -> float:
    """Of an edit and the analysis after it; no round before had one of the values."""
    graph = templates.build(NAME)
    listed(graph)

    def turn() -> None:
        for value in values:
            work(edits.set_params(graph, node, {param: value}))

    return taken(turn) / len(values)


def summarised(name: str) -> Callable[[], object]:
    """torchinfo's summary of the same network."""
    import torch
    from torchinfo import summary

    graph = templates.build(name)
    space: dict = {"__name__": "exported"}
    exec(source(analyse(graph)).text, space)
    network = space[class_name(graph)]().eval()

    def summarise():
        with torch.no_grad():
            summary(network, (1, *graph.input), depth=10, verbose=0)

    summarise()
    return summarise


def told(name: str, rounds: int, figures: dict[str, list[float]]) -> None:
    theirs = statistics.median(figures.pop("torchinfo"))
    print(f"{name}, medians of {rounds} rounds; torchinfo {theirs:.0f} ms")
    for what, each in figures.items():
        median = statistics.median(each)
        print(f"{what:<52} {median:7.3f} ms   {theirs / median:7,.0f}× faster")


def deepest(rounds: int) -> None:
    """The deepest network of the literature, of nearly 5,000 layers, cold."""
    others, figures = summarised(DEEPEST), defaultdict(list)
    for _number in range(rounds):
        figures["cold, shapes, totals and problems"].append(cold(DEEPEST, analysed))
        figures["cold, with the list of layers"].append(cold(DEEPEST, listed))
        figures["torchinfo"].append(taken(others))
    told(DEEPEST, rounds, figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="of ours; of torchinfo a third")
    rounds = parser.parse_args().rounds
    deepest(max(3, rounds // 6))
    others = summarised(NAME)
    figures: dict[str, list[float]] = defaultdict(list)
    value = 300
    for number in range(rounds):
        figures["cold, with the list of layers"].append(cold(NAME, listed))
        for node, param in EDITS:
            for work, what in ((analysed, "analysis"), (listed, "with the list of layers")):
                value += TURNS
                figures[f"after {node}.{param}: {what}"].append(
                    edited(work, node, param, range(value, value + TURNS))
                )
        if number % 3 == 0:
            figures["torchinfo"].append(taken(others))
    for what in ("analysis", "with the list of layers"):
        figures[f"after one edit (any node): {what}"] = [
            each
            for name, found in figures.items()
            if name.endswith(what) and "after" in name
            for each in found
        ]
    told(NAME, rounds, figures)


if __name__ == "__main__":
    main()
