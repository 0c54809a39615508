"""The graph in view as cards and wires; an edit touches only what differs."""

from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QGraphicsScene

from explorer.analysis.problem import Problem
from explorer.app import theme
from explorer.app.canvas.card import PORT_REACH, Card
from explorer.app.canvas.placing import step
from explorer.app.canvas.wire import WireItem
from explorer.catalog import KINDS
from explorer.graph.graph import ENDS, INPUT, OUTPUT, Graph, Shape, Wire
from explorer.text import _

CARD_HIGH = 80.0
MARKS = {"add": "≠", "concat": "≠"}


class NetworkScene(QGraphicsScene):
    """Cards by node id, wires by wire. `synced` follows every change of what is drawn."""

    synced = Signal()

    def __init__(self, session):
        super().__init__()
        self.session = session
        self.cards: dict[str, Card] = {}
        self.wires: dict[Wire, WireItem] = {}
        self.problems: dict[str, Problem] = {}
        self.graph = Graph()
        self._drawn: dict[str, tuple] = {}
        self._document = session.document
        self._label = self._guess = ""  # of the picture that runs through the network
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        session.changed.connect(self.sync)
        session.view_changed.connect(self.sync)
        session.data_changed.connect(self.sync)
        session.selection_changed.connect(self.mark_selection)
        theme.changed.connect(self.update)
        self.sync()

    # From the session -------------------------------------------------------------------------

    def sync(self, *_change) -> None:
        """Draw the graph in view, touching only the cards and wires that are not as they should."""
        session = self.session
        if session.document is not self._document:
            self._document, self._label, self._guess = session.document, "", ""
        graph, facts = session.shown, session.shown_facts
        self.problems = self._problems_here()
        for id in self.cards.keys() - graph.nodes.keys() - set(ENDS):
            self.removeItem(self.cards.pop(id))
            self._drawn.pop(id, None)
        moved = set()
        for id, node in graph.nodes.items():
            ports = (KINDS[node.kind].ports(graph.into(id)) if session.editable
                     else tuple(sorted(graph.into(id))))
            mark = self._mark(id)
            state = (node.meaning, facts[id], ports, mark, node.position)
            before = self._drawn.get(id)
            if before == state:
                continue
            card = self.cards.get(id) or self._new_card(id)
            card.show_node(node, facts[id], ports, mark)
            if card.pos() != QPointF(*node.position) or before is None or before[2] != ports:
                card.setPos(*node.position)
                moved.add(id)
            self._drawn[id] = state
            moved.add(id)
        moved |= self._sync_ends(graph)
        self.graph = graph
        self._sync_wires(graph, moved)
        self.mark_selection()
        self.synced.emit()

    def _new_card(self, id: str) -> Card:
        card = self.cards[id] = Card(id)
        self.addItem(card)
        return card

    def _sync_ends(self, graph: Graph) -> set[str]:
        session, moved = self.session, set()
        output = graph.into(OUTPUT).get("x")
        for id in ENDS:
            card = self.cards.get(id) or self._new_card(id)
            card.inside = bool(session.view)
            if session.view:
                subtitle = "" if id == OUTPUT else _("from outside")
            else:
                subtitle = self._guess if id == OUTPUT else self._label or session.data.title
            card.show_end(self._shape(id) if id == INPUT else
                          self._shape(output.source) if output else None,
                          subtitle, self._mark(id))
            place = _end_place(graph, id)
            if card.pos() != place:
                card.setPos(place)
                moved.add(id)
        return moved

    def _sync_wires(self, graph: Graph, moved: set[str]) -> None:
        for wire in self.wires.keys() - set(graph.wires):
            self.removeItem(self.wires.pop(wire))
        shapes = [self._shape(wire.source) for wire in graph.wires]
        largest = tuple(map(max, zip(*(s for s in shapes if s and len(s) == 3)))) or None
        facts = self.session.shown_facts
        for wire in graph.wires:
            item = self.wires.get(wire)
            fresh = item is None
            if fresh:
                item = self.wires[wire] = WireItem(wire)
                self.addItem(item)
            item.carry(self._shape(wire.source), largest, self._dashed(wire, facts),
                       self._is_wrong(wire, facts))
            if fresh or wire.source in moved or wire.target in moved:
                self.lay(item)

    def lay(self, item: WireItem) -> None:
        """Run a wire between the present places of its two cards."""
        wire = item.wire
        source, target = self.cards[wire.source], self.cards[wire.target]
        start, end = source.out_port(), target.in_port(wire.port)
        low = source.pos().y() + source.size[1] / 2
        item.lay(start, end, low, self._over(start, end, {wire.source, wire.target}))

    def _over(self, start: QPointF, end: QPointF, ends: set[str]) -> float | None:
        """How high a wire must pass so that it runs behind no card; None if the straight way is
        free."""
        line = QRectF(start, end).normalized().adjusted(4, -1, -4, 1)
        bodies = [card.body.translated(card.pos()) for id, card in self.cards.items()
                  if id not in ends]
        crossed = [body for body in bodies if body.intersects(line)]
        if not crossed or end.x() <= start.x() or abs(end.y() - start.y()) > CARD_HIGH:
            return None
        return min(body.top() for body in crossed) - 36

    def lay_around(self, ids) -> None:
        """Run the wires at these cards again."""
        for item in self.wires.values():
            if item.wire.source in ids or item.wire.target in ids:
                self.lay(item)

    def _shape(self, id: str) -> Shape | None:
        if id == INPUT:
            return self.session.shown_input
        facts = self.session.shown_facts.get(id)
        return facts.out if facts else None

    def _dashed(self, wire: Wire, facts) -> bool:
        return any(id in facts and facts[id].kind.name == "Projection"
                   for id in (wire.source, wire.target))

    def _is_wrong(self, wire: Wire, facts) -> bool:
        problem = self.problems.get(wire.target)
        if problem is None:
            leading = self.graph.into(OUTPUT).get("x")
            return wire.target == OUTPUT and leading is not None and self._is_misfit(wire.source)
        found = facts.get(wire.target)
        if found is None or found.fault is None:
            return wire.target == OUTPUT
        if problem.rule in ("add", "concat") and found.ins:
            shape, first = self._shape(wire.source), found.ins[0]
            return shape is not None and (shape != first if problem.rule == "add"
                                          else shape[1:] != first[1:])
        return problem.rule != "unconnected"

    def _is_misfit(self, id: str) -> bool:
        return id in self.problems and self.problems[id].rule == "classes"

    def _problems_here(self) -> dict[str, Problem]:
        """The first problem of each node in view, or inside it."""
        found: dict[str, Problem] = {}
        view = list(self.session.view)
        for problem in self.session.report.problems:
            path = problem.path.split(".")
            if path[:len(view)] == view and len(path) > len(view):
                found.setdefault(path[len(view)], problem)
        return found

    def _mark(self, id: str) -> str:
        problem = self.problems.get(id)
        return MARKS.get(problem.rule, "!") if problem else ""

    def mark_selection(self, *_path) -> None:
        """Show which cards are selected."""
        chosen = self.session.selection
        for id, card in self.cards.items():
            if card.selected != (id in chosen):
                card.selected = id in chosen
                card.update()

    def show_picture(self, picture: QImage, label: str) -> None:
        """Put the picture that runs through the network onto the input's card."""
        card = self.cards[INPUT]
        card.picture, self._label = picture, label
        if not self.session.view:
            card.subtitle = label
        card.update()

    def show_guess(self, guess: str) -> None:
        """Put the network's answer onto the output's card."""
        card, self._guess = self.cards[OUTPUT], guess
        if not self.session.view and card.subtitle != guess:
            card.subtitle = guess
            card.update()

    # What is where ----------------------------------------------------------------------------

    def card_at(self, place: QPointF) -> Card | None:
        """The card under a place (scene), the topmost."""
        for card in reversed(self.cards.values()):
            if card.body.translated(card.pos()).contains(place):
                return card
        return None

    def port_at(self, place: QPointF, side: str = "") -> tuple[Card, str, str] | None:
        """The card, "in" or "out", and the port whose handle is at a place; only of that side."""
        best, nearest = None, PORT_REACH ** 2 + 1
        for card in self.cards.values():
            found = card.port_at(place)
            if found and side in ("", found[0]):
                gap = place - (card.out_port() if found[0] == "out" else card.in_port(found[1]))
                distance = gap.x() ** 2 + gap.y() ** 2
                if distance < nearest:
                    best, nearest = (card, *found), distance
        return best

    def wire_at(self, place: QPointF, reach: float = 8.0) -> WireItem | None:
        """The wire under a place (scene)."""
        for item in self.wires.values():
            if (item.path.boundingRect().adjusted(-reach, -reach, reach, reach).contains(place)
                    and item.near(place, reach)):
                return item
        return None

    def content(self) -> QRectF:
        """The rectangle around all that is drawn."""
        found = QRectF()
        for card in self.cards.values():
            found = found.united(card.sceneBoundingRect())
        for item in self.wires.values():
            found = found.united(item.boundingRect())
        return found


def _end_place(graph: Graph, id: str) -> QPointF:
    """Where the input stands: left of the first node that it feeds; the output: right of what
    feeds it."""
    if id == INPUT:
        fed = [graph.nodes[wire.target] for wire in graph.out_of(INPUT)
               if wire.target in graph.nodes]
        first = min(fed or list(graph.nodes.values()), key=lambda node: node.position,
                    default=None)
        if first is None:
            return QPointF(0, 0)
        x, y = first.position
        return QPointF(x - step(graph, INPUT, first.kind), y)
    leading = graph.into(OUTPUT).get("x")
    before = leading.source if leading else max(
        graph.nodes, key=lambda id: graph.nodes[id].position, default=INPUT)
    x, y = graph.nodes[before].position if before in graph.nodes else (0.0, 0.0)
    return QPointF(x + step(graph, before, OUTPUT), y)
