"""What the mouse does on the canvas: one gesture, one class, with move, finish and cancel."""

from collections.abc import Collection, Mapping
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
from explorer.text import _, ngettext

if TYPE_CHECKING:
    from explorer.app.canvas.canvas import Canvas

SNAP = 7.0
DROP_REACH = 16.0  # so near to a wire a dropped node is inserted into it


class Gesture:
    """Something that goes on while a mouse button is held. Places are in scene coordinates.

    The canvas cancels a gesture before it draws another graph, so until its end a gesture has the
    cards and wires that it started with. After a cancelled one the canvas restores the selection.
    """

    def __init__(self, canvas: "Canvas", place: QPointF) -> None:
        self.canvas, self.scene, self.session = canvas, canvas.network, canvas.session
        self.start = place

    def move(self, place: QPointF) -> None:
        """The mouse has moved to `place`."""

    def finish(self, place: QPointF) -> None:
        """The button was released at `place`: do it."""

    def cancel(self) -> None:
        """Escape was pressed, or another graph is about to be drawn: leave everything as it was."""


class Pan(Gesture):
    """Moves the view."""

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

    def cancel(self) -> None:
        transform, values = self.before
        self.canvas.setTransform(transform)
        for bar, value in zip(self.bars, values, strict=True):
            bar.setValue(value)


class Frame(Gesture):
    """Draws a frame and selects the cards that it touches; `adding`: to those selected before."""

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
        rect = QRectF(self.start, place).normalized()
        self.item.setRect(rect)
        touched = {
            card.id
            for card in self.scene.cards.values()
            if card.id not in ENDS and rect.intersects(card.scene_body)
        }
        self.session.select(self.before | touched)

    def finish(self, place: QPointF) -> None:
        self.scene.removeItem(self.item)

    def cancel(self) -> None:
        self.scene.removeItem(self.item)


class Move(Gesture):
    """Moves the selected cards, which snap into line with the others; a single node without wires
    that is dropped on a wire is inserted there."""

    def __init__(self, canvas: "Canvas", place: QPointF, held: Card) -> None:
        super().__init__(canvas, place)
        self.held = held
        self.places = {
            id: self.scene.cards[id].pos()
            for id in self.session.selection
            if id in self.scene.graph.nodes
        }
        self.moved = False

    def move(self, place: QPointF) -> None:
        if not self.places or not self.session.editable:
            return
        shift = self._snapped(place - self.start)
        self.moved = self.moved or shift.manhattanLength() > 3
        self._shift(shift)
        self.canvas.highlight_wire(self._wire_below())

    def _shift(self, shift: QPointF) -> None:
        for id, before in self.places.items():
            self.scene.cards[id].setPos(before + shift)
        self.scene.lay_around(self.places)

    def _snapped(self, shift: QPointF) -> QPointF:
        """The shift, or the one near it that lines the held card up with another."""
        goal = self.places.get(self.held.id, QPointF()) + shift
        others = [card.pos() for id, card in self.scene.cards.items() if id not in self.places]
        lined_up = [
            min(
                (line for line in lines if abs(line - at) < SNAP),
                key=lambda line: abs(line - at),
                default=at,
            )
            for at, lines in zip(goal.toTuple(), zip(*(other.toTuple() for other in others)))
        ]
        return shift + QPointF(*lined_up) - goal

    def _wire_below(self) -> WireItem | None:
        graph, id = self.scene.graph, self.held.id
        if len(self.places) != 1 or graph.into(id) or graph.out_of(id):
            return None
        return self.scene.wire_at(self.held.pos(), DROP_REACH)

    def finish(self, place: QPointF) -> None:
        onto = self._wire_below() if self.moved else None
        self.canvas.highlight_wire(None)
        if not self.moved:
            return
        places = {id: self.scene.cards[id].pos().toTuple() for id in self.places}
        if onto is None or onto.wire is None:
            self.session.edit(move_label(places), partial(edits.move, positions=places))
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
        self._shift(QPointF())
        self.canvas.highlight_wire(None)


def move_label(ids: Collection[str]) -> str:
    """The label of an edit that moves these nodes."""
    count = len(ids)
    if count == 1:
        return _("Move {id}").format(id=next(iter(ids)))
    return ngettext("Move {count} node", "Move {count} nodes", count).format(count=count)


def _move_into(
    graph: Graph, positions: Mapping[str, tuple[float, float]], id: str, wire: Wire, port: str
) -> Graph:
    return edits.insert(edits.move(graph, positions), graph.nodes[id], wire, port)


class Connect(Gesture):
    """Pulls a wire from a port to a port. freed: the wire that was taken off its target, if any."""

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
        self._aim(place)
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

    def _aim(self, place: QPointF) -> None:
        """Find what is under the mouse: the goal, or the reason why there may be no wire."""
        self.scene.light_port(None)
        self.goal = self.refused = None
        wanted = "in" if self.side == "out" else "out"
        if handle := self.scene.port_at(place, wanted):
            card, _side, port = handle
        elif (under := self.scene.card_at(place)) and under is not self.card:
            card, port = under, self.scene.free_port(under.id) if wanted == "in" else ""
            if (wanted == "in" and not card.inputs) or (wanted == "out" and card.id == OUTPUT):
                return
        else:
            return
        source, target = (self.card.id, card.id) if self.side == "out" else (card.id, self.card.id)
        self.refused = edits.refusal(self.scene.graph, source, target)
        if not self.refused:
            self.goal = card, port
            self.scene.light_port(card, port)

    def finish(self, place: QPointF) -> None:
        self._aim(place)
        self.cancel()
        if self.refused:
            self.session.notified.emit(self.refused)
        elif self.goal is None:
            if self.freed and not self.scene.card_at(place):
                self.canvas.disconnect_wire(self.freed)
        else:
            card, port = self.goal
            source, target, port = (
                (self.card.id, card.id, port)
                if self.side == "out"
                else (card.id, self.card.id, self.port)
            )
            if self.freed != Wire(source, target, port):
                self.canvas.connect_nodes(source, target, port, self.freed)

    def cancel(self) -> None:
        self.scene.light_port(None)
        QToolTip.hideText()
        self.scene.removeItem(self.item)
        if self.freed in self.scene.wires:
            self.scene.wires[self.freed].setVisible(True)
