"""What a network can be made of: searched, dragged onto the canvas, or placed by a key."""

from collections.abc import Callable

from PySide6.QtCore import (
    QElapsedTimer,
    QMimeData,
    QModelIndex,
    QPoint,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QDrag,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis import placing
from explorer.app import own_blocks, settings, theme
from explorer.app.node_drag import mime_data
from explorer.app.own_blocks import NameRefused
from explorer.app.panels.palette.entries import OWN_BLOCKS, Entry
from explorer.app.panels.palette.rows import (
    ALL,
    CARD,
    COMMON,
    EDGE,
    FOLDED,
    ROW,
    STATES,
    Heading,
    PalettePainter,
    PaletteRows,
)
from explorer.app.session import Session
from explorer.graph import file
from explorer.graph.file import FileError
from explorer.graph.graph import Node
from explorer.text import _

_STEP_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ENTER_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Palette(QWidget):
    """Every kind of node, every template and the saved blocks, by section, with a search.

    placed(kind, params): the person wants to add such a node after the selected one.
    group_placed(name, group): the same for a saved block. Entries can be dragged onto the canvas;
    `node_drag` describes what such a drag carries.
    """

    placed = Signal(str, dict)
    group_placed = Signal(str, object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._since_opened = QElapsedTimer()
        self.search = SearchField()
        self.search.textChanged.connect(self._on_query)
        self.search.key_pressed.connect(self._on_search_key)
        self.rows = PaletteRows(self)
        self.rows.states = _remembered_states()
        self.rows.set_own(session.own_blocks.names())
        # Queued, because the list must not be filled again under the field that edits it.
        self.rows.renamed.connect(self._rename, Qt.ConnectionType.QueuedConnection)
        session.own_blocks.changed.connect(self._on_own_changed)
        self.list = PaletteList(self.rows, self)
        self.list.clicked.connect(self._on_click)
        self.list.doubleClicked.connect(self._on_double_click)
        self.list.enter_pressed.connect(self._use)
        self.list.section_stepped.connect(self._on_section_step)
        self.list.removal_asked.connect(self._remove)
        self.list.drag_data = self._drag_data
        self.list.customContextMenuRequested.connect(self._show_menu)
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
        theme.changed.connect(self.list.viewport().update)

    def focus_search(self) -> None:
        """Let the person type a query."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    # Finding --------------------------------------------------------------------------------------

    def _on_query(self, query: str) -> None:
        self.rows.search(query)
        if query.strip() and self.rows.rowCount():
            self.list.setCurrentIndex(self.rows.index(0))
        else:
            self.list.clearSelection()
        self.list.scrollToTop()

    def _on_search_key(self, key: int) -> None:
        if key in _ENTER_KEYS:
            self._use(self.list.currentIndex())
            self.search.selectAll()
        elif key == Qt.Key.Key_Escape:
            self.search.clear()
        else:
            step = -1 if key in (Qt.Key.Key_Up, Qt.Key.Key_PageUp) else 1
            row = max(0, min(self.rows.rowCount() - 1, self.list.currentIndex().row() + step))
            self.list.setCurrentIndex(self.rows.index(row))
            if not self.search.text().strip():
                self.list.setFocus(Qt.FocusReason.TabFocusReason)

    # Sections -------------------------------------------------------------------------------------

    def _on_click(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, Heading):
            if self.list.was_more_clicked(index):
                self._show_section(row.section, COMMON if row.state == ALL else ALL)
            else:
                self._show_section(row.section, COMMON if row.folded else FOLDED)
        elif isinstance(row, Entry) and row.is_template:
            # The second click of a double click must not open a second document.
            if (
                not self._since_opened.isValid()
                or self._since_opened.elapsed() > QApplication.doubleClickInterval()
            ):
                self._use(index)
                self._since_opened.start()

    def _on_section_step(self, index: QModelIndex, forward: bool) -> None:
        """Show more of a section (folded, its common entries, all of them), or less."""
        row = index.data(ROW)
        states = STATES if row.more else (FOLDED, COMMON)
        step = states.index(row.state if row.state in states else COMMON) + (1 if forward else -1)
        self._show_section(row.section, states[max(0, min(len(states) - 1, step))])

    def _show_section(self, section: str, state: str) -> None:
        self.rows.show_section(section, state)
        self.list.setCurrentIndex(self.rows.index(self.rows.row_of(section)))
        settings.PALETTE.set(self.rows.states)

    # Using an entry -------------------------------------------------------------------------------

    def _on_double_click(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, Entry) and not row.is_template:
            self._use(index)

    def _use(self, index: QModelIndex) -> None:
        """Add the entry to the network, open the template, or fold or unfold the section."""
        row = index.data(ROW) if index.isValid() else None
        if isinstance(row, Heading):
            self._show_section(row.section, COMMON if row.folded else FOLDED)
        elif not isinstance(row, Entry):
            return
        elif row.is_template:
            self._session.new(row.title)
        elif row.is_own:
            if (group := self._own_block(row.title)) is not None:
                self.group_placed.emit(row.title, group)
        else:
            self.placed.emit(row.kind, dict(row.for_channels(self._channels()).params))

    def _channels(self) -> int | None:
        """The channels of a new node's input; None if they are unknown."""
        session = self._session
        id = placing.predecessor(session.shown, session.selection)
        facts = session.shown_facts.get(id)
        shape = facts.out if facts is not None else session.shown_input
        return shape[0] if shape else None

    def _own_block(self, name: str) -> Node | None:
        """The group of a saved block; None, and a notice, if it cannot be read."""
        try:
            return self._session.own_blocks.read(name)
        except FileError as error:
            self._session.notified.emit(str(error))
            return None

    def _drag_data(self, entry: Entry) -> QMimeData | None:
        """What a drag of an entry carries; None if its saved block cannot be read."""
        if entry.is_own:
            group = self._own_block(entry.title)
            if group is None:
                return None
            text = file.dumps(own_blocks.as_network(group, entry.title, None))
            return mime_data({"block": entry.title, "file": text})
        params = dict(entry.for_channels(self._channels()).params)
        return mime_data({"kind": entry.kind, "params": params})

    # Saved blocks ---------------------------------------------------------------------------------

    def _on_own_changed(self) -> None:
        known = {entry.title for entry in self.rows.entries if entry.is_own}
        names = self._session.own_blocks.names()
        self.rows.set_own(names)
        added = [name for name in names if name not in known]
        if added and not self.rows.query:
            self._show_section(OWN_BLOCKS, ALL)
            index = self.rows.index(self.rows.row_of_own(added[0]))
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)

    def _show_menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        row = index.data(ROW) if index.isValid() else None
        if not isinstance(row, Entry):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if row.is_template:
            menu.addAction(_("&Open as a new network"), lambda: self._use(index))
        else:
            menu.addAction(_("&Add after the selected node"), lambda: self._use(index))
        if row.is_own:
            menu.addAction(_("&Rename"), "F2", lambda: self.list.edit(index))
            menu.addAction(_("Re&move"), "Del", lambda: self._remove(index))
        menu.popup(self.list.viewport().mapToGlobal(place))

    def _rename(self, old: str, new: str) -> None:
        try:
            self._session.own_blocks.rename(old, new)
        except (NameRefused, FileError, OSError) as error:
            self._session.notified.emit(str(error))

    def _remove(self, index: QModelIndex) -> None:
        name = index.data(ROW).title
        try:
            path = self._session.own_blocks.remove(name)
        except OSError as error:
            self._session.notified.emit(str(error))
            return
        self._session.notified.emit(
            _("{name} is no longer in the palette; its file is kept as {path}").format(
                name=name, path=path
            )
        )


def _remembered_states() -> dict[str, str]:
    """How much of each section the person last had open."""
    states = settings.PALETTE.get()
    return {section: state for section, state in states.items() if state in STATES}


class SearchField(QLineEdit):
    """The search field above the list.

    key_pressed(key): an arrow key, Page Up or Down, Enter or Escape, which are for the list.
    """

    key_pressed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(_("Search conv 64 3×3"))
        self.setToolTip(
            _(
                "Words and numbers: “conv 3x5 64 s2” is a 3×5 convolution with 64 channels and stride "
                "2; p is padding, d dilation, g groups, dw depthwise. Enter adds the first result "
                "after the selected node."
            )
        )
        self.setAccessibleName(_("Search the palette"))
        self._hint = QLabel("/", self)
        self._hint.setProperty("role", "faint")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        row.addWidget(self._hint)
        self.textChanged.connect(lambda text: self._hint.setVisible(not text))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (*_STEP_KEYS, *_ENTER_KEYS, Qt.Key.Key_Escape):
            self.key_pressed.emit(event.key())
            event.accept()
        else:
            super().keyPressEvent(event)


class PaletteList(QListView):
    """The list of rows: Enter uses an entry, Left and Right fold a section, the mouse drags.

    enter_pressed(index). section_stepped(index, forward): the person wants to see more of a section
    (`forward`) or less. removal_asked(index): the person wants to remove a saved block. drag_data:
    returns what a drag of an entry carries.
    """

    enter_pressed = Signal(QModelIndex)
    section_stepped = Signal(QModelIndex, bool)
    removal_asked = Signal(QModelIndex)
    drag_data: Callable[[Entry], QMimeData | None]

    def __init__(self, rows: PaletteRows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(rows)
        self._painter = PalettePainter(self)
        self.setItemDelegate(self._painter)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._rows, self._pressed = rows, QPoint()
        self.setAccessibleName(_("Palette"))
        self.verticalScrollBar().setSingleStep(CARD)
        # As narrow as the margin beside the cards, so that the bar takes no room from them.
        self.verticalScrollBar().setFixedWidth(8)

    def was_more_clicked(self, index: QModelIndex) -> bool:
        """Whether the last click was on the text at the right of a heading."""
        row = index.data(ROW)
        rect = self._painter.row_rect(self.visualRect(index), self)
        return bool(row.more_text) and self._painter.more_place(rect, row).adjusted(
            -6, 0, 2, 0
        ).contains(self._pressed.toPointF())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()
        super().mousePressEvent(event)

    def startDrag(self, actions: Qt.DropAction) -> None:
        entry = self.currentIndex().data(ROW) if self.currentIndex().isValid() else None
        if not isinstance(entry, Entry) or entry.is_template:
            return
        mime = self.drag_data(entry)
        if mime is None:
            return
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.setPixmap(self._painter.picture(entry, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(24, CARD // 2))
        drag.exec(Qt.DropAction.CopyAction)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        row = index.data(ROW) if index.isValid() else None
        if self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)  # a key that the field for the new name ignored
        elif event.key() in _ENTER_KEYS and row is not None:
            self.enter_pressed.emit(index)
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and isinstance(row, Heading):
            self.section_stepped.emit(index, event.key() == Qt.Key.Key_Right)
        elif event.key() == Qt.Key.Key_Delete and isinstance(row, Entry) and row.is_own:
            self.removal_asked.emit(index)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        rows = self._rows
        if rows.query and not rows.rowCount():
            painter = QPainter(self.viewport())
            painter.setFont(theme.sans(11))
            painter.setPen(theme.color("muted"))
            painter.drawText(
                self.viewport().rect().adjusted(EDGE, 8, -EDGE, 0),
                Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap,
                _("Nothing matches “{query}”").format(query=rows.query),
            )
            painter.end()
