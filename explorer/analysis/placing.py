"""Where new cards go: into a wire with room made for them, behind a node, or where they drop."""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from explorer.analysis.facts import names_in
from explorer.analysis.layout import GAP, ROW, card_reach, card_size
from explorer.catalog import KINDS
from explorer.graph import edits, names
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Value, Wire

Place = tuple[float, float]


def step(graph: Graph, before: str, kind: str, gap: float = GAP) -> float:
    """From the centre of the card `before` to that of a card of `kind` right of it, `gap` between
    them."""
    known = graph.nodes[before].kind if before in graph.nodes else before
    return card_reach(known) + gap + card_size(kind)[0] / 2


def end(graph: Graph, selection: Collection[str]) -> str:
    """The id behind which a new node goes: the last selected one, else the last before a head."""
    chosen = [id for id in graph.order if id in selection]
    body = [id for id in graph.order if KINDS[graph.nodes[id].kind].category != "head"]
    return (chosen or body or [INPUT])[-1]


def new_node(
    graph: Graph,
    kind: str,
    params: Mapping[str, Value],
    place: Place,
    inner: Graph | None = None,
    name: str = "",
) -> Node:
    """A node of a kind under the next free name; of a group with `inner`, under one like `name`."""
    taken = names_in(graph)
    stem = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()
    if stem and not stem[0].isdigit():
        id = names.free(stem, taken)
    else:
        id = KINDS[kind].next_id(taken)
    return Node(id, kind, params, place, inner)


def dropped(
    graph: Graph,
    kind: str,
    params: Mapping[str, Value],
    place: Place,
    inner: Graph | None = None,
    name: str = "",
) -> Graph:
    """The graph with a new, unwired node at a place; the node is its last."""
    return edits.add(graph, new_node(graph, kind, params, place, inner, name))


def into_wire(
    graph: Graph,
    wire: Wire,
    kind: str,
    params: Mapping[str, Value],
    inner: Graph | None = None,
    name: str = "",
) -> Graph:
    """The graph with a new node in a wire, what follows in its row moved on if there is no room;
    the node is its last."""
    graph, place = _make_room(graph, wire, kind)
    node = new_node(graph, kind, params, place, inner, name)
    return edits.insert(graph, node, wire, KINDS[kind].all_ports[0])


def behind(
    graph: Graph,
    id: str,
    kind: str,
    params: Mapping[str, Value],
    inner: Graph | None = None,
    name: str = "",
) -> Graph:
    """The graph with a new node behind `id`: in the first wire that leaves it, or wired to it."""
    leaving = graph.out_of(id)
    if leaving:
        return into_wire(graph, leaving[0], kind, params, inner, name)
    x, y = graph.nodes[id].position if id in graph.nodes else (0.0, 0.0)
    node = new_node(graph, kind, params, (x + step(graph, id, kind), y), inner, name)
    graph = edits.connect(edits.add(graph, node), id, node.id, KINDS[kind].all_ports[0])
    return graph if graph.into(OUTPUT) else edits.connect(graph, node.id, OUTPUT)


def behind_each(graph: Graph, ids: Collection[str], kind: str) -> Graph:
    """The graph with a new node behind each of these nodes, which feeds all that they fed; what
    follows in their rows moved on if there is no room. The new nodes are the last, in the order of
    `ids`; behind a node that feeds nothing comes none."""
    first = {id: graph.out_of(id)[0] for id in ids if graph.out_of(id)}
    graph, places = _make_rooms(graph, first, kind)
    fresh = dict(zip(first, names.numbered(KINDS[kind].stem, names_in(graph))))
    nodes = {new: Node(new, kind, position=places[id]) for id, new in fresh.items()}
    wires = [replace(wire, source=fresh.get(wire.source, wire.source)) for wire in graph.wires]
    wires += [Wire(id, new, KINDS[kind].all_ports[0]) for id, new in fresh.items()]
    return replace(graph, nodes={**graph.nodes, **nodes}, wires=tuple(wires))


def _make_rooms(
    graph: Graph, wires: Mapping[str, Wire], kind: str
) -> tuple[Graph, dict[str, Place]]:
    """The graph with places free for a card in each of these wires, and those places, by the same
    keys: each row is gone through once, from left to right."""
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
            there = replace(node, position=(node.position[0] + shifts[rows[id]], node.position[1]))
            shift = _lacking(wire, kind, nodes.get(wire.source), there)
            if shift > 0:
                shifts[rows[id]] += shift
                tight.add(wire)
        if shifts[rows[id]]:
            x, y = node.position
            nodes[id] = replace(node, position=(x + shifts[rows[id]], y))
    places = {
        key: _place(wire, kind, nodes.get(wire.source), nodes.get(wire.target), wire in tight)
        for key, wire in wires.items()
    }
    return replace(graph, nodes=nodes), places


def _make_room(graph: Graph, wire: Wire, kind: str) -> tuple[Graph, Place]:
    """Where a card in the wire stands, and the graph with that place free."""
    source, target = graph.nodes.get(wire.source), graph.nodes.get(wire.target)
    shift = _lacking(wire, kind, source, target)
    place = _place(wire, kind, source, target, shift > 0)
    if target is None or shift <= 0:
        return graph, place
    end = target.position
    moved = {
        id: replace(node, position=(node.position[0] + shift, node.position[1]))
        for id, node in graph.nodes.items()
        if node.position[0] >= end[0] - 1 and abs(node.position[1] - end[1]) < ROW * 0.75
    }
    return replace(graph, nodes={**graph.nodes, **moved}), place


def _lacking(wire: Wire, kind: str, source: Node | None, target: Node | None) -> float:
    """How much room is missing for a card between the ends of a wire; 0 where it folds, or ends
    outside."""
    if target is None or target.position[0] < (start := _start(wire, kind, source, target))[0] + 12:
        return 0.0
    before, after = _steps(wire, kind, source, target)
    return max(0.0, before + after - (target.position[0] - start[0]))


def _place(wire: Wire, kind: str, source: Node | None, target: Node | None, tight: bool) -> Place:
    """Where a card in a wire stands; tight: there is just so much room that it fits."""
    start = _start(wire, kind, source, target)
    before = _steps(wire, kind, source, target)[0]
    if target is None or target.position[0] < start[0] + 12:
        return start[0] + before, start[1]
    end = target.position
    if tight:
        return start[0] + before, start[1] if wire.source != INPUT else end[1]
    return (start[0] + end[0]) / 2, (start[1] + end[1]) / 2


def _start(wire: Wire, kind: str, source: Node | None, target: Node | None) -> Place:
    """Where a wire begins: the input stands before what it feeds."""
    if source is not None:
        return source.position
    if target is None:
        return 0.0, 0.0
    return target.position[0] - _steps(wire, kind, source, target)[0], target.position[1]


def _steps(wire: Wire, kind: str, source: Node | None, target: Node | None) -> tuple[float, float]:
    """From the card before a new one to it, and from it to the card behind."""
    before = card_reach(source.kind if source else wire.source) + GAP + card_size(kind)[0] / 2
    after = card_reach(kind) + GAP + card_size(target.kind if target else OUTPUT)[0] / 2
    return before, after
