"""The canvas: what is seen of the network, and where gestures begin."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsRectItem, QGraphicsView, QWidget

from explorer.analysis import placing
from explorer.analysis.layout import card_size
from explorer.app import theme
from explorer.app.canvas.card import Card
from explorer.app.canvas.gauges import Gauges
from explorer.app.canvas.gestures import Connect, Frame, Gesture, Move, Pan
from explorer.app.canvas.overlays import Overlays
from explorer.app.canvas.scene import NetworkScene
from explorer.app.canvas.wire import WireItem
from explorer.app.own_blocks import group_in
from explorer.app.session import Change, Session
from explorer.catalog.roles import GROUP
from explorer.graph import edits, file
from explorer.graph.edits import Edit
from explorer.graph.graph import ENDS, Node, Value, Wire
from explorer.text import _

NODE_MIME = "application/x-cnn-explorer-node"
SMALLEST, LARGEST = 0.05, 3.0
GRID = 24


class Canvas(QGraphicsView):
    """Shows the graph in view; wheel zooms, the middle button or Space pans.

    menu_wanted(place): the context menu is asked for at a global place.
    """

    menu_wanted = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.network = NetworkScene(session)
        self.gesture: Gesture | None = None
        self.selected_wire: Wire | None = None
        self._button = Qt.MouseButton.NoButton  # by which the gesture was begun
        self._before: tuple[frozenset[str], Wire | None, bool] = frozenset(), None, True
        """What was selected before the gesture, and whether all was shown."""
        self._hot_wire: WireItem | None = None
        self._space = False
        self._fitted = True  # nobody has moved the view since all of it was shown
        self._ghost: QGraphicsRectItem | None = None
        self.overlays = Overlays(self)
        # Qt scrolls as soon as there is a scene off the origin: what that needs is made by now.
        self.setScene(self.network)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(_("Network"))
        self.gauges = Gauges(self.network)
        self.network.about_to_sync.connect(self.cancel_gesture)
        self.network.synced.connect(self._on_synced)
        session.changed.connect(self._follow)
        theme.changed.connect(self.viewport().update)
        self._on_synced()

    # Looking ----------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole network, no larger than life."""
        content = self.network.content().adjusted(-24, -24, 24, 24)
        self.resetTransform()
        # The path stands at the top left, the map at the bottom right: leave them their place.
        room = self.viewport().rect().adjusted(8, 36, -8, -8)
        scale = min(
            1.0,
            room.width() / max(1.0, content.width()),
            room.height() / max(1.0, content.height()),
        )
        self.scale(max(SMALLEST, scale), max(SMALLEST, scale))
        self.centerOn(content.center() - QPointF(0, 14 / scale))
        self._fitted = True

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Scale what is seen, the point `at` (viewport) staying where it is."""
        self._fitted = False
        factor = min(
            max(factor, SMALLEST / self.transform().m11()), LARGEST / self.transform().m11()
        )
        at = at if at is not None else QPointF(self.viewport().rect().center())
        before = self.mapToScene(at.toPoint())
        self.scale(factor, factor)
        gap = self.mapToScene(at.toPoint()) - before
        self.translate(gap.x(), gap.y())
        self.overlays.place()

    def look_at(self, place: QPointF) -> None:
        """Bring a place (scene) to the middle."""
        self._fitted = False
        self.centerOn(place)

    def show_card(self, id: str) -> None:
        """Bring a card into sight."""
        if id in self.network.cards:
            card = self.network.cards[id]
            self.ensureVisible(card.body.translated(card.pos()), 40, 40)

    def highlight_wire(self, item: WireItem | None) -> None:
        """Light the wire into which something would be put."""
        if item is not self._hot_wire:
            for wire in (self._hot_wire, item):
                if wire is not None:
                    wire.hot = wire is item
                    wire.update()
            self._hot_wire = item

    def select_wire(self, wire: Wire | None) -> None:
        """Select a wire, or none."""
        if wire is not None:
            self.session.select(())
        self.selected_wire = wire
        for key, item in self.network.wires.items():
            if item.selected != (key == wire):
                item.selected = key == wire
                item.update()

    def _on_synced(self) -> None:
        content = self.network.content()
        self.setSceneRect(content.adjusted(-1500, -1500, 1500, 1500))
        if self.selected_wire not in self.network.wires:
            self.selected_wire = None
        if self._hot_wire is not None and self._hot_wire.scene() is None:
            self._hot_wire = None
        self.overlays.refresh()

    def _follow(self, change: Change) -> None:
        if change.view:
            self.selected_wire = None
            self.fit()

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.fillRect(rect, theme.color("canvas"))
        if self.transform().m11() < 0.6:
            return
        painter.setPen(QPen(theme.mixed("line", "canvas", 0.55), 1.4))
        left, top = int(rect.left()) // GRID * GRID, int(rect.top()) // GRID * GRID
        painter.drawPoints(
            [
                QPointF(x, y)
                for x in range(left, int(rect.right()) + 1, GRID)
                for y in range(top, int(rect.bottom()) + 1, GRID)
            ]
        )

    # Adding -----------------------------------------------------------------------------------

    def put(self, kind: str, params: Mapping[str, Value], **own: Any) -> None:
        """Add a node behind the selected one (or the last), as the palette's Enter does; own:
        `inner` and `name` of a saved block."""
        after = placing.end(self.network.graph, self.session.selection)
        self._add(
            own.get("name") or kind,
            partial(placing.behind, id=after, kind=kind, params=params, **own),
        )

    def put_group(self, name: str, group: Node) -> None:
        """Add a saved block behind the selected node."""
        self.put(group.kind, dict(group.params), inner=group.inner, name=name)

    def drop(self, kind: str, params: Mapping[str, Value], place: QPointF, **own: Any) -> None:
        """Add a node at a place (scene), into the wire there, if there is one."""
        wire = self.network.wire_at(place, 16.0)
        edit = (
            partial(placing.into_wire, wire=wire.wire)
            if wire is not None and wire.wire is not None
            else partial(placing.dropped, place=(place.x(), place.y()))
        )
        self._add(own.get("name") or kind, partial(edit, kind=kind, params=params, **own))

    def _add(self, kind: str, edit: Edit) -> None:
        before = set(self.network.graph.nodes)
        if self.session.edit(_("Add {kind}").format(kind=kind), edit):
            fresh = set(self.network.graph.nodes) - before
            self.session.select(fresh)
            for id in fresh:
                self.show_card(id)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(NODE_MIME):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        place = self.mapToScene(event.position().toPoint())
        self.highlight_wire(self.network.wire_at(place, 16.0))
        if self._ghost is None:
            found = json.loads(bytes(event.mimeData().data(NODE_MIME).data()))
            width, height = card_size(found.get("kind", GROUP.name))
            self._ghost = QGraphicsRectItem(-width / 2, -height / 2, width, height)
            self._ghost.setPen(QPen(theme.color("accent"), 1.5, Qt.PenStyle.DashLine))
            self._ghost.setZValue(9)
            self.network.addItem(self._ghost)
        self._ghost.setPos(place)
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end_drag()

    def dropEvent(self, event: QDropEvent) -> None:
        self._end_drag()
        found = json.loads(bytes(event.mimeData().data(NODE_MIME).data()))
        self.setFocus()
        place = self.mapToScene(event.position().toPoint())
        if "file" in found:
            group = group_in(file.loads(found["file"]), found["block"])
            self.drop(group.kind, dict(group.params), place, inner=group.inner, name=found["block"])
        else:
            self.drop(
                found["kind"],
                {
                    name: tuple(value) if isinstance(value, list) else value
                    for name, value in found["params"].items()
                },
                place,
            )
        event.acceptProposedAction()

    def _end_drag(self) -> None:
        self.highlight_wire(None)
        if self._ghost is not None:
            self.network.removeItem(self._ghost)
            self._ghost = None

    # Mouse and keys ---------------------------------------------------------------------------

    def _begin(self, place: QPointF, adding: bool) -> Gesture:
        """The gesture that a press of the left button begins there."""
        port = self.network.port_at(place) if self.session.editable else None
        if port is not None:
            return Connect(self, place, *port)
        card = self.network.card_at(place)
        if card is not None:
            self.select_wire(None)
            ids = self.session.selection
            if adding:
                self.session.select(ids ^ {card.id})
            elif card.id not in ids:
                self.session.select({card.id})
            return Move(self, place, card)
        wire = self.network.wire_at(place)
        self.select_wire(wire.wire if wire else None)
        if wire is None and not adding:
            self.session.select(())
        return Frame(self, place, adding)

    def cancel_gesture(self) -> bool:
        """End the gesture that goes on, leaving all as it was before it; whether there was one."""
        gesture, self.gesture = self.gesture, None
        if gesture is not None:
            selection, wire, fitted = self._before
            gesture.cancel()
            if isinstance(gesture, Pan):
                self._fitted = fitted
            if self.session.shown is self.network.graph:  # else these ids are of another graph
                self.select_wire(wire)
                self.session.select(selection)
            self.overlays.place()
        return gesture is not None

    def show_cursor(self) -> None:
        """Show the pointer that fits what the next press does."""
        self.viewport().setCursor(
            Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        if self.gesture is not None:
            return
        self._button = event.button()
        self._before = self.session.selection, self.selected_wire, self._fitted
        place = self.mapToScene(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton or (
            self._space and event.button() == Qt.MouseButton.LeftButton
        ):
            self.gesture = Pan(self, place)
            self._fitted = False
        elif event.button() == Qt.MouseButton.LeftButton:
            adding = bool(
                event.modifiers()
                & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier)
            )
            self.gesture = self._begin(place, adding)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.mapToScene(event.position().toPoint())
        if self.gesture is not None:
            self.gesture.move(place)
            self.overlays.place()
            return
        port = self.network.port_at(place) if self.session.editable else None
        for card in self.network.cards.values():
            hot = (port[2] or "out") if port and port[0] is card else None
            if card.hot_port != hot:
                card.hot_port = hot
                card.update()
        if port and not self._space:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.show_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.gesture is not None and event.button() == self._button:
            gesture, self.gesture = self.gesture, None
            gesture.finish(self.mapToScene(event.position().toPoint()))
            self.overlays.place()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        card = self.network.card_at(self.mapToScene(event.position().toPoint()))
        if card is not None and card.id not in ENDS and event.button() == Qt.MouseButton.LeftButton:
            self.open_card(card.id)

    def open_card(self, id: str) -> None:
        """Show the inside of a composite."""
        facts = self.session.shown_facts.get(id)
        if facts is not None and facts.kind.composite and facts.expansion is not None:
            self.session.open((*self.session.view, id))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.gesture is not None:
            return
        place = self.mapToScene(event.pos())
        card = self.network.card_at(place)
        if card is not None and card.id not in self.session.selection:
            self.session.select({card.id})
        elif card is None:
            wire = self.network.wire_at(place)
            self.select_wire(wire.wire if wire else None)
            if wire is None:
                self.session.select(())
        self.menu_wanted.emit(event.globalPos())

    def wheelEvent(self, event: QWheelEvent) -> None:
        step = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._fitted = False
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() - (step.y() or step.x()))
        else:
            self.zoom(1.0015 ** step.y(), event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            if self.cancel_gesture():
                pass
            elif self.overlays.comparison is not None:
                self.overlays.end_comparison()
            elif self.session.selection or self.selected_wire:
                self.select_wire(None)
                self.session.select(())
            elif self.session.view:
                self.session.open(self.session.view[:-1])
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            if self.gesture is None:
                self.show_cursor()
        elif key in _STEPS:
            self._walk(key, event.modifiers())
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and len(self.session.selection) == 1:
            self.open_card(next(iter(self.session.selection)))
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            if self.gesture is None:
                self.show_cursor()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # Whoever has the keys now hears neither Escape nor that Space was let go.
        self._space = False
        self.cancel_gesture()
        self.show_cursor()
        super().focusOutEvent(event)

    def _walk(self, key: int, modifiers: Qt.KeyboardModifier) -> None:
        """Arrows go to the nearest card that way; with Control they move the selected ones."""
        dx, dy = _STEPS[key]
        chosen = self.session.selection - set(ENDS)
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            if chosen and self.session.editable:
                nodes = self.network.graph.nodes
                self.session.edit(
                    _("Move {count} nodes").format(count=len(chosen)),
                    partial(
                        edits.move,
                        positions={
                            id: (nodes[id].position[0] + 8 * dx, nodes[id].position[1] + 8 * dy)
                            for id in chosen
                        },
                    ),
                    burst=f"nudge {sorted(chosen)}",
                )
            return
        cards = self.network.cards
        start = cards[next(iter(self.session.selection))] if self.session.selection else None
        if start is None:
            self.session.select(list(self.network.graph.order)[:1])
            return

        def effort(card: Card) -> float:
            gap = card.pos() - start.pos()
            ahead, aside = (gap.x() * dx, gap.y()) if dx else (gap.y() * dy, gap.x())
            return ahead + 3 * abs(aside) if ahead > 1 else float("inf")

        best = min((card for card in cards.values() if card is not start), key=effort, default=None)
        if best is not None and effort(best) < float("inf"):
            self.session.select({best.id})
            self.show_card(best.id)

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _STEPS
            and not event.modifiers() & Qt.KeyboardModifier.AltModifier
        ):
            event.accept()
            return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
        self.overlays.place()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.overlays.place()


_STEPS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
