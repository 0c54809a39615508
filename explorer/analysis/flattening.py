"""Vectors where a map is needed: the layers that flatten the map, and how to go round them."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from explorer.analysis.branch import MOST_NODES
from explorer.analysis.problem import Fix
from explorer.analysis.report import Report
from explorer.catalog import roles
from explorer.graph import edits
from explorer.graph.graph import OUTPUT, PORT, Graph, Wire
from explorer.graph.path import NodePath
from explorer.text import _

_TOP = NodePath()


class Flattening(NamedTuple):
    """A layer that makes a vector of a map: its path, and the wire from it to what needs a map."""

    path: NodePath
    wire: Wire


def flattenings(report: Report, wire: Wire, scope: NodePath = _TOP) -> Iterator[Flattening]:
    """The layers that make the vector which arrives by this wire, inside groups too."""
    for _number in range(MOST_NODES):
        facts = report.facts.get(wire.source)
        if facts is None or not facts.ins or facts.ins[0] is None:
            return
        if len(facts.ins[0]) == 3:
            last = facts.inner.into(OUTPUT).get(PORT) if facts.inner is not None else None
            if facts.kind is roles.FLATTEN:
                yield Flattening(scope / wire.source, wire)
            elif last is not None:
                yield from flattenings(report.inside(wire.source), last, scope / wire.source)
            return
        into = report.graph.into(wire.source)
        wire = into[min(into)]


def unflattened(report: Report, id: str) -> Iterator[Fix]:
    """Take the map from before the layers that make vectors of what a node gets."""
    for _port, wire in sorted(report.graph.into(id).items()):
        for path, after in flattenings(report, wire):
            yield Fix(
                _("Take the map before {flatten}").format(flatten=path),
                edits.inside(path.scope, partial(_past, wire=after)),
            )


def _past(graph: Graph, wire: Wire) -> Graph:
    """The graph with a wire that starts before the node that it starts at, which goes if it then
    feeds nothing."""
    before = next(iter(graph.into(wire.source).values())).source
    graph = edits.connect(graph, before, wire.target, wire.port)
    return graph if graph.out_of(wire.source) else edits.remove(graph, [wire.source])
