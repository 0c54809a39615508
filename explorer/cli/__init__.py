"""cnn-explorer: opens the window, or prints any figure without one; a file for each command declares
its arguments and runs it.

Exit status: 0 success; 1 the network has problems; 2 the command or a file cannot be used.
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
from explorer.cli.terminal import say
from explorer.graph.file import FileError
from explorer.runs.recipe import RecipeError
from explorer.text import _

COMMANDS = {
    "open": ("open", _("open the window")),
    "templates": ("templates", _("list the templates")),
    "check": (
        "check",
        _("print every layer's shape, receptive field, parameters and MACs, and what is wrong"),
    ),
    "train": ("train", _("train a network, print its test accuracy and write its weights")),
    "export": ("export", _("export a network as source, diagram, table, weights or ONNX")),
    "import": ("import_weights", _("match a file of weights with a network")),
    "predict": ("predict", _("print the most likely classes of a photo")),
}
"""The module and the description of each; only the module of the given command is imported."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit status."""
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
        say(f"cnn-explorer: {error}", stream=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _expect_network(word: str) -> None:
    """Raises UsageError for a bare word that is neither a command, a template nor a file."""
    if (
        word.startswith("-")
        or "." in word
        or os.sep in word
        or word in known.names()
        or os.path.exists(word)
    ):
        return
    near = difflib.get_close_matches(word, (*COMMANDS, *known.names()), 3, 0.6)
    raise UsageError(
        (
            _("there is no command, template or file {word}; did you mean {names}?")
            if near
            else _(
                "there is no command, template or file {word}; cnn-explorer --help lists the commands, "
                "cnn-explorer templates the templates"
            )
        ).format(word=cut(word), names=", ".join(near))
    )


def command_line(asked: str) -> Parser:
    """The parser of the whole command line, with the arguments of the command `asked`; its result has
    that command's function as `run`."""
    parser = Parser(
        prog="cnn-explorer",
        description=_(
            "Draw a convolutional network, see every shape, train it and watch it learn. Without a "
            "command, the window opens."
        ),
        epilog=_("cnn-explorer [FILE] opens the window, with FILE or a template if one is given."),
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (module, help) in COMMANDS.items():
        subparser = commands.add_parser(name, help=help, description=help)
        if name == asked:
            command = import_module(f"explorer.cli.{module}")
            subparser.set_defaults(run=command.run)
            command.declare(subparser)
    return parser
