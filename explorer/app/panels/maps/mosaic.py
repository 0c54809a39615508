"""Feature maps side by side, as large as fits; one pixel of a map takes 1, 1.5, 2 … of the screen."""

from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from explorer.app import theme
from explorer.app.widgets import viridis
from explorer.protocol.messages import Seen

GAP = 2


@dataclass(frozen=True)
class Tiles:
    """The maps of one probe. order: the channel of each tile, row by row, `columns` in a row; tile:
    height and width of each."""

    image: QImage = field(default_factory=QImage)
    order: tuple[int, ...] = ()
    tile: tuple[int, int] = (1, 1)
    columns: int = 1

    @classmethod
    def of(cls, maps: Seen) -> "Tiles":
        """The tiles in the answer to a look at maps."""
        return cls(
            viridis.picture(maps.arrays["mosaic"]),
            tuple(maps.arrays["order"].tolist()),
            tuple(maps.figures["tile"]),
            max(1, maps.figures["columns"]),
        )

    def source(self, index: int) -> QRect:
        """Where a tile is in the image; the gaps between tiles are all that the tiles leave."""
        height, width = self.tile
        rows = -(-len(self.order) // self.columns)
        across = (self.image.width() - self.columns * width) // max(self.columns - 1, 1)
        down = (self.image.height() - rows * height) // max(rows - 1, 1)
        row, column = divmod(index, self.columns)
        return QRect(column * (width + across), row * (height + down), width, height)


class MosaicView(QWidget):
    """Paints tiles as large as fits. A click on a map enlarges it, and it stays enlarged while new
    values arrive; a second click or Escape ends that. The arrow keys go from map to map.

    hovered(channel): the map under the mouse; pinned(channel): the enlarged one; -1 is none.
    """

    hovered = Signal(int)
    pinned = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = Tiles()
        self.pin = -1
        self.hover = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(96, 64)

    def show_tiles(self, tiles: Tiles) -> None:
        """Show these tiles; a pinned channel stays pinned."""
        self.tiles = tiles
        self.update()

    def set_pin(self, channel: int) -> None:
        """Enlarge the map of `channel`, or none with -1."""
        if channel != self.pin:
            self.pin = channel
            self.pinned.emit(channel)
            self.update()

    def arrangement(self) -> tuple[int, float, QRect]:
        """(columns, screen pixels per pixel of a map, room for the enlarged map)."""
        enlarged = QRect()
        width = self.width()
        if self.pin in self.tiles.order:
            side = min(self.height(), width // 2)
            enlarged = QRect(width - side, 0, side, self.height())
            width -= side + 12
        count, (high, wide) = len(self.tiles.order), self.tiles.tile
        best, best_scale, best_left = 1, 0.0, count
        for columns in range(1, count + 1):
            rows = -(-count // columns)
            scale = min(
                ((width + GAP) / columns - GAP) / wide, ((self.height() + GAP) / rows - GAP) / high
            )
            scale = int(2 * scale) / 2 if scale >= 1 else scale
            left = rows * columns - count
            # As large as fits; then without holes in the last row; then as wide as fits.
            if (scale, -left, columns) > (best_scale, -best_left, best):
                best, best_scale, best_left = columns, scale, left
        return best, max(best_scale, 1 / max(high, wide)), enlarged

    def place(self, index: int) -> QRect:
        """Where on the widget a tile is painted."""
        columns, scale, _enlarged = self.arrangement()
        return self._place(index, columns, scale)

    def _place(self, index: int, columns: int, scale: float) -> QRect:
        high, wide = (max(1, int(side * scale)) for side in self.tiles.tile)
        row, column = divmod(index, columns)
        return QRect(column * (wide + GAP), row * (high + GAP), wide, high)

    def channel_at(self, point: QPoint) -> int:
        """The channel painted at `point`, or -1."""
        columns, scale, enlarged = self.arrangement()
        if enlarged.contains(point):
            return self.pin
        for index, channel in enumerate(self.tiles.order):
            if self._place(index, columns, scale).contains(point):
                return channel
        return -1

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.tiles.order:
            return
        painter = QPainter(self)
        columns, scale, enlarged = self.arrangement()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale != int(scale))
        for index, channel in enumerate(self.tiles.order):
            place = self._place(index, columns, scale)
            painter.drawImage(place, self.tiles.image, self.tiles.source(index))
            if channel in (self.pin, self.hover):
                painter.setPen(QPen(theme.color("accent" if channel == self.pin else "text"), 2))
                painter.drawRect(place.adjusted(0, 0, -1, -1))
        if not enlarged.isEmpty():
            self._paint_enlarged(painter, enlarged)

    def _paint_enlarged(self, painter: QPainter, room: QRect) -> None:
        high, wide = self.tiles.tile
        scale = min(room.width() / wide, room.height() / high)
        scale = int(scale) if scale >= 1 else scale
        place = QRect(room.left(), room.top(), int(wide * scale), int(high * scale))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1)
        source = self.tiles.source(self.tiles.order.index(self.pin))
        painter.drawImage(place, self.tiles.image, source)
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawRect(place.adjusted(1, 1, -1, -1))

    def _set_hover(self, channel: int) -> None:
        if channel != self.hover:
            self.hover = channel
            self.hovered.emit(channel)
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.channel_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(-1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            channel = self.channel_at(event.position().toPoint())
            self.set_pin(-1 if channel == self.pin else channel)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, int] = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.arrangement()[0],
            Qt.Key.Key_Down: self.arrangement()[0],
        }
        order = self.tiles.order
        if event.key() == Qt.Key.Key_Escape and self.pin != -1:
            self.set_pin(-1)
        elif event.key() in steps and order:
            index = order.index(self.pin) + steps[event.key()] if self.pin in order else 0
            self.set_pin(order[min(max(index, 0), len(order) - 1)])
        else:
            super().keyPressEvent(event)
