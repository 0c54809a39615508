"""What a person can do to a graph: an edit returns a new graph, or raises EditError."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from explorer.graph import names
from explorer.graph.graph import ENDS, INPUT, OUTPUT, PORT, Graph, Node, Value, Wire
from explorer.text import _

Edit = Callable[[Graph], Graph]
"""A function from a graph to the edited graph."""


class EditError(ValueError):
    """The edit is not possible on this graph; the sentence says why and what is allowed."""


def add(graph: Graph, node: Node) -> Graph:
    """The graph with a further node. Raises EditError if its id is taken or is not a valid name."""
    if reason := names.fault(node.id):
        raise EditError(reason)
    if node.id in graph.nodes:
        raise EditError(_("There is already a node {id}").format(id=node.id))
    return replace(graph, nodes={**graph.nodes, node.id: node})


def remove(graph: Graph, ids: Iterable[str], bridge: bool = False) -> Graph:
    """The graph without these nodes and their wires. Raises EditError if one does not exist.

    bridge: connect what fed the first port of a removed node to whatever that node fed.
    """
    ids = set(ids)
    for id in ids:
        _existing(graph, id)
    wires = [wire for wire in graph.wires if wire.source not in ids and wire.target not in ids]
    if bridge:
        # By removed node: the node or end that stays and that fed it, directly or through others.
        feeding: dict[str, str | None] = {}
        for wire in graph.wires:
            if wire.source in ids and wire.target not in ids:
                source: str | None = wire.source
                passed: list[str] = []
                while source in ids and source not in feeding:
                    passed.append(source)
                    into = graph.into(source)
                    source = into[min(into)].source if into else None
                if source in feeding:
                    source = feeding[source]
                feeding.update(dict.fromkeys(passed, source))
                if source is not None:
                    wires.append(replace(wire, source=source))
    nodes = {id: node for id, node in graph.nodes.items() if id not in ids}
    return replace(graph, nodes=nodes, wires=tuple(wires))


def connect(graph: Graph, source: str, target: str, port: str = PORT) -> Graph:
    """The graph with a wire from `source` to that port, which replaces a wire already there.

    Raises EditError if source or target does not exist or the wire would close a cycle.
    """
    if reason := refusal(graph, source, target):
        raise EditError(reason)
    kept = tuple(w for w in graph.wires if (w.target, w.port) != (target, port))
    return replace(graph, wires=(*kept, Wire(source, target, port)))


def refusal(graph: Graph, source: str, target: str) -> str | None:
    """Why no wire may run from `source` to `target`, in one sentence; None if it may."""
    if source == OUTPUT or (source not in graph.nodes and source != INPUT):
        return _("No wire can start at {id}").format(id=source)
    if target == INPUT or (target not in graph.nodes and target != OUTPUT):
        return _("No wire can end at {id}").format(id=target)
    if path := graph.reaches(target, source):
        return _(
            "This wire would close a cycle: {cycle}. A convolutional network runs forward only"
        ).format(cycle=" → ".join([*path, target]))
    return None


def disconnect(graph: Graph, target: str, port: str = PORT) -> Graph:
    """The graph without the wire into that port. Raises EditError if there is no such wire."""
    kept = tuple(w for w in graph.wires if (w.target, w.port) != (target, port))
    if len(kept) == len(graph.wires):
        raise EditError(
            _("No wire is connected to input {port} of {id}").format(id=target, port=port)
        )
    return replace(graph, wires=kept)


def insert(graph: Graph, node: Node, wire: Wire, port: str = PORT) -> Graph:
    """The graph with `node` (new or not yet wired) inserted into `wire`, which then ends at its
    `port`.

    Raises EditError if there is no such wire.
    """
    if wire not in graph.wires:
        raise EditError(
            _("There is no wire from {source} to {target}").format(
                source=wire.source, target=wire.target
            )
        )
    graph = graph if node.id in graph.nodes else add(graph, node)
    graph = connect(graph, wire.source, node.id, port)
    return connect(graph, node.id, wire.target, wire.port)


def set_params(graph: Graph, id: str, params: Mapping[str, Value]) -> Graph:
    """The graph with these parameters of a node set and its other parameters unchanged.

    Raises EditError if there is no such node.
    """
    return set_each(graph, {id: params})


def set_each(graph: Graph, params: Mapping[str, Mapping[str, Value]]) -> Graph:
    """The graph with these parameters of several nodes set, by node id; see `set_params`."""
    nodes = dict(graph.nodes)
    for id, values in params.items():
        node = _existing(graph, id)
        nodes[id] = replace(node, params={**node.params, **values})
    return replace(graph, nodes=nodes)


def replace_node(graph: Graph, node: Node) -> Graph:
    """The graph with `node` instead of the node of the same id. Raises EditError if there is
    none."""
    _existing(graph, node.id)
    return replace(graph, nodes={**graph.nodes, node.id: node})


def move(graph: Graph, positions: Mapping[str, tuple[float, float]]) -> Graph:
    """The graph with these nodes at these positions (scene units). Raises EditError if one does not
    exist."""
    nodes = dict(graph.nodes)
    for id, position in positions.items():
        nodes[id] = replace(_existing(graph, id), position=position)
    return replace(graph, nodes=nodes)


def rename(graph: Graph, old: str, new: str) -> Graph:
    """The graph with a node renamed, in its wires too. Raises EditError if there is no such node,
    or the new id is taken or is not a valid name."""
    _existing(graph, old)
    if old == new:
        return graph
    if reason := names.fault(new):
        raise EditError(reason)
    if new in graph.nodes:
        raise EditError(_("There is already a node {id}").format(id=new))
    nodes = {
        new if id == old else id: replace(node, id=new) if id == old else node
        for id, node in graph.nodes.items()
    }
    wires = tuple(
        Wire(new if w.source == old else w.source, new if w.target == old else w.target, w.port)
        for w in graph.wires
    )
    return replace(graph, nodes=nodes, wires=wires)


def excerpt(graph: Graph, ids: Iterable[str]) -> Graph:
    """These nodes and the wires between them, as a graph: what is copied. Ends and unknown ids are
    left out."""
    ids = set(ids) - set(ENDS)
    return replace(
        graph,
        nodes={id: node for id, node in graph.nodes.items() if id in ids},
        wires=tuple(w for w in graph.wires if w.source in ids and w.target in ids),
    )


def paste(
    graph: Graph, part: Graph, taken: Iterable[str] = (), offset: tuple[float, float] = (24.0, 24.0)
) -> Graph:
    """The graph with the nodes and wires of `part` added under free ids; the new nodes are its
    last.

    taken: further names that are not free, though no node of the graph has them. offset: added to
    the positions of the new nodes, in scene units.
    """
    free = names.FreeNames({*taken, *graph.nodes})
    renamed: dict[str, str] = {}
    nodes = dict(graph.nodes)
    for node in part.nodes.values():
        renamed[node.id] = id = free.take(node.id)
        x, y = node.position
        nodes[id] = replace(node, id=id, position=(x + offset[0], y + offset[1]))
    wires = tuple(
        Wire(renamed[w.source], renamed[w.target], w.port)
        for w in part.wires
        if w.source in renamed and w.target in renamed
    )
    return replace(graph, nodes=nodes, wires=graph.wires + wires)


def _existing(graph: Graph, id: str) -> Node:
    if id not in graph.nodes:
        raise EditError(_("There is no node {id}").format(id=id))
    return graph.nodes[id]


def inside(path: Sequence[str], edit: Edit) -> Edit:
    """The edit of the whole network that applies `edit` to the inside of the group at `path`."""
    for id in reversed(path):
        edit = partial(_inside, id=id, edit=edit)
    return edit


def _inside(graph: Graph, id: str, edit: Edit) -> Graph:
    node = graph.nodes[id]
    assert node.inner is not None  # it is a group
    return replace_node(graph, replace(node, inner=edit(node.inner)))
