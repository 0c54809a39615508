"""The journal of an open document: a file with a line for every edit, from which the document comes
back, with its undo stack, after a crash."""

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from explorer.app.document import Change, Document
from explorer.catalog import check
from explorer.catalog.check import KindError
from explorer.catalog.datasets import PICTURES
from explorer.graph.delta import apply
from explorer.graph.file import FileError, replace_bytes, to_dict
from explorer.text import _

FORMAT = "cnn-explorer-journal"
VERSION = 1
SUFFIX = ".jsonl"
LEAST_GROWTH = 2**20  # bytes by which a journal grows before it is written anew
MOST_BYTES = 2**30

Line = Mapping[str, Any]


class Journal:
    """Writes the edits of a document to a file as they happen.

    The first line holds the document with its whole graph; each further one an edit, an undo, a
    redo, or what else changed of it: its file, data set, picture, weights. A line is one write at
    the end of the file; where that fails, it is written with the next. A file that has more than
    doubled is written anew, without what was undone and overtaken.
    """

    def __init__(
        self,
        document: Document,
        path: Path,
        on_write: Callable[["Journal", OSError | None], None],
    ) -> None:
        """on_write(self, error): called after each attempt to write."""
        self.document, self.path, self._on_write = document, path, on_write
        self._file: int | None = None
        self._size = self._most = 0  # bytes in the file, and at which it is written anew
        self._waiting = b""
        self._about: Line = {}

    def append(self, line: Line) -> None:
        """Adds an edit, an undo, a redo or a save that just happened."""
        self._waiting += _encoded(line)
        self.append_waiting()

    def append_waiting(self) -> None:
        """Adds what could not be written before."""
        if not self._waiting:
            return
        try:
            if self._file is None or self._size > self._most:
                self._rewrite()
            else:
                self._write()
        except OSError as error:
            self._on_write(self, error)
        else:
            self._on_write(self, None)

    def follow(self) -> None:
        """Adds what has changed of the document besides its graph."""
        about = _about(self.document)
        if about != self._about:
            self._about = about
            self.append({"about": about})

    def _rewrite(self) -> None:
        content = b"".join(map(_encoded, _lines(self.document)))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_bytes(self.path, content, sync=self._file is not None)
        self.close()
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
        self._size, self._most = len(content), 2 * len(content) + LEAST_GROWTH
        self._waiting = b""

    def _write(self) -> None:
        assert self._file is not None
        try:
            if os.write(self._file, self._waiting) < len(self._waiting):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)  # no half a line
            raise
        self._size += len(self._waiting)
        self._waiting = b""

    def sync(self) -> None:
        """Waits until all that was written would survive a power failure."""
        with contextlib.suppress(OSError):  # it was discarded meanwhile
            file = os.open(self.path, os.O_RDWR)
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def close(self) -> None:
        """Ends writing; the file stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def discard(self) -> None:
        """Deletes the file, because the document was closed."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


def _encoded(line: Line) -> bytes:
    return json.dumps(line, ensure_ascii=False).encode("utf-8") + b"\n"


def _about(document: Document) -> Line:
    """What a journal holds of a document besides its graph and edits."""
    return {
        "path": None if document.path is None else str(document.path),
        "digest": document.digest,
        "data": document.data.name,
        "image": document.image,
        "weights": document.weights,
    }


def _lines(document: Document) -> Iterator[Line]:
    """The shortest journal that leads to the document as it is."""
    changes, clean = document.changes, document.undo.cleanIndex()
    yield {
        "format": FORMAT,
        "version": VERSION,
        "graph": to_dict(changes[0].before if changes else document.graph),
        "about": _about(document),
        "saved": clean == 0,
    }
    for count, change in enumerate(changes, 1):
        # What the stack kept apart stays apart; the next edit may still merge with the last one.
        yield change.line if count == len(changes) else {**change.line, "burst": None}
        if count == clean:
            yield {"saved": True}
    for _place in range(len(changes) - document.undo.index()):
        yield {"undo": True}


def read(path: Path, document: Document) -> int:
    """Brings a new document into the state that a journal describes.

    Returns how many of its last lines make no sense, but for one that was not written to its end.
    Raises FileError if its first line makes none, OSError.
    """
    if path.stat().st_size > MOST_BYTES:
        raise FileError(_("The journal is larger than {most} MiB").format(most=MOST_BYTES // 2**20))
    *lines, _torn = path.read_bytes().split(b"\n")
    first = _decoded(lines[0] if lines else b"")
    if (first.get("format"), first.get("version")) != (FORMAT, VERSION):
        raise FileError(_("This is not a journal that this version can read"))
    document.graph = check.from_dict(first.get("graph"))
    _take_about(document, first)
    if first.get("saved") is not True:
        document.undo.resetClean()
    for number, line in enumerate(lines[1:], 1):
        try:
            _replay(document, _decoded(line))
        except (FileError, KindError):
            return len(lines) - number
    return 0


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileError(_("A line is not JSON ({reason})").format(reason=str(error)[:80])) from None
    if not isinstance(values, dict):
        raise FileError(_("A line is not an object"))
    return values


def _replay(document: Document, line: dict[str, Any]) -> None:
    match line:
        case {"edit": str(label), "burst": str() | None as burst, "delta": changes}:
            after = check.graph(apply(document.graph, changes), document.graph)
            document.undo.push(Change(document, label, document.graph, after, burst))
        case {"undo": True}:
            document.undo.undo()
        case {"redo": True}:
            document.undo.redo()
        case {"saved": True}:
            document.undo.setClean()
        case {"about": _}:
            _take_about(document, line)
        case _:
            raise FileError(_("A line is of no known kind"))


def _take_about(document: Document, line: dict[str, Any]) -> None:
    match line.get("about"):
        case {
            "path": str() | None as path,
            "digest": str() | None as digest,
            "data": str(data),
            "image": int() | str() as image,
            "weights": str() | None as weights,
        }:
            document.path = None if path is None else Path(path)
            document.digest, document.image, document.weights = digest, image, weights
            document.data = PICTURES.get(data, document.data)
        case _:
            raise FileError(_("A line does not describe a document"))
