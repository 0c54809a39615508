"""Layers that are put into wires to give what flows there another shape."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from explorer.analysis.facts import names_in
from explorer.catalog import Kind, roles
from explorer.catalog.layers.window import text_of
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Shape, Value, Wire
from explorer.text import _

Params = Mapping[str, Value]


class Addition(NamedTuple):
    """A layer to be put into a wire. label: of a fix that adds nothing else, with the places
    {branches} and {size}. loss: see `Fix`."""

    kind: Kind
    params: Params = MappingProxyType({})
    label: str = ""
    loss: str = ""

    @property
    def text(self) -> str:
        """What it is: "Upsample ×2"."""
        label = self.kind.label(self.kind.settings(self.params)) if self.kind.label else ""
        return f"{self.kind.name} {label}".strip()


def resizings(have: Shape, want: Shape) -> list[tuple[Addition, ...]]:
    """The rows of layers that bring a map to the height and width of `want`, the best first."""
    sides = list(zip(have[1:], want[1:]))
    ups = {round(goal / side) for side, goal in sides}
    downs = {round(side / goal) for side, goal in sides}
    up, down = (factors.pop() if len(factors) == 1 else 0 for factors in (ups, downs))
    if up > 1:
        scaled = (have[0], *(side * up for side in have[1:]))
        row = (_upsampled(up), *_padded(scaled, want))
    elif down > 1:
        row = (_pooled(down), *_padded((have[0], *(side // down for side in have[1:])), want))
    else:
        row = _padded(have, want)
    fits = not any(each.kind.fault(each.params) for each in row)
    return [row] if fits else []


def _upsampled(factor: int) -> Addition:
    return Addition(
        roles.UPSAMPLING,
        {"scale_factor": factor},
        _("Upsample {branches} to {size}"),
        _("each number is repeated"),
    )


def _pooled(factor: int) -> Addition:
    return Addition(
        roles.POOLING,
        {"kernel_size": factor, "stride": factor},
        _("Pool {branches} to {size}"),
        _("of each {window} numbers one is kept").format(window=text_of((factor, factor))),
    )


def _padded(have: Shape, want: Shape) -> tuple[Addition, ...]:
    """The layer that adds rows and columns of zeros on all sides alike, or takes them away."""
    rows, columns = (goal - side for side, goal in zip(have[1:], want[1:]))
    if not rows and not columns:
        return ()
    params = {
        "left": columns // 2,
        "right": columns - columns // 2,
        "top": rows // 2,
        "bottom": rows - rows // 2,
    }
    return (
        Addition(
            roles.PADDING,
            params,
            _("Pad {branches} to {size}")
            if max(rows, columns) > 0
            else _("Crop {branches} to {size}"),
            _("rows and columns at the edges are lost")
            if min(rows, columns) < 0
            else _("a border of zeros"),
        ),
    )


def insert_rows(
    graph: Graph, wires: Iterable[Wire], rows: Mapping[str, Sequence[Addition]]
) -> Graph:
    """The graph with a row of layers in each of these wires: the row of the node that feeds it.
    Wires from one node share the row. Raises EditError."""
    ends: dict[str, str] = {}  # the last layer of a row, by source
    for wire in wires:
        if wire.source in ends:
            graph = edits.connect(graph, ends[wire.source], wire.target, wire.port)
        else:
            graph = insert_row(graph, wire, rows[wire.source])
            ends[wire.source] = graph.into(wire.target)[wire.port].source
    return graph


def insert_row(graph: Graph, wire: Wire, row: Sequence[Addition]) -> Graph:
    """The graph with these layers, one after another, in a wire. Raises EditError."""
    places = _places(graph, wire, len(row))
    for each, place in zip(row, places):
        node = Node(each.kind.next_id(names_in(graph)), each.kind.name, each.params, place)
        graph = edits.insert(graph, node, graph.into(wire.target)[wire.port])
    return graph


def _places(graph: Graph, wire: Wire, count: int) -> list[tuple[float, float]]:
    """Where the cards of new nodes go: spread along the wire, or above a long shortcut."""
    ends = [graph.nodes[end].position for end in (wire.source, wire.target) if end in graph.nodes]
    (x, y), (right, bottom) = ends[0], ends[-1]
    lifted = 0.0
    if len(ends) == 2 and abs(bottom - y) < 80 and right - x > 320:
        lifted = 140.0  # a long shortcut runs above the cards that it passes
    if len(ends) == 1:
        step = -130.0 if wire.target in graph.nodes else 180.0
        shifts = range(count, 0, -1) if step < 0 else range(1, count + 1)
        return [(x + step * shift, y) for shift in shifts]
    shares = [(number + 1) / (count + 1) for number in range(count)]
    return [(x + (right - x) * s, y + (bottom - y) * s - lifted) for s in shares]
