"""The report on an import of weights, in a window beside the main one."""

from collections.abc import Callable

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QHeaderView, QLabel, QTableView, QWidget

from explorer.app import theme
from explorer.app.side_window import SideWindow
from explorer.text import _

Index = QModelIndex | QPersistentModelIndex
COLUMNS = (_("Found"), _("In this network"), _("In the file"), _("Shape"))


class _Rows(QAbstractTableModel):
    def __init__(self, rows: list[list[str]], fits: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = rows
        self.fits = fits

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row[index.column()] or "–"
        if role == Qt.ItemDataRole.ForegroundRole:
            if not row[1] or not row[2]:  # not used: harmless if the rest was loaded
                return theme.color("muted" if self.fits else "problem")
            return theme.color("text" if row[1] != row[2] else "muted")
        if role == Qt.ItemDataRole.FontRole:
            return theme.sans(11) if index.column() == 0 else theme.mono(11)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 3:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == 3 else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class WeightsReport(SideWindow):
    """The result of one import: a sentence, and a table with a row for each tensor.

    rows: (how it was matched, name in this network, name in the file, shape). fits: the weights
    were loaded. load: words of a button, and what it does before the window closes.
    """

    def __init__(
        self,
        title: str,
        sentence: str,
        rows: list[list[str]],
        fits: bool,
        parent: QWidget | None,
        load: tuple[str, Callable[[], None]] | None = None,
    ) -> None:
        super().__init__(title, (760, 520), parent)
        heading = QLabel(title)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setProperty("role", "title")
        result = QLabel(sentence)
        result.setTextFormat(Qt.TextFormat.PlainText)
        result.setWordWrap(True)
        self.table = QTableView()
        self.table.setModel(_Rows(rows, fits, self))
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(0, 88)
        header.resizeSection(3, 120)
        self.column.addWidget(heading)
        self.column.addWidget(result)
        self.column.addWidget(self.table, 1)
        if load is None:
            self.add_buttons()
        else:
            words, self._load = load
            self.add_buttons((words, self._load_and_close))

    def _load_and_close(self) -> None:
        self._load()
        self.close()
