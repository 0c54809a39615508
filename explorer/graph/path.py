"""The path of a node."""

from explorer.graph.graph import Graph


class NodePath(tuple[str, ...]):
    """The ids from the whole network inward to a node; () is the network itself.

    Its text, "layer2.0.conv1", is for people, files, messages and PyTorch. The path of a layer in
    an inline block contains the block's id; the name of its module does not.
    """

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> "NodePath":
        """The path that `text` states; "" is the network itself."""
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
        """Whether this is the node at `path` or a node inside it."""
        return self[: len(path)] == path

    def within(self, scope: tuple[str, ...]) -> tuple[str, ...]:
        """The ids below a scope, the first of them that of a node in it; () if it is not inside."""
        return self[len(scope) :] if self.lies_in(scope) else ()


def declared(graph: Graph, path: NodePath) -> NodePath | None:
    """The path of the first node along `path` that is not a custom group: its kind declares what is
    inside it. None if all are groups."""
    for depth, id in enumerate(path, 1):
        node = graph.nodes.get(id)
        if node is None or node.inner is None:
            return NodePath(path[:depth])
        graph = node.inner
    return None
