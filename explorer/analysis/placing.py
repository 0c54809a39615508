"""Where new cards go: into a wire, for which room is made, after a node, or where they are
dropped."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from explorer.analysis.facts import names_in
from explorer.analysis.layout import GAP, ROW, card_reach, card_size
from explorer.catalog import KINDS
from explorer.graph import edits, names
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Value, Wire

Position = tuple[float, float]


def step(graph: Graph, before: str, kind: str, gap: float = GAP) -> float:
    """The distance from the centre of the card `before` to that of a card of `kind` to the right of
    it with `gap` between them, in scene units."""
    kind_before = graph.nodes[before].kind if before in graph.nodes else before
    return card_reach(kind_before) + gap + card_size(kind)[0] / 2


def predecessor(graph: Graph, selection: Collection[str]) -> str:
    """The id after which a new node goes: the last selected one, else the last that is no head."""
    chosen = [id for id in graph.order if id in selection]
    body = [id for id in graph.order if KINDS[graph.nodes[id].kind].category != "head"]
    return (chosen or body or [INPUT])[-1]


def new_node(
    graph: Graph,
    kind: str,
    params: Mapping[str, Value],
    position: Position,
    inner: Graph | None = None,
    name: str = "",
) -> Node:
    """A node under a free id: one like `name` if that is given, otherwise the next one of its kind.

    inner: the graph inside a custom group.
    """
    taken = names_in(graph)
    stem = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()
    if stem and not stem[0].isdigit():
        id = names.free(stem, taken)
    else:
        id = KINDS[kind].next_id(taken)
    return Node(id, kind, params, position, inner)


def dropped(
    graph: Graph,
    kind: str,
    params: Mapping[str, Value],
    position: Position,
    inner: Graph | None = None,
    name: str = "",
) -> Graph:
    """The graph with a new node without wires at a position; the node is its last one."""
    return edits.add(graph, new_node(graph, kind, params, position, inner, name))


def into_wire(
    graph: Graph,
    wire: Wire,
    kind: str,
    params: Mapping[str, Value],
    inner: Graph | None = None,
    name: str = "",
) -> Graph:
    """The graph with a new node, its last one, inserted into a wire. If there is no room for it,
    the cards after it in its row move right."""
    graph, position = _make_room(graph, wire, kind)
    node = new_node(graph, kind, params, position, inner, name)
    return edits.insert(graph, node, wire, KINDS[kind].all_ports[0])


def after(
    graph: Graph,
    id: str,
    kind: str,
    params: Mapping[str, Value],
    inner: Graph | None = None,
    name: str = "",
) -> Graph:
    """The graph with a new node after `id`: inserted into the first wire out of it, or fed by
    it."""
    leaving = graph.out_of(id)
    if leaving:
        return into_wire(graph, leaving[0], kind, params, inner, name)
    x, y = graph.nodes[id].position if id in graph.nodes else (0.0, 0.0)
    node = new_node(graph, kind, params, (x + step(graph, id, kind), y), inner, name)
    graph = edits.connect(edits.add(graph, node), id, node.id, KINDS[kind].all_ports[0])
    return graph if graph.into(OUTPUT) else edits.connect(graph, node.id, OUTPUT)


def after_each(graph: Graph, ids: Collection[str], kind: str) -> Graph:
    """The graph with a new node after each of these that feeds something; it feeds all that they
    fed.

    The new nodes are the last ones, in the order of `ids`. Where there is no room, the cards after
    them in their rows move right.
    """
    first_wires = {id: graph.out_of(id)[0] for id in ids if graph.out_of(id)}
    graph, positions = _make_rooms(graph, first_wires, kind)
    new_ids = dict(zip(first_wires, names.numbered(KINDS[kind].stem, names_in(graph))))
    nodes = {new: Node(new, kind, position=positions[id]) for id, new in new_ids.items()}
    wires = [replace(wire, source=new_ids.get(wire.source, wire.source)) for wire in graph.wires]
    wires += [Wire(id, new, KINDS[kind].all_ports[0]) for id, new in new_ids.items()]
    return replace(graph, nodes={**graph.nodes, **nodes}, wires=tuple(wires))


def _make_rooms(
    graph: Graph, wires: Mapping[str, Wire], kind: str
) -> tuple[Graph, dict[str, Position]]:
    """The graph with room for a card in each of these wires, and the cards' positions by the same
    keys. Each row of cards is passed once, from left to right."""
    rows: dict[str, int] = {}
    row, top = -1, 0.0
    for id in sorted(graph.nodes, key=lambda id: graph.nodes[id].position[1]):
        y = graph.nodes[id].position[1]
        if row < 0 or y - top >= ROW * 0.75:
            row, top = row + 1, y
        rows[id] = row
    entering: dict[str, list[Wire]] = {}
    for wire in wires.values():
        entering.setdefault(wire.target, []).append(wire)
    shifts = [0.0] * (row + 1)
    nodes, tight = dict(graph.nodes), set()
    for id in sorted(graph.nodes, key=lambda id: (rows[id], graph.nodes[id].position[0])):
        node = nodes[id]
        for wire in entering.get(id, ()):
            shifted = replace(
                node, position=(node.position[0] + shifts[rows[id]], node.position[1])
            )
            missing = _missing_room(wire, kind, nodes.get(wire.source), shifted)
            if missing > 0:
                shifts[rows[id]] += missing
                tight.add(wire)
        if shifts[rows[id]]:
            x, y = node.position
            nodes[id] = replace(node, position=(x + shifts[rows[id]], y))
    positions = {
        key: _position(wire, kind, nodes.get(wire.source), nodes.get(wire.target), wire in tight)
        for key, wire in wires.items()
    }
    return replace(graph, nodes=nodes), positions


def _make_room(graph: Graph, wire: Wire, kind: str) -> tuple[Graph, Position]:
    """The graph with room for a card in the wire, and the position of that card."""
    source, target = graph.nodes.get(wire.source), graph.nodes.get(wire.target)
    shift = _missing_room(wire, kind, source, target)
    position = _position(wire, kind, source, target, shift > 0)
    if target is None or shift <= 0:
        return graph, position
    end = target.position
    moved = {
        id: replace(node, position=(node.position[0] + shift, node.position[1]))
        for id, node in graph.nodes.items()
        if node.position[0] >= end[0] - 1 and abs(node.position[1] - end[1]) < ROW * 0.75
    }
    return replace(graph, nodes={**graph.nodes, **moved}), position


def _missing_room(wire: Wire, kind: str, source: Node | None, target: Node | None) -> float:
    """By how much a card is too wide for a wire, in scene units; 0 if it fits, and for a wire that
    leads to the output or to a row below."""
    if target is None or target.position[0] < (start := _start(wire, kind, source, target))[0] + 12:
        return 0.0
    before, after = _steps(wire, kind, source, target)
    return max(0.0, before + after - (target.position[0] - start[0]))


def _position(
    wire: Wire, kind: str, source: Node | None, target: Node | None, tight: bool
) -> Position:
    """The position of a card in a wire. tight: there is no more room than it needs."""
    start = _start(wire, kind, source, target)
    before = _steps(wire, kind, source, target)[0]
    if target is None or target.position[0] < start[0] + 12:
        return start[0] + before, start[1]
    end = target.position
    if tight:
        return start[0] + before, start[1] if wire.source != INPUT else end[1]
    return (start[0] + end[0]) / 2, (start[1] + end[1]) / 2


def _start(wire: Wire, kind: str, source: Node | None, target: Node | None) -> Position:
    """The position of the card where a wire starts; the input is left of what it feeds."""
    if source is not None:
        return source.position
    if target is None:
        return 0.0, 0.0
    return target.position[0] - _steps(wire, kind, source, target)[0], target.position[1]


def _steps(wire: Wire, kind: str, source: Node | None, target: Node | None) -> tuple[float, float]:
    """The least distances of a new card in a wire from the centres of the cards before and after
    it."""
    to_source = card_reach(source.kind if source else wire.source) + GAP + card_size(kind)[0] / 2
    to_target = card_reach(kind) + GAP + card_size(target.kind if target else OUTPUT)[0] / 2
    return to_source, to_target
