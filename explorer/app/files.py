"""Opening, saving and exporting, with the questions that belong to it."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QMessageBox

from explorer.analysis import table
from explorer.analysis.level import first_problems
from explorer.analysis.source import NotRunnable, source
from explorer.app import settings
from explorer.app.document import Document
from explorer.graph.file import SUFFIX, FileError, replace_bytes
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.window import Window

MOST_RECENT = 8
WEIGHTS = (".safetensors", ".pth", ".pt", ".bin")
PHOTOS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")


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
        path = (
            path
            or QFileDialog.getOpenFileName(
                self.window,
                _("Open"),
                self._folder(),
                _("Networks (*{suffix} *.json)").format(suffix=SUFFIX),
            )[0]
        )
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
        return self._write(Path(path if path.endswith(".json") else path + SUFFIX))

    def _write(self, path: Path) -> bool:
        try:
            self.session.save(path)
        except OSError as error:
            self._failed(path, error)
            return False
        self._remember(path)
        return True

    def export(self) -> None:
        """Save the network's PyTorch source under a name to be asked for."""
        try:
            text = source(self.session.report).text
        except NotRunnable as error:
            self.session.notified.emit(
                _("There is nothing to export yet: {problem}").format(problem=error)
            )
            return
        path = self._asked(
            _("Export PyTorch source"), self.session.graph.name, {".py": _("Python (*.py)")}
        )
        if path is not None:
            self._put(path, text.encode("utf-8"))

    def export_diagram(self) -> None:
        """Save the level that is shown as a picture: SVG, PDF or PNG, as the name ends."""
        session = self.session
        path = self._asked(
            _("Export diagram"),
            "-".join((session.graph.name, *session.view)),
            {".svg": _("SVG (*.svg)"), ".pdf": _("PDF (*.pdf)"), ".png": _("PNG (*.png)")},
        )
        if path is not None:
            from explorer.app.canvas.picture import Picture, TooLarge

            picture = Picture(
                session.level,
                first_problems(session.report, session.view),
                title=session.graph.name,
            )
            try:
                self._put(path, picture.written(path.suffix[1:].lower()))
            except TooLarge as error:
                session.notified.emit(str(error))

    def export_table(self) -> None:
        """Save the table of the layers: CSV or Markdown, as the name ends."""
        path = self._asked(
            _("Export table"),
            self.session.graph.name,
            {".csv": _("CSV (*.csv)"), ".md": _("Markdown (*.md)")},
        )
        if path is not None:
            write = {".csv": table.as_csv, ".md": table.as_markdown}[path.suffix.lower()]
            self._put(path, write(self.session.report).encode("utf-8"))

    def export_onnx(self) -> None:
        """Save the network and its weights as the engine holds them, for other programs."""
        path = self._asked(_("Export ONNX"), self.session.graph.name, {".onnx": _("ONNX (*.onnx)")})
        if path is not None:
            self.session.exchange.write("onnx", path)

    def export_weights(self) -> None:
        """Save the weights as the engine holds them."""
        path = self._asked(
            _("Export weights"),
            self.session.graph.name,
            {".safetensors": _("Safetensors (*.safetensors)")},
        )
        if path is not None:
            self.session.exchange.write("safetensors", path)

    def import_weights(self, path: str = "") -> None:
        """Begin with the weights in a file, asking which if `path` is empty."""
        path = (
            path
            or QFileDialog.getOpenFileName(
                self.window,
                _("Import weights"),
                self._folder(),
                _("Weights ({suffixes})").format(suffixes=_patterns(WEIGHTS)),
            )[0]
        )
        if path:
            self.session.exchange.bring(Path(path))

    def open_photo(self, path: str = "") -> None:
        """Look at a photo, asking which if `path` is empty."""
        path = (
            path
            or QFileDialog.getOpenFileName(
                self.window,
                _("Open a photo"),
                self._folder(),
                _("Photos ({suffixes})").format(suffixes=_patterns(PHOTOS)),
            )[0]
        )
        if path:
            self.session.watch(self.session.run.watched, str(Path(path).resolve()))

    def can_take(self, paths: list[str]) -> bool:
        """Something can be done with each of these files, by their names."""
        known = (*WEIGHTS, *PHOTOS, ".json")
        return bool(paths) and all(Path(path).suffix.lower() in known for path in paths)

    def take(self, path: str) -> None:
        """Open a network, import weights or look at a photo, as the file's name ends."""
        suffix = Path(path).suffix.lower()
        act = (
            self.import_weights
            if suffix in WEIGHTS
            else self.open_photo
            if suffix in PHOTOS
            else self.open
        )
        act(path)

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


def _patterns(suffixes: tuple[str, ...]) -> str:
    """What a file dialog shows: *.png *.jpg."""
    return " ".join(f"*{suffix}" for suffix in suffixes)
