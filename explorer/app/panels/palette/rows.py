"""The rows of the palette: headings that fold, and cards that can be dragged onto the canvas."""

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from explorer.app import glyphs, theme
from explorer.app.panels.palette.entries import OWN_BLOCKS, SECTIONS, TEMPLATES, Entry, entries
from explorer.app.panels.palette.search import matching
from explorer.catalog import templates
from explorer.text import _

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
CARD, GAP, HEADING = 26, 3, 22  # heights in pixels
EDGE = 12  # from the panel's edge to a card
FOLDED, COMMON, ALL = "folded", "common", "all"  # how much of a section is shown
STATES = (FOLDED, COMMON, ALL)
FEW = 3  # a section with no more entries than this always shows all of them
_INITIAL_STATES = {TEMPLATES: FOLDED}


@dataclass(frozen=True)
class Heading:
    """The heading of a section, or of a family of templates (level 1); its entries follow, unless it
    is folded.

    more: how many of its entries are not common; they are shown only if `state` is ALL.
    """

    section: str
    title: str
    state: str
    more: int = 0
    level: int = 0

    @property
    def folded(self) -> bool:
        return self.state == FOLDED

    @property
    def more_text(self) -> str:
        """The text at the right of an open heading; a click on it shows all entries, or fewer."""
        if self.folded or not self.more:
            return ""
        return _("fewer") if self.state == ALL else _("{count} more").format(count=self.more)


@dataclass(frozen=True)
class Hint:
    """A sentence where there are no entries yet."""

    title: str


class PaletteRows(QAbstractListModel):
    """What the palette shows: everything by section, or the entries that match a query, the best
    first.

    states: how much is shown of each section that the person opened or folded. renamed(old, new):
    the person wants another name for a saved block.
    """

    renamed = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries = entries()
        self.states: dict[str, str] = {}
        self.query = ""
        self._rows: list[Heading | Entry | Hint] = []
        self._fill()

    def search(self, query: str) -> None:
        """Show the entries that match the query; everything, if it is empty."""
        self.query = query.strip()
        self._reset()

    def set_own(self, names: Iterable[str]) -> None:
        """Offer these saved blocks."""
        self.entries = entries(names)
        self._reset()

    def show_section(self, section: str, state: str) -> None:
        """Show that much of a section: FOLDED, COMMON or ALL."""
        self.states[section] = state
        self._reset()

    def row_of(self, section: str) -> int:
        """The row of a section's heading."""
        return next(
            row
            for row, item in enumerate(self._rows)
            if isinstance(item, Heading) and item.section == section
        )

    def row_of_own(self, name: str) -> int:
        """The row of a saved block; -1 if it is not shown."""
        return next(
            (
                row
                for row, item in enumerate(self._rows)
                if isinstance(item, Entry) and item.is_own and item.title == name
            ),
            -1,
        )

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
            members = [entry for entry in self.entries if entry.section == section]
            common = [entry for entry in members if entry.common]
            if len(members) <= FEW or section in (TEMPLATES, OWN_BLOCKS):
                common = members
            state = self.states.get(section) or _INITIAL_STATES.get(
                section, COMMON if common or section == OWN_BLOCKS else FOLDED
            )
            self._rows.append(Heading(section, title, state, len(members) - len(common)))
            if state == FOLDED:
                continue
            if section == TEMPLATES:
                self._fill_families()
            elif section == OWN_BLOCKS and not members:
                self._rows.append(Hint(_("To save a group here, right-click it: Save to palette.")))
            else:
                self._rows += members if state == ALL else common

    def _fill_families(self) -> None:
        """Add the templates; each family with several of them has a heading of its own."""
        by_name = {entry.title: entry for entry in self.entries if entry.is_template}
        for family, names in templates.families().items():
            if len(names) == 1:
                self._rows.append(by_name[names[0]])
                continue
            key = f"{TEMPLATES}/{family}"
            state = self.states.get(key, FOLDED)
            self._rows.append(Heading(key, family, state, level=1))
            if state != FOLDED:
                self._rows += [by_name[name] for name in names]

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.EditRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return row.title
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, Entry):
            return row.tip()
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self._rows[index.row()]
        if not isinstance(row, Entry) or not row.is_own:
            return False
        self.renamed.emit(row.title, str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid():
            row = self._rows[index.row()]
            if isinstance(row, Hint):
                return Qt.ItemFlag.NoItemFlags
            if isinstance(row, Entry) and not row.is_template:
                flags |= Qt.ItemFlag.ItemIsDragEnabled
            if isinstance(row, Entry) and row.is_own:
                flags |= Qt.ItemFlag.ItemIsEditable
        return flags


class PalettePainter(QStyledItemDelegate):
    """Paints the rows."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        row = index.data(ROW)
        if isinstance(row, Hint):
            return QSize(120, 2 * CARD - 12)
        return QSize(120, HEADING if isinstance(row, Heading) else CARD + GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        current = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.row_rect(option.rect, option.widget)
        if isinstance(row, Heading):
            self._heading(painter, rect, row, current, hovered)
        elif isinstance(row, Hint):
            painter.setFont(theme.sans(11))
            painter.setPen(theme.color("muted"))
            painter.drawText(rect.adjusted(2, 0, 0, 0), Qt.TextFlag.TextWordWrap, row.title)
        else:
            self.card(painter, rect.adjusted(0, 0, 0, -GAP), row, current, hovered)
        painter.restore()

    def card(
        self,
        painter: QPainter,
        rect: QRectF,
        entry: Entry,
        current: bool = False,
        hovered: bool = False,
    ) -> None:
        """Paint one entry as a card: glyph, title, and the parameters that a query set."""
        painter.setPen(theme.color("accent" if current else "line"))
        painter.setBrush(theme.color("hover" if hovered else "card"))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        left = 12
        if entry.kind:
            glyphs.paint_kind(
                painter,
                QRectF(rect.left() + 10, rect.center().y() - 7, 28, 14),
                entry.kind,
                entry.settings(),
            )
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
                entry.note, Qt.TextElideMode.ElideRight, max(0, int(room.width()))
            )
            painter.drawText(room, flags, note)

    def picture(self, entry: Entry, ratio: float) -> QPixmap:
        """The entry's card, to be shown under the pointer while it is dragged."""
        width = max(
            120,
            62
            + QFontMetrics(theme.sans(12)).horizontalAdvance(entry.title)
            + QFontMetrics(theme.sans(10)).horizontalAdvance(entry.note)
            + 8,
        )
        pixmap = QPixmap(round(width * ratio), round((CARD + 1) * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.card(painter, QRectF(0, 0, width, CARD), entry, current=True)
        painter.end()
        return pixmap

    def _heading(
        self, painter: QPainter, rect: QRectF, heading: Heading, current: bool, hovered: bool
    ) -> None:
        family = heading.level > 0
        painter.setFont(theme.sans(12) if family else theme.sans(10, bold=True))
        colour = "accent" if current else "text" if hovered or family else "muted"
        painter.setPen(theme.color(colour))
        inner = rect.adjusted(2 + 10 * family, 2, -4, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        title = heading.title if family else heading.title.upper()
        more = self.more_place(rect, heading)
        room = more.left() - 8 - inner.left() if heading.more_text else inner.width() - 12
        title = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, title)
        if heading.more_text:
            painter.setFont(theme.sans(10))
            painter.setPen(theme.color("accent" if hovered else "muted"))
            painter.drawText(
                more.adjusted(0, 2, 0, 0), middle | Qt.AlignmentFlag.AlignRight, heading.more_text
            )
        centre = QPointF(inner.right() - 4, inner.center().y())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("muted" if hovered else "faint"))
        corners = (
            ((-1.5, -3), (2.5, 0), (-1.5, 3))
            if heading.folded
            else ((-3, -1.5), (3, -1.5), (0, 2.5))
        )
        painter.drawPolygon([centre + QPointF(x, y) for x, y in corners])

    @staticmethod
    def row_rect(rect: QRect, widget: QWidget) -> QRectF:
        """Where a row is painted; a scroll bar stands in the margin and leaves it as wide."""
        painted = QRectF(rect).adjusted(EDGE, 0, 0, 0)
        painted.setRight(min(painted.right(), widget.width() - EDGE))
        return painted

    @staticmethod
    def more_place(rect: QRectF, heading: Heading) -> QRectF:
        """Where the text at the right of a heading is painted and can be clicked."""
        width = QFontMetrics(theme.sans(10)).horizontalAdvance(heading.more_text)
        return QRectF(rect.right() - 20 - width, rect.top(), width, rect.height())

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        editor.setGeometry(option.rect.adjusted(EDGE, 0, -EDGE, -GAP))
