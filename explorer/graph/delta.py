"""What an edit changed, as plain values that can be written to a file and applied again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from explorer.graph import file
from explorer.graph.diff import diff
from explorer.graph.file import MOST_NODES, FileError
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Wire
from explorer.text import _

Delta = Mapping[str, Any]
"""An edit as JSON's values, with the keys of what changed alone:

name, input: the new values. more: [the new object of further keys]. removed: ids. nodes: the new and
the changed ones, in full. inside: by the id of a group, the delta of its inner graph. order: all ids,
unless nodes were only removed or added at the end. wires: see `_rewiring`.
"""

_KEYS = {"name", "input", "more", "removed", "nodes", "inside", "order", "wires"}


def delta(before: Graph, after: Graph) -> Delta:
    """The edit that turns `before` into `after`; {} if they are equal."""
    difference = diff(before, after)
    changed = difference.revalued | difference.moved
    inside = {id for id in changed if _only_inside(before.nodes[id], after.nodes[id])}
    in_full = difference.added | (changed - inside)
    order = [id for id in before.nodes if id not in difference.removed]
    order += [id for id in after.nodes if id in difference.added]
    ids = list(after.nodes)
    values: dict[str, Any] = {
        "name": None if after.name == before.name else after.name,
        "input": None if after.input == before.input else list(after.input),
        "more": [] if after.more == before.more else [json.loads(after.more or "{}")],
        "removed": [id for id in before.nodes if id in difference.removed],
        "nodes": [file.node_to_dict(after.nodes[id]) for id in ids if id in in_full],
        "inside": {id: _inner_delta(before.nodes[id], after.nodes[id]) for id in sorted(inside)},
        "order": None if order == ids else ids,
        "wires": None if before.wires == after.wires else _rewiring(before.wires, after.wires),
    }
    return {key: value for key, value in values.items() if value}


def apply(graph: Graph, delta: object) -> Graph:
    """The graph after an edit. Raises FileError. Checked here is the form alone, as for a file;
    `catalog.check` checks kinds, parameters and ports."""
    return _applied(graph, delta, 0)


def _applied(graph: Graph, delta: object, depth: int) -> Graph:
    if not isinstance(delta, dict) or delta.keys() - _KEYS:
        raise _malformed(delta)
    nodes = dict(graph.nodes)
    for id in _list(delta, "removed"):
        if not isinstance(id, str) or nodes.pop(id, None) is None:
            raise _malformed(id)
    budget = [MOST_NODES - len(nodes)]
    for item in _list(delta, "nodes"):
        node = file.node_from_dict(item, budget, depth)
        nodes[node.id] = node
    inside = delta.get("inside", {})
    if not isinstance(inside, dict):
        raise _malformed(inside)
    for id, inner in inside.items():
        group = nodes.get(id)
        if group is None or group.inner is None:
            raise _malformed(id)
        nodes[id] = replace(group, inner=_applied(group.inner, inner, depth + 1))
    if order := _list(delta, "order"):
        if (
            len(order) != len(nodes)
            or not all(isinstance(id, str) for id in order)
            or set(order) != nodes.keys()
        ):
            raise _malformed(order)
        nodes = {id: nodes[id] for id in order}
    if len(nodes) > MOST_NODES:
        raise _malformed(len(nodes))
    wires = graph.wires
    if change := _list(delta, "wires"):
        wires = tuple(_rewired(wires, change, nodes))
    if wires is not graph.wires or "removed" in delta:
        for wire in wires:
            if (wire.source != INPUT and wire.source not in nodes) or (
                wire.target != OUTPUT and wire.target not in nodes
            ):
                raise _malformed(file.wire_to_list(wire))
    name = file.network_name(delta["name"]) if "name" in delta else graph.name
    shape = file.input_shape(delta["input"]) if "input" in delta else graph.input
    further = _list(delta, "more")
    more = file.further_keys(further[0]) if further else graph.more
    after = Graph(name, shape, nodes, wires, more)
    return after if wires is graph.wires else file.without_cycle(after)


def _only_inside(before: Node, after: Node) -> bool:
    """Whether two nodes are groups that differ only in their inner graphs."""
    return (
        before.inner is not None
        and after.inner is not None
        and replace(before, inner=after.inner) == after
    )


def _inner_delta(before: Node, after: Node) -> Delta:
    assert before.inner is not None and after.inner is not None
    return delta(before.inner, after.inner)


def _rewiring(old: Sequence[Wire], new: Sequence[Wire]) -> list[Any]:
    """What turns `old` into `new`: [the indices in `old` of removed wires, [index in `new`, wire]
    for each added wire]. Wires are compared by identity, because edits keep the objects."""
    before, after = set(map(id, old)), set(map(id, new))
    kept = [id(wire) for wire in old if id(wire) in after]
    if kept != [id(wire) for wire in new if id(wire) in before]:  # in another order
        before = after = set()
    return [
        [index for index, wire in enumerate(old) if id(wire) not in after],
        [
            [index, file.wire_to_list(wire)]
            for index, wire in enumerate(new)
            if id(wire) not in before
        ],
    ]


def _rewired(
    wires: tuple[Wire, ...], change: list[Any], nodes: Mapping[str, Node]
) -> Iterator[Wire]:
    match change:
        case [list(removed), list(added)] if all(isinstance(index, int) for index in removed):
            dropped = set(removed)
        case _:
            raise _malformed(change)
    kept = (wire for index, wire in enumerate(wires) if index not in dropped)
    count = 0
    for item in added:
        match item:
            case [int(index), list(wire)] if index >= count:
                ahead = list(islice(kept, index - count))
                yield from ahead
                yield from file.wires_from_lists([wire], nodes)
                count += len(ahead) + 1
            case _:
                raise _malformed(item)
    yield from kept


def _list(delta: Mapping[str, Any], key: str) -> list[Any]:
    value = delta.get(key, [])
    if not isinstance(value, list):
        raise _malformed(value)
    return value


def _malformed(value: object) -> FileError:
    return FileError(_("An edit is malformed: {value}").format(value=repr(value)[:60]))
