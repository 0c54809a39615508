"""The rows of the palette: headings that fold, and cards that can be dragged."""

from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from explorer.app import glyphs, theme
from explorer.app.panels.palette_search import SECTIONS, Entry, entries, matching
from explorer.text import _

ROW = Qt.ItemDataRole.UserRole
CARD, GAP, HEADING = 27, 4, 25  # heights in pixels
EDGE = 12  # from the panel's edge to a card


@dataclass(frozen=True)
class Heading:
    """The heading of a section; its entries follow, unless it is folded."""

    section: str
    title: str
    folded: bool


class PaletteRows(QAbstractListModel):
    """What the palette shows: everything by section, or what a query means, the best first."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.entries = entries()
        self.folded = {"templates"}
        self.query = ""
        self._rows: list[Heading | Entry] = []
        self._fill()

    def search(self, query: str) -> None:
        """Show what `query` means; everything, if it is empty."""
        self.query = query.strip()
        self._reset()

    def fold(self, section: str, folded: bool) -> None:
        """Hide or show the entries of a section."""
        (self.folded.add if folded else self.folded.discard)(section)
        self._reset()

    def row_of(self, section: str) -> int:
        """The row of a section's heading."""
        return next(row for row, item in enumerate(self._rows)
                    if isinstance(item, Heading) and item.section == section)

    def _reset(self) -> None:
        self.beginResetModel()
        self._fill()
        self.endResetModel()

    def _fill(self) -> None:
        if self.query:
            self._rows = list(matching(self.entries, self.query))
            return
        self._rows = []
        for section, title in SECTIONS:
            self._rows.append(Heading(section, title, section in self.folded))
            if section not in self.folded:
                self._rows += [entry for entry in self.entries if entry.section == section]

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.title
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, Entry):
            return row.tip()
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid():
            row = self._rows[index.row()]
            if isinstance(row, Entry) and not row.is_template:
                flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags


class PalettePainter(QStyledItemDelegate):
    """Paints the rows."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(120, HEADING if isinstance(index.data(ROW), Heading) else CARD + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        row = index.data(ROW)
        current = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect).adjusted(EDGE, 0, 0, 0)
        # As wide as without a scroll bar, which stands in the margin.
        rect.setRight(min(rect.right(), option.widget.width() - EDGE))
        if isinstance(row, Heading):
            self._heading(painter, rect, row, current, hovered)
        else:
            self.card(painter, rect.adjusted(0, 0, 0, -GAP), row, current, hovered)
        painter.restore()

    def card(self, painter: QPainter, rect: QRectF, entry: Entry, current: bool = False,
             hovered: bool = False) -> None:
        """Paint one entry as a card: glyph, title, and its parameters where a query gave some."""
        painter.setPen(theme.color("accent" if current else "line"))
        painter.setBrush(theme.color("hover" if hovered else "card"))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        left = 12
        if entry.kind:
            glyphs.paint_kind(painter, QRectF(rect.left() + 10, rect.center().y() - 7, 28, 14),
                              entry.kind)
            left = 46
        room = rect.adjusted(left, 0, -8, 0)
        painter.setFont(theme.sans(12))
        metrics = QFontMetrics(painter.font())
        painter.setPen(theme.color("text"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, flags, title)
        if entry.note:
            room.setLeft(room.left() + metrics.horizontalAdvance(title) + 8)
            painter.setFont(theme.sans(10))
            painter.setPen(theme.color("muted"))
            note = QFontMetrics(painter.font()).elidedText(
                entry.note, Qt.TextElideMode.ElideRight, max(0, int(room.width())))
            painter.drawText(room, flags, note)

    def picture(self, entry: Entry, ratio: float) -> QPixmap:
        """The entry's card, to hang under the pointer."""
        wide = max(120, 62 + QFontMetrics(theme.sans(12)).horizontalAdvance(entry.title)
                   + QFontMetrics(theme.sans(10)).horizontalAdvance(entry.note) + 8)
        pixmap = QPixmap(round(wide * ratio), round((CARD + 1) * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.card(painter, QRectF(0, 0, wide, CARD), entry, current=True)
        painter.end()
        return pixmap

    def _heading(self, painter: QPainter, rect: QRectF, heading: Heading, current: bool,
                 hovered: bool) -> None:
        painter.setFont(theme.sans(10, bold=True))
        painter.setPen(theme.color("accent" if current else "text" if hovered else "muted"))
        inner = rect.adjusted(2, 2, -4, 0)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                         heading.title.upper())
        centre = QPointF(inner.right() - 4, inner.center().y())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("muted" if hovered else "faint"))
        corners = (((-1.5, -3), (2.5, 0), (-1.5, 3)) if heading.folded
                   else ((-3, -1.5), (3, -1.5), (0, 2.5)))
        painter.drawPolygon([centre + QPointF(x, y) for x, y in corners])


def nothing(query: str) -> str:
    """The sentence shown where nothing fits a query."""
    return _("Nothing is called “{query}”").format(query=query)
