"""The layers of a network as a table that can be sorted and filtered."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer.analysis.layer import Layer
from explorer.analysis.receptive_field import ReceptiveField, ReceptiveFields
from explorer.analysis.report import Report
from explorer.analysis.sharing import unshared
from explorer.analysis.table import CLIPPED, csv_of, jump_text, size_text
from explorer.app import theme
from explorer.app.number import grouped, percent, shape_or_unknown, short
from explorer.catalog import KINDS
from explorer.graph.path import NodePath
from explorer.text import _, ngettext

PATH, KIND, IN, OUT, PARAMS, MACS, SHARE, FIELD, JUMP, LOCAL, FULL = range(11)
TITLES = (
    _("Layer"),
    _("Kind"),
    _("In"),
    _("Out"),
    _("Parameters"),
    _("MACs"),
    _("Share of parameters"),
    _("Receptive field"),
    _("Jump"),
    _("If unshared"),
    _("If fully connected"),
)
TIPS = {
    FIELD: _(
        "What one position sees of the picture, height × width in pixels; {mark} means clipped to "
        "the picture"
    ).format(mark=CLIPPED),
    JUMP: _("How many pixels apart the receptive fields of two neighbouring positions are"),
    LOCAL: _("Parameters of a convolution if every position had its own kernel and bias"),
    FULL: _("Parameters of a convolution if every output depended on every input"),
}
_RIGHT = (IN, OUT, PARAMS, MACS, FIELD, JUMP, LOCAL, FULL)
Index = QModelIndex | QPersistentModelIndex
SHARE_ROLE = Qt.ItemDataRole.UserRole


class Row(NamedTuple):
    """One layer. place: the path of its node on the canvas, which names every block around it; the
    layer's own path leaves out inline ones."""

    place: NodePath
    layer: Layer


def rows_of(report: Report) -> list[Row]:
    """The layers in order of execution."""
    return list(map(Row, report.paths, report.layers()))


_SORT_KEYS: dict[int, Callable[[Layer], tuple[object, ...]]] = {
    PATH: lambda layer: (layer.path,),
    KIND: lambda layer: (layer.kind,),
    IN: lambda layer: tuple(layer.ins[0] or ()) if layer.ins else (),
    OUT: lambda layer: tuple(layer.out or ()),
    PARAMS: lambda layer: (layer.params,),
    MACS: lambda layer: (layer.macs,),
    SHARE: lambda layer: (layer.params,),
    LOCAL: lambda layer: (_unshared_count(layer, LOCAL),),
    FULL: lambda layer: (_unshared_count(layer, FULL),),
}
_TEXTS: dict[int, Callable[[Layer], str]] = {
    PATH: lambda layer: layer.path,
    KIND: lambda layer: layer.kind,
    IN: lambda layer: " + ".join(map(shape_or_unknown, layer.ins)),
    OUT: lambda layer: shape_or_unknown(layer.out),
    PARAMS: lambda layer: "?" if layer.facts.fault else grouped(layer.params),
    MACS: lambda layer: "?" if layer.facts.fault else grouped(layer.macs),
    LOCAL: lambda layer: _unshared_text(layer, LOCAL),
    FULL: lambda layer: _unshared_text(layer, FULL),
}
"""The columns that depend on the layer alone."""


class LayerTable(QAbstractTableModel):
    """The rows that match a filter, in order of execution or sorted by a column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.all: list[Row] = []
        self.rows: list[Row] = []
        self.params = self.macs = 0
        self._report: Report | None = None
        self._filter = ""
        self._column, self._order = -1, Qt.SortOrder.AscendingOrder

    def show_report(self, report: Report) -> bool:
        """Show the layers of a report; returns False if the table already shows exactly those."""
        rows = rows_of(report)
        if rows == self.all:
            return False
        self.all, self.params, self.macs = rows, report.params, report.macs
        self._report = report
        self._arrange()
        return True

    def search(self, text: str) -> None:
        """Show only layers whose path, kind or output shape contains this text."""
        self._filter = (
            text.strip().lower().replace("x", "×") if text[:1].isdigit() else text.strip().lower()
        )
        self._arrange()

    def row_at(self, place: NodePath) -> int:
        """The first row of a layer at or inside this path of the canvas; -1 if there is none."""
        rows = enumerate(self.rows)
        return next((number for number, row in rows if row.place.lies_in(place)), -1)

    def as_csv(self, numbers: list[int] | None = None) -> str:
        """These rows, or with None all that are shown, as CSV with a heading."""
        rows = self.rows if numbers is None else [self.rows[number] for number in numbers]
        return csv_of((row.layer, self._fields.of(row.place)) for row in rows)

    def field(self, row: int) -> ReceptiveField | None:
        """The receptive field of the layer in a row; None if it is unknown."""
        return self._fields.of(self.rows[row].place)

    @property
    def _fields(self) -> ReceptiveFields:
        assert self._report is not None  # without a report there are no rows
        return self._report.fields

    def _arrange(self) -> None:
        self.beginResetModel()
        text = self._filter
        rows = [
            row
            for row in self.all
            if not text
            or text in row.layer.path.lower()
            or text in row.layer.kind.lower()
            or text in shape_or_unknown(row.layer.out)
        ]
        if self._column >= 0:
            rows.sort(key=self._sort_key, reverse=self._order == Qt.SortOrder.DescendingOrder)
        self.rows = rows
        self.endResetModel()

    def _sort_key(self, row: Row) -> tuple[object, ...]:
        if self._column not in (FIELD, JUMP):
            return _SORT_KEYS[self._column](row.layer)
        field = self._fields.of(row.place)
        return (field.size if self._column == FIELD else field.jump) if field else ()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if (column, order) != (self._column, self._order):
            self._column, self._order = column, order
            self._arrange()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(TITLES)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return TITLES[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(section)
            if role == Qt.ItemDataRole.ToolTipRole:
                return TIPS.get(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        column, layer = index.column(), self.rows[index.row()].layer
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(index.row(), column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            if column == PATH or (column in (PARAMS, MACS) and _TEXTS[column](layer) != "0"):
                return theme.color("text")
            return theme.color("muted")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index.row(), column)
        if role == SHARE_ROLE:
            share = layer.params / self.params if self.params else 0.0
            return share, KINDS[layer.kind].category
        return None

    def _text(self, row: int, column: int) -> str:
        layer = self.rows[row].layer
        if column == SHARE:
            return percent(layer.params / self.params) if self.params else ""
        if column not in (FIELD, JUMP):
            return _TEXTS[column](layer)
        field = self.field(row)
        if column == JUMP:
            return jump_text(field)
        # A space takes the place of a missing mark, so that the figures line up.
        return size_text(field) + ("" if field and field.clipped else "\N{NO-BREAK SPACE}")

    def _tip(self, row: int, column: int) -> str | None:
        layer = self.rows[row].layer
        if column == KIND:
            return KINDS[layer.kind].doc
        if column == FIELD and (field := self.field(row)) and field.clipped:
            return _("Clipped to the picture, after a layer that sees all of its input")
        if column in (LOCAL, FULL) and (count := _unshared_count(layer, column)):
            return ngettext(
                "{count} parameter, {ratio}× as many", "{count} parameters, {ratio}× as many", count
            ).format(count=grouped(count), ratio=short(count / layer.params))
        return None


class SharePainter(QStyledItemDelegate):
    """Paints a share as a bar with its figure."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self.initStyleOption(option, index)
        option.text = ""
        option.widget.style().drawControl(
            option.widget.style().ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        share, category = index.data(SHARE_ROLE)
        if not share:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect).adjusted(8, 0, -8, 0)
        painter.setFont(theme.mono(11))
        figure = percent(share)
        figure_width = painter.fontMetrics().horizontalAdvance("100.0 %")
        room = max(0.0, rect.width() - figure_width - 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(category))
        painter.drawRoundedRect(
            QRectF(rect.left(), rect.center().y() - 4, max(1.5, room * share), 8), 1.5, 1.5
        )
        painter.setPen(theme.color("muted"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
        painter.restore()


def _unshared_count(layer: Layer, column: int) -> int:
    """Parameters of a convolution without sharing; 0 for any other layer."""
    sharing = unshared(layer.facts)
    return sharing[column - LOCAL] if sharing else 0


def _unshared_text(layer: Layer, column: int) -> str:
    count = _unshared_count(layer, column)
    return short(count) if count else ""


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
