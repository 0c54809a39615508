"""The forms in which a network is taken away by the command line, by name."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from explorer.text import _

if TYPE_CHECKING:
    from explorer.analysis.report import Report


class ExportError(ValueError):
    """A network cannot be written so; the sentence says why."""


class Form(NamedTuple):
    """One form of export. write(given, report): what the file holds, or None if it wrote the file
    itself; given: what the command line states; raises ExportError. binary: it cannot be printed.
    sound: only a network without problems has it; what is wrong can be drawn, too. options: those
    of the command line that concern it."""

    write: Callable[[Namespace, "Report"], bytes | None]
    binary: bool = False
    sound: bool = False
    options: tuple[str, ...] = ()


def _source(given: Namespace, report: "Report") -> bytes:
    from explorer.analysis.source import source

    return source(report).text.encode("utf-8")


def _diagram(given: Namespace, report: "Report") -> bytes:
    from explorer.analysis.layout import GAP, unplaced
    from explorer.analysis.level import NoInside, level
    from explorer.analysis.page import opened, problems_on, roomy_gap, spread

    path = tuple(given.inside.split(".")) if given.inside else ()
    try:
        shown = opened(level(report, path), given.depth)
    except NoInside as error:
        raise ExportError(str(error)) from None
    gap = GAP
    if unplaced(report.graph) or given.depth or not shown.own:  # else as the person placed it
        gap = roomy_gap(shown)
        shown = spread(shown, gap)
    if sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"  # elsewhere there is always a screen
    try:
        from explorer.app.canvas.picture import Picture, TooLarge, application
    except ImportError as error:
        raise ExportError(
            _("the diagram needs Qt, which cannot be loaded: {error}").format(error=error)
        ) from None
    application()
    picture = Picture(shown, problems_on(report, shown), given.theme, report.graph.name, gap)
    scale = picture.scale_to(given.width) if given.width else given.scale
    try:
        return picture.written(given.to, scale)
    except TooLarge as error:
        raise ExportError(str(error)) from None


def _table(given: Namespace, report: "Report") -> bytes:
    from explorer.analysis import table

    suffix = given.output.suffix.lower() if given.output else ".csv"
    form = given.format or next((form for form, end in TABLES.items() if end == suffix), None)
    if form is None:
        raise ExportError(
            _("{file}: a table ends in .csv or .md; or say --format").format(file=given.output)
        )
    return {"csv": table.as_csv, "markdown": table.as_markdown}[form](report).encode("utf-8")


def _with_weights(given: Namespace, report: "Report") -> None:
    from explorer import exchange
    from explorer.engine.failure import EngineError

    try:
        exchange.export(report.graph, given.to, given.output, given.weights, given.seed)
    except EngineError as error:
        raise ExportError(str(error)) from None


_DRAWN = ("--scale", "--width", "--theme", "--inside", "--depth")
_WEIGHED = ("--weights", "--seed")
FORMS = {
    "pytorch": Form(_source, sound=True),
    "svg": Form(_diagram, options=_DRAWN),
    "png": Form(_diagram, binary=True, options=_DRAWN),
    "pdf": Form(_diagram, binary=True, options=_DRAWN),
    "table": Form(_table, options=("--format",)),
    "safetensors": Form(_with_weights, binary=True, sound=True, options=_WEIGHED),
    "onnx": Form(_with_weights, binary=True, sound=True, options=_WEIGHED),
}
TABLES = {"csv": ".csv", "markdown": ".md"}
