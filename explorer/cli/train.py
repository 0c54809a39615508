"""train: trains a network by a recipe and writes the files of the run."""

import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

from explorer.catalog import templates
from explorer.catalog.datasets import DATASETS
from explorer.catalog.layers import text_of
from explorer.cli import network
from explorer.cli.parser import engine_errors, figure
from explorer.runs.recipe import FIELDS, Recipe
from explorer.text import _


def declare(parser: ArgumentParser) -> None:
    """Adds its arguments."""
    network.declare(parser)
    parser.add_argument(
        "--data", choices=DATASETS, default="fashion-mnist", help=_("data set (%(default)s)")
    )
    parser.add_argument(
        "--device",
        default="auto",
        help=_("device to train on: auto, cpu, cuda:0, mps, xpu:0 (%(default)s)"),
    )
    for name, field in FIELDS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=partial(figure, field),
            metavar=name.upper(),
            help=f"{field.doc} ({field.absent or field.default})".replace("%", "%%"),
        )
    parser.add_argument(
        "--out", type=Path, help=_("folder for weights, metrics and network (runs/NAME)")
    )


def run(given: Namespace) -> int:
    """Trains with a progress bar; 1 if the network has problems."""
    from explorer.analysis.report import analyse

    data = DATASETS[given.data]
    graph = network.load(given.network, data=data)
    if given.network in templates.names():
        print(
            _("{name} now takes the pictures of {data}: {input}, {count} classes").format(
                name=graph.name, data=data.title, input=text_of(data.input), count=len(data.classes)
            )
        )
    if network.print_problems(analyse(graph, data)):
        return 1
    from explorer.cli.terminal import TrainingBar

    folder = given.out or Path("runs") / graph.name
    try:
        with engine_errors():
            from explorer.engine.training_driver import train

            result = train(
                graph, data.name, Recipe.of(vars(given)), given.device, folder, TrainingBar()
            )
    except KeyboardInterrupt:
        print(_("\nstopped; nothing was written"), file=sys.stderr)
        return 130
    print(
        _("test accuracy {accuracy:.2%} after {seconds:.0f} s ({mode})").format(
            accuracy=result.accuracy, seconds=result.seconds, mode=result.mode
        )
    )
    for path in result.files:
        print(path)
    return 0
