"""A level of a network as cards and wires; what is drawn anew is only what differs."""

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsScene

from explorer.analysis.level import Level
from explorer.analysis.placing import step
from explorer.analysis.problem import Problem
from explorer.app.canvas.card import Card
from explorer.app.canvas.wire import WireItem
from explorer.catalog import KINDS
from explorer.graph.graph import ENDS, INPUT, OUTPUT, Graph, Shape, Wire

CARD_HIGH = 80.0
MARKS = {"add": "≠", "concat": "≠"}


class Diagram(QGraphicsScene):
    """Cards by node id, wires by wire. still: it is a picture on a page, not to be touched, so it
    has no handles, and a tensor stands for the test picture."""

    def __init__(self, still: bool = False):
        super().__init__()
        self.still = still
        self.level = Level()
        self.cards: dict[str, Card] = {}
        self.wires: dict[Wire, WireItem] = {}
        self.problems: dict[str, Problem] = {}
        self._drawn: dict[str, tuple] = {}
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)

    @property
    def graph(self) -> Graph:
        """The graph that is drawn."""
        return self.level.graph

    def draw(self, level: Level, problems: dict[str, Problem], entering: str = "",
             leaving: str = "") -> None:
        """Draw a level, touching only the cards and wires that are not as they should. problems:
        by node id; entering, leaving: the words on the cards of the input and the output."""
        self.level, self.problems = level, problems
        graph, facts = level.graph, level.facts
        for id in self.cards.keys() - graph.nodes.keys() - set(ENDS):
            self.removeItem(self.cards.pop(id))
            self._drawn.pop(id, None)
        moved = set()
        for id, node in graph.nodes.items():
            ports = (KINDS[node.kind].ports(graph.into(id)) if level.own and not self.still
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
        moved |= self._draw_ends(entering, leaving)
        self._draw_wires(moved)

    def _new_card(self, id: str) -> Card:
        card = self.cards[id] = Card(id)
        card.still = self.still
        self.addItem(card)
        return card

    def _draw_ends(self, entering: str, leaving: str) -> set[str]:
        graph, moved = self.graph, set()
        output = graph.into(OUTPUT).get("x")
        for id, words in zip(ENDS, (entering, leaving)):
            card = self.cards.get(id) or self._new_card(id)
            card.inside = bool(self.level.path) or self.still
            card.show_end(self._shape(id) if id == INPUT else
                          self._shape(output.source) if output else None, words, self._mark(id))
            place = _end_place(graph, id)
            if card.pos() != place:
                card.setPos(place)
                moved.add(id)
        return moved

    def _draw_wires(self, moved: set[str]) -> None:
        graph = self.graph
        for wire in self.wires.keys() - set(graph.wires):
            self.removeItem(self.wires.pop(wire))
        shapes = [self._shape(wire.source) for wire in graph.wires]
        largest = tuple(map(max, zip(*(s for s in shapes if s and len(s) == 3)))) or None
        for wire in graph.wires:
            item = self.wires.get(wire)
            fresh = item is None
            if fresh:
                item = self.wires[wire] = WireItem(wire)
                self.addItem(item)
            item.carry(self._shape(wire.source), largest, self._dashed(wire),
                       self._is_wrong(wire))
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
            return self.level.input
        facts = self.level.facts.get(id)
        return facts.out if facts else None

    def _dashed(self, wire: Wire) -> bool:
        facts = self.level.facts
        return any(id in facts and facts[id].kind.name == "Projection"
                   for id in (wire.source, wire.target))

    def _is_wrong(self, wire: Wire) -> bool:
        problem = self.problems.get(wire.target)
        if problem is None:
            leading = self.graph.into(OUTPUT).get("x")
            return wire.target == OUTPUT and leading is not None and self._is_misfit(wire.source)
        found = self.level.facts.get(wire.target)
        if found is None or found.fault is None:
            return wire.target == OUTPUT
        if problem.rule in ("add", "concat") and found.ins:
            shape, first = self._shape(wire.source), found.ins[0]
            return shape is not None and (shape != first if problem.rule == "add"
                                          else shape[1:] != first[1:])
        return problem.rule != "unconnected"

    def _is_misfit(self, id: str) -> bool:
        return id in self.problems and self.problems[id].rule == "classes"

    def _mark(self, id: str) -> str:
        problem = self.problems.get(id)
        return MARKS.get(problem.rule, "!") if problem else ""

    def content(self) -> QRectF:
        """The rectangle around all that is drawn."""
        found = QRectF()
        for card in self.cards.values():
            found = found.united(card.sceneBoundingRect())
        for item in self.wires.values():
            found = found.united(item.boundingRect())
        return found

    def drawn(self) -> QRectF:
        """The rectangle around what is painted, tight: no room for handles and selection."""
        found = QRectF()
        for item in (*self.cards.values(), *self.wires.values()):
            found = found.united(item.painted().translated(item.pos()))
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
