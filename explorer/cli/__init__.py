"""cnn-explorer: the window, and every figure without one; a file for each command, which states its
arguments and what it does.

Exit status: 0 all is well; 1 the network has problems; 2 the command or a file cannot be used.
"""

import difflib
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from explorer import __version__
from explorer.catalog import templates as known  # the command would take the name
from explorer.cli.parser import Parser, UsageError, cut
from explorer.graph.file import FileError
from explorer.runs.recipe import RecipeError
from explorer.text import _

COMMANDS = {
    "open": ("open", _("open the window")),
    "templates": ("templates", _("list the networks that can be named")),
    "check": ("check", _("print every layer's shape, parameters and MACs")),
    "train": ("train", _("train, print the test accuracy, write weights")),
    "export": ("export", _("write the network's source, diagram, table or weights")),
    "import": ("import_weights", _("match a file of weights to the network")),
    "predict": ("predict", _("say what a photo shows")),
}
"""The module of each, and what it does; only that of the command that is asked for is imported."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    argv = list(sys.argv[1:] if argv is None else argv)
    try:
        if not argv or argv[0] not in (*COMMANDS, "-h", "--help", "--version"):
            if argv:
                _expect_network(argv[0])
            argv.insert(0, "open")
        given = command_line(argv[0]).parse_args(argv)
        status: int = given.run(given)
        return status
    except (UsageError, FileError, RecipeError) as error:
        print(f"cnn-explorer: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _expect_network(word: str) -> None:
    """Refuse a bare word that is neither a command, a template nor a file."""
    if (
        word.startswith("-")
        or "." in word
        or os.sep in word
        or word in known.names()
        or (os.path.exists(word))
    ):
        return
    near = difflib.get_close_matches(word, (*COMMANDS, *known.names()), 3, 0.6)
    raise UsageError(
        _("there is no command, template or file {word}; {hint}").format(
            word=cut(word),
            hint=_("did you mean {names}?").format(names=", ".join(near))
            if near
            else _("cnn-explorer --help lists the commands, cnn-explorer templates the templates"),
        )
    )


def command_line(asked: str) -> Parser:
    """Of the whole command line, with the arguments of the command `asked`; what it parses has the
    command's function as `run`."""
    result = Parser(
        prog="cnn-explorer",
        description=_(
            "Draw a convolutional network, see every shape, run it "
            "and watch it learn. Without a command: the window."
        ),
        epilog=_("cnn-explorer [FILE] opens the window with FILE."),
    )
    result.add_argument("--version", action="version", version=__version__)
    commands = result.add_subparsers(metavar="COMMAND", required=True)
    for name, (module, help) in COMMANDS.items():
        found = commands.add_parser(name, help=help, description=help)
        if name == asked:
            command = import_module(f"explorer.cli.{module}")
            found.set_defaults(run=command.run)
            command.declare(found)
    return result
