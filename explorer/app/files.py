"""Opening, saving and exporting, with the questions that belong to it."""

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox

from explorer.analysis.form import FORMS, NETWORKS, PHOTO_FORMATS, WEIGHTS, Entry, Form, Maker
from explorer.analysis.scope import first_problems
from explorer.app import settings
from explorer.app.document import Document
from explorer.graph.file import SUFFIX, FileError, replace_bytes
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.window import Window

MOST_RECENT = 8
_PHOTOS = tuple(chain.from_iterable(PHOTO_FORMATS.values()))


class Files:
    """The file actions of a window. Whatever goes wrong is told in one sentence; nothing is lost."""

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
        path = path or self._chosen(_("Open"), _("Networks ({suffixes})"), NETWORKS)
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
        """Save the network in one of the entry's forms, under a name to be asked for, which tells
        which it is."""
        session = self.session
        forms = {form.suffix: form for form in FORMS.values() if form.entry is entry}
        if (problem := session.first_problem) and all(form.sound for form in forms.values()):
            session.notified.emit(
                _("There is nothing to export yet: {problem}").format(problem=problem)
            )
            return
        drawn = any(form.maker is Maker.PICTURE for form in forms.values())
        name = "-".join((session.graph.name, *session.view)) if drawn else session.graph.name
        path = self._asked(
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
        """Begin with the weights in a file, asking which if `path` is empty."""
        path = path or self._chosen(_("Import weights"), _("Weights ({suffixes})"), WEIGHTS)
        if path:
            self.session.weights_io.read(Path(path))

    def open_photo(self, path: str = "") -> None:
        """Look at a photo, asking which if `path` is empty."""
        path = path or self._chosen(_("Open a photo"), _("Photos ({suffixes})"), _PHOTOS)
        if path:
            self.session.run.watch(self.session.run.watched, str(Path(path).resolve()))

    def can_take(self, paths: list[str]) -> bool:
        """Something can be done with each of these files, by their names."""
        known = (*NETWORKS, *WEIGHTS, *_PHOTOS)
        return bool(paths) and all(path.lower().endswith(known) for path in paths)

    def take(self, path: str) -> None:
        """Open a network, import weights or look at a photo, as the file's name ends."""
        name = path.lower()
        act = (
            self.import_weights
            if name.endswith(WEIGHTS)
            else self.open_photo
            if name.endswith(_PHOTOS)
            else self.open
        )
        act(path)

    def _chosen(self, title: str, words: str, suffixes: tuple[str, ...]) -> str:
        """The path of a file to read, asked for, "" if there is none; words: what the dialog says
        of the files, with a place for the suffixes."""
        patterns = " ".join(f"*{suffix}" for suffix in suffixes)
        return QFileDialog.getOpenFileName(
            self.window, title, self._folder(), words.format(suffixes=patterns)
        )[0]

    def _asked(self, title: str, name: str, forms: dict[str, str]) -> Path | None:
        """The file to write, asked for, None if there is none. forms: the names of the forms by
        suffix, the first the default; a name without one of these suffixes gets that of the
        form that was chosen."""
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
            if Path(path).exists() and not self._may_replace(path):  # the dialog saw another name
                return None
        return Path(path)

    def _may_replace(self, path: str) -> bool:
        buttons = QMessageBox.StandardButton
        return (
            QMessageBox.question(
                self.window,
                _("Replace the file?"),
                _("{name} is there already. Replace it?").format(name=path),
                buttons.Yes | buttons.No,
                buttons.No,
            )
            == buttons.Yes
        )

    def _put(self, path: Path, content: bytes) -> None:
        """Write what was exported, and tell how it went."""
        try:
            replace_bytes(path, content)
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
        """Every document is saved, or may be lost."""
        return all(self._may_close(document) for document in list(self.session.documents))

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
