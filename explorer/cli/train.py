"""train: trains a network by a recipe and writes the files of the run."""

import shlex
import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.catalog import templates
from explorer.catalog.datasets import DATASETS
from explorer.catalog.layers import text_of
from explorer.cli import network
from explorer.cli.parser import Noted, UsageError, engine_errors, figure, refuse_unused
from explorer.cli.terminal import say
from explorer.graph import file
from explorer.runs.recipe import FIELDS, Recipe
from explorer.text import _

if TYPE_CHECKING:
    from explorer.protocol.messages import Train


def declare(parser: ArgumentParser) -> None:
    """Adds its arguments."""
    network.declare(parser, optional=True)
    parser.add_argument(
        "--data",
        action=Noted,
        choices=DATASETS,
        default="fashion-mnist",
        help=_("data set (%(default)s)"),
    )
    parser.add_argument(
        "--device",
        default="auto",
        help=_("device to train on: auto, cpu, cuda:0, mps, xpu:0 (%(default)s)"),
    )
    for name, field in FIELDS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            action=Noted,
            type=partial(figure, field),
            metavar=name.upper(),
            help=f"{field.doc} ({field.absent or field.default})".replace("%", "%%"),
        )
    parser.add_argument(
        "--out",
        action=Noted,
        type=Path,
        metavar="FOLDER",
        help=_(
            "folder of the run; with a number if it is taken (NAME in the user's folder of runs)"
        ),
    )
    parser.add_argument(
        "--resume",
        metavar="RUN",
        help=_("go on with a run that ended early: its folder, or its name in the folder of runs"),
    )


def run(given: Namespace) -> int:
    """Trains with a progress bar; 1 if the network has problems, 130 if it was interrupted."""
    from explorer.cli.terminal import TrainingBar
    from explorer.protocol.messages import Train

    if (given.network is None) == (given.resume is None):
        raise UsageError(_("state a network to train, or the run to --resume"))
    if given.resume is None:
        request = _new_run(given)
    else:
        refuse_unused(given, ("--device",), _("{option} is that of the run which is resumed"))
        request = Train(graph={}, resume=given.resume, device=given.device)
    if request is None:
        return 1
    bar = TrainingBar()
    with engine_errors():
        from explorer.engine.training_driver import train

        result = train(request, bar, partial(say, stream=sys.stderr))
    bar.end()
    if result.folder is not None and not result.finished:
        say(
            _("stopped after step {step}; cnn-explorer train --resume {folder} goes on").format(
                step=result.steps, folder=shlex.quote(str(result.folder))
            ),
            stream=sys.stderr,
        )
    if not result.finished:
        return 130
    print(
        _("test accuracy {accuracy:.2%} after {seconds:.0f} s ({mode})").format(
            accuracy=result.accuracy, seconds=result.seconds, mode=result.mode
        )
    )
    say(*result.files)
    return 0


def _new_run(given: Namespace) -> "Train | None":
    """The request for a run; None if the network has problems, which are printed."""
    from explorer.analysis.misfits import misfits
    from explorer.analysis.report import analyse
    from explorer.protocol.messages import Train
    from explorer.runs.folder import folder_name

    data = DATASETS[given.data]
    graph = network.load(given.network, data=data)
    if given.network in templates.names():
        print(
            _("{name} now takes the pictures of {data}: {input}, {count} classes").format(
                name=graph.name, data=data.title, input=text_of(data.input), count=len(data.classes)
            )
        )
    report, recipe = analyse(graph, data), Recipe.of(vars(given))
    if network.print_problems(report, misfits(report, data, recipe)):
        return None
    return Train(
        graph=file.to_dict(graph),
        data=data.name,
        device=given.device,
        recipe=recipe,
        out=str(given.out.resolve()) if given.out else folder_name(graph.name),
        required=True,
    )
