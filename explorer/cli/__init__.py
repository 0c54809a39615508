"""cnn-explorer: the window, and every figure without one.

Exit status: 0 all is well; 1 the network has problems; 2 the command or a file cannot be used.
"""

import argparse
import difflib
import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from explorer import __version__
from explorer.catalog import Param, check, templates
from explorer.catalog.datasets import DATASETS, DataSet
from explorer.catalog.layers import text_of
from explorer.cli.export import FORMS, TABLES, ExportError
from explorer.graph.file import LARGEST_SIDE, SUFFIX, FileError, replace_bytes
from explorer.graph.graph import Graph, Shape
from explorer.runs.recipe import FIELDS, Recipe, RecipeError
from explorer.text import _

if TYPE_CHECKING:
    from explorer.analysis.report import Report

PRECISIONS = ("float32", "bfloat16", "float16")
OPTIMISERS = ("sgd", "momentum", "adam", "adamw")
COMMANDS = ("open", "check", "train", "export", "import", "predict", "templates")


class UsageError(ValueError):
    """The command line asks for something that is not there; the sentence says what is."""


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
        given = _parser().parse_args(argv)
        status: int = given.run(given)
        return status
    except (UsageError, FileError, ExportError) as error:
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
        or word in templates.names()
        or (os.path.exists(word))
    ):
        return
    near = difflib.get_close_matches(word, (*COMMANDS, *templates.names()), 3, 0.6)
    raise UsageError(
        _("there is no command, template or file {word}; {hint}").format(
            word=_cut(word),
            hint=_("did you mean {names}?").format(names=", ".join(near))
            if near
            else _("cnn-explorer --help lists the commands, cnn-explorer templates the templates"),
        )
    )


def _cut(words: str, most: int = 300) -> str:
    words = "".join(sign if sign.isprintable() else "\ufffd" for sign in words)
    return words if len(words) <= most else words[:most] + "…"


class _Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong with the command line."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(
            _("{message}; {command} --help tells more").format(
                message=_cut(message.removeprefix("argument ")), command=self.prog
            )
        )


class _Told(argparse.Action):
    """Stores an option's value, and its name in `told`: it was on the command line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        namespace.told = (*getattr(namespace, "told", ()), self.option_strings[-1])


def _idle(given: argparse.Namespace, useful: Sequence[str], where: str) -> None:
    """Refuse the options that were told and do nothing; where: what would make them useful."""
    idle = [option for option in getattr(given, "told", ()) if option not in useful]
    if idle:
        raise UsageError(
            _("{option} does nothing here; {where}").format(option=idle[0], where=where)
        )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="cnn-explorer",
        description=_(
            "Draw a convolutional network, see every shape, run it "
            "and watch it learn. Without a command: the window."
        ),
        epilog=_("cnn-explorer [FILE] opens the window with FILE."),
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int], help: str
    ) -> argparse.ArgumentParser:
        found = commands.add_parser(name, help=help, description=help)
        found.set_defaults(run=run)
        return found

    def network(found: argparse.ArgumentParser) -> argparse.ArgumentParser:
        found.add_argument(
            "network",
            metavar="NAME|FILE",
            help=_("a template's name or a {suffix} file").format(suffix=SUFFIX),
        )
        return found

    found = command("open", _open, _("open the window"))
    found.add_argument(
        "network",
        metavar="FILE",
        nargs="?",
        help=_("a {suffix} file or a template's name").format(suffix=SUFFIX),
    )
    command("templates", _templates, _("list the networks that can be named"))
    found = network(command("check", _check, _("print every layer's shape, parameters and MACs")))
    found.add_argument("--input", type=_shape, metavar="CxHxW", help=_("shape of one picture"))
    found.add_argument("--data", choices=DATASETS, help=_("check the fit to this data set too"))
    found.add_argument("--json", action="store_true", help=_("print JSON"))
    memory = found.add_argument_group(_("memory"))
    memory.add_argument(
        "--memory", action="store_true", help=_("forecast what training and inference take")
    )
    memory.add_argument(
        "--batch",
        action=_Told,
        type=_count,
        default=128,
        help=_("pictures in a batch (%(default)s)"),
    )
    memory.add_argument(
        "--precision",
        action=_Told,
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help=_("of products; the last two keep float32 weights (%(default)s)"),
    )
    memory.add_argument(
        "--optimiser",
        action=_Told,
        choices=OPTIMISERS,
        default="momentum",
        help=_("momentum is what train uses (%(default)s)"),
    )
    memory.add_argument(
        "--device",
        metavar="DEVICE|BYTES",
        help=_("tell the largest batch that fits: auto, cpu, cuda:0, …, or 24GB"),
    )
    found = network(command("train", _train, _("train, print the test accuracy, write weights")))
    found.add_argument(
        "--data", choices=DATASETS, default="fashion-mnist", help=_("data set (%(default)s)")
    )
    found.add_argument("--device", default="auto", help=_("auto, cpu, cuda:0, mps, xpu:0"))
    for name, field in FIELDS.items():
        found.add_argument(
            f"--{name.replace('_', '-')}",
            type=partial(_figure, field),
            metavar=name.upper(),
            help=f"{field.doc} ({field.absent or field.default})".replace("%", "%%"),
        )
    found.add_argument(
        "--out", type=Path, help=_("folder for weights, metrics and graph (runs/NAME)")
    )
    found = network(
        command("export", _export, _("write the network's source, diagram, table or weights"))
    )
    found.add_argument(
        "--to",
        choices=FORMS,
        required=True,
        metavar="FORM",
        help=_("{forms}").format(forms=", ".join(FORMS)),
    )
    found.add_argument("--input", type=_shape, metavar="CxHxW", help=_("shape of one picture"))
    found.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help=_("the file to write (otherwise text is printed)"),
    )
    picture = found.add_argument_group(_("diagram (svg, png, pdf)"))
    size = picture.add_mutually_exclusive_group()
    size.add_argument(
        "--scale",
        action=_Told,
        type=_number,
        metavar="N",
        help=_("times natural size (png: 2, otherwise 1)"),
    )
    size.add_argument(
        "--width",
        action=_Told,
        type=_number,
        metavar="PX",
        help=_("width in pixels, 96 to an inch in svg and pdf"),
    )
    picture.add_argument(
        "--theme",
        action=_Told,
        choices=("light", "dark"),
        default="light",
        help=_("colours (%(default)s)"),
    )
    picture.add_argument(
        "--inside", action=_Told, metavar="PATH", help=_("of the inside of a block, as layer2.0")
    )
    picture.add_argument(
        "--depth",
        action=_Told,
        type=int,
        choices=range(4),
        default=0,
        help=_(
            "draw the inside of groups (1), of stages too (2), of blocks too (3) in their place"
        ),
    )
    weights = found.add_argument_group(_("weights (safetensors, onnx)"))
    weights.add_argument(
        "--weights",
        action=_Told,
        type=Path,
        metavar="FILE",
        help=_(
            "a .safetensors or .pth file (otherwise those that come with the "
            "template, or drawn ones)"
        ),
    )
    weights.add_argument(
        "--seed",
        action=_Told,
        type=partial(_figure, FIELDS["seed"]),
        help=_("draw the weights from it (0)"),
    )
    found.add_argument_group(_("table")).add_argument(
        "--format",
        action=_Told,
        choices=TABLES,
        help=_("by default as FILE ends, .csv or .md; csv when printed"),
    )
    found = network(command("import", _import, _("match a file of weights to the network")))
    found.add_argument(
        "weights", type=Path, metavar="WEIGHTS", help=_("a .safetensors or .pth file")
    )
    found.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help=_("the .safetensors file to write them to, under the network's names"),
    )
    found.add_argument(
        "--report",
        action="store_true",
        help=_("print what became of each tensor, whether they fit or not"),
    )
    found = network(command("predict", _predict, _("say what a photo shows")))
    found.add_argument("photo", type=Path, metavar="PHOTO", help=_("a PNG, JPEG, WebP, … file"))
    found.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help=_("a .safetensors or .pth file (otherwise those that come with the template)"),
    )
    found.add_argument("--top", type=_count, default=5, help=_("classes to print (%(default)s)"))
    return parser


def _shape(text: str) -> Shape:
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(
            _("{text!r} is no shape; expected channels, height and width, as 3x224x224").format(
                text=text[:40]
            )
        )
    if not all(len(part) < 9 and 0 < int(part) <= LARGEST_SIDE for part in parts):
        raise argparse.ArgumentTypeError(
            _("{text!r}: channels, height and width, as 3x224x224, may each be 1 to {most}").format(
                text=text[:40], most=LARGEST_SIDE
            )
        )
    return tuple(map(int, parts))


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 9 or not 0 < int(text) <= 10_000:
        raise argparse.ArgumentTypeError(_("{text!r}; allowed: 1 to 10000").format(text=text[:40]))
    return int(text)


def _figure(field: Param, text: str) -> object:
    """A figure of the recipe as the command line gives it."""
    value: object = text
    if not field.choices:
        with suppress(ValueError):
            value = (int if type(field.default) is int else float)(text)
    if reason := field.fault(value):
        raise argparse.ArgumentTypeError(_("it {reason}").format(reason=reason))
    return value


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not isfinite(found) or not 0.01 <= found <= 1_000_000:
        raise argparse.ArgumentTypeError(
            _("{text!r}; allowed: 0.01 to 1000000").format(text=text[:40])
        )
    return found


def load(name: str, input: Shape | None = None, data: DataSet | None = None) -> Graph:
    """The network that NAME|FILE means. A template takes the input shape and the classes of
    `data`; a file stays as it is, but for `input`.

    Raises UsageError, FileError.
    """
    from dataclasses import replace

    if name in templates.names():
        return templates.build(
            name, input or (data.input if data else None), len(data.classes) if data else None
        )
    if not os.path.exists(name):  # unlike Path.exists, False for a name that no file can have
        near = difflib.get_close_matches(name, templates.names(), 3, 0.5)
        raise UsageError(
            _("{name} is neither a file nor a template; {hint}").format(
                name=name,
                hint=_("did you mean {names}?").format(names=", ".join(near))
                if near
                else _("cnn-explorer templates lists them"),
            )
        )
    graph = check.read(name)
    return replace(graph, input=input) if input else graph


def _open(given: argparse.Namespace) -> int:
    if (
        sys.platform.startswith("linux")
        and not os.environ.get("QT_QPA_PLATFORM")
        and not os.environ.get("DISPLAY")
        and not os.environ.get("WAYLAND_DISPLAY")
    ):
        raise UsageError(
            _(
                "there is no display to open the window on; check, train, export and "
                "templates need none"
            )
        )
    if given.network is not None:
        load(given.network)  # whatever is wrong with it is told before a window appears
    from explorer.app.main import run

    return run(given.network)


def _templates(given: argparse.Namespace) -> int:
    widest = max(map(len, templates.names()))
    for name in templates.names():
        found = templates.template(name)
        print(f"{name:{widest}}  {text_of(found.input):>9}  {found.doc}")
    return 0


def _check(given: argparse.Namespace) -> int:
    from explorer.analysis import memory_table, table
    from explorer.analysis.memory import forecast
    from explorer.analysis.report import analyse

    if not (given.memory or given.device or given.json):
        _idle(given, (), _("it belongs to --memory"))
    data = DATASETS.get(given.data)
    report = analyse(load(given.network, given.input, data), data)
    kind, room, named = _room(given.device)
    found = forecast(report, given.batch, given.precision, given.optimiser, kind)
    if given.json:
        print(table.as_json(report, memory_table.as_dict(report, found, room, named)))
    else:
        lines = memory_table.as_lines(report, found, room) if given.memory or given.device else []
        print(table.as_text(report, ["", *lines] if lines else ()))
    return 0 if report.ok else 1


def _room(device: str | None) -> tuple[str, int | None, bool]:
    """The kind of a device, the bytes that tensors may take there, and whether it is a real one.

    Bytes: all that are given as an amount, of a real device what its driver leaves; None where no
    device is given. Raises UsageError.
    """
    from explorer.analysis.memory import room_on
    from explorer.analysis.memory_table import bytes_of

    if device is None or bytes_of(device) is not None:
        return "cuda", bytes_of(device) if device else None, False
    if device.strip().replace(".", "", 1).isdecimal():
        raise UsageError(
            _(
                "--device {number} has no unit; write {number}GB for that much memory, or "
                "the name of a device, as cuda:0"
            ).format(number=_cut(device.strip()))
        )
    from explorer.engine.device import find, pick
    from explorer.engine.failure import EngineError

    try:
        place = pick(device)
    except EngineError as error:
        raise UsageError(str(error)) from None
    memory = next(each.memory for each in find() if each.id == str(place))
    return place.type, room_on(memory) if memory else None, True


def _train(given: argparse.Namespace) -> int:
    from explorer.analysis.report import analyse

    data = DATASETS[given.data]
    graph = load(given.network, data=data)
    if given.network in templates.names():
        print(
            _("{name} takes the pictures of {data}: {input}, {count} classes").format(
                name=graph.name, data=data.title, input=text_of(data.input), count=len(data.classes)
            )
        )
    if _complain(analyse(graph, data)):
        return 1
    from explorer.cli.terminal import TrainingBar
    from explorer.engine.failure import EngineError
    from explorer.engine.training import train

    folder = given.out or Path("runs") / graph.name
    try:
        result = train(
            graph, data.name, Recipe.of(vars(given)), given.device, folder, TrainingBar()
        )
    except (EngineError, RecipeError) as error:
        raise UsageError(str(error)) from None
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


def _complain(report: "Report") -> bool:
    """Print the problems of a network; whether there are any."""
    for problem in report.problems:
        print(f"{problem.path}: {problem.message}", file=sys.stderr)
    return not report.ok


def _export(given: argparse.Namespace) -> int:
    from explorer.analysis.report import analyse

    form = FORMS[given.to]
    _idle(
        given,
        form.options,
        _("--to {form} takes {options}").format(
            form=given.to, options=", ".join(form.options) or _("no options of its own")
        ),
    )
    if form.binary and given.output is None:
        raise UsageError(_("--to {form} needs a file: -o FILE.{form}").format(form=given.to))
    report = analyse(load(given.network, given.input))
    if _complain(report) and form.sound:
        return 1
    content = form.write(given, report)
    if content is None:
        return 0
    if given.output is None:
        print(content.decode("utf-8"), end="")
    else:
        try:
            replace_bytes(given.output, content)
        except (OSError, ValueError) as error:  # ValueError: a name with a null character
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"{given.output}: {reason}") from None
    return 0 if report.ok else 1


def _exchange(do: str, *arguments: object) -> int:
    """Have a command of `explorer.exchange` done; what the engine complains of is a UsageError."""
    from explorer import exchange
    from explorer.engine.failure import EngineError

    try:
        status: int = getattr(exchange, do)(*arguments)
        return status
    except EngineError as error:
        raise UsageError(str(error)) from None


def _import(given: argparse.Namespace) -> int:
    from explorer.analysis.report import analyse

    graph = load(given.network)
    if _complain(analyse(graph)):
        return 1
    return _exchange("import_weights", graph, given.weights, given.output, given.report)


def _predict(given: argparse.Namespace) -> int:
    from explorer.analysis.report import analyse

    graph = load(given.network)
    if _complain(analyse(graph)):
        return 1
    return _exchange("answer", graph, given.photo, given.weights, given.top)
