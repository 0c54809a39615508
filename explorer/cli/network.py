"""The network of a command: its argument, the network that it names, and the network's problems."""

import difflib
import os
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.catalog import check, templates
from explorer.catalog.datasets import DataSet
from explorer.cli.parser import UsageError, engine_errors
from explorer.graph.file import SUFFIX
from explorer.graph.graph import Graph, Shape
from explorer.text import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from explorer.analysis.problem import Problem
    from explorer.analysis.report import Report


def declare(parser: ArgumentParser, optional: bool = False) -> None:
    """Adds the argument NAME|FILE."""
    parser.add_argument(
        "network",
        nargs="?" if optional else None,
        metavar="NAME|FILE",
        help=_("a template's name, a {suffix} file or the folder of a run").format(suffix=SUFFIX),
    )


def load(
    name: str,
    input: Shape | None = None,
    data: DataSet | None = None,
    weights: Path | None = None,
) -> Graph:
    """The network that NAME|FILE names; a folder is that of a run. A template takes the input shape and
    the classes of `data`, or those that a file of weights states; a network from a file changes only
    in `input`.

    Raises UsageError, FileError.
    """
    if name in templates.names():
        if weights is not None and input is None:
            with engine_errors():
                from explorer.engine import transfer

                return transfer.template_for(name, weights)
        return templates.build(
            name, input or (data.input if data else None), len(data.classes) if data else None
        )
    if not os.path.exists(name):  # unlike Path.exists, False for a name that no file can have
        near = difflib.get_close_matches(name, templates.names(), 3, 0.5)
        raise UsageError(
            (
                _("{name} is neither a file nor a template; did you mean {names}?")
                if near
                else _("{name} is neither a file nor a template; cnn-explorer templates lists them")
            ).format(name=name, names=", ".join(near))
        )
    if os.path.isdir(name):
        from explorer.runs import folder

        try:
            graph = folder.network(Path(name))
        except folder.RunError as error:
            raise UsageError(str(error)) from None
    else:
        graph = check.read(name)
    return replace(graph, input=input) if input else graph


def print_problems(report: "Report", unfit: "Sequence[Problem]" = ()) -> bool:
    """Prints the problems of a network, and what keeps it from being trained; whether there are
    any."""
    from explorer.analysis.problem import problems

    for problem in (*problems(report), *unfit):
        print(f"{problem.path}: {problem.message}", file=sys.stderr)
    return not report.ok or bool(unfit)
