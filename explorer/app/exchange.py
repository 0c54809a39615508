"""Weights on their way in and out of the window: the engine does it, this asks and tells."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.analysis.form import SAFETENSORS
from explorer.analysis.problem import problems
from explorer.app import folders, settings
from explorer.app.document import Document
from explorer.catalog.datasets import PICTURES
from explorer.graph.file import to_dict
from explorer.protocol.messages import Export, Exported, Hello, Import, Imported
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Session

MOST_REMEMBERED = 32


class Exchange(QObject):
    """Brings weights from a file into a document, and writes a document's network with its weights.

    reported(title, sentence, rows, fits): what became of each tensor of an import; rows as
    `imported` of the protocol has them; whether they were loaded. A copy of imported weights is
    kept under the network's own names, so that a document that is opened again finds them.
    """

    reported = Signal(str, str, object, bool)

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.session, self.link = session, session.link
        self._asked: dict[int, tuple[Document, Path]] = {}
        self._waiting: Callable[[], None] | None = None  # for the engine to start
        self._folder = folders.data() / "weights"
        self.link.imported.connect(self._take)
        self.link.exported.connect(self._tell)
        self.link.hello_said.connect(self._begin)
        self.link.died.connect(self._wait_no_more)

    # In ---------------------------------------------------------------------------------------

    def bring(self, path: Path) -> None:
        """Let the current document's network begin with the weights in a file, if they fit."""
        session = self.session
        if session.run.active:
            session.notified.emit(_("A run is going on; stop it before you import weights"))
        elif not session.report.ok:
            session.notified.emit(
                _("The network must be sound before it can take weights: {problem}").format(
                    problem=problems(session.report)[0].message
                )
            )
        else:
            document = session.document
            session.notified.emit(_("Reading {name} …").format(name=path.name))
            self._when_ready(lambda: self._ask(document, path))

    def _ask(self, document: Document, path: Path) -> None:
        to = self._folder / f"{uuid.uuid4().hex}{SAFETENSORS}"
        asked = self.link.send(Import(graph=to_dict(document.graph), file=str(path), to=str(to)))
        self._asked[asked] = document, path

    def _take(self, message: Imported) -> None:
        asked = self._asked.pop(message.generation, None)
        if asked is None:
            return
        document, path = asked
        if message.path is not None:
            document.weights = message.path
            if document.path is not None:
                self.remember(document)
            self._prune()
            if document is self.session.document:
                self.session.run.build()
        title = _("{file} into {network}").format(file=path.name, network=document.graph.name)
        self.reported.emit(title, message.sentence, message.rows, message.path is not None)

    # Out --------------------------------------------------------------------------------------

    def write(self, form: str, path: Path) -> None:
        """Let the engine write the current network with its weights in one of its forms."""
        session, run = self.session, self.session.run
        if not session.report.ok:
            session.notified.emit(
                _("There is nothing to export yet: {problem}").format(
                    problem=problems(session.report)[0].message
                )
            )
        elif run.active and not session.holds_drawn():
            session.notified.emit(
                _("The engine holds the network of the run; stop it before you export another")
            )
        else:
            session.notified.emit(_("Writing {name} …").format(name=path.name))
            self._when_ready(lambda: self._send_out(form, path))

    def _send_out(self, form: str, path: Path) -> None:
        session = self.session
        if not session.holds_drawn():  # an edit of just now
            session.run.build()
        held = session.engine_holds
        graph = held.report.graph if held else session.graph
        self.link.send(Export(graph=to_dict(graph), form=form, path=str(path)))

    def _tell(self, message: Exported) -> None:
        name = Path(message.path).name
        if message.difference is None:
            sentence = _("{name} is written").format(name=name)
        else:
            batch = (
                _("any number of pictures at a time")
                if message.dynamic
                else _("one picture at a time")
            )
            sentence = _(
                "{name} is written, for {batch}; onnxruntime's outputs differ by at most "
                "{difference:.1e}, of outputs up to {largest:.3g}"
            ).format(name=name, batch=batch, difference=message.difference, largest=message.largest)
        self.session.notified.emit(sentence)

    # The engine's start -------------------------------------------------------------------------

    def _when_ready(self, do: Callable[[], None]) -> None:
        if self.link.hello is None:
            self._waiting = do
            self.link.start()
        else:
            do()

    def _begin(self, _hello: Hello) -> None:
        waiting, self._waiting = self._waiting, None
        self._asked.clear()  # what an engine before was asked, nobody will answer
        if waiting is not None:
            waiting()

    def _wait_no_more(self, _sentence: str) -> None:
        if self.link.given_up:
            self._waiting = None

    # Remembering --------------------------------------------------------------------------------

    def remember(self, document: Document) -> None:
        """Note for the document's file what it begins with and what it looks at."""
        assert document.path is not None
        known, file = settings.OPENED_WITH.get(), str(document.path.resolve())
        known.pop(file, None)
        if document.weights is not None or not document.data.labelled:
            known[file] = document.weights, document.data.name
        settings.OPENED_WITH.set(dict(list(known.items())[-MOST_REMEMBERED:]))

    def recall(self, document: Document) -> None:
        """Give a document that was opened what was noted for its file."""
        assert document.path is not None
        weights, data = settings.OPENED_WITH.get().get(str(document.path.resolve()), (None, ""))
        if weights and Path(weights).exists():
            document.weights = weights
        document.data = PICTURES.get(data, document.data)

    def _prune(self) -> None:
        """Throw away copies that no document and no remembered file begins with."""
        used = {document.weights for document in self.session.documents}
        used |= {weights for weights, _data in settings.OPENED_WITH.get().values()}
        for file in self._folder.glob(f"*{SAFETENSORS}"):
            if str(file) not in used:
                file.unlink(missing_ok=True)
