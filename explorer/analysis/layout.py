"""Where the cards stand when nobody has placed them: in layers from left to right, rows folded."""

from collections.abc import Mapping

from explorer.graph.graph import INPUT, OUTPUT, Graph

COLUMN = 184.0
ROW = 168.0
PER_ROW = 5


def layout(graph: Graph, per_row: int = PER_ROW) -> dict[str, tuple[float, float]]:
    """A place for every node and both ends, in scene units (centres of cards).

    A column is the longest way from the input; branches of one column stand below one another; a
    row that is full goes on below, beginning at the left again.
    """
    depth = {INPUT: 0}
    for id in graph.order:
        sources = [depth[wire.source] for wire in graph.into(id).values()]
        depth[id] = 1 + max(sources, default=0)
    depth[OUTPUT] = 1 + max(depth.values())
    columns: dict[int, list[str]] = {}
    for id, column in depth.items():
        columns.setdefault(column, []).append(id)
    lanes = _lanes(graph, columns)
    rows: dict[int, int] = {}
    for column in columns:
        row = column // per_row
        rows[row] = max(rows.get(row, 0), max(lanes[id] for id in columns[column]))
    top, offset = {}, 0.0
    for row in sorted(rows):
        top[row] = offset
        offset += (rows[row] + 1) * ROW
    return {id: (column % per_row * COLUMN, top[column // per_row] + lanes[id] * ROW)
            for column, ids in columns.items() for id in ids}


def _lanes(graph: Graph, columns: Mapping[int, list[str]]) -> dict[str, int]:
    """Which lane of its row each node is in: that of the node that feeds it, if it is free there
    and the way leads straight on, else the next free one."""
    lanes: dict[str, int] = {}
    for column in sorted(columns):
        taken: set[int] = set()
        for id in columns[column]:
            wanted = min((lanes[wire.source] for wire in graph.into(id).values()), default=0)
            if id not in (INPUT, OUTPUT) and not graph.into(id):
                wanted = 1
            while wanted in taken:
                wanted += 1
            taken.add(wanted)
            lanes[id] = wanted
    return lanes


def placed(graph: Graph) -> Graph:
    """The graph, its nodes where the layout puts them."""
    from explorer.graph import edits

    places = layout(graph)
    return edits.move(graph, {id: places[id] for id in graph.nodes})
