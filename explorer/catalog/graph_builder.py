"""Writes the inside of a composite, node after node."""

from collections.abc import Iterator, Mapping
from itertools import chain, repeat
from typing import NamedTuple

from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Meaning, Node, Value, Wire


class BuiltNode(NamedTuple):
    """One node: its id, what it computes (Node.meaning), and the ids of its sources, by port."""

    id: str
    meaning: Meaning
    sources: tuple[str, ...]


class Repetition(NamedTuple):
    """`times` nodes of one kind in a row: the meaning of the first, that of all others, and their
    ids ({i} counts from `start`, {n} from one more)."""

    first: Meaning
    others: Meaning
    numbered: str
    start: int
    times: int

    def name(self, number: int) -> str:
        """The id of one, counted from 0."""
        return self.numbered.format(i=self.start + number, n=self.start + number + 1)

    def names(self) -> Iterator[str]:
        """The ids of all."""
        return map(self.name, range(self.times))


class GraphBuilder:
    """A graph in the making: `add` puts a node after others and returns its id.

    last: the node that gives the output; every other one has to lead to it. run: the whole graph, if
    `repeat` wrote it.
    """

    def __init__(self) -> None:
        self._steps: list[BuiltNode] = []
        self.last = INPUT
        self.run: Repetition | None = None

    @property
    def steps(self) -> list[BuiltNode]:
        """The nodes, each after its sources; the analysis goes through them in this order without
        making a graph."""
        if self.run is None:
            return self._steps
        ids = list(self.run.names())
        meanings = chain([self.run.first], repeat(self.run.others))
        return [
            BuiltNode(id, meaning, (source,))
            for id, meaning, source in zip(ids, meanings, [INPUT, *ids])
        ]

    def add(self, id: str, kind: str, *sources: str, **params: Value) -> str:
        """Adds a node after `sources` (after the node added last, if none are given)."""
        return self._put(id, (kind, tuple(sorted(params.items())), None), sources)

    def group(self, id: str, inside: "GraphBuilder", *sources: str) -> str:
        """Adds a custom group with that inside, after `sources` as in `add`."""
        return self._put(id, ("Group", (), inside.graph()), sources)

    def repeat(
        self,
        kind: str,
        numbered: str,
        start: int,
        count: int,
        first: Mapping[str, Value],
        others: Mapping[str, Value],
    ) -> None:
        """Writes `count` nodes of one kind in a row, and nothing else; the first has its own
        parameters."""
        assert not self._steps
        self.run = Repetition(
            (kind, tuple(sorted(first.items())), None),
            (kind, tuple(sorted(others.items())), None),
            numbered,
            start,
            count,
        )
        self.last = self.run.name(count - 1)

    def _put(self, id: str, meaning: Meaning, sources: tuple[str, ...]) -> str:
        self._steps.append(BuiltNode(id, meaning, sources or (self.last,)))
        self.last = id
        return id

    def graph(self) -> Graph:
        """The finished inside as a graph."""
        steps = self.steps
        nodes = {
            id: Node(id, kind, dict(params), inner=inner)
            for id, (kind, params, inner), _sources in steps
        }
        wires = [
            Wire(source, id, port)
            for id, _meaning, sources in steps
            for source, port in zip(
                sources, "abcdefghijklmnopqrstuvwxyz" if len(sources) > 1 else PORT
            )
        ]
        return Graph("", (), nodes, (*wires, Wire(self.last, OUTPUT)))
