"""Writes the inside of a composite, node after node."""

from dataclasses import replace

from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Node, Value, Wire


class Inside:
    """A graph in the making: `add` puts a node behind others and gives its id."""

    def __init__(self):
        self._nodes: dict[str, Node] = {}
        self._wires: list[Wire] = []
        self.last = INPUT

    def add(self, id: str, kind: str, *sources: str, **params: Value) -> str:
        """A node fed by `sources` (by the node added last, if none are given)."""
        self._nodes[id] = Node(id, kind, params)
        if len(sources) > 1:
            self._wires += [Wire(source, id, port)
                            for source, port in zip(sources, "abcdefghijklmnopqrstuvwxyz")]
        else:
            self._wires.append(Wire(sources[0] if sources else self.last, id, PORT))
        self.last = id
        return id

    def group(self, id: str, inside: "Inside") -> str:
        """A custom group with that inside, behind the node added last."""
        self.add(id, "Group")
        self._nodes[id] = replace(self._nodes[id], inner=inside.graph())
        return id

    def graph(self) -> Graph:
        """The finished inside; the node added last gives the output."""
        return Graph("", (), self._nodes, (*self._wires, Wire(self.last, OUTPUT)))
