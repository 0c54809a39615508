"""A scope of a network as cards and wires, of which only those that differ are drawn again."""

from collections.abc import Collection
from functools import reduce

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsScene

from explorer.analysis.layout import GAP, ROW, extra, main_path
from explorer.analysis.placing import step
from explorer.analysis.problem import Problem
from explorer.analysis.scope import Scope
from explorer.app.canvas.card import Card, reshapes
from explorer.app.canvas.routing import FORWARD, Lane, Obstacles, route
from explorer.app.canvas.wire import WireItem
from explorer.catalog import KINDS
from explorer.graph.graph import ENDS, INPUT, OUTPUT, Graph, Shape, Wire

MARKS = {"add": "≠", "concat": "≠"}


class Diagram(QGraphicsScene):
    """Cards by node id, items of wires by wire. still: it is a picture for a page, so it has no
    handles, and a tensor stands for the test picture. gap: pixels between the ends and the cards
    beside them."""

    def __init__(self, still: bool = False, gap: float = GAP) -> None:
        super().__init__()
        self.still, self.gap = still, gap
        self.scope = Scope()
        self.cards: dict[str, Card] = {}
        self.wires: dict[Wire, WireItem] = {}
        self.problems: dict[str, Problem] = {}
        self._drawn: dict[str, tuple[object, ...]] = {}
        self._obstacles = Obstacles()
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)

    @property
    def graph(self) -> Graph:
        """The graph that is drawn."""
        return self.scope.graph

    def draw(
        self, scope: Scope, problems: dict[str, Problem], entering: str = "", leaving: str = ""
    ) -> None:
        """Draw a scope; only the cards and wires that differ from what is drawn are changed.
        problems: by node id. entering, leaving: the words on the cards of the input and the
        output."""
        self.scope, self.problems = scope, problems
        graph, facts = scope.graph, scope.facts
        for id in self.cards.keys() - graph.nodes.keys() - set(ENDS):
            self.removeItem(self.cards.pop(id))
            self._obstacles.put(id, None)
            self._drawn.pop(id, None)
        moved = set()
        for id, node in graph.nodes.items():
            ports = (
                KINDS[node.kind].ports(graph.into(id))
                if scope.own and not self.still
                else tuple(sorted(graph.into(id)))
            )
            mark = self._mark(id)
            state = (node.meaning, facts[id], ports, mark, node.position)
            if self._drawn.get(id) != state:
                card = self.cards.get(id) or self._new_card(id)
                card.show_node(node, facts[id], ports, mark)
                card.setPos(*node.position)
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
            if id not in self.cards:
                moved.add(id)
            card = self.cards.get(id) or self._new_card(id)
            card.inside = bool(self.scope.path) or self.still
            card.show_end(
                self._shape(id) if id == INPUT else self._shape(output.source) if output else None,
                words,
                self._mark(id),
            )
            place = _end_place(graph, id, self.gap)
            if card.pos() != place:
                card.setPos(place)
                moved.add(id)
        return moved

    def _draw_wires(self, moved: set[str]) -> None:
        graph = self.graph
        fresh: set[str] = set()
        for wire in self.wires.keys() - set(graph.wires):
            self.removeItem(self.wires.pop(wire))
            self._obstacles.arcs.pop(wire, None)
            fresh |= {wire.source, wire.target}
        shapes = [self._shape(wire.source) for wire in graph.wires]
        largest = tuple(map(max, zip(*(s for s in shapes if s and len(s) == 3)))) or None
        for wire in graph.wires:
            item = self.wires.get(wire)
            if item is None:
                item = self.wires[wire] = WireItem(wire)
                self.addItem(item)
                fresh |= {wire.source, wire.target}
            item.carry(self._shape(wire.source), largest, self._dashed(wire), self._is_wrong(wire))
        self.lay_around(moved | fresh)

    def lay_around(self, ids: Collection[str]) -> None:
        """Route the wires at these cards again, and those beside them."""
        obstacles, graph = self._obstacles, self.graph
        for id in ids:
            card = self.cards.get(id)
            obstacles.put(id, card.body.translated(card.pos()) if card else None)
        near = [wire for id in ids for wire in (*graph.out_of(id), *graph.into(id).values())]
        sources, targets = {wire.source for wire in near}, {wire.target for wire in near}
        for id in targets.union(ids).intersection(self.cards):
            self._order_ports(self.cards[id])
        laid = {wire for id in sources for wire in graph.out_of(id)}
        laid.update(wire for id in targets for wire in graph.into(id).values())
        for wire in laid:
            obstacles.arcs.pop(wire, None)
        # Short ones first: a wire that passes over cards also passes over the wires between them.
        for wire in sorted(laid, key=self._length):
            start, end = self._ends_of(wire)
            routed = route(start, end, self._beside(wire), obstacles, (wire.source, wire.target))
            if routed.over is not None:
                obstacles.arcs[wire] = routed.over, routed.path.boundingRect()
            self.wires[wire].lay(routed)
        self._label_wires({wire.source for wire in laid})

    def _ends_of(self, wire: Wire) -> tuple[QPointF, QPointF]:
        return self.cards[wire.source].out_port(), self.cards[wire.target].in_port(wire.port)

    def _length(self, wire: Wire) -> float:
        start, end = self._ends_of(wire)
        return end.x() - start.x()

    def _plain(self, wire: Wire) -> tuple[bool, float]:
        start, end = self._ends_of(wire)
        return abs(end.y() - start.y()) > 0.5, end.x() - start.x()

    def _order_ports(self, card: Card) -> None:
        """Put the ports in the order in which their wires arrive, that of the straight one at the
        middle of the card."""
        into, middle = self.graph.into(card.id), card.pos().y()
        wired = {port: self.cards[into[port].source] for port in card.inputs if port in into}
        straight = [
            port
            for port, source in wired.items()
            if abs(source.pos().y() - middle) < 0.5 and source.pos().x() < card.pos().x()
        ]
        straight.sort(key=lambda port: wired[port].pos().x())

        def approach(port: str) -> tuple[int, float]:
            if port not in wired:
                return 2, 0.0
            source = wired[port].pos()
            return (0, source.x()) if port in straight[:-1] else (1, source.y())

        # Of several straight ones those from farther away pass over the nearest.
        card.order_ports(sorted(card.inputs, key=approach), straight[-1] if straight else None)

    def _beside(self, wire: Wire) -> Lane:
        """Where the wire runs among those at the same cards."""
        start, end = self._ends_of(wire)
        leaving, entering = self.graph.out_of(wire.source), self.graph.into(wire.target).values()
        target = self.cards[wire.target]
        above: list[tuple[float, Wire]] = []
        below: list[tuple[float, Wire]] = []
        for other in entering if len(target.inputs) > 1 else ():
            height = target.heights.get(other.port, 0.0)
            far = self.cards[other.source].pos().y() - target.pos().y()
            if abs(far) >= 0.5 or height:
                (above if height < 0 else below).append((abs(height), other))
        rank = channels = 0
        for side in (above, below):
            side.sort(key=lambda entry: -entry[0])
            channels = max(channels, len(side))
            rank = next((at for at, entry in enumerate(side) if entry[1] == wire), rank)
        low = 0.0
        if end.x() - start.x() < FORWARD:
            source, roof = self.cards[wire.source], target.pos().y() - target.size[1] / 2 - 8
            low = max(self._obstacles.lowest_above(roof), source.pos().y() + source.size[1] / 2)
        return Lane(len(leaving) > 1, rank, channels, low)

    def _label_wires(self, sources: Collection[str]) -> None:
        """Let the straight or shortest wire that leaves a card show the tensor; wires that go back
        together have one label; no label stands on a card."""
        for id in sources:
            leaving = [self.wires[wire] for wire in sorted(self.graph.out_of(id), key=self._plain)]
            for item in leaving:
                item.first = False
            labelled = [item for item in leaving if item.route.label_at is not None]
            back = False
            for item in labelled:
                if not self._is_clear(item) or (item.route.folds and back):
                    item.lay(item.route._replace(label_at=None))
                back = back or item.route.folds
            for item in labelled:
                item.first = item.route.label_at is not None
                if item.first and self._is_clear(item):
                    break
                item.first = False

    def _is_clear(self, item: WireItem) -> bool:
        """Whether the label is on no card."""
        return not self._obstacles.crossed(item.label().adjusted(3, 0, -3, 0))

    def _shape(self, id: str) -> Shape | None:
        if id == INPUT:
            return self.scope.input
        facts = self.scope.facts.get(id)
        return facts.out if facts else None

    def _dashed(self, wire: Wire) -> bool:
        facts = self.scope.facts
        return any(id in facts and reshapes(id, facts[id]) for id in (wire.source, wire.target))

    def _is_wrong(self, wire: Wire) -> bool:
        problem = self.problems.get(wire.target)
        if problem is None:
            return False
        facts = self.scope.facts.get(wire.target)
        if facts is None or facts.fault is None:
            return wire.target == OUTPUT
        if problem.rule in ("add", "concat") and facts.ins:
            shape, first = self._shape(wire.source), facts.ins[0]
            if shape is None or first is None:
                return False
            return shape != first if problem.rule == "add" else shape[1:] != first[1:]
        return problem.rule != "unconnected"

    def _mark(self, id: str) -> str:
        problem = self.problems.get(id)
        return MARKS.get(problem.rule, "!") if problem else ""

    def content(self) -> QRectF:
        """The rectangle around the whole diagram, with room for handles and selection."""
        items = (*self.cards.values(), *self.wires.values())
        return reduce(QRectF.united, (item.sceneBoundingRect() for item in items), QRectF())

    def drawn(self) -> QRectF:
        """The rectangle around what is painted, with no such room."""
        items: tuple[Card | WireItem, ...] = (*self.cards.values(), *self.wires.values())
        painted = (item.painted().translated(item.pos()) for item in items)
        return reduce(QRectF.united, painted, QRectF())


def _end_place(graph: Graph, id: str, gap: float) -> QPointF:
    """Where an end stands, both on the main way: the input to the left of what it feeds, the output
    to the right of what feeds it."""
    if id == INPUT:
        leaving = graph.out_of(INPUT)
        fed = [graph.nodes[wire.target] for wire in leaving if wire.target in graph.nodes]
        if not fed and (leaving or not graph.nodes):  # straight to the output
            return QPointF(0, 0)
        fed = fed or list(graph.nodes.values())
        # A node that also waits for others stands farther right or in another row.
        first = min(
            [node for node in fed if len(graph.into(node.id)) < 2] or fed,
            key=lambda node: node.position,
        )
        x, y = first.position
        main = main_path(graph)
        if main and main[0] in graph.nodes:
            y = min(y, graph.nodes[main[0]].position[1])
        return QPointF(x - step(graph, INPUT, first.kind, gap) - extra(graph, INPUT, [first.id]), y)
    leading = graph.into(OUTPUT).get("x")
    before = (
        leading.source
        if leading
        else max(graph.nodes, key=lambda id: graph.nodes[id].position, default=INPUT)
    )
    if before in graph.nodes:
        x, y = graph.nodes[before].position
        return QPointF(x + step(graph, before, OUTPUT, gap), y)
    start = _end_place(graph, INPUT, gap)
    # The other nodes that the input feeds in this row stand between it and the output.
    on_way = [
        graph.nodes[wire.target]
        for wire in graph.out_of(INPUT)
        if wire.target in graph.nodes
        and abs(graph.nodes[wire.target].position[1] - start.y()) < ROW / 2
    ]
    return QPointF(
        max(
            [
                start.x() + step(graph, INPUT, OUTPUT, gap),
                *(node.position[0] + step(graph, node.id, OUTPUT, gap) for node in on_way),
            ]
        ),
        start.y(),
    )
