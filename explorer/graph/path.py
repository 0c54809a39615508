"""Where a node is."""

from explorer.graph.graph import Graph


class NodePath(tuple[str, ...]):
    """The ids that lead to a node from the whole network inward; () is the network itself.

    Its text, "layer2.0.conv1", is for people, files, messages and PyTorch. A layer in an inline
    block has the block's id in its path, but not in the name of its module.
    """

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> "NodePath":
        """The path of that text; "" is the network itself."""
        return cls(text.split(".")) if text else cls()

    def __str__(self) -> str:
        return ".".join(self)

    def __truediv__(self, id: str) -> "NodePath":
        return NodePath((*self, id))

    @property
    def scope(self) -> "NodePath":
        """The path of the block in which the node lies."""
        return NodePath(self[:-1])

    def lies_in(self, path: tuple[str, ...]) -> bool:
        """It is the node at that path, or one inside it."""
        return self[: len(path)] == path

    def within(self, scope: tuple[str, ...]) -> tuple[str, ...]:
        """Its ids below a scope, the first that of a node there; none if it does not lie inside."""
        return self[len(scope) :] if self.lies_in(scope) else ()


def declared(graph: Graph, path: NodePath) -> NodePath | None:
    """The path of the first node along `path` that is no custom group, so that its kind declares
    what lies inside it. None if all are groups."""
    for depth, id in enumerate(path, 1):
        node = graph.nodes.get(id)
        if node is None or node.inner is None:
            return NodePath(path[:depth])
        graph = node.inner
    return None
