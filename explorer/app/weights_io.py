"""Import and export of weights: requests to the engine, which reads and writes the files."""

import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer import folders
from explorer.analysis.form import SAFETENSORS
from explorer.app import settings
from explorer.app.document import Document
from explorer.catalog.datasets import PICTURES
from explorer.graph.file import to_dict
from explorer.protocol.messages import Export, Exported, Hello, Import, Imported
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Session

MOST_REMEMBERED = 32


class WeightsIO(QObject):
    """Reads weights from a file into a document, and writes a document's network with its weights.

    reported(title, sentence, rows, fits): the result of an import; rows: those of `Imported`, one
    for each tensor; fits: the weights were loaded. asked(title, sentence, rows, part, load): the
    same, where only some tensors fit, and nothing was loaded; part: how many; load(): loads these.

    A copy of imported weights is kept under the network's own names, so that a document that is
    opened again finds them.
    """

    reported = Signal(str, str, object, bool)
    asked = Signal(str, str, object, int, object)

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.session, self.link = session, session.link
        self._imports: dict[int, tuple[Document, Path]] = {}  # requested, by generation
        self._deferred: Callable[[], None] | None = None  # until the engine has started
        self._folder = folders.data() / "weights"
        self.link.imported.connect(self._on_imported)
        self.link.exported.connect(self._on_exported)
        self.link.hello_said.connect(self._on_hello)
        self.link.died.connect(self._on_died)

    # Import -----------------------------------------------------------------------------------

    def read(self, path: Path, partly: bool = False) -> None:
        """Initialise the current document's network with the weights in a file, if they fit; or, if
        `partly`, with those that do."""
        session = self.session
        if session.run.active:
            session.notified.emit(_("A run is active; stop it before you import weights"))
        elif problem := session.first_problem:
            session.notified.emit(
                _("Weights can be imported once the network has no problems: {problem}").format(
                    problem=problem
                )
            )
        else:
            session.notified.emit(_("Reading {name} …").format(name=path.name))
            self._when_ready(partial(self._request_import, session.document, path, partly))

    def _request_import(self, document: Document, path: Path, partly: bool) -> None:
        to = self._folder / f"{uuid.uuid4().hex}{SAFETENSORS}"
        request = Import(graph=to_dict(document.graph), file=str(path), to=str(to), partial=partly)
        self._imports[self.link.send(request)] = document, path

    def _on_imported(self, message: Imported) -> None:
        if message.generation not in self._imports:
            return
        document, path = self._imports.pop(message.generation)
        if message.path is not None:
            document.weights = message.path
            if document.path is not None:
                self.remember(document)
            self._prune()
            if document is self.session.document:
                self.session.run.build()
        title = _("{file} into {network}").format(file=path.name, network=document.graph.name)
        if message.part:
            load = partial(self._load_part, document, path)
            self.asked.emit(title, message.sentence, message.rows, message.part, load)
        else:
            self.reported.emit(title, message.sentence, message.rows, message.path is not None)

    def _load_part(self, document: Document, path: Path) -> None:
        """Load what fits of a file into the network of a document that is open."""
        if document in self.session.documents:
            self.session.show_document(document)
            self.read(path, partly=True)

    # Export -----------------------------------------------------------------------------------

    def write(self, form: str, path: Path) -> None:
        """Write the current network with its weights; form: the id of one that the engine writes."""
        session = self.session
        if problem := session.first_problem:
            session.notified.emit(
                _("There is nothing to export yet: {problem}").format(problem=problem)
            )
        elif session.run.active and not session.holds_drawn():
            session.notified.emit(
                _("The engine holds the network of the run; stop it before you export another")
            )
        else:
            session.notified.emit(_("Writing {name} …").format(name=path.name))
            self._when_ready(partial(self._request_export, form, path))

    def _request_export(self, form: str, path: Path) -> None:
        session = self.session
        if not session.holds_drawn():  # an edit of just now
            session.run.build()
        held = session.engine_holds
        graph = held.report.graph if held else session.graph
        self.link.send(Export(graph=to_dict(graph), form=form, path=str(path)))

    def _on_exported(self, message: Exported) -> None:
        if message.difference is None:
            sentence = _("{name} is written")
        elif message.dynamic:
            sentence = _(
                "{name} is written, for any batch size; the outputs of onnxruntime differ by at most "
                "{difference:.1e} (largest output {largest:.3g})"
            )
        else:
            sentence = _(
                "{name} is written, for one picture at a time; the outputs of onnxruntime differ by "
                "at most {difference:.1e} (largest output {largest:.3g})"
            )
        name, difference, largest = Path(message.path).name, message.difference, message.largest
        self.session.notified.emit(
            sentence.format(name=name, difference=difference, largest=largest)
        )

    # The engine's start -------------------------------------------------------------------------

    def _when_ready(self, request: Callable[[], None]) -> None:
        if self.link.hello is None:
            self._deferred = request
            self.link.start()
        else:
            request()

    def _on_hello(self, _hello: Hello) -> None:
        request, self._deferred = self._deferred, None
        self._imports.clear()  # an engine that died will not answer
        if request is not None:
            request()

    def _on_died(self, _sentence: str) -> None:
        if self.link.given_up:
            self._deferred = None

    # Remembering --------------------------------------------------------------------------------

    def remember(self, document: Document) -> None:
        """Remember for the document's file which weights it starts with and what it looks at."""
        assert document.path is not None
        known, file = settings.OPENED_WITH.get(), str(document.path.resolve())
        known.pop(file, None)
        if document.weights is not None or not document.data.labelled:
            known[file] = document.weights, document.data.name
        settings.OPENED_WITH.set(dict(list(known.items())[-MOST_REMEMBERED:]))

    def recall(self, document: Document) -> None:
        """Restore what was remembered for the file of a document."""
        assert document.path is not None
        weights, data = settings.OPENED_WITH.get().get(str(document.path.resolve()), (None, ""))
        if weights and Path(weights).exists():
            document.weights = weights
        document.data = PICTURES.get(data, document.data)

    def _prune(self) -> None:
        """Delete the copies that neither an open document nor a remembered file starts with."""
        used = {document.weights for document in self.session.documents}
        used |= {weights for weights, _data in settings.OPENED_WITH.get().values()}
        for file in self._folder.glob(f"*{SAFETENSORS}"):
            if str(file) not in used:
                file.unlink(missing_ok=True)
