"""The door through which every value enters a graph: only known kinds, parameters and ports."""

from explorer.catalog import KINDS
from explorer.graph import file
from explorer.graph.file import FileError
from explorer.graph.graph import OUTPUT, PORT, Graph, Node
from explorer.text import _


class KindError(ValueError):
    """A node whose kind, parameter or port does not exist, or a value out of range."""


def graph(graph: Graph, before: Graph | None = None) -> Graph:
    """The graph itself, if everything in it is known; nodes that `before` had are trusted.

    Raises KindError with one sentence.
    """
    trusted = before.nodes if before is not None else {}
    for id, node in graph.nodes.items():
        if trusted.get(id) is not node:
            _node(node)
    if before is None or graph.wires is not before.wires or graph.nodes != trusted:
        for wire in graph.wires:
            known = ((PORT,) if wire.target == OUTPUT
                     else KINDS[graph.nodes[wire.target].kind].all_ports)
            if wire.port not in known:
                raise KindError(_("{id} has no input {port}; it has: {ports}").format(
                    id=wire.target, port=wire.port[:40], ports=", ".join(known)))
    return graph


def _node(node: Node) -> None:
    kind = KINDS.get(node.kind)
    if kind is None:
        raise KindError(_("{id} is of the unknown kind {kind}; was the file made by a newer CNN "
                          "Explorer?").format(id=node.id, kind=node.kind[:60]))
    if reason := kind.fault(node.params):
        raise KindError(f"{node.id}: {reason}")
    if (node.inner is not None) != (kind.name == "Group"):
        raise KindError(_("{id}: a Group, and only a Group, bears nodes inside it").format(
            id=node.id))
    if node.inner is not None:
        graph(node.inner)


def from_dict(found: object) -> Graph:
    """A graph from plain values, checked in form and against the kinds. Raises FileError."""
    return _checked(file.from_dict(found), "")


def read(path) -> Graph:
    """The graph in a file, checked in form and against the kinds. Raises FileError."""
    found = file.read(path)
    return _checked(found, f"{path}: ")


def _checked(found: Graph, prefix: str) -> Graph:
    try:
        return graph(found)
    except KindError as error:
        raise FileError(f"{prefix}{error}") from None
