"""The forms of export, one row each, and the suffixes of the files that can be opened.

They are in `analysis`, the lowest room that writes any of these files: source and tables need only
a report. The engine and the window write the others, and may import this, as may the command line.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from explorer.graph.file import SUFFIX
from explorer.text import _

if TYPE_CHECKING:
    from explorer.analysis.report import Report


NETWORKS = (SUFFIX, ".json")
SAFETENSORS = ".safetensors"
WEIGHTS = (SAFETENSORS, ".pth", ".pt", ".bin", ".ckpt", ".th", ".pth.tar")
"""Suffixes of files with weights, for dialogs; any file whose first bytes are theirs is taken
(`explorer/graph/foreign.py`, `explorer/engine/weights.py`)."""
PHOTO_FORMATS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "PNG": (".png",),
        "JPEG": (".jpg", ".jpeg", ".jfif", ".jpe"),
        "WEBP": (".webp",),
        "BMP": (".bmp",),
        "GIF": (".gif",),
        "TIFF": (".tif", ".tiff"),
        "AVIF": (".avif",),
    }
)
"""Suffixes of photos, by format. Only formats that Pillow decodes by itself: for others it starts
programs (EPS) or fetches files."""
PHOTOS = tuple(chain.from_iterable(PHOTO_FORMATS.values()))
HEAD = 64
"""How many bytes of a file tell what it is."""
_STARTS = {
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "JPEG": rb"\xff\xd8\xff",
    "WEBP": rb"RIFF....WEBP",
    "BMP": rb"BM....\0\0\0\0",
    "GIF": rb"GIF8[79]a",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "AVIF": rb"....ftyp(....){0,12}?avi[fs]",
    _("a HEIC picture"): rb"....ftyp(hei|hev|mif1|msf1)",
    _("a JPEG XL picture"): rb"\xff\x0a|\0\0\0\x0cJXL ",
    _("a JPEG 2000 picture"): rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    _("a PDF document"): rb"%PDF-",
    _("a PostScript document"): rb"%!PS",
    _("an SVG drawing"): rb"\s*(<\?xml|<svg)",
    _("a film"): rb"....ftyp|RIFF....AVI |\x1a\x45\xdf\xa3",
    _("packed with gzip"): rb"\x1f\x8b",
}
"""How files start, by their format: photos, and what else people take for one, most specific first."""


class Content(Enum):
    """What a file holds that can be opened."""

    NETWORK = rb"(\xef\xbb\xbf)?\s*\{\s*[\"}]"
    WEIGHTS = rb"PK\x03\x04|\x80[\x02-\x05]|.{6}\0\0\{"
    PHOTO = b"|".join(_STARTS[name] for name in PHOTO_FORMATS)

    @classmethod
    def of(cls, head: bytes, name: str) -> "Content | None":
        """What the file called `name` holds: what its first bytes say, else its suffix; None if neither
        is known."""
        for content in cls:
            if re.match(content.value, head, re.DOTALL):
                return content
        if called(head):
            return None
        suffixes = {cls.WEIGHTS: WEIGHTS, cls.PHOTO: PHOTOS, cls.NETWORK: NETWORKS}
        return next((each for each in suffixes if name.lower().endswith(suffixes[each])), None)


def called(head: bytes) -> str:
    """What a file that starts so is called in a sentence, "" if that is not known."""
    starts = ((name, start) for name, start in _STARTS.items() if name not in PHOTO_FORMATS)
    return next((name for name, start in starts if re.match(start, head, re.DOTALL)), "")


class Maker(Enum):
    """What makes the file of a form.

    REPORT: the form's own function, from the report alone. PICTURE: a function in WRITERS of
    `explorer/app/canvas/picture.py`, which draws with Qt. ENGINE: a function in WRITERS of
    `explorer/engine/transfer.py`, because only the engine has the weights.
    """

    REPORT = auto()
    PICTURE = auto()
    ENGINE = auto()


@dataclass(frozen=True)
class Entry:
    """An entry of the menu "Export", of one form or of several that the file's suffix tells apart.
    words: its text, with the mnemonic. doc: one sentence."""

    id: str
    words: str
    doc: str


@dataclass(frozen=True)
class Form:
    """One form of export.

    id: its name in the code. title: its name in a file dialog. suffix: of its files. entry: in the
    menu. sound: whether the network must have no faults. binary: whether the file is not text and
    cannot be printed. text: returns the file's text, for Maker.REPORT. to: its name for `export
    --to`, if that is not the id.
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


# Imported only where they are needed, because the command line reads this table at each start.


def _source(report: "Report") -> str:
    from explorer.analysis.source import source

    return source(report).text


def _csv(report: "Report") -> str:
    from explorer.analysis.table import as_csv

    return as_csv(report)


def _markdown(report: "Report") -> str:
    from explorer.analysis.table import as_markdown

    return as_markdown(report)


_DIAGRAM = Entry("diagram", _("&Diagram"), _("Save the diagram as a picture for a document"))
_TABLE = Entry("table", _("&Table"), _("Save the shape and figures of every layer"))
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
                    _("Save the weights under their names in PyTorch"),
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
