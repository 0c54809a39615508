"""Writes the inside of a composite, node after node."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Meaning, Node, Value, Wire


class BuiltNode(NamedTuple):
    """One node: its id, what it computes (Node.meaning), and the ids that feed it, by port."""

    id: str
    meaning: Meaning
    sources: tuple[str, ...]


class Repetition(NamedTuple):
    """Nodes of one kind in a row, however many: the meaning of the first, that of all others, and
    how they are called ({i} counts from `first`, {n} from one more)."""

    begin: Meaning
    others: Meaning
    numbered: str
    first: int
    times: int

    def name(self, number: int) -> str:
        """The id of one, counted from 0."""
        return self.numbered.format(i=self.first + number, n=self.first + number + 1)

    def names(self) -> Iterator[str]:
        """The ids of all."""
        return map(self.name, range(self.times))


class GraphBuilder:
    """A graph in the making: `add` puts a node behind others and gives its id.

    last: the node that gives the output; every other one has to lead to it. run: all there is, if
    it was written by `repeat`.
    """

    def __init__(self) -> None:
        self._steps: list[BuiltNode] = []
        self.last = INPUT
        self.run: Repetition | None = None

    @property
    def steps(self) -> list[BuiltNode]:
        """The nodes, each behind those that feed it; the analysis goes through them as they are,
        and needs no graph of them."""
        if self.run is None:
            return self._steps
        before = INPUT
        found: list[BuiltNode] = []
        for name in self.run.names():
            found.append(BuiltNode(name, self.run.others if found else self.run.begin, (before,)))
            before = name
        return found

    def add(self, id: str, kind: str, *sources: str, **params: Value) -> str:
        """A node fed by `sources` (by the node added last, if none are given)."""
        return self._put(id, (kind, tuple(sorted(params.items())), None), sources)

    def group(self, id: str, inside: "GraphBuilder", *sources: str) -> str:
        """A custom group with that inside, fed as by `add`."""
        return self._put(id, ("Group", (), inside.graph()), sources)

    def repeat(
        self,
        kind: str,
        numbered: str,
        first: int,
        count: int,
        begin: Mapping[str, Value],
        others: Mapping[str, Value],
    ) -> None:
        """So many nodes of one kind in a row, and nothing else; the first has its own
        parameters."""
        assert not self._steps
        self.run = Repetition(
            (kind, tuple(sorted(begin.items())), None),
            (kind, tuple(sorted(others.items())), None),
            numbered,
            first,
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
