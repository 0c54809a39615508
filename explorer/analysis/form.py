"""The forms of files: one row for each in which a network is taken away, and the names of those that
are brought.

They stand in `analysis`, the lowest room that makes any of them: source and tables need a report
alone. Engine, window and command line, which make the others or offer them, may all import it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING

from explorer.graph.file import SUFFIX
from explorer.text import _

if TYPE_CHECKING:
    from explorer.analysis.report import Report


NETWORKS = (SUFFIX, ".json")
SAFETENSORS = ".safetensors"
WEIGHTS = (SAFETENSORS, ".pth", ".pt", ".bin")
"""What files of weights are called; what one is, its first bytes say (`explorer/engine/weights.py`)."""
PHOTO_FORMATS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "PNG": (".png",),
        "JPEG": (".jpg", ".jpeg"),
        "WEBP": (".webp",),
        "BMP": (".bmp",),
        "GIF": (".gif",),
        "TIFF": (".tif", ".tiff"),
    }
)
"""Suffixes of photos by the name of their format: those that Pillow decodes itself; others start
programs (EPS) or fetch files."""


class Maker(Enum):
    """Who makes a file.

    REPORT: whoever has the report, by the row's function. PICTURE: what draws with Qt, by the
    function in WRITERS of `explorer/app/canvas/picture.py`. ENGINE: the engine, which alone has the
    weights, by the function in WRITERS of `explorer/engine/transfer.py`.
    """

    REPORT = auto()
    PICTURE = auto()
    ENGINE = auto()


@dataclass(frozen=True)
class Entry:
    """What is chosen first, one form or several that a file's name tells apart. words: in the menu
    "Export", with the mnemonic; doc: one sentence."""

    id: str
    words: str
    doc: str


@dataclass(frozen=True)
class Form:
    """One form of export.

    id: as the code calls it. title: in a file dialog. suffix: of its files. sound: only a network
    without problems has it; what is wrong can be drawn, too. binary: it cannot be printed. text:
    what a file holds, where the report says it. to: what `export --to` calls it, if not by its id.
    """

    id: str
    title: str
    suffix: str
    maker: Maker
    entry: Entry
    sound: bool = False
    binary: bool = False
    text: "Callable[[Report], str] | None" = None
    to: str = ""


# What makes them is imported when it is needed: the command line reads the table at each start.


def _source(report: "Report") -> str:
    from explorer.analysis.source import source

    return source(report).text


def _csv(report: "Report") -> str:
    from explorer.analysis.table import as_csv

    return as_csv(report)


def _markdown(report: "Report") -> str:
    from explorer.analysis.table import as_markdown

    return as_markdown(report)


_DIAGRAM = Entry("diagram", _("&Diagram"), _("Save what is shown as a picture for a page"))
_TABLE = Entry("table", _("&Table"), _("Save every layer's shape and figures"))
FORMS: Mapping[str, Form] = MappingProxyType(
    {
        form.id: form
        for form in (
            Form(
                "pytorch",
                _("Python"),
                ".py",
                Maker.REPORT,
                Entry("source", _("&PyTorch source"), _("Save the source that the engine runs")),
                sound=True,
                text=_source,
            ),
            Form("svg", _("SVG"), ".svg", Maker.PICTURE, _DIAGRAM),
            Form("png", _("PNG"), ".png", Maker.PICTURE, _DIAGRAM, binary=True),
            Form("pdf", _("PDF"), ".pdf", Maker.PICTURE, _DIAGRAM, binary=True),
            Form("csv", _("CSV"), ".csv", Maker.REPORT, _TABLE, text=_csv, to="table"),
            Form(
                "markdown", _("Markdown"), ".md", Maker.REPORT, _TABLE, text=_markdown, to="table"
            ),
            Form(
                "safetensors",
                _("Safetensors"),
                SAFETENSORS,
                Maker.ENGINE,
                Entry(
                    "weights",
                    _("&Weights (safetensors)"),
                    _("Save the weights, by the names that PyTorch gives them"),
                ),
                sound=True,
                binary=True,
            ),
            Form(
                "onnx",
                _("ONNX"),
                ".onnx",
                Maker.ENGINE,
                Entry("onnx", _("&ONNX"), _("Save the network and its weights for other programs")),
                sound=True,
                binary=True,
            ),
        )
    }
)
