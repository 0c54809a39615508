"""The runs that have a folder, in a window beside the main one, to open one with its curves."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QFile, QLocale, QSignalBlocker, QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QMessageBox,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from explorer import folders
from explorer.app import theme
from explorer.app.number import percent
from explorer.app.side_window import SideWindow
from explorer.catalog.datasets import DATASETS
from explorer.runs import folder
from explorer.runs.folder import RunAbout, RunError
from explorer.runs.record import ACTIVE
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Session

RUN, DATA, EPOCHS, ACCURACY, STATE, STARTED = range(6)  # columns
ROW = 26  # pixels of its height
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RunsWindow(SideWindow):
    """All runs, the latest first, with a search over their names; Enter or a double click opens one."""

    def __init__(self, session: "Session", parent: QWidget | None = None) -> None:
        super().__init__(_("Runs"), (820, 480), parent)
        self._session = session
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search by name"))
        self.search.setAccessibleName(_("Search the runs"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._open)
        self.list = QTreeWidget()
        self.list.setAccessibleName(_("Runs"))
        self.list.setHeaderLabels(
            [_("Run"), _("Data"), _("Epochs"), _("Accuracy"), _("State"), _("Started")]
        )
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(RUN, QHeaderView.ResizeMode.Stretch)
        self.list.itemActivated.connect(self._open)
        self.column.addWidget(self.search)
        self.column.addWidget(self.list, 1)
        self.add_buttons(
            (_("Open"), self._open),
            (_("Another folder…"), self._open_another),
            (_("Show files"), self._show_files),
            (_("Delete…"), self._delete),
        )
        session.run.state_changed.connect(self._load)
        theme.changed.connect(self._fill)
        self._load()

    @property
    def _chosen(self) -> Path | None:
        item = self.list.currentItem()
        return Path(item.data(RUN, Qt.ItemDataRole.UserRole)) if item is not None else None

    def _load(self, *_state: str) -> None:
        self._runs = folder.listed(folders.runs())
        self._fill()

    def _fill(self) -> None:
        words, chosen = self.search.text().casefold().split(), self._chosen
        with QSignalBlocker(self.list):
            self.list.clear()
            for path, about in self._runs:
                if all(word in f"{path.name} {about.name}".casefold() for word in words):
                    item = self._added(path, about)
                    if path == chosen or self.list.currentItem() is None:
                        self.list.setCurrentItem(item)

    def _added(self, path: Path, about: RunAbout) -> QTreeWidgetItem:
        epochs = about.recipe.epochs
        accuracy = about.accuracy if about.test is None else about.test
        done = about.step * epochs // about.steps if about.steps else 0
        texts = [
            path.name,
            DATASETS[about.data].title,
            _("{done} of {count}").format(done=done, count=epochs),
            "–" if accuracy is None else percent(accuracy),
            _state(path, about),
            _when(about.started),
        ]
        item = QTreeWidgetItem(self.list, texts)
        item.setData(RUN, Qt.ItemDataRole.UserRole, str(path))
        for column in (EPOCHS, ACCURACY):
            item.setTextAlignment(column, _RIGHT)
        for column in (DATA, STATE, STARTED):
            item.setForeground(column, theme.color("muted"))
        item.setSizeHint(RUN, QSize(0, ROW))
        return item

    def _try(self, path: Path | None, act: Callable[[Path], object]) -> None:
        if path is not None:
            act(path)

    def _open(self, *_what: object) -> None:
        self._try(self._chosen, self._open_run)

    def _open_run(self, path: Path) -> None:
        try:
            self._session.open_run(path)
        except RunError as error:
            self._session.notified.emit(str(error))
        else:
            self.close()

    def _open_another(self) -> None:
        path = QFileDialog.getExistingDirectory(self, _("The folder of a run"))
        self._try(Path(path) if path else None, self._open_run)

    def _show_files(self) -> None:
        self._try(
            self._chosen, lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
        )

    def _delete(self) -> None:
        self._try(self._chosen, self._delete_run)

    def _delete_run(self, path: Path) -> None:
        if folder.held(path):
            self._session.notified.emit(
                _("{name} is being trained; stop it first").format(name=path.name)
            )
            return
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self,
            _("Delete the run?"),
            _("Move {name}, with its weights and checkpoints, to the trash?").format(
                name=path.name
            ),
            buttons.Yes | buttons.Cancel,
            buttons.Cancel,
        )
        if answer == buttons.Yes and not QFile.moveToTrash(str(path)):
            self._session.notified.emit(
                _("{name} could not be moved to the trash").format(name=path.name)
            )
        self._load()


def _state(path: Path, about: RunAbout) -> str:
    """The state of a run as a person reads it."""
    if about.state in ACTIVE:
        return _("running") if folder.held(path) else _("interrupted")
    return {"stopped": _("stopped"), "finished": _("finished")}[about.state]


def _when(started: str) -> str:
    moment = QDateTime.fromString(started, Qt.DateFormat.ISODate).toLocalTime()
    return QLocale().toString(moment, QLocale.FormatType.ShortFormat) if moment.isValid() else "–"
