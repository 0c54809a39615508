"""Opening, saving and exporting files, with the dialogs for it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QAbstractButton, QFileDialog, QMessageBox

from explorer.analysis.form import (
    FORMS,
    HEAD,
    NETWORKS,
    PHOTOS,
    WEIGHTS,
    Content,
    Entry,
    Form,
    Maker,
    called,
)
from explorer.analysis.scope import first_problems
from explorer.app import settings
from explorer.app.document import Document
from explorer.graph import foreign
from explorer.graph.file import SUFFIX, FileError, content, digest, open_regular, replace_bytes
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.window import Window

MOST_RECENT = 8


class Files:
    """The file actions of a window. A failure is notified in one sentence, and nothing is lost."""

    def __init__(self, window: "Window") -> None:
        self.window, self.session = window, window.session

    @property
    def recent(self) -> list[str]:
        """Paths of the files last opened or saved, the latest first."""
        return list(settings.RECENT.get())

    def _remember(self, path: Path) -> None:
        latest = str(path.resolve())
        others = [other for other in self.recent if other != latest]
        settings.RECENT.set((latest, *others[: MOST_RECENT - 1]))

    def _folder(self) -> str:
        return str(Path(self.recent[0]).parent) if self.recent else ""

    def open(self, path: str = "") -> None:
        """Open a file, asking which if `path` is empty."""
        path = path or self._path_to_read(_("Open"), _("Networks ({suffixes})"), NETWORKS)
        if not path:
            return
        try:
            self.session.read(path)
        except FileError as error:
            self.session.notified.emit(str(error))
            return
        self._remember(Path(path))

    def save(self) -> bool:
        """Save the current document; returns False if it is not saved."""
        document = self.session.document
        if document.path is None:
            return self.save_as()
        try:
            theirs = content(document.path) if document.path.exists() else None
        except FileError:
            theirs = None  # whatever it is, writing it tells
        if theirs is not None and document.digest not in (None, digest(theirs)):
            return self._resolve(document.path, theirs)
        return self._write(document.path)

    def _resolve(self, path: Path, theirs: bytes) -> bool:
        """Ask what to do with a file that another program has changed, and that is to be saved."""
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            _("The file has changed"),
            _("Another program has changed {name} since it was opened.").format(name=path.name),
            parent=self.window,
        )
        box.setInformativeText(
            _("Saving replaces that version. Both can be kept under two names, or looked at first.")
        )
        role = QMessageBox.ButtonRole
        choices: dict[QAbstractButton, Callable[[], bool]] = {
            box.addButton(_("Keep both…"), role.AcceptRole): self.save_as,
            box.addButton(_("Replace it"), role.DestructiveRole): lambda: self._write(path),
            box.addButton(_("Open it beside"), role.ActionRole): lambda: self._open_beside(
                path, theirs
            ),
            box.addButton(_("Reload it"), role.ActionRole): lambda: self._reload(path, theirs),
        }
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        clicked = box.clickedButton()
        return any(act() for button, act in choices.items() if button is clicked)

    def _open_beside(self, path: Path, theirs: bytes) -> bool:
        """Open the version that is on disk as a new document."""
        try:
            self.session.open_copy(theirs, path)
        except FileError as error:
            self.session.notified.emit(str(error))
        return False

    def _reload(self, path: Path, theirs: bytes) -> bool:
        """Take the version that is on disk, as a step that can be undone."""
        try:
            return self.session.reload(theirs, path)
        except FileError as error:
            self.session.notified.emit(str(error))
            return False

    def save_as(self) -> bool:
        """Ask for a name and save the current document; returns False if it is not saved."""
        path = QFileDialog.getSaveFileName(
            self.window,
            _("Save as"),
            str(Path(self._folder()) / f"{self.session.graph.name}{SUFFIX}"),
            _("Networks (*{suffix})").format(suffix=SUFFIX),
        )[0]
        if not path:
            return False
        return self._write(Path(path if path.endswith(NETWORKS) else path + SUFFIX))

    def _write(self, path: Path) -> bool:
        try:
            self.session.save(path)
        except OSError as error:
            self._failed(path, error)
            return False
        self._remember(path)
        return True

    def export(self, entry: Entry) -> None:
        """Ask for a name and save the network in that of the entry's forms to which its suffix
        belongs."""
        session = self.session
        forms = {form.suffix: form for form in FORMS.values() if form.entry is entry}
        if (problem := session.first_problem) and all(form.sound for form in forms.values()):
            session.notified.emit(
                _("There is nothing to export yet: {problem}").format(problem=problem)
            )
            return
        drawn = any(form.maker is Maker.PICTURE for form in forms.values())
        name = "-".join((session.graph.name, *session.view)) if drawn else session.graph.name
        path = self._path_to_write(
            _("Export: {form}").format(form=entry.words.replace("&", "")),
            name,
            {suffix: f"{form.title} (*{suffix})" for suffix, form in forms.items()},
        )
        if path is None:
            return
        form = forms[path.suffix.lower()]
        if form.maker is Maker.ENGINE:
            session.weights_io.write(form.id, path)
        elif form.text is not None:
            self._put(path, form.text(session.report).encode("utf-8"))
        else:
            self._draw(path, form)

    def _draw(self, path: Path, form: Form) -> None:
        """Save the scope that is shown as a picture."""
        from explorer.app.canvas.picture import Picture, TooLarge

        session = self.session
        marked = first_problems(session.report, session.view)
        try:
            picture = Picture(session.scope, marked, title=session.graph.name)
            self._put(path, picture.written(form.id))
        except TooLarge as error:
            session.notified.emit(str(error))

    def import_weights(self, path: str = "") -> None:
        """Import the weights in a file, asking which if `path` is empty."""
        path = path or self._path_to_read(_("Import weights"), _("Weights ({suffixes})"), WEIGHTS)
        if path:
            self.session.weights_io.read(Path(path))

    def open_photo(self, path: str = "") -> None:
        """Look at a photo, asking which if `path` is empty."""
        path = path or self._path_to_read(_("Open a photo"), _("Photos ({suffixes})"), PHOTOS)
        if path:
            self.session.run.watch(self.session.run.watched, str(Path(path).resolve()))

    def take(self, path: str) -> None:
        """Open a network, import weights or look at a photo, by the file's content; call any other file
        what it is."""
        name = Path(path).name
        try:
            with open_regular(Path(path)) as file:
                head = file.read(HEAD)
                known = foreign.sentence(file, name)
        except (OSError, ValueError) as error:  # ValueError: a name with a null character
            reason = getattr(error, "strerror", None) or error
            self.session.notified.emit(
                _("{name} cannot be opened: {reason}").format(name=name, reason=reason)
            )
            return
        match Content.of(head, name):
            case Content.PHOTO:
                self.open_photo(path)
            case _ if known:
                self.session.notified.emit(known)
            case Content.NETWORK:
                self.open(path)
            case Content.WEIGHTS:
                self.import_weights(path)
            case None:
                self.session.notified.emit(
                    (
                        _("{name} is {what}; networks, weights and photos can be opened")
                        if called(head)
                        else _("{name} is neither a network nor a file of weights nor a photo")
                    ).format(name=name, what=called(head))
                )

    def _path_to_read(self, title: str, words: str, suffixes: tuple[str, ...]) -> str:
        """Ask for a file to read; returns its path, "" if the dialog was cancelled.

        words: the description of the files in the dialog, with {suffixes} in it.
        """
        patterns = " ".join(f"*{suffix}" for suffix in suffixes)
        filters = ";;".join((words.format(suffixes=patterns), _("All files (*)")))
        return QFileDialog.getOpenFileName(self.window, title, self._folder(), filters)[0]

    def _path_to_write(self, title: str, name: str, forms: dict[str, str]) -> Path | None:
        """Ask for a file to write; returns its path, None if the dialog was cancelled.

        forms: the filters of the dialog by suffix, the first the default; a name without one of
        these suffixes gets that of the filter that was chosen.
        """
        suffix = next(iter(forms))
        path, chosen = QFileDialog.getSaveFileName(
            self.window,
            title,
            str(Path(self._folder()) / f"{name}{suffix}"),
            ";;".join(forms.values()),
        )
        if not path:
            return None
        if Path(path).suffix.lower() not in forms:
            path += next((end for end, form in forms.items() if form == chosen), suffix)
            if Path(path).exists() and not self._may_replace(
                path
            ):  # the dialog checked another name
                return None
        return Path(path)

    def _may_replace(self, path: str) -> bool:
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self.window,
            _("Replace the file?"),
            _("{name} exists already. Replace it?").format(name=path),
            buttons.Yes | buttons.No,
            buttons.No,
        )
        return answer == buttons.Yes

    def _put(self, path: Path, exported: bytes) -> None:
        """Write what is exported, and notify the result."""
        try:
            replace_bytes(path, exported)
        except OSError as error:
            self._failed(path, error)
        else:
            self.session.notified.emit(_("{name} is written").format(name=path))

    def _failed(self, path: Path, error: OSError) -> None:
        self.session.notified.emit(
            _("{path} could not be written: {reason}").format(
                path=path, reason=error.strerror or error
            )
        )

    def close(self, index: int) -> None:
        """Close a document, asking first if it has unsaved changes."""
        if self._may_close(self.session.documents[index]):
            self.session.close(index)

    def may_close_all(self) -> bool:
        """Ask what to do with each document that has unsaved changes; False if that was cancelled."""
        return all(self._may_close(document) for document in [*self.session.documents])

    def _may_close(self, document: Document) -> bool:
        if not document.modified:
            return True
        self.session.switch(self.session.documents.index(document))
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self.window,
            _("Unsaved changes"),
            _("Save the changes of {name}?").format(name=self.session.title(document)),
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        return answer == buttons.Discard or (answer == buttons.Save and self.save())
