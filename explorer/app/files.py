"""Opening, saving and exporting, with the questions that belong to it."""

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFileDialog, QMessageBox

from explorer.analysis.source import NotRunnable, source
from explorer.app.document import Document
from explorer.graph.file import SUFFIX, FileError, replace_text
from explorer.text import _

RECENT, MOST_RECENT = "files/recent", 8


class Files:
    """The file actions of a window. Whatever goes wrong is told in one sentence; nothing is lost."""

    def __init__(self, window):
        self.window, self.session = window, window.session

    @property
    def recent(self) -> list[str]:
        """Paths of the files last opened or saved, the latest first."""
        found = QSettings().value(RECENT, [])
        return [found] if isinstance(found, str) else [str(path) for path in found or []]

    def _remember(self, path: Path) -> None:
        path = str(path.resolve())
        others = [other for other in self.recent if other != path]
        QSettings().setValue(RECENT, [path, *others][:MOST_RECENT])

    def _folder(self) -> str:
        return str(Path(self.recent[0]).parent) if self.recent else ""

    def open(self, path: str = "") -> None:
        """Open a file, asking which if `path` is empty."""
        path = path or QFileDialog.getOpenFileName(
            self.window, _("Open"), self._folder(),
            _("Networks (*{suffix} *.json)").format(suffix=SUFFIX))[0]
        if not path:
            return
        try:
            self.session.read(path)
        except FileError as error:
            self.session.notified.emit(str(error))
            return
        self._remember(Path(path))

    def save(self) -> bool:
        """Save the current document; False if it was not."""
        path = self.session.document.path
        return self._write(path) if path is not None else self.save_as()

    def save_as(self) -> bool:
        """Save the current document under a name to be asked for."""
        path = QFileDialog.getSaveFileName(
            self.window, _("Save as"), str(Path(self._folder())
                                           / f"{self.session.graph.name}{SUFFIX}"),
            _("Networks (*{suffix})").format(suffix=SUFFIX))[0]
        if not path:
            return False
        return self._write(Path(path if path.endswith(".json") else path + SUFFIX))

    def _write(self, path: Path) -> bool:
        try:
            self.session.save(path)
        except OSError as error:
            self.session.notified.emit(_("{path} could not be written: {reason}").format(
                path=path, reason=error.strerror or error))
            return False
        self._remember(path)
        return True

    def export(self) -> None:
        """Save the network's PyTorch source under a name to be asked for."""
        try:
            text = source(self.session.report)
        except NotRunnable as error:
            self.session.notified.emit(_("There is nothing to export yet: {problem}").format(
                problem=error))
            return
        path = QFileDialog.getSaveFileName(
            self.window, _("Export PyTorch source"),
            str(Path(self._folder()) / f"{self.session.graph.name}.py"), _("Python (*.py)"))[0]
        if path:
            try:
                replace_text(Path(path), text)
            except OSError as error:
                self.session.notified.emit(_("{path} could not be written: {reason}").format(
                    path=path, reason=error.strerror or error))

    def close(self, index: int) -> None:
        """Close a document, asking first if it has unsaved changes."""
        if self._may_close(self.session.documents[index]):
            self.session.close(index)

    def may_close_all(self) -> bool:
        """Every document is saved, or may be lost."""
        return all(self._may_close(document) for document in list(self.session.documents))

    def _may_close(self, document: Document) -> bool:
        if not document.modified:
            return True
        self.session.switch(self.session.documents.index(document))
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self.window, _("Unsaved changes"),
            _("Save the changes of {name}?").format(name=document.graph.name),
            buttons.Save | buttons.Discard | buttons.Cancel, buttons.Save)
        return answer == buttons.Discard or answer == buttons.Save and self.save()
