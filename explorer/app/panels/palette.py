"""What a network can be made of: searched, dragged onto the canvas, or placed by a key."""

import json

from PySide6.QtCore import (
    QElapsedTimer,
    QMimeData,
    QModelIndex,
    QPoint,
    QSettings,
    Qt,
    Signal,
)
from PySide6.QtGui import QDrag, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)

from explorer.app import theme
from explorer.app.panels.palette_rows import (
    CARD,
    EDGE,
    ROW,
    Heading,
    PalettePainter,
    PaletteRows,
    nothing,
)
from explorer.app.panels.palette_search import Entry
from explorer.text import _

MIME = "application/x-cnn-explorer-node"
SETTING = "palette/folded"
_GOES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Palette(QWidget):
    """Every kind of node and every template, by section, with a search.

    placed(kind, params): the person wants such a node behind the selected one. A row that is
    dragged bears the mime type `MIME`: JSON {"kind": name, "params": {...}}.
    """

    placed = Signal(str, dict)

    def __init__(self, session, parent: QWidget | None = None):
        super().__init__(parent)
        self._session = session
        self._since_opened = QElapsedTimer()
        self.search = SearchField()
        self.search.textChanged.connect(self._on_query)
        self.search.key_pressed.connect(self._on_search_key)
        self.rows = PaletteRows(self)
        folded = QSettings().value(SETTING)
        if isinstance(folded, str):
            for section in {"templates", *folded.split(",")}:
                self.rows.fold(section, section in folded.split(","))
        self.list = PaletteList(self.rows, self)
        self.list.clicked.connect(self._on_click)
        self.list.doubleClicked.connect(self._on_double_click)
        self.list.entered_on.connect(self._take)
        self.list.folded.connect(self._on_fold)
        top = QVBoxLayout()
        top.setContentsMargins(EDGE, EDGE, EDGE, 4)
        top.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        self.setMinimumWidth(150)
        self.setFocusProxy(self.search)
        slash = QShortcut(QKeySequence("/"), self)
        slash.activated.connect(self.focus_search)
        theme.changed.connect(self.list.viewport().update)

    def focus_search(self) -> None:
        """Let the person type what to look for."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _on_query(self, query: str) -> None:
        self.rows.search(query)
        if query.strip() and self.rows.rowCount():
            self.list.setCurrentIndex(self.rows.index(0))
        else:
            self.list.clearSelection()
        self.list.scrollToTop()

    def _on_search_key(self, key: int) -> None:
        if key in _ENTERS:
            self._take(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.search.clear()
        else:
            step = -1 if key in (Qt.Key.Key_Up, Qt.Key.Key_PageUp) else 1
            row = max(0, min(self.rows.rowCount() - 1, self.list.currentIndex().row() + step))
            self.list.setCurrentIndex(self.rows.index(row))
            if not self.search.text().strip():
                self.list.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_click(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, Heading):
            self._on_fold(index, not row.folded)
        elif row.is_template:
            # The second click of a double click opens no second document.
            if (not self._since_opened.isValid()
                    or self._since_opened.elapsed() > QApplication.doubleClickInterval()):
                self._take(index)
                self._since_opened.start()

    def _on_double_click(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, Entry) and not row.is_template:
            self._take(index)

    def _on_fold(self, index: QModelIndex, folded: bool) -> None:
        section = index.data(ROW).section
        self.rows.fold(section, folded)
        self.list.setCurrentIndex(self.rows.index(self.rows.row_of(section)))
        QSettings().setValue(SETTING, ",".join(sorted(self.rows.folded)))

    def _take(self, index: QModelIndex) -> None:
        row = index.data(ROW) if index.isValid() else None
        if isinstance(row, Heading):
            self._on_fold(index, not row.folded)
        elif isinstance(row, Entry) and row.is_template:
            self._session.new(row.title)
        elif isinstance(row, Entry):
            self.placed.emit(row.kind, dict(row.params))


class SearchField(QLineEdit):
    """The field above the list; its arrow keys, Enter and Escape belong to the list."""

    key_pressed = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setPlaceholderText(_("Search conv 64 3×3"))
        self.setToolTip(_("Words and numbers: “conv 64 3x3 s2” is a convolution with 64 channels "
                          "and stride 2. Enter puts the first behind the selected node."))
        self.setAccessibleName(_("Search the palette"))
        self._hint = QLabel("/", self)
        self._hint.setProperty("role", "faint")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        row.addWidget(self._hint)
        self.textChanged.connect(lambda text: self._hint.setVisible(not text))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (*_GOES, *_ENTERS, Qt.Key.Key_Escape):
            self.key_pressed.emit(event.key())
            event.accept()
        else:
            super().keyPressEvent(event)


class PaletteList(QListView):
    """The rows: arrow keys go, Enter takes, Left and Right fold, the mouse drags.

    entered_on(index): Enter was pressed. folded(index, folded): a heading is to be folded or not.
    """

    entered_on = Signal(QModelIndex)
    folded = Signal(QModelIndex, bool)

    def __init__(self, rows: PaletteRows, parent: QWidget | None = None):
        super().__init__(parent)
        self.setModel(rows)
        self._painter = PalettePainter(self)
        self.setItemDelegate(self._painter)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName(_("Palette"))
        self.verticalScrollBar().setSingleStep(CARD)
        # Under the cards' margin, so that the bar takes no room from them.
        self.verticalScrollBar().setFixedWidth(8)

    def dragged(self, entry: Entry) -> QMimeData:
        """What a drag of an entry carries."""
        mime = QMimeData()
        text = json.dumps({"kind": entry.kind, "params": dict(entry.params)})
        mime.setData(MIME, text.encode())
        return mime

    def startDrag(self, actions: Qt.DropAction) -> None:
        entry = self.currentIndex().data(ROW) if self.currentIndex().isValid() else None
        if not isinstance(entry, Entry) or entry.is_template:
            return
        drag = QDrag(self)
        drag.setMimeData(self.dragged(entry))
        drag.setPixmap(self._painter.picture(entry, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(24, CARD // 2))
        drag.exec(Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        row = index.data(ROW) if index.isValid() else None
        if event.key() in _ENTERS and row is not None:
            self.entered_on.emit(index)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and isinstance(row, Heading):
            self.folded.emit(index, event.key() == Qt.Key.Key_Left)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        rows = self.model()
        if rows.query and not rows.rowCount():
            painter = QPainter(self.viewport())
            painter.setFont(theme.sans(11))
            painter.setPen(theme.color("muted"))
            painter.drawText(self.viewport().rect().adjusted(EDGE, 8, -EDGE, 0),
                             Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap,
                             nothing(rows.query))
            painter.end()
