"""What the mouse does on the canvas: one gesture, one class, with move, finish and cancel."""

from collections.abc import Mapping
from functools import partial
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QCursor, QPen
from PySide6.QtWidgets import QGraphicsRectItem, QToolTip

from explorer.app import theme
from explorer.app.canvas.card import Card
from explorer.app.canvas.routing import route
from explorer.app.canvas.wire import WireItem
from explorer.graph import edits
from explorer.graph.graph import ENDS, OUTPUT, Graph, Wire
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.canvas.canvas import Canvas

SNAP = 7.0


class Gesture:
    """Something that goes on while a mouse button is held. Places are in scene coordinates.

    The canvas cancels it before it draws anything else, so its cards and wires are those that it
    began with until it ends; what was selected before it, the canvas selects again.
    """

    def __init__(self, canvas: "Canvas", place: QPointF) -> None:
        self.canvas, self.scene, self.session = canvas, canvas.network, canvas.session
        self.begun = place

    def move(self, place: QPointF) -> None:
        """The mouse is at another place."""

    def finish(self, place: QPointF) -> None:
        """The button was let go: do it."""

    def cancel(self) -> None:
        """Escape was pressed, or what is drawn is about to be another: leave all as it was."""


class Pan(Gesture):
    """Moves what is seen."""

    def __init__(self, canvas: "Canvas", place: QPointF) -> None:
        super().__init__(canvas, place)
        self.last = QCursor.pos()
        self.bars = canvas.horizontalScrollBar(), canvas.verticalScrollBar()
        self.before = canvas.transform(), [bar.value() for bar in self.bars]
        canvas.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, place: QPointF) -> None:
        now = QCursor.pos()
        gap, self.last = now - self.last, now
        for bar, step in zip(self.bars, (gap.x(), gap.y()), strict=True):
            bar.setValue(bar.value() - step)

    def finish(self, place: QPointF) -> None:
        self.canvas.show_cursor()

    def cancel(self) -> None:
        transform, values = self.before
        self.canvas.setTransform(transform)
        for bar, value in zip(self.bars, values, strict=True):
            bar.setValue(value)
        self.canvas.show_cursor()


class Frame(Gesture):
    """Draws a frame; what touches it is selected."""

    def __init__(self, canvas: "Canvas", place: QPointF, adding: bool) -> None:
        super().__init__(canvas, place)
        self.before = self.session.selection if adding else frozenset()
        self.item = QGraphicsRectItem()
        self.item.setPen(QPen(theme.color("accent"), 0))
        fill = theme.color("accent")
        fill.setAlpha(30)
        self.item.setBrush(fill)
        self.item.setZValue(9)
        self.scene.addItem(self.item)

    def move(self, place: QPointF) -> None:
        rect = QRectF(self.begun, place).normalized()
        self.item.setRect(rect)
        touched = {
            card.id
            for card in self.scene.cards.values()
            if card.id not in ENDS and rect.intersects(card.body.translated(card.pos()))
        }
        self.session.select(self.before | touched)

    def finish(self, place: QPointF) -> None:
        self.scene.removeItem(self.item)

    def cancel(self) -> None:
        self.scene.removeItem(self.item)


class Move(Gesture):
    """Moves the selected cards, snapping to the lines of the others; a lone unwired node dropped
    on a wire is put into it."""

    def __init__(self, canvas: "Canvas", place: QPointF, held: Card) -> None:
        super().__init__(canvas, place)
        self.held = held
        self.start = {
            id: self.scene.cards[id].pos()
            for id in self.session.selection
            if id in self.scene.graph.nodes
        }
        self.moved = False
        self.onto: WireItem | None = None

    def move(self, place: QPointF) -> None:
        if not self.start or not self.session.editable:
            return
        shift = self._snapped(place - self.begun)
        self.moved = self.moved or shift.manhattanLength() > 3
        for id, before in self.start.items():
            self.scene.cards[id].setPos(before + shift)
        self.scene.lay_around(self.start.keys())
        self.canvas.highlight_wire(self._wire_below())

    def _snapped(self, shift: QPointF) -> QPointF:
        """The shift, or the one near it that lines the held card up with another."""
        goal = self.start.get(self.held.id, QPointF()) + shift
        others = [card.pos() for id, card in self.scene.cards.items() if id not in self.start]
        x = min(
            (other.x() for other in others if abs(other.x() - goal.x()) < SNAP),
            key=lambda x: abs(x - goal.x()),
            default=goal.x(),
        )
        y = min(
            (other.y() for other in others if abs(other.y() - goal.y()) < SNAP),
            key=lambda y: abs(y - goal.y()),
            default=goal.y(),
        )
        return shift + QPointF(x, y) - goal

    def _wire_below(self) -> WireItem | None:
        graph, id = self.scene.graph, self.held.id
        if len(self.start) != 1 or graph.into(id) or graph.out_of(id):
            return None
        return self.scene.wire_at(self.held.pos(), 16.0)

    def finish(self, place: QPointF) -> None:
        onto = self._wire_below() if self.moved else None
        self.canvas.highlight_wire(None)
        if not self.moved:
            return
        places = {
            id: (self.scene.cards[id].pos().x(), self.scene.cards[id].pos().y())
            for id in self.start
        }
        what = (
            next(iter(places)) if len(places) == 1 else _("{count} nodes").format(count=len(places))
        )
        label = _("Move {what}").format(what=what)
        if onto is None or onto.wire is None:
            self.session.edit(label, partial(edits.move, positions=places))
        else:
            self.session.edit(
                _("Insert {id}").format(id=self.held.id),
                partial(
                    _move_into,
                    positions=places,
                    id=self.held.id,
                    wire=onto.wire,
                    port=self.held.inputs[0],
                ),
            )

    def cancel(self) -> None:
        for id, before in self.start.items():
            self.scene.cards[id].setPos(before)
        self.scene.lay_around(self.start.keys())
        self.canvas.highlight_wire(None)


def _move_into(
    graph: Graph, positions: Mapping[str, tuple[float, float]], id: str, wire: Wire, port: str
) -> Graph:
    return edits.insert(edits.move(graph, positions), graph.nodes[id], wire, port)


class Connect(Gesture):
    """Pulls a wire from a port to a port. `freed` is the wire whose end was taken off, if any."""

    def __init__(self, canvas: "Canvas", place: QPointF, card: Card, side: str, port: str) -> None:
        super().__init__(canvas, place)
        self.freed: Wire | None = None
        self.refused: str | None = None
        self.goal: tuple[Card, str] | None = None
        wire = self.scene.graph.into(card.id).get(port) if side == "in" else None
        if wire is not None:
            self.freed, card, side, port = wire, self.scene.cards[wire.source], "out", ""
            self.scene.wires[wire].setVisible(False)
        self.card, self.side, self.port = card, side, port
        self.item = WireItem()
        self.item.setZValue(3)
        self.item.selected = True
        facts = self.session.shown_facts.get(card.id)
        self.item.carry(facts.out if facts else self.session.shown_input, None, False, False)
        self.scene.addItem(self.item)

    def move(self, place: QPointF) -> None:
        start = self.card.out_port() if self.side == "out" else self.card.in_port(self.port)
        self._look(place)
        end = place
        if self.goal:
            card, port = self.goal
            end = card.in_port(port) if self.side == "out" else card.out_port()
        self.item.lay(route(*((start, end) if self.side == "out" else (end, start))))
        self.item.carry(self.item.shape_of, None, False, bool(self.refused))
        self.item.update()
        if self.refused:
            QToolTip.showText(QCursor.pos(), f"<qt>{escape(self.refused)}</qt>", self.canvas)
            self.canvas.viewport().setCursor(Qt.CursorShape.ForbiddenCursor)
        else:
            QToolTip.hideText()
            self.canvas.viewport().setCursor(Qt.CursorShape.CrossCursor)

    def _look(self, place: QPointF) -> None:
        """What is under the mouse: the goal, or the reason why there may be no wire."""
        self._light(None)
        self.goal = self.refused = None
        wanted = "in" if self.side == "out" else "out"
        found = self.scene.port_at(place, wanted)
        if found:
            self.goal = found[0], found[2]
        else:
            card = self.scene.card_at(place)
            if card is None or card is self.card:
                return
            if (wanted == "in" and not card.inputs) or (wanted == "out" and card.id == OUTPUT):
                return
            self.goal = card, (self._free_port(card) if wanted == "in" else "")
        card, port = self.goal
        source, target = (self.card.id, card.id) if self.side == "out" else (card.id, self.card.id)
        self.refused = edits.refusal(self.scene.graph, source, target)
        if self.refused:
            self.goal = None
        else:
            self._light((card, port if wanted == "in" else "out"))

    def _free_port(self, card: Card) -> str:
        taken = self.scene.graph.into(card.id)
        return next((port for port in card.inputs if port not in taken), card.inputs[0])

    def _light(self, port: tuple[Card, str] | None) -> None:
        for card in self.scene.cards.values():
            hot = port[1] if port and port[0] is card else None
            if card.hot_port != hot:
                card.hot_port = hot
                card.update()

    def finish(self, place: QPointF) -> None:
        self._look(place)
        goal, refused = self.goal, self.refused
        self._clear()
        if refused:
            self.session.notified.emit(refused)
        elif goal is None:
            if self.freed and not self.scene.card_at(place):
                self.session.edit(
                    _("Disconnect {source} from {target}").format(
                        source=self.freed.source, target=self.freed.target
                    ),
                    partial(edits.disconnect, target=self.freed.target, port=self.freed.port),
                )
        else:
            source, target, port = (
                (self.card.id, goal[0].id, goal[1])
                if self.side == "out"
                else (goal[0].id, self.card.id, self.port)
            )
            if self.freed != Wire(source, target, port):
                self.session.edit(
                    _("Connect {source} to {target}").format(source=source, target=target),
                    partial(_reconnect, source=source, target=target, port=port, freed=self.freed),
                )

    def cancel(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._light(None)
        QToolTip.hideText()
        self.canvas.show_cursor()
        self.scene.removeItem(self.item)
        if self.freed in self.scene.wires:
            self.scene.wires[self.freed].setVisible(True)


def _reconnect(graph: Graph, source: str, target: str, port: str, freed: Wire | None) -> Graph:
    if freed is not None:
        graph = edits.disconnect(graph, freed.target, freed.port)
    return edits.connect(graph, source, target, port)
