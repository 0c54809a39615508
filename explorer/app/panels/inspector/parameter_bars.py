"""The parameters of each node in view, as bars."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer.app import theme
from explorer.app.number import grouped, percent, short
from explorer.text import _, ngettext

ROW, BAR = 18, 9  # pixels
WIDEST_NAME = 0.36  # of the width


@dataclass(frozen=True)
class Bar:
    """One node: its id, its number of parameters, and its category, which gives the colour."""

    id: str
    params: int
    category: str


class ParameterBars(QWidget):
    """A bar for each node that has parameters, in the colour of its category.

    picked(id): the person clicked the bar of a node, or went to it with the arrow keys.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars: list[Bar] = []
        self._empty = 0
        self._selected: frozenset[str] = frozenset()
        self._hovered = -1
        self._known = True
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(_("Parameters by block"))
        theme.changed.connect(self.update)

    def set_bars(self, bars: list[Bar], known: bool = True) -> None:
        """Show these nodes; those without parameters are only counted. known: the parameters of all
        of them are known."""
        rows = [bar for bar in bars if bar.params]
        empty = len(bars) - len(rows)
        if (rows, empty, known) != (self.bars, self._empty, self._known):
            self.bars, self._empty, self._known = rows, empty, known
            self.updateGeometry()
            self.update()

    def set_selected(self, ids: frozenset[str]) -> None:
        """Highlight these nodes."""
        if ids != self._selected:
            self._selected = ids
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, ROW * (len(self.bars) + bool(self._empty or not self.bars)))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        names, values = theme.sans(11), theme.mono(11)
        measure = QFontMetrics(names)
        left = min(
            max((measure.horizontalAdvance(bar.id) for bar in self.bars), default=0) + 12,
            int(self.width() * WIDEST_NAME),
        )
        most = max((bar.params for bar in self.bars), default=1)
        value_width = max(
            (QFontMetrics(values).horizontalAdvance(short(bar.params)) for bar in self.bars),
            default=0,
        )
        room = max(10, self.width() - left - value_width - 8)
        first = max(0, event.rect().top() // ROW)
        for row in range(first, min(len(self.bars), event.rect().bottom() // ROW + 1)):
            bar, top = self.bars[row], row * ROW
            marked = bar.id in self._selected
            if row == self._hovered:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("hover"))
                painter.drawRoundedRect(QRectF(-4, top, self.width() + 8, ROW), 4, 4)
            painter.setFont(theme.sans(11, bold=marked))
            painter.setPen(theme.color("text" if marked or row == self._hovered else "muted"))
            painter.drawText(
                QRectF(0, top, left - 6, ROW),
                Qt.AlignmentFlag.AlignVCenter,
                painter.fontMetrics().elidedText(bar.id, Qt.TextElideMode.ElideMiddle, left - 6),
            )
            length = max(2.0, room * bar.params / most)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(bar.category))
            painter.drawRoundedRect(QRectF(left, top + (ROW - BAR) / 2, length, BAR), 1.5, 1.5)
            painter.setFont(values)
            painter.setPen(theme.color("text"))
            painter.drawText(
                QRectF(left + length + 8, top, value_width + 4, ROW),
                Qt.AlignmentFlag.AlignVCenter,
                short(bar.params),
            )
        self._paint_rest(painter)
        painter.end()

    def _paint_rest(self, painter: QPainter) -> None:
        """Paint the last line, which counts the nodes without parameters, and the focus."""
        if self._empty or not self.bars:
            painter.setFont(theme.sans(11))
            painter.setPen(theme.color("muted"))
            text = (
                _("No parameters")
                if not self.bars
                else ngettext(
                    "{count} more node, without parameters",
                    "{count} more nodes, without parameters",
                    self._empty,
                )
                if self._known
                else ngettext(
                    "{count} more node, without known parameters",
                    "{count} more nodes, without known parameters",
                    self._empty,
                )
            )
            painter.drawText(
                QRectF(0, len(self.bars) * ROW, self.width(), ROW),
                Qt.AlignmentFlag.AlignVCenter,
                text.format(count=self._empty),
            )
        if self.hasFocus() and self.bars:
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _row_at(self, y: float) -> int:
        row = int(y // ROW)
        return row if 0 <= row < len(self.bars) else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if row >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(self.bars[row].id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._row_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.setCursor(
                Qt.CursorShape.PointingHandCursor if row >= 0 else Qt.CursorShape.ArrowCursor
            )
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, int] = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        step = steps.get(event.key())
        if step is None or not self.bars:
            super().keyPressEvent(event)
            return
        current = next(
            (row for row, bar in enumerate(self.bars) if bar.id in self._selected),
            -1 if step > 0 else len(self.bars),
        )
        self.picked.emit(self.bars[max(0, min(len(self.bars) - 1, current + step))].id)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_at(event.pos().y())
            if row >= 0:
                bar, total = self.bars[row], sum(bar.params for bar in self.bars)
                sentence = ngettext(
                    "{id}: {count} parameter, {share}",
                    "{id}: {count} parameters, {share}",
                    bar.params,
                ).format(id=bar.id, count=grouped(bar.params), share=percent(bar.params / total))
                QToolTip.showText(event.globalPos(), sentence, self)
            return True
        return super().event(event)
