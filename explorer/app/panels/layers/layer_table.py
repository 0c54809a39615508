"""The layers of a network as a table: sorted, filtered, and where each lies on the canvas."""

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
from explorer.app.number import grouped, percent, shape_text, short
from explorer.catalog import KINDS
from explorer.graph.graph import Shape
from explorer.graph.path import NodePath
from explorer.text import _

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
        "Height × width, in pixels, of what one place sees of the picture; {mark} clipped to "
        "the picture"
    ).format(mark=CLIPPED),
    JUMP: _("Pixels between what neighbouring places see"),
    LOCAL: _("Parameters of a convolution if every place had a kernel and a bias of its own"),
    FULL: _("Parameters of a convolution if every number that comes out saw all that come in"),
}
_RIGHT = (IN, OUT, PARAMS, MACS, FIELD, JUMP, LOCAL, FULL)
Index = QModelIndex | QPersistentModelIndex
SHARE_ROLE = Qt.ItemDataRole.UserRole


class Row(NamedTuple):
    """One layer. place: the path of its node on the canvas; a layer of an inline block has the
    block's id there, but not in its own path."""

    place: NodePath
    layer: Layer

    def key(self, column: int) -> tuple[object, ...]:
        """What the table is sorted by."""
        layer = self.layer
        match column:
            case 0:
                return (layer.path,)
            case 1:
                return (layer.kind,)
            case 2:
                return tuple(layer.ins[0] or ()) if layer.ins else ()
            case 3:
                return tuple(layer.out or ())
            case 5:
                return (layer.macs,)
            case 9 | 10:
                sharing = unshared(layer.facts)
                return (sharing[column - LOCAL] if sharing else 0,)
        return (layer.params,)


def rows_of(report: Report) -> list[Row]:
    """The layers in order of execution."""
    return list(map(Row, report.paths, report.layers()))


class LayerTable(QAbstractTableModel):
    """The rows that fit a filter, in the order of execution or of a column."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.all: list[Row] = []
        self.rows: list[Row] = []
        self.params = self.macs = 0
        self._report: Report | None = None
        self._filter = ""
        self._column, self._order = -1, Qt.SortOrder.AscendingOrder

    def take(self, report: Report) -> bool:
        """Show the layers of a report; False if the table shows the very same already."""
        rows = rows_of(report)
        if rows == self.all:
            return False
        self.all, self.params, self.macs = rows, report.params, report.macs
        self._report = report
        self._arrange()
        return True

    def search(self, text: str) -> None:
        """Show only layers whose path, kind or shape has this text."""
        self._filter = (
            text.strip().lower().replace("x", "×") if text[:1].isdigit() else text.strip().lower()
        )
        self._arrange()

    def row_at(self, place: NodePath) -> int:
        """The first row that lies at or inside this place of the canvas; -1 if none does."""
        rows = enumerate(self.rows)
        return next((number for number, row in rows if row.place.lies_in(place)), -1)

    def as_csv(self, numbers: list[int] | None = None) -> str:
        """These rows (all that are shown, if None) as CSV with a heading."""
        rows = self.rows if numbers is None else [self.rows[number] for number in numbers]
        return csv_of((row.layer, self._fields.of(row.place)) for row in rows)

    def field(self, row: int) -> ReceptiveField | None:
        """The receptive field of the layer in a row, None if it is unknown."""
        return self._fields.of(self.rows[row].place)

    @property
    def _fields(self) -> ReceptiveFields:
        assert self._report is not None  # otherwise there is no row to be asked about
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
            or text in _shape(row.layer.out)
        ]
        if self._column >= 0:
            rows.sort(key=self._key, reverse=self._order == Qt.SortOrder.DescendingOrder)
        self.rows = rows
        self.endResetModel()

    def _key(self, row: Row) -> tuple[object, ...]:
        if self._column not in (FIELD, JUMP):
            return row.key(self._column)
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
            if column in (FIELD, JUMP):
                return self._seen(index.row(), column)
            return self._text(layer, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole:
            if column == PATH or (column in (PARAMS, MACS) and self._text(layer, column) != "0"):
                return theme.color("text")
            return theme.color("muted")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index.row(), column)
        if role == SHARE_ROLE:
            share = layer.params / self.params if self.params else 0.0
            return share, KINDS[layer.kind].category
        return None

    def _seen(self, row: int, column: int) -> str:
        field = self.field(row)
        if column == JUMP:
            return jump_text(field)
        # Without a mark there is a space instead, so that the figures stand below one another.
        return size_text(field) + ("" if field and field.clipped else "\N{NO-BREAK SPACE}")

    def _tip(self, row: int, column: int) -> str | None:
        layer = self.rows[row].layer
        if column == KIND:
            return KINDS[layer.kind].doc
        if column == FIELD and (field := self.field(row)) and field.clipped:
            return _("Clipped to the picture: after a layer that sees all of its input")
        if column in (LOCAL, FULL) and (sharing := unshared(layer.facts)):
            return _("{count} parameters, {ratio}× as many").format(
                count=grouped(sharing[column - LOCAL]),
                ratio=short(sharing[column - LOCAL] / layer.params),
            )
        return None

    def _text(self, layer: Layer, column: int) -> str:
        match column:
            case 0:
                return layer.path
            case 1:
                return layer.kind
            case 2:
                return _shapes(layer)
            case 3:
                return _shape(layer.out)
            case 4:
                return "?" if layer.facts.fault else grouped(layer.params)
            case 5:
                return "?" if layer.facts.fault else grouped(layer.macs)
            case 9 | 10:
                sharing = unshared(layer.facts)
                return short(sharing[column - LOCAL]) if sharing else ""
        return percent(layer.params / self.params) if self.params else ""


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
        wide = painter.fontMetrics().horizontalAdvance("100.0 %")
        room = max(0.0, rect.width() - wide - 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(category))
        painter.drawRoundedRect(
            QRectF(rect.left(), rect.center().y() - 4, max(1.5, room * share), 8), 1.5, 1.5
        )
        painter.setPen(theme.color("muted"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
        painter.restore()


def _shape(shape: Shape | None) -> str:
    return shape_text(shape) if shape else "?"


def _shapes(layer: Layer) -> str:
    return " + ".join(_shape(shape) for shape in layer.ins)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
