"""All layers of the network with their shapes and costs."""

from functools import partial

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from explorer.app import settings, theme
from explorer.app.document import Document
from explorer.app.number import grouped, short
from explorer.app.panels.layers.layer_table import (
    FIELD,
    FULL,
    IN,
    JUMP,
    KIND,
    LOCAL,
    MACS,
    OUT,
    PARAMS,
    PATH,
    SHARE,
    TITLES,
    LayerTable,
    SharePainter,
)
from explorer.app.session import Change, Session
from explorer.app.widgets.label import label
from explorer.app.widgets.live_panel import Redraw
from explorer.app.widgets.small_button import small_button
from explorer.graph.diff import diff
from explorer.graph.path import NodePath
from explorer.text import _, ngettext

ROW = 22  # pixels
_WIDTHS = (132, 112, 96, 88, 84, 92, 130, 106, 50, 80, 114)
_ORDER = (PATH, OUT, PARAMS, FIELD, JUMP, MACS, KIND, IN, LOCAL, FULL, SHARE)


class Layers(QWidget):
    """The table of layers with its totals; selecting a row shows the layer on the canvas."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_stale = True
        self._document: Document | None = None  # whose layers are shown
        self._is_following = False  # the table is following the canvas, which must not follow it
        self.table = LayerTable(self)
        self._build()
        self.redraw = Redraw(self, self.refresh)
        session.changed.connect(self._on_change)
        theme.changed.connect(self._apply_theme)
        self._apply_theme()

    def _build(self) -> None:
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(_("Filter by name, kind or shape"))
        self.filter.setAccessibleName(_("Filter layers"))
        self.filter.setMaximumWidth(240)
        self.filter.textChanged.connect(self._on_filter)
        self.totals = label("", "small")
        self.totals.setContentsMargins(12, 5, 12, 5)
        self.totals.setMinimumWidth(60)
        self.copy_button = small_button(
            _("Copy CSV"), _("Copy the selected rows, or all of them (Ctrl+C)")
        )
        self.copy_button.clicked.connect(self.copy)
        self.view = QTableView()
        self.view.setModel(self.table)
        self._share = SharePainter(self.view)
        self.view.setItemDelegateForColumn(SHARE, self._share)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.verticalHeader().hide()
        # Fixed heights, because measuring 4,000 rows takes longer than everything else.
        self.view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.view.verticalHeader().setDefaultSectionSize(ROW)
        header = self.view.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setStretchLastSection(True)
        self.view.setSortingEnabled(True)
        for column, width in enumerate(_WIDTHS):
            self.view.setColumnWidth(column, width)
        for position, column in enumerate(_ORDER):  # a narrow panel shows what matters most
            header.moveSection(header.visualIndex(column), position)
        hidden = settings.HIDDEN_COLUMNS.get()
        for column in _ORDER:
            self.view.setColumnHidden(column, column in hidden)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._offer_columns)
        self.view.selectionModel().currentRowChanged.connect(self._show_on_canvas)
        self.view.clicked.connect(self._show_on_canvas)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)
        top = QHBoxLayout()
        top.setContentsMargins(12, 6, 12, 6)
        top.setSpacing(12)
        top.addWidget(self.filter, 1)
        top.addStretch(0)
        top.addWidget(self.copy_button)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(self.view, 1)
        whole.addWidget(self.totals)

    def _offer_columns(self, place: QPoint) -> None:
        """Show a menu of the columns, in which those that are shown are ticked."""
        header = self.view.horizontalHeader()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for column in _ORDER:
            if column != PATH:
                action = menu.addAction(TITLES[column])
                action.setCheckable(True)
                action.setChecked(not self.view.isColumnHidden(column))
                action.toggled.connect(partial(self.show_column, column))
        menu.popup(header.mapToGlobal(place))

    def show_column(self, column: int, shown: bool) -> None:
        """Show or hide a column, and remember it."""
        self.view.setColumnHidden(column, not shown)
        settings.HIDDEN_COLUMNS.set(frozenset(filter(self.view.isColumnHidden, _ORDER)))

    # Following --------------------------------------------------------------------------------

    def _on_change(self, change: Change) -> None:
        if change.network and not diff(change.before.graph, change.after.graph).only_moved:
            self._is_stale = True
        if self._is_stale or change.selection:
            self.redraw.mark()

    def refresh(self) -> None:
        """Show the layers as they are now."""
        if self._is_stale:
            self._is_stale = False
            document = self._session.document
            top = self.view.verticalScrollBar().value() if document is self._document else 0
            self._document = document
            self._is_following = True
            if self.table.show_report(self._session.report):
                self.view.verticalScrollBar().setValue(top)
            self._is_following = False
            self._show_totals()
            self._widen_names()
        self._on_selection(self._session.selected)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._widen_names()

    def _widen_names(self) -> None:
        """Make the column of names as wide as they need, as far as the other columns leave room."""
        header = self.view.horizontalHeader()
        others = sum(
            _WIDTHS[column]
            for column in _ORDER
            if column != PATH and not self.view.isColumnHidden(column)
        )
        longest = max((len(row.layer.path) for row in self.table.all), default=0)
        needed = longest * self.view.fontMetrics().averageCharWidth() + 16
        room = max(self.view.viewport().width() - others, self.view.viewport().width() // 3)
        header.resizeSection(PATH, max(_WIDTHS[PATH], min(needed, room)))

    def _on_filter(self, text: str) -> None:
        self._is_following = True
        self.table.search(text)
        self._is_following = False
        self._show_totals()
        self._on_selection(self._session.selected)

    def _show_totals(self) -> None:
        table, shown, count = self.table, len(self.table.rows), len(self.table.all)
        params, macs = table.params, table.macs
        if shown < count:
            layers = ngettext("{shown} of {count} layer", "{shown} of {count} layers", count)
            params = sum(row.layer.params for row in table.rows)
            macs = sum(row.layer.macs for row in table.rows)
        else:
            layers = ngettext("{count} layer", "{count} layers", count)
        parameters = ngettext("{count} parameter", "{count} parameters", params)
        macs_text = ngettext("{count} MAC", "{count} MACs", macs)
        self.totals.setText(
            " · ".join(
                (
                    layers.format(shown=grouped(shown), count=grouped(count)),
                    parameters.format(count=grouped(params)),
                    macs_text.format(count=short(macs)),
                )
            )
        )
        self.totals.setToolTip(macs_text.format(count=grouped(macs)))

    def _on_selection(self, path: NodePath) -> None:
        """Go to the row of the node that is selected on the canvas."""
        row = self.table.row_at(path) if path else -1
        current = self.view.currentIndex().row()
        self._is_following = True
        if row < 0:
            self.view.selectionModel().clear()
        elif current < 0 or not self._is_at(current, path):
            index = self.table.index(row, 0)
            self.view.selectionModel().setCurrentIndex(
                index,
                QItemSelectionModel.SelectionFlag.ClearAndSelect
                | QItemSelectionModel.SelectionFlag.Rows,
            )
            self.view.scrollTo(index)
        self._is_following = False

    def _is_at(self, row: int, path: NodePath) -> bool:
        return row < len(self.table.rows) and self.table.rows[row].place.lies_in(path)

    # Actions ------------------------------------------------------------------------------------

    def _show_on_canvas(self, index: QModelIndex, _before: QModelIndex | None = None) -> None:
        if index.isValid() and not self._is_following and len(self._selected_rows()) <= 1:
            place = self.table.rows[index.row()].place
            if place != self._session.selected:
                self._session.lead_to(place)

    def _selected_rows(self) -> list[int]:
        return sorted(index.row() for index in self.view.selectionModel().selectedRows())

    def copy(self) -> None:
        """Copy the selected rows as CSV, or all that are shown if fewer than two are selected."""
        rows = self._selected_rows()
        QGuiApplication.clipboard().setText(self.table.as_csv(rows if len(rows) > 1 else None))

    def _apply_theme(self) -> None:
        self.view.setFont(theme.mono(11))
        self.view.horizontalHeader().setFont(theme.sans(11))
        self.view.viewport().update()
