"""Checks that a graph has only known kinds, parameters and ports, and values in range; so also its
preprocessing."""

import json
import os

from explorer.catalog import KINDS, preprocess
from explorer.catalog.preprocess import PreprocessError
from explorer.graph import file
from explorer.graph.file import DEEPEST, FileError
from explorer.graph.graph import OUTPUT, PORT, Graph, Node
from explorer.text import _


class KindError(ValueError):
    """A kind, parameter or port that does not exist, or a value out of range."""


def graph(graph: Graph, before: Graph | None = None, depth: int = 0) -> Graph:
    """The graph itself, once its kinds, parameters and wires are checked; nodes that `before` has too
    are not checked again. depth: the number of groups that it lies in.

    Raises KindError with one sentence.
    """
    if before is None or graph.more != before.more:
        try:
            preprocess.of_graph(graph)
        except PreprocessError as error:
            raise KindError(str(error)) from None
    trusted = before.nodes if before is not None else {}
    for id, node in graph.nodes.items():
        if trusted.get(id) is not node:
            _node(node, depth)
    if before is None or graph.wires is not before.wires or graph.nodes != trusted:
        _wires(graph)
    return graph


def _wires(graph: Graph) -> None:
    """Checks that every wire ends at a known port, and that no two end at the same."""
    taken = set()
    for wire in graph.wires:
        known = (PORT,) if wire.target == OUTPUT else KINDS[graph.nodes[wire.target].kind].all_ports
        end = wire.target, wire.port
        if wire.port not in known:
            sentence = (
                _("{id} has no input {port}; it has: {ports}")
                if len(known) == 1
                else _("{id} has no input {port}; it has: {ports}; write {wires}")
            )
        elif end in taken:
            sentence = (
                _(
                    "Two wires end at {id}, input {port}; it takes one, and Add or Concat joins several"
                )
                if len(known) == 1
                else _("Two wires end at {id}, input {port}; it has: {ports}; write {wires}")
            )
        else:
            taken.add(end)
            continue
        raise KindError(
            sentence.format(
                id=wire.target,
                port=wire.port[:40],
                ports=", ".join(known)
                if len(known) < 4
                else f"{known[0]}, {known[1]} … {known[-1]}",
                wires=_as_written(graph, wire.target, known),
            )
        )


def _as_written(graph: Graph, id: str, ports: tuple[str, ...], most: int = 3) -> str:
    """The wires into a node as a file should state them, each at a port of its own."""
    sources = [wire.source for wire in graph.wires if wire.target == id][: len(ports)]
    return ", ".join(
        json.dumps([source, id, port]) for source, port in zip(sources[:most], ports)
    ) + (", …" if len(sources) > most else "")


def _node(node: Node, depth: int) -> None:
    kind = KINDS.get(node.kind)
    if kind is None:
        raise KindError(
            _(
                "{id} is of the unknown kind {kind}; was the file made by a newer CNN Explorer?"
            ).format(id=node.id, kind=node.kind[:60])
        )
    if reason := kind.fault(node.params):
        raise KindError(f"{node.id}: {reason}")
    if (node.inner is not None) != (kind.name == "Group"):
        raise KindError(
            _("{id}: a Group, and only a Group, has nodes inside it").format(id=node.id)
        )
    if node.inner is not None:
        if depth >= DEEPEST:
            raise KindError(
                _("{id}: groups may be nested up to {most} deep").format(id=node.id, most=DEEPEST)
            )
        graph(node.inner, depth=depth + 1)


def from_dict(values: object) -> Graph:
    """A graph from plain values, checked in form and against the kinds. Raises FileError."""
    return _checked(file.from_dict(values), "")


def read(path: str | os.PathLike[str]) -> Graph:
    """The graph in a file, checked in form and against the kinds. Raises FileError."""
    return parsed(file.content(path), path)


def parsed(content: bytes, path: str | os.PathLike[str]) -> Graph:
    """The graph in the content of a file, checked in form and against the kinds. Raises FileError."""
    return _checked(file.parsed(content, path), f"{path}: ")


def _checked(unchecked: Graph, prefix: str) -> Graph:
    try:
        return graph(unchecked)
    except KindError as error:
        raise FileError(f"{prefix}{error}") from None
