"""How large the cards are, and where they stand when nobody has placed them: in columns from left
to right, the row folded when it is full."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import accumulate

from explorer.catalog import KINDS
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph

GAP = 62.0
TURN_OUT, TURN_IN, CHANNEL = 18.0, 14.0, 9.0
"""Where a wire turns: right of what it leaves, left of what it enters, and beside another there."""
ROW = 152.0
ARC, ARCS = 44.0, 34.0  # what a wire that passes over cards needs above them, and each further one
STACK = 10.0  # how far the cards behind a stage stand out
FULL_ROW = 900.0
FULL_CHAIN, FULL_BLOCK, MOST_IN_BLOCK = 1240.0, 1900.0, 13
"""Widest row, in scene units: of a network at natural size; of what lies inside a node, drawn
smaller: a chain, and a block of branches that has no more than so many nodes."""
MOST_FULL = 2.5  # times that, a row is folded even across branches

_ENDS = {INPUT: (84.0, 104.0), OUTPUT: (84.0, 56.0)}
_SIZES = {
    "merge": (76.0, 84.0),
    "normalisation": (116.0, 104.0),
    "activation": (104.0, 104.0),
    "shape": (108.0, 104.0),
}
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


def layout(
    graph: Graph, full: float = FULL_ROW, gap: float = GAP, even: bool = False
) -> dict[str, Place]:
    """A place for every node and both ends, in scene units (centres of cards).

    A column is the longest way from the input. The main way is a straight line; every branch runs
    below it in a lane of its own, from where it leaves to where it is joined, so that no wire has
    to cross a card. A row wider than `full` goes on below, beginning at the left again, where only
    one tensor leads on; a row without such a place may be longer. gap: between cards. even: the
    rows are as short as their number allows.
    """
    kinds = {INPUT: INPUT, OUTPUT: OUTPUT} | {id: node.kind for id, node in graph.nodes.items()}
    columns = _columns(graph)
    column_of = {id: at for at, ids in enumerate(columns) for id in ids}
    lanes = _Lanes(graph, column_of).lanes
    arcs = _arcs(graph, column_of, lanes, len(columns))
    narrow = _narrow(graph, column_of, len(columns))
    widths = [max(card_size(kinds[id])[0] for id in ids) for ids in columns]
    steps = [
        widths[at] / 2
        + max(card_reach(kinds[id]) for id in ids)
        + gap
        + max(_turning_off(graph, id) for id in ids)
        + _coming_together(graph, after)
        for at, (ids, after) in enumerate(zip(columns, [*columns[1:], []]))
    ]
    places: dict[str, Place] = {}
    top = 0.0
    rows = (_even_rows if even else _rows)(widths, steps, narrow, full)
    for begin, end in rows:
        deepest = max(arcs[begin:end])
        if begin and deepest:
            top += ARC + ARCS * (deepest - 1)
        left = 0.0
        for at in range(begin, end):
            for id in columns[at]:
                places[id] = (left + widths[at] / 2, top + lanes[id] * ROW)
            left += steps[at]
        top += ROW * (1 + max(lanes[id] for at in range(begin, end) for id in columns[at]))
    return places


def _rows(
    widths: list[float], steps: list[float], narrow: set[int], full: float
) -> Iterator[tuple[int, int]]:
    """The first column of each row, and that behind its last."""
    begin = 0
    while begin < len(widths):
        end, left, fold = begin, 0.0, 0
        while end < len(widths) and (
            end == begin
            or left + widths[end] <= full
            or (not fold and left + widths[end] <= MOST_FULL * full)
        ):
            left += steps[end]
            end += 1
            if end in narrow:
                fold = end
        if end < len(widths) and fold:
            end = fold
        yield begin, end
        begin = end


def _even_rows(
    widths: list[float], steps: list[float], narrow: set[int], full: float
) -> list[tuple[int, int]]:
    """The same number of rows, the longest of them as short as it can be."""

    def longest(rows: list[tuple[int, int]]) -> float:
        return max(sum(steps[begin : end - 1]) + widths[end - 1] for begin, end in rows)

    rows = list(_rows(widths, steps, narrow, full))
    while True:
        shorter = list(_rows(widths, steps, narrow, longest(rows) - 1))
        if len(shorter) > len(rows) or longest(shorter) >= longest(rows):
            return rows
        rows = shorter


def extra(graph: Graph, id: str, after: Iterable[str]) -> float:
    """How much more room than GAP the wires need between a card and those in the next column:
    to turn off, and to come together."""
    return _turning_off(graph, id) + _coming_together(graph, after)


def _turning_off(graph: Graph, id: str) -> float:
    return TURN_OUT if len(graph.out_of(id)) > 1 else 0.0


def _coming_together(graph: Graph, after: Iterable[str]) -> float:
    most = max((len(graph.into(other)) for other in after), default=0)
    return TURN_IN + CHANNEL * (most - 2) if most > 1 else 0.0


def _narrow(graph: Graph, column_of: Mapping[str, int], count: int) -> set[int]:
    """The columns before which only one tensor leads on."""
    change = [0] * (count + 1)
    for id in (INPUT, *graph.nodes):
        last = max((column_of[wire.target] for wire in graph.out_of(id)), default=column_of[id])
        change[column_of[id] + 1] += 1
        change[last + 1] -= 1
    crossing = list(accumulate(change))
    return {at for at in range(1, count) if crossing[at] == 1}


def _arcs(
    graph: Graph, column_of: Mapping[str, int], lanes: Mapping[str, int], count: int
) -> list[int]:
    """How many wires pass over the first lane of each column, by way of the cards there."""
    change = [0] * (count + 1)
    for wire in graph.wires:
        first, last = column_of[wire.source] + 1, column_of[wire.target]
        if first < last and lanes[wire.source] == lanes[wire.target] == 0:
            change[first] += 1
            change[last] -= 1
    main = {column_of[id] for id, lane in lanes.items() if lane == 0}
    return [over if at in main else 0 for at, over in enumerate(accumulate(change))]


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


def main_way(graph: Graph) -> list[str]:
    """The ids of the way from the input to the output that stands for the network: through a sum
    the longer branch, through a product what is weighed, through a concatenation the first."""
    leading = graph.into(OUTPUT).get(PORT)
    if leading is None:
        return []
    return _Ways(graph).back(leading.source, ())


class _Ways:
    """From which of its sources the main way reaches a node."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.length: dict[str, int] = {INPUT: 0}
        self._before: dict[str, str] = {}  # the source by which the longest way leads to a node
        for id in graph.order:
            sources = [wire.source for wire in graph.into(id).values()]
            length = 0
            if sources:
                self._before[id] = before = max(sources, key=self.length.__getitem__)
                length = self.length[before]
            self.length[id] = length + (not KINDS[graph.nodes[id].kind].shortcut)

    def sources(self, id: str) -> list[str]:
        """The sources of a node, that of the main way first, the others by their ports."""
        wires = self.graph.into(id)
        found = list(dict.fromkeys(wires[port].source for port in sorted(wires)))
        if len(found) > 1:
            main = self._main(self.graph.nodes[id].kind, found)
            found.remove(main)
            found.insert(0, main)
        return found

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
        """The longest way that leads to a node comes through the other, `before` it."""
        begin, end = self._spans[before]
        return begin < self._spans[id][0] < end

    @cached_property
    def _spans(self) -> dict[str, tuple[int, int]]:
        """The longest ways are a tree, for of each node one leads on: numbers such that those of
        all that lies further on a way through a node are between its two."""
        ids = (INPUT, *self.graph.order)
        sizes = dict.fromkeys(ids, 1)
        for id in reversed(ids):
            if id in self._before:
                sizes[self._before[id]] += sizes[id]
        spans, free = {}, {"": 0}
        for id in ids:
            before = self._before.get(id, "")
            begin = free[before]
            free[before], free[id] = begin + sizes[id], begin + 1
            spans[id] = begin, begin + sizes[id]
        return spans

    def back(self, id: str, known: Collection[str]) -> list[str]:
        """The way of ids that leads to a node, back to the first one that is known."""
        way = []
        while id in self.graph.nodes and id not in known:
            way.append(id)
            sources = self.sources(id)
            if not sources:
                break
            id = sources[0]
        return way[::-1]


class _Lanes:
    """Which lane of its row each node is in: the main way in 0, each branch in the first one below
    what it joins that is free from where it leaves to where it joins."""

    def __init__(self, graph: Graph, column_of: Mapping[str, int]):
        self.graph, self.column_of = graph, column_of
        self.ways = _Ways(graph)
        self.lanes: dict[str, int] = {INPUT: 0, OUTPUT: 0}
        self.taken = _Taken(len(graph.nodes) + 2)  # below the main way
        leading = graph.into(OUTPUT).get(PORT)
        end = (
            leading.source
            if leading
            else max(graph.order, key=column_of.__getitem__, default=INPUT)
        )
        self._settle(self.ways.back(end, self.lanes), 0)
        for id in graph.order:  # what leads nowhere
            if id not in self.lanes:
                first = min(
                    (column_of[wire.source] + 1 for wire in graph.into(id).values()),
                    default=column_of[id],
                )
                self.lanes[id] = self._take(first, column_of[id], 0)

    def _settle(self, way: list[str], lane: int) -> None:
        """Put a way into a lane, and the branches that join it below, each followed by its own."""
        self.lanes.update(dict.fromkeys(way, lane))
        waiting = self._joining(way, lane)
        while waiting:
            target, source, above = waiting.pop()
            way = self.ways.back(source, self.lanes)
            if way:  # otherwise it is a wire alone
                fork = min(
                    (self.column_of[wire.source] for wire in self.graph.into(way[0]).values()),
                    default=self.column_of[way[0]] - 1,
                )
                lane = self._take(fork + 1, self.column_of[target] - 1, above)
                self.lanes.update(dict.fromkeys(way, lane))
                waiting += self._joining(way, lane)

    def _joining(self, way: list[str], lane: int) -> list[tuple[str, str, int]]:
        """The branches that join a way, as (node, source, lane of the way), the first at the end:
        what is joined earlier lies nearer, so that no wire crosses the one around it."""
        return [
            (id, source, lane)
            for id in reversed(way)
            for source in reversed(self.ways.sources(id)[1:])
        ]

    def _take(self, first: int, last: int, above: int) -> int:
        """The first lane below `above` that is free in these columns; it is not any more."""
        taken = self.taken.within(first, last) >> (above + 1)
        lane = above + (~taken & (taken + 1)).bit_length()
        self.taken.take(first, last, lane)
        return lane


class _Taken:
    """Which lanes are taken in which columns, as numbers with a bit for each lane, in a binary tree
    over the columns: with very many branches beside one another no lane is looked at by itself."""

    def __init__(self, columns: int):
        self._leaves = 1 << (columns - 1).bit_length()
        self._whole = [0] * (2 * self._leaves)  # taken in all columns below
        self._some = [0] * (2 * self._leaves)  # in one of them at the least

    def within(self, first: int, last: int) -> int:
        """The lanes that are taken somewhere in these columns."""
        found = 0
        for part in self._parts(first, last):
            found |= self._some[part]
        for part in self._around(first, last):
            found |= self._whole[part]
        return found

    def take(self, first: int, last: int, lane: int) -> None:
        """Take a lane in these columns."""
        for part in self._parts(first, last):
            self._whole[part] |= 1 << lane
            self._some[part] |= 1 << lane
        for part in self._around(first, last):
            self._some[part] |= 1 << lane

    def _parts(self, first: int, last: int) -> Iterator[int]:
        """The largest parts of the tree that make up these columns."""
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
        """The parts of the tree that the first and the last of these columns are in."""
        for part in (first + self._leaves, last + self._leaves):
            while part:
                yield part
                part >>= 1


def unplaced(graph: Graph) -> bool:
    """Nobody has placed the nodes: they all lie on one spot."""
    return all(node.position == (0, 0) for node in graph.nodes.values())


def placed(graph: Graph, full: float = FULL_ROW) -> Graph:
    """The graph, its nodes where the layout puts them; those inside its groups too, if nobody has
    placed them."""
    places = layout(graph, full)
    nodes = {
        id: replace(
            node,
            position=places[id],
            inner=placed_inside(node.inner) if node.inner and unplaced(node.inner) else node.inner,
        )
        for id, node in graph.nodes.items()
    }
    return replace(graph, nodes=nodes)


def placed_inside(graph: Graph) -> Graph:
    """The same for what lies inside a node: in one row if it can be read there; a long chain, or
    many nodes, in rows as a whole network."""
    chain = all(len(graph.out_of(id)) < 2 and len(graph.into(id)) < 2 for id in graph.nodes)
    if chain:
        places = layout(graph, FULL_CHAIN)
        return placed(graph, FULL_CHAIN if len({y for _x, y in places.values()}) == 1 else FULL_ROW)
    return placed(graph, FULL_BLOCK if len(graph.nodes) <= MOST_IN_BLOCK else FULL_ROW)
