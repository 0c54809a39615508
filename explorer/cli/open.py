"""open: opens the window."""

import os
import sys
from argparse import ArgumentParser, Namespace

from explorer.cli import network
from explorer.cli.parser import UsageError
from explorer.graph.file import SUFFIX
from explorer.text import _


def declare(parser: ArgumentParser) -> None:
    """Adds its argument."""
    parser.add_argument(
        "network",
        metavar="FILE",
        nargs="?",
        help=_("a {suffix} file or a template's name").format(suffix=SUFFIX),
    )


def run(given: Namespace) -> int:
    """Shows the window until it is closed. Raises UsageError or FileError before."""
    if (
        sys.platform.startswith("linux")
        and not os.environ.get("QT_QPA_PLATFORM")
        and not os.environ.get("DISPLAY")
        and not os.environ.get("WAYLAND_DISPLAY")
    ):
        raise UsageError(
            _("there is no display to open the window on; the other commands need none")
        )
    if given.network is not None:
        network.load(given.network)  # a fault is reported before the window appears
    from explorer.app import main

    return main.run(given.network)
