"""The canvas: the view of the network, and the mouse and keys that edit it."""

from collections.abc import Mapping
from functools import partial
from math import inf
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
from explorer.app.canvas.gestures import (
    DROP_REACH,
    Connect,
    Frame,
    Gesture,
    Move,
    Pan,
    move_label,
)
from explorer.app.canvas.overlays import Overlays
from explorer.app.canvas.scene import NetworkScene
from explorer.app.canvas.wire import WireItem
from explorer.app.node_drag import NODE_MIME, content_of
from explorer.app.own_blocks import group_in
from explorer.app.session import Change, Session
from explorer.catalog.roles import GROUP
from explorer.graph import edits, file
from explorer.graph.edits import Edit
from explorer.graph.graph import ENDS, Graph, Node, Value, Wire
from explorer.text import _

SMALLEST, LARGEST = 0.05, 3.0
GRID = 24


class Canvas(QGraphicsView):
    """Shows the graph in view; the wheel zooms, the middle button or Space pans.

    menu_wanted(place): the person asks for the context menu at a place of the screen.
    """

    menu_wanted = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.network = NetworkScene(session)
        self.gesture: Gesture | None = None
        self.selected_wire: Wire | None = None
        self._button = Qt.MouseButton.NoButton  # which started the gesture
        self._before: tuple[frozenset[str], Wire | None, bool] = frozenset(), None, True
        """The selection before the gesture, and whether the whole network was shown."""
        self._hot_wire: WireItem | None = None
        self._space = False
        self._fitted = True  # the view has not been moved since the whole network was shown
        self._ghost: QGraphicsRectItem | None = None
        self.overlays = Overlays(self)
        # From here Qt may call scrollContentsBy, which needs the overlays.
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

    # View -------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show the whole network, at most at scale 1."""
        content = self.network.content().adjusted(-24, -24, 24, 24)
        self.resetTransform()
        # Leave room for the path at the top.
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
        """Zoom by a factor; the point `at` (viewport; None: its centre) stays where it is."""
        self._fitted = False
        scale = self.transform().m11()
        factor = min(max(factor, SMALLEST / scale), LARGEST / scale)
        at = at if at is not None else QPointF(self.viewport().rect().center())
        before = self.mapToScene(at.toPoint())
        self.scale(factor, factor)
        gap = self.mapToScene(at.toPoint()) - before
        self.translate(gap.x(), gap.y())
        self.overlays.place()

    def look_at(self, place: QPointF) -> None:
        """Move a place (scene) to the centre of the view."""
        self._fitted = False
        self.centerOn(place)

    def show_card(self, id: str) -> None:
        """Scroll until a card is visible."""
        self.ensureVisible(self.network.cards[id].scene_body, 40, 40)

    def highlight_wire(self, item: WireItem | None) -> None:
        """Light the wire into which a node would be inserted; None: no wire."""
        if item is not self._hot_wire:
            for wire in filter(None, (self._hot_wire, item)):
                wire.hot = wire is item
                wire.update()
            self._hot_wire = item

    def select_wire(self, wire: Wire | None) -> None:
        """Select a wire alone; None: no wire."""
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

    # Edits ------------------------------------------------------------------------------------

    def connect_nodes(self, source: str, target: str, port: str, freed: Wire | None = None) -> None:
        """Wire `source` to a port of `target`; freed: a wire that this one replaces."""
        self.session.edit(
            _("Connect {source} to {target}").format(source=source, target=target),
            partial(_connected, source=source, target=target, port=port, freed=freed),
        )

    def disconnect_wire(self, wire: Wire) -> None:
        """Remove a wire."""
        self.session.edit(
            _("Disconnect {source} from {target}").format(source=wire.source, target=wire.target),
            partial(edits.disconnect, target=wire.target, port=wire.port),
        )

    def put(self, kind: str, params: Mapping[str, Value], **own: Any) -> None:
        """Add a node after the selected one (or the last), as the palette's Enter does. own:
        `inner` and `name` of a saved block."""
        after = placing.predecessor(self.network.graph, self.session.selection)
        self._add(
            own.get("name") or kind,
            partial(placing.after, id=after, kind=kind, params=params, **own),
        )

    def put_group(self, name: str, group: Node) -> None:
        """Add a saved block after the selected node."""
        self.put(group.kind, dict(group.params), inner=group.inner, name=name)

    def drop(self, kind: str, params: Mapping[str, Value], place: QPointF, **own: Any) -> None:
        """Add a node at a place (scene), into the wire that is there, if any. own: as in `put`."""
        item = self.network.wire_at(place, DROP_REACH)
        edit = (
            partial(placing.into_wire, wire=item.wire)
            if item is not None and item.wire is not None
            else partial(placing.dropped, position=(place.x(), place.y()))
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
        self.highlight_wire(self.network.wire_at(place, DROP_REACH))
        if self._ghost is None:
            width, height = card_size(content_of(event.mimeData()).get("kind", GROUP.name))
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
        self.setFocus()
        place = self.mapToScene(event.position().toPoint())
        content = content_of(event.mimeData())
        if "file" in content:
            name = content["block"]
            group = group_in(file.loads(content["file"]), name)
            self.drop(group.kind, dict(group.params), place, inner=group.inner, name=name)
        else:
            params = {
                name: tuple(value) if isinstance(value, list) else value
                for name, value in content["params"].items()
            }
            self.drop(content["kind"], params, place)
        event.acceptProposedAction()

    def _end_drag(self) -> None:
        self.highlight_wire(None)
        if self._ghost is not None:
            self.network.removeItem(self._ghost)
            self._ghost = None

    # Mouse and keys ---------------------------------------------------------------------------

    def _gesture_at(self, place: QPointF, adding: bool) -> Gesture:
        """The gesture that a press of the left button starts there, after it has selected what is
        there; `adding`: beside what is selected."""
        if port := self._port_at(place):
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
        self._select_wire_at(place, adding)
        return Frame(self, place, adding)

    def _port_at(self, place: QPointF) -> tuple[Card, str, str] | None:
        return self.network.port_at(place) if self.session.editable else None

    def _select_wire_at(self, place: QPointF, adding: bool = False) -> None:
        item = self.network.wire_at(place)
        self.select_wire(item.wire if item else None)
        if item is None and not adding:
            self.session.select(())

    def cancel_gesture(self) -> bool:
        """Cancel the gesture that goes on, leaving everything as it was; whether there was one."""
        gesture, self.gesture = self.gesture, None
        if gesture is None:
            return False
        selection, wire, fitted = self._before
        gesture.cancel()
        self._show_cursor()
        if isinstance(gesture, Pan):
            self._fitted = fitted
        if self.session.shown is self.network.graph:  # else these ids are of another graph
            self.select_wire(wire)
            self.session.select(selection)
        self.overlays.place()
        return True

    def _show_cursor(self) -> None:
        """Show the pointer for what the next press does."""
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
            self.gesture = self._gesture_at(place, adding)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.mapToScene(event.position().toPoint())
        if self.gesture is not None:
            self.gesture.move(place)
            self.overlays.place()
            return
        card, _side, port = self._port_at(place) or (None, "", "")
        self.network.light_port(card, port)
        if card is not None and not self._space:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        else:
            self._show_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.gesture is not None and event.button() == self._button:
            gesture, self.gesture = self.gesture, None
            gesture.finish(self.mapToScene(event.position().toPoint()))
            self._show_cursor()
            self.overlays.place()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        card = self.network.card_at(self.mapToScene(event.position().toPoint()))
        if card is not None and card.id not in ENDS and event.button() == Qt.MouseButton.LeftButton:
            self.open_card(card.id)

    def open_card(self, id: str) -> None:
        """Show the inside of a node, if it is a composite."""
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
            self._select_wire_at(place)
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
            self._escape()
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold_space(True)
        elif key in _STEPS and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._nudge(*_STEPS[key])
        elif key in _STEPS:
            self._select_next(*_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and len(self.session.selection) == 1:
            self.open_card(next(iter(self.session.selection)))
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold_space(False)
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # Escape and the release of Space go to another widget now.
        self.cancel_gesture()
        self._hold_space(False)
        super().focusOutEvent(event)

    def _hold_space(self, held: bool) -> None:
        self._space = held
        if self.gesture is None:
            self._show_cursor()

    def _escape(self) -> None:
        """Cancel the gesture; else hide the comparison; else select nothing; else go up."""
        if self.cancel_gesture():
            return
        if self.overlays.comparison is not None:
            self.overlays.end_comparison()
        elif self.session.selection or self.selected_wire:
            self.select_wire(None)
            self.session.select(())
        elif self.session.view:
            self.session.open(self.session.view[:-1])

    def _nudge(self, dx: int, dy: int) -> None:
        """Move the selected nodes 8 pixels that way."""
        nodes, chosen = self.network.graph.nodes, sorted(self.session.selection - set(ENDS))
        if chosen and self.session.editable:
            places = {id: nodes[id].position for id in chosen}
            positions = {id: (x + 8 * dx, y + 8 * dy) for id, (x, y) in places.items()}
            self.session.edit(
                move_label(chosen),
                partial(edits.move, positions=positions),
                burst=f"nudge {chosen}",
            )

    def _select_next(self, dx: int, dy: int) -> None:
        """Select the nearest card that way."""
        cards = self.network.cards
        if not self.session.selection:
            self.session.select(list(self.network.graph.order)[:1])
            return
        start = cards[next(iter(self.session.selection))].pos()

        def effort(card: Card) -> float:
            gap = card.pos() - start
            ahead, aside = (gap.x() * dx, gap.y()) if dx else (gap.y() * dy, gap.x())
            return ahead + 3 * abs(aside) if ahead > 1 else inf

        best = min(cards.values(), key=effort)
        if effort(best) < inf:
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


def _connected(graph: Graph, source: str, target: str, port: str, freed: Wire | None) -> Graph:
    if freed is not None:
        graph = edits.disconnect(graph, freed.target, freed.port)
    return edits.connect(graph, source, target, port)


_STEPS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
