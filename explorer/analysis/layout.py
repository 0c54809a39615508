"""The size of the cards, and their positions when nobody has placed them: in columns from left to
right, and in further rows below when a row is full. All lengths are in scene units."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import accumulate

from explorer.catalog import KINDS
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph

GAP = 62.0  # between cards
TURN_OUT, TURN_IN, CHANNEL = 18.0, 14.0, 9.0
"""Where a wire turns: right of the card that it leaves, left of the card that it enters, and beside
another wire that enters the same card."""
ROW = 152.0
ARC, ARCS = 44.0, 34.0
"""The height above cards that a wire needs to pass over them, and that each further wire needs."""
STACK = 10.0  # how far the cards that are drawn behind a stage stick out
FULL_ROW = 900.0
FULL_CHAIN, FULL_BLOCK, MOST_IN_BLOCK = 1240.0, 1900.0, 13
"""The widest row of a network. The inside of a node is drawn smaller: its widest row if it is a
chain, and if it has branches and at most so many nodes."""
MOST_FULL = 2.5  # a row that is so many times wider continues below even between branches

_ENDS = {INPUT: (84.0, 104.0), OUTPUT: (84.0, 56.0)}
_SIZES = {
    "merge": (76.0, 84.0),
    "normalisation": (116.0, 104.0),
    "activation": (104.0, 104.0),
    "shape": (108.0, 104.0),
}
Size = tuple[float, float]
Position = tuple[float, float]


def card_size(kind: str) -> Size:
    """Width and height of the card of a kind, or of an end."""
    if kind in _ENDS:
        return _ENDS[kind]
    if KINDS[kind].composite:
        return 134.0, 104.0
    return _SIZES.get(KINDS[kind].category, (124.0, 104.0))


def card_reach(kind: str) -> float:
    """How far a card reaches to the right of its centre, with the stack behind a stage."""
    stack = STACK if kind in KINDS and KINDS[kind].category == "stage" else 0.0
    return card_size(kind)[0] / 2 + stack


def layout(
    graph: Graph, full: float = FULL_ROW, gap: float = GAP, even: bool = False
) -> dict[str, Position]:
    """The positions of every node and both ends, by id: the centres of their cards.

    The column of a node is the length of the longest path from the input. The main path is a
    straight line; every branch has a lane of its own below it, from where it leaves to where it is
    joined, so that no wire has to cross a card. A row wider than `full` continues below, at the
    left, after a column from which only one tensor leads on; a row without such a column may be
    wider. gap: between cards. even: make the rows as short as their number allows.
    """
    kinds = {INPUT: INPUT, OUTPUT: OUTPUT} | {id: node.kind for id, node in graph.nodes.items()}
    columns = _columns(graph)
    column_of = {id: column for column, ids in enumerate(columns) for id in ids}
    lanes = _Lanes(graph, column_of).lanes
    arcs = _arcs(graph, column_of, lanes, len(columns))
    narrow = _narrow(graph, column_of, len(columns))
    widths = [max(card_size(kinds[id])[0] for id in ids) for ids in columns]
    steps = [
        widths[column] / 2
        + max(card_reach(kinds[id]) for id in ids)
        + gap
        + max(_turning_off(graph, id) for id in ids)
        + _coming_together(graph, after)
        for column, (ids, after) in enumerate(zip(columns, [*columns[1:], []]))
    ]
    positions: dict[str, Position] = {}
    top = 0.0
    rows = (_even_rows if even else _rows)(widths, steps, narrow, full)
    for start, stop in rows:
        most_arcs = max(arcs[start:stop])
        if start and most_arcs:
            top += ARC + ARCS * (most_arcs - 1)
        left = 0.0
        for column in range(start, stop):
            for id in columns[column]:
                positions[id] = (left + widths[column] / 2, top + lanes[id] * ROW)
            left += steps[column]
        top += ROW * (1 + max(lanes[id] for ids in columns[start:stop] for id in ids))
    return positions


def _rows(
    widths: list[float], steps: list[float], narrow: set[int], full: float
) -> Iterator[tuple[int, int]]:
    """The first column of each row, and the one after its last. narrow: see `_narrow`."""
    start = 0
    while start < len(widths):
        stop, left, fold = start, 0.0, 0
        while stop < len(widths) and (
            stop == start
            or left + widths[stop] <= full
            or (not fold and left + widths[stop] <= MOST_FULL * full)
        ):
            left += steps[stop]
            stop += 1
            if stop in narrow:
                fold = stop
        if stop < len(widths) and fold:
            stop = fold
        yield start, stop
        start = stop


def _even_rows(
    widths: list[float], steps: list[float], narrow: set[int], full: float
) -> list[tuple[int, int]]:
    """As `_rows`, with as many rows, but the longest as short as possible."""

    def longest(rows: list[tuple[int, int]]) -> float:
        return max(sum(steps[start : stop - 1]) + widths[stop - 1] for start, stop in rows)

    rows = list(_rows(widths, steps, narrow, full))
    while True:
        shorter = list(_rows(widths, steps, narrow, longest(rows) - 1))
        if len(shorter) > len(rows) or longest(shorter) >= longest(rows):
            return rows
        rows = shorter


def extra(graph: Graph, id: str, after: Iterable[str]) -> float:
    """How much more room than GAP the wires need between a card and the cards `after` in the next
    column: to branch off, and to come together."""
    return _turning_off(graph, id) + _coming_together(graph, after)


def _turning_off(graph: Graph, id: str) -> float:
    return TURN_OUT if len(graph.out_of(id)) > 1 else 0.0


def _coming_together(graph: Graph, after: Iterable[str]) -> float:
    most = max((len(graph.into(other)) for other in after), default=0)
    return TURN_IN + CHANNEL * (most - 2) if most > 1 else 0.0


def _narrow(graph: Graph, column_of: Mapping[str, int], count: int) -> set[int]:
    """The columns before which a row can end, because only one tensor leads from left to right
    there."""
    change = [0] * (count + 1)
    for id in (INPUT, *graph.nodes):
        last = max((column_of[wire.target] for wire in graph.out_of(id)), default=column_of[id])
        change[column_of[id] + 1] += 1
        change[last + 1] -= 1
    crossing = list(accumulate(change))
    return {column for column in range(1, count) if crossing[column] == 1}


def _arcs(
    graph: Graph, column_of: Mapping[str, int], lanes: Mapping[str, int], count: int
) -> list[int]:
    """How many wires pass over the card in the first lane of each column."""
    change = [0] * (count + 1)
    for wire in graph.wires:
        first, last = column_of[wire.source] + 1, column_of[wire.target]
        if first < last and lanes[wire.source] == lanes[wire.target] == 0:
            change[first] += 1
            change[last] -= 1
    main = {column_of[id] for id, lane in lanes.items() if lane == 0}
    return [arcs if column in main else 0 for column, arcs in enumerate(accumulate(change))]


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


def main_path(graph: Graph) -> list[str]:
    """The ids along the path from the input to the output that stands for the network: of a sum the
    longer branch, of a product the one that is weighed, of a concatenation the first."""
    leading = graph.into(OUTPUT).get(PORT)
    if leading is None:
        return []
    return _Paths(graph).back(leading.source, ())


class _Paths:
    """Which source of each node is on the main path to it."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.length: dict[str, int] = {INPUT: 0}
        self._before: dict[str, str] = {}  # the source on the longest path to a node
        for id in graph.order:
            sources = [wire.source for wire in graph.into(id).values()]
            length = 0
            if sources:
                self._before[id] = before = max(sources, key=self.length.__getitem__)
                length = self.length[before]
            self.length[id] = length + (not KINDS[graph.nodes[id].kind].shortcut)

    def sources(self, id: str) -> list[str]:
        """The sources of a node, the one on the main path first, the others in the order of
        ports."""
        wires = self.graph.into(id)
        sources = list(dict.fromkeys(wires[port].source for port in sorted(wires)))
        if len(sources) > 1:
            main = self._main(self.graph.nodes[id].kind, sources)
            sources.remove(main)
            sources.insert(0, main)
        return sources

    def _main(self, kind: str, sources: list[str]) -> str:
        joins = KINDS[kind].joins
        if joins == "product":
            return min(sources, key=self.length.__getitem__)
        if joins == "stack":
            return next(
                (id for id in sources if not any(self._passes(other, id) for other in sources)),
                sources[0],
            )
        return max(sources, key=self.length.__getitem__)

    def _passes(self, id: str, before: str) -> bool:
        """Whether the longest path to a node passes through the node `before`."""
        start, stop = self._spans[before]
        return start < self._spans[id][0] < stop

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """The longest paths form a tree. Each node has a range of numbers that contains those of
        the nodes to which its longest path is continued."""
        ids = (INPUT, *self.graph.order)
        sizes = dict.fromkeys(ids, 1)
        for id in reversed(ids):
            if id in self._before:
                sizes[self._before[id]] += sizes[id]
        spans, free = {}, {"": 0}
        for id in ids:
            before = self._before.get(id, "")
            start = free[before]
            free[before], free[id] = start + sizes[id], start + 1
            spans[id] = start, start + sizes[id]
        return spans

    def back(self, id: str, known: Collection[str]) -> list[str]:
        """The ids along the main path to a node, from after the first one that is `known`."""
        path: list[str] = []
        while id in self.graph.nodes and id not in known:
            path.append(id)
            id = next(iter(self.sources(id)), INPUT)
        return path[::-1]


class _Lanes:
    """The lane of each node within its row: 0 for the main path, for a branch the first lane below
    the path that it joins that is free from where it leaves to where it joins."""

    def __init__(self, graph: Graph, column_of: Mapping[str, int]):
        self.graph, self.column_of = graph, column_of
        self.paths = _Paths(graph)
        self.lanes: dict[str, int] = {INPUT: 0, OUTPUT: 0}
        self.taken = _Taken(len(graph.nodes) + 2)  # below the main path
        leading = graph.into(OUTPUT).get(PORT)
        end = (
            leading.source
            if leading
            else max(graph.order, key=column_of.__getitem__, default=INPUT)
        )
        self._settle(self.paths.back(end, self.lanes), 0)
        for id in graph.order:  # nodes that do not lead to the output
            if id not in self.lanes:
                first = min(
                    (column_of[wire.source] + 1 for wire in graph.into(id).values()),
                    default=column_of[id],
                )
                self.lanes[id] = self._take(first, column_of[id], 0)

    def _settle(self, path: list[str], lane: int) -> None:
        """Put a path into a lane, and the branches that join it, and those that join these,
        below."""
        self.lanes.update(dict.fromkeys(path, lane))
        waiting = self._joining(path, lane)
        while waiting:
            target, source, above = waiting.pop()
            path = self.paths.back(source, self.lanes)
            if path:  # otherwise the branch is only a wire
                fork = min(
                    (self.column_of[wire.source] for wire in self.graph.into(path[0]).values()),
                    default=self.column_of[path[0]] - 1,
                )
                lane = self._take(fork + 1, self.column_of[target] - 1, above)
                self.lanes.update(dict.fromkeys(path, lane))
                waiting += self._joining(path, lane)

    def _joining(self, path: list[str], lane: int) -> list[tuple[str, str, int]]:
        """The branches that join a path, as (node, source, lane of the path), the first one last: a
        branch that joins earlier gets a nearer lane, so that no wire crosses one around it."""
        return [
            (id, source, lane)
            for id in reversed(path)
            for source in reversed(self.paths.sources(id)[1:])
        ]

    def _take(self, first: int, last: int, above: int) -> int:
        """Take the first lane below `above` that is free in these columns, and return it."""
        taken = self.taken.within(first, last) >> (above + 1)
        lane = above + (~taken & (taken + 1)).bit_length()
        self.taken.take(first, last, lane)
        return lane


class _Taken:
    """The lanes that are taken in each column: numbers with a bit for each lane, in a binary tree
    over the columns, so that finding a free lane is fast even among thousands of branches."""

    def __init__(self, columns: int):
        self._leaves = 1 << (columns - 1).bit_length()
        self._whole = [0] * (2 * self._leaves)  # lanes taken in all columns of a part
        self._some = [0] * (2 * self._leaves)  # lanes taken in at least one of them

    def within(self, first: int, last: int) -> int:
        """The lanes that are taken in at least one of these columns."""
        lanes = 0
        for part in self._parts(first, last):
            lanes |= self._some[part]
        for part in self._around(first, last):
            lanes |= self._whole[part]
        return lanes

    def take(self, first: int, last: int, lane: int) -> None:
        """Take a lane in these columns."""
        for part in self._parts(first, last):
            self._whole[part] |= 1 << lane
            self._some[part] |= 1 << lane
        for part in self._around(first, last):
            self._some[part] |= 1 << lane

    def _parts(self, first: int, last: int) -> Iterator[int]:
        """The largest parts of the tree that together are exactly these columns."""
        left, right = first + self._leaves, last + self._leaves + 1
        while left < right:
            if left & 1:
                yield left
                left += 1
            if right & 1:
                right -= 1
                yield right
            left, right = left >> 1, right >> 1

    def _around(self, first: int, last: int) -> Iterator[int]:
        """The parts of the tree that contain the first or the last of these columns."""
        for part in (first + self._leaves, last + self._leaves):
            while part:
                yield part
                part >>= 1


def unplaced(graph: Graph) -> bool:
    """Whether nobody has placed the nodes: all are at (0, 0)."""
    return all(node.position == (0, 0) for node in graph.nodes.values())


def placed(graph: Graph, full: float = FULL_ROW) -> Graph:
    """The graph with its nodes at the positions of `layout`, and those inside its groups if nobody
    has placed them."""
    positions = layout(graph, full)
    nodes = {
        id: replace(
            node,
            position=positions[id],
            inner=placed_inside(node.inner) if node.inner and unplaced(node.inner) else node.inner,
        )
        for id, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)


def placed_inside(graph: Graph) -> Graph:
    """As `placed` for the inside of a node: in one row if that can be read at its smaller size; a
    long chain or many nodes in rows like a whole network."""
    chain = all(len(graph.out_of(id)) < 2 and len(graph.into(id)) < 2 for id in graph.nodes)
    if chain:
        rows = {y for _x, y in layout(graph, FULL_CHAIN).values()}
        return placed(graph, FULL_CHAIN if len(rows) == 1 else FULL_ROW)
    return placed(graph, FULL_BLOCK if len(graph.nodes) <= MOST_IN_BLOCK else FULL_ROW)
