"""How large the cards are, and where they stand when nobody has placed them: in columns from left
to right, the row folded when it is full."""

from collections.abc import Mapping
from dataclasses import replace

from explorer.catalog import KINDS
from explorer.graph.graph import INPUT, OUTPUT, Graph

GAP = 62.0
ROW = 152.0
STACK = 10.0  # how far the cards behind a stage stand out
FULL_ROW = 900.0
FULL_ROW_INSIDE = 1700.0
"""Widest row, in scene units: of a network at natural size, of a block's inside drawn smaller."""

_ENDS = {INPUT: (84.0, 104.0), OUTPUT: (84.0, 56.0)}
_SIZES = {"merge": (76.0, 84.0), "normalisation": (116.0, 104.0), "activation": (104.0, 104.0),
          "shape": (108.0, 104.0)}
Size = tuple[float, float]
Place = tuple[float, float]


def card_size(kind: str) -> Size:
    """Width and height of the card of a kind, or of an end."""
    if kind in _ENDS:
        return _ENDS[kind]
    found = KINDS[kind]
    if found.composite:
        return 134.0, 104.0
    return _SIZES.get(found.category, (124.0, 104.0))


def card_reach(kind: str) -> float:
    """How far right of its centre a card reaches, the stack of a stage counted."""
    stack = STACK if kind in KINDS and KINDS[kind].category == "stage" else 0.0
    return card_size(kind)[0] / 2 + stack


def layout(graph: Graph, full: float = FULL_ROW) -> dict[str, Place]:
    """A place for every node and both ends, in scene units (centres of cards).

    A column is the longest way from the input; branches of one column stand below one another; a
    row wider than `full` goes on below, beginning at the left again.
    """
    kinds = {INPUT: INPUT, OUTPUT: OUTPUT} | {id: node.kind for id, node in graph.nodes.items()}
    columns = _columns(graph)
    lanes = _lanes(graph, columns)
    places: dict[str, Place] = {}
    left = top = 0.0
    deepest = 0
    for ids in columns:
        width = max(card_size(kinds[id])[0] for id in ids)
        if left and left + width > full:
            left, top, deepest = 0.0, top + (deepest + 1) * ROW, 0
        for id in ids:
            places[id] = (left + width / 2, top + lanes[id] * ROW)
        deepest = max(deepest, *(lanes[id] for id in ids))
        left += width / 2 + max(card_reach(kinds[id]) for id in ids) + GAP
    return places


def _columns(graph: Graph) -> list[list[str]]:
    depth = {INPUT: 0}
    for id in graph.order:
        sources = [depth[wire.source] for wire in graph.into(id).values()]
        depth[id] = 1 + max(sources, default=0)
    depth[OUTPUT] = 1 + max(depth.values())
    columns: list[list[str]] = [[] for _ in range(depth[OUTPUT] + 1)]
    for id, column in depth.items():
        columns[column].append(id)
    return columns


def _lanes(graph: Graph, columns: list[list[str]]) -> Mapping[str, int]:
    """Which lane of its row each node is in: that of the node that feeds it, if it is free there,
    else the next free one."""
    lanes: dict[str, int] = {}
    for ids in columns:
        taken: set[int] = set()
        for id in ids:
            wanted = min((lanes[wire.source] for wire in graph.into(id).values()), default=0)
            if id not in (INPUT, OUTPUT) and not graph.into(id):
                wanted = 1
            while wanted in taken:
                wanted += 1
            taken.add(wanted)
            lanes[id] = wanted
    return lanes


def unplaced(graph: Graph) -> bool:
    """Nobody has placed the nodes: they all lie on one spot."""
    return all(node.position == (0, 0) for node in graph.nodes.values())


def placed(graph: Graph, full: float = FULL_ROW) -> Graph:
    """The graph, its nodes where the layout puts them; those inside its groups too, if nobody has
    placed them."""
    places = layout(graph, full)
    nodes = {id: replace(node, position=places[id], inner=placed(node.inner, FULL_ROW_INSIDE)
                         if node.inner and unplaced(node.inner) else node.inner)
             for id, node in graph.nodes.items()}
    return replace(graph, nodes=nodes)
