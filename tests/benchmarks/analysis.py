"""Full analysis of resnet152 against torchinfo's summary of the same network, in one run.

    python tests/benchmarks/analysis.py [--rounds 30]

Cold: nothing is remembered, the template is already built; the sweep, the totals, the problems and
the list of all layers (expansion included). After one edit: one parameter of one node is another,
everything else is remembered; again until the list of all layers stands. torchinfo runs the module
of the exported source at 1×3×224×224 with depth 10. Prints medians and their ratios.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from explorer.analysis.facts import forget  # noqa: E402
from explorer.analysis.report import analyse  # noqa: E402
from explorer.analysis.source import class_name, source  # noqa: E402
from explorer.catalog import templates  # noqa: E402
from explorer.graph import edits  # noqa: E402
from explorer.graph.graph import Graph  # noqa: E402

NAME = "resnet152"


def full(graph: Graph) -> int:
    """Everything that the window shows of a network; the number of its layers."""
    report = analyse(graph)
    assert report.ok and report.params and report.macs and report.activations
    return len(report.layers())


def taken(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    gc.collect()
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def cold() -> float:
    graph = templates.build(NAME)
    forget()
    return taken(lambda: full(graph))


def edited(width: int) -> float:
    """After an edit that no round before made: the third stage becomes so wide."""
    graph = templates.build(NAME)
    full(graph)
    return taken(lambda: full(edits.set_params(graph, "layer3", {"width": width})))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="of ours; of torchinfo a third")
    rounds = parser.parse_args().rounds

    import torch
    from torchinfo import summary

    space: dict = {"__name__": "exported"}
    graph = templates.build(NAME)
    exec(source(analyse(graph)), space)
    network = space[class_name(graph)]().eval()
    figures: dict[str, list[float]] = {"cold": [], "after one edit": [], "torchinfo": []}

    def others():
        with torch.no_grad():
            summary(network, (1, 3, 224, 224), depth=10, verbose=0)

    others()
    for number in range(rounds):
        figures["cold"].append(cold())
        figures["after one edit"].append(edited(257 + number))
        if number % 3 == 0:
            figures["torchinfo"].append(taken(others))
    medians = {name: statistics.median(each) for name, each in figures.items()}
    print(f"{NAME}, medians of {rounds} rounds (torchinfo {len(figures['torchinfo'])})")
    for name, median in medians.items():
        print(f"{name:>16}  {median:9.3f} ms" + (
            "" if name == "torchinfo" else f"   {medians['torchinfo'] / median:7,.0f}× faster"))


if __name__ == "__main__":
    main()
