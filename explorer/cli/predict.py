"""predict: prints the likeliest classes of a photo."""

import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.catalog import Param
from explorer.cli import network
from explorer.cli.parser import engine_errors, figure
from explorer.cli.terminal import say
from explorer.text import _

if TYPE_CHECKING:
    from explorer.engine.weight_import import Match

TOP = Param("top", 5, _("Number of classes to print."), 1, 10_000)


def declare(parser: ArgumentParser) -> None:
    """Adds its arguments."""
    network.declare(parser)
    parser.add_argument("photo", type=Path, metavar="PHOTO", help=_("a PNG, JPEG, WebP, … file"))
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help=_("a .safetensors or .pth file (default: the weights that come with the template)"),
    )
    parser.add_argument(
        "--top",
        type=partial(figure, TOP),
        default=TOP.default,
        help=_("how many classes to print (%(default)s)"),
    )


def run(given: Namespace) -> int:
    """Prints the likeliest classes of the photo; 1 if the network has problems."""
    from explorer.analysis.report import analyse

    graph = network.load(given.network)
    if network.print_problems(analyse(graph)):
        return 1
    matches: list[Match] = []
    notes: list[str] = []
    with engine_errors():
        from explorer.engine.predict import predict

        classes = predict(
            graph, given.photo, given.weights, given.top, matches.append, notes.append
        )
    for name, probability in classes:
        say(f"{probability:.2f}  {name}")
    say(*notes, stream=sys.stderr)
    if any(match.ordered or match.wild for match in matches):
        say(matches[0].sentence, stream=sys.stderr)
    return 0
