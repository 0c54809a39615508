"""predict: prints the likeliest classes of pictures."""

import csv
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from explorer import folders
from explorer.analysis.form import HEAD, Content
from explorer.catalog import Param, published, templates
from explorer.cli import network
from explorer.cli.parser import UsageError, engine_errors, figure
from explorer.cli.terminal import say
from explorer.graph.file import open_regular
from explorer.text import _, printable

if TYPE_CHECKING:
    from explorer.engine.predict import Predictor

TOP = Param("top", 5, _("Number of classes to print."), 1, 10_000)
COLUMNS = ("picture", "class", "probability")


def declare(parser: ArgumentParser) -> None:
    """Adds its arguments."""
    parser.add_argument(
        "network",
        metavar="NAME|FILE|RUN",
        help=_("a template's name, a network's file, or a run by its folder or name"),
    )
    parser.add_argument(
        "pictures",
        type=Path,
        nargs="+",
        metavar="PICTURE",
        help=_("a PNG, JPEG, WebP, … file, or a folder of them"),
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help=_("a .safetensors or .pth file (default: those of the run or of the template)"),
    )
    parser.add_argument(
        "--top",
        type=partial(figure, TOP),
        default=TOP.default,
        help=_("how many classes to print (%(default)s)"),
    )
    parser.add_argument(
        "--csv",
        action="store_true",
        help=_("print a table with the columns {columns}").format(columns=", ".join(COLUMNS)),
    )


def run(given: Namespace) -> int:
    """Prints the likeliest classes of each picture; 1 if the network has problems, 2 if a picture cannot
    be read."""
    predictor = _predictor(given)
    if predictor is None:
        return 1
    pictures = [each for path in given.pictures for each in _pictures(path)]
    status = 0
    table = csv.writer(sys.stdout, lineterminator="\n")
    if given.csv:
        table.writerow(COLUMNS)
    for picture in pictures:
        try:
            with engine_errors():
                sample = predictor.sample(picture)
        except UsageError as error:
            if len(pictures) == 1:
                raise
            say(f"cnn-explorer: {error}", stream=sys.stderr)
            status = 2
            continue
        classes = predictor.answers(sample, given.top)
        if given.csv:
            name = printable(str(picture))
            table.writerows([name, printable(each), f"{share:.6f}"] for each, share in classes)
        else:
            if len(pictures) > 1:
                say(f"{picture}:")
            say(*(f"{share:.2f}  {name}" for name, share in classes))
        if sample.note:
            say(f"{picture.name}: {sample.note}", stream=sys.stderr)
    match = predictor.match
    if match.ordered or match.wild:
        say(match.sentence, stream=sys.stderr)
    return status


def _predictor(given: Namespace) -> "Predictor | None":
    """The network with its weights; None if it has problems, which are printed. A template comes before
    a run of its name only with weights."""
    from explorer.analysis.report import analyse
    from explorer.engine import predict

    name, weights = given.network, given.weights
    if _is_run(name, weights):
        with engine_errors():
            graph, own = predict.of_run(name)
        weights = weights or own
    else:
        graph = network.load(name, weights=weights)
    if network.print_problems(analyse(graph)):
        return None
    with engine_errors():
        return predict.Predictor(graph, weights)


def _is_run(name: str, weights: Path | None) -> bool:
    from explorer.runs import folder

    if os.path.isdir(name):
        return True
    of_that_name = (folders.runs() / name / folder.ABOUT).exists()
    if name in templates.names() and (weights is not None or published.weights(name)):
        if of_that_name:
            say(
                _("{name} is the template; the run of that name is {folder}").format(
                    name=name, folder=folders.runs() / name
                ),
                stream=sys.stderr,
            )
        return False
    return of_that_name and not os.path.exists(name)


def _pictures(path: Path) -> Iterator[Path]:
    """The picture, or those in a folder, known by their content. Raises UsageError."""
    if not path.is_dir():
        yield path
        return
    count = 0
    try:
        for file in sorted(path.iterdir()):
            if file.is_file() and _is_picture(file):
                count += 1
                yield file
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    if not count:
        raise UsageError(_("there is no picture in the folder {path}").format(path=path))


def _is_picture(path: Path) -> bool:
    try:
        with open_regular(path) as file:
            return Content.of(file.read(HEAD), path.name) is Content.PHOTO
    except OSError:
        return True  # reading it says why it cannot be read
