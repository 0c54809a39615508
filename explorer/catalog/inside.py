"""Writes the inside of a composite, node after node."""

from collections.abc import Iterable
from typing import NamedTuple

from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Node, Value, Wire


class Step(NamedTuple):
    """One node: its id, what it computes (Node.meaning), and the ids that feed it, by port."""

    id: str
    meaning: tuple
    sources: tuple[str, ...]


class Inside:
    """A graph in the making: `add` puts a node behind others and gives its id.

    steps: the nodes, each behind those that feed it. Every one has to lead to the last, which gives
    the output; the analysis goes through the steps as they are and needs no graph of them.
    """

    def __init__(self):
        self.steps: list[Step] = []
        self.last = INPUT

    def add(self, id: str, kind: str, *sources: str, **params: Value) -> str:
        """A node fed by `sources` (by the node added last, if none are given)."""
        return self._put(id, (kind, tuple(sorted(params.items())), None), sources)

    def group(self, id: str, inside: "Inside", *sources: str) -> str:
        """A custom group with that inside, fed as by `add`."""
        return self._put(id, ("Group", (), inside.graph()), sources)

    def repeat(self, kind: str, names: Iterable[str], first: dict, others: dict) -> None:
        """Nodes of one kind in a row, the first with its own parameters."""
        meaning = kind, tuple(sorted(first.items())), None
        further = kind, tuple(sorted(others.items())), None
        for name in names:
            self._put(name, meaning, ())
            meaning = further

    def _put(self, id: str, meaning: tuple, sources: tuple[str, ...]) -> str:
        self.steps.append(Step(id, meaning, sources or (self.last,)))
        self.last = id
        return id

    def graph(self) -> Graph:
        """The finished inside as a graph."""
        nodes = {id: Node(id, kind, dict(params), inner=inner)
                 for id, (kind, params, inner), _sources in self.steps}
        wires = [Wire(source, id, port) for id, _meaning, sources in self.steps
                 for source, port in zip(sources, "abcdefghijklmnopqrstuvwxyz" if len(sources) > 1
                                         else PORT)]
        return Graph("", (), nodes, (*wires, Wire(self.last, OUTPUT)))
