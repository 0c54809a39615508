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
        id = names.following(kind, taken)
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


def _make_room(graph: Graph, wire: Wire, kind: str) -> tuple[Graph, Place]:
    """Where a card in the wire stands, and the graph with that place free."""
    source, target = graph.nodes.get(wire.source), graph.nodes.get(wire.target)
    before = step(graph, wire.source, kind)
    after = card_reach(kind) + GAP + card_size(target.kind if target else OUTPUT)[0] / 2
    if source is None:
        start = (target.position[0] - before, target.position[1]) if target else (0.0, 0.0)
    else:
        start = source.position
    if target is None or target.position[0] < start[0] + 12:  # it folds, or ends outside
        return graph, (start[0] + before, start[1])
    end = target.position
    shift = before + after - (end[0] - start[0])
    if shift <= 0:
        return graph, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    moved = {
        id: replace(node, position=(node.position[0] + shift, node.position[1]))
        for id, node in graph.nodes.items()
        if node.position[0] >= end[0] - 1 and abs(node.position[1] - end[1]) < ROW * 0.75
    }
    place = (start[0] + before, start[1] if wire.source != INPUT else end[1])
    return replace(graph, nodes={**graph.nodes, **moved}), place
