"""A branch that ends at a join: the nodes that give it its shape, and the parameters with which they
would give it another."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice

from explorer.analysis.facts import Facts, facts_of
from explorer.analysis.report import Report
from explorer.catalog import KINDS
from explorer.catalog.kind import Settings
from explorer.catalog.layers.window import pair
from explorer.graph import edits
from explorer.graph.graph import OUTPUT, PORT, Graph, Shape, Value
from explorer.graph.path import NodePath

MOST_NODES = 16
"""So many nodes of a branch are searched, the last ones, and as many of what is inside its groups."""
Changes = dict[NodePath, dict[str, Value]]
"""Parameters to set, by path."""


def one_or_pair(sides: Iterable[int]) -> int | tuple[int, int]:
    """Height and width as a parameter takes them: one number if they are equal."""
    height, width = sides
    return height if height == width else (height, width)


def ancestors(graph: Graph, ids: Iterable[str]) -> set[str]:
    """These nodes and ends, and all from which a path of wires leads to one of them."""
    stack = list(ids)
    upstream = set(stack)
    while stack:
        for wire in graph.into(stack.pop()).values():
            if wire.source not in upstream:
                upstream.add(wire.source)
                stack.append(wire.source)
    return upstream


def nodes_of(report: Report, source: str, others: Collection[str]) -> list[str]:
    """The nodes of the branch that ends with `source`, the last first; none of them is among
    `others`. Where branches join, it goes on along the one whose size the join keeps."""
    ids: list[str] = []
    while source in report.facts and source not in others and len(ids) < MOST_NODES:
        facts, sources = report.facts[source], report.sources[source]
        if facts.out is None or not facts.ins or None in facts.ins:
            break
        ids.append(source)
        sizes = [shape[1:] for shape in facts.known_ins]
        source = sources[sizes.index(facts.out[1:]) if facts.out[1:] in sizes else 0]
    return ids


def settings_for(report: Report, ids: list[str], have: Shape, want: Shape) -> Iterator[Changes]:
    """Parameters of these nodes of a branch, or of nodes inside its groups, with which its output is
    `want` instead of `have`; those of the last nodes first."""
    if len(have) != len(want):
        return
    places = dict(islice(_places(report, ids, NodePath()), 2 * MOST_NODES))
    channels = _channels(places, have[0], want[0]) if have[0] != want[0] else {}
    if have[0] != want[0] and not channels:
        return
    tried: list[Changes] = []
    for sizes in _sizes(places, have, want) if have[1:] != want[1:] else [{}]:
        changes = {
            path: {**channels.get(path, {}), **sizes.get(path, {})} for path in (*channels, *sizes)
        }
        if changes not in tried and _out_with(report, ids, changes) == want:
            yield changes
        tried.append(changes)


def _places(report: Report, ids: list[str], scope: NodePath) -> Iterator[tuple[NodePath, Facts]]:
    """These nodes with their facts, and in place of each group the nodes that lead to its output."""
    for id in ids:
        facts = report.facts[id]
        last = facts.inner.into(OUTPUT).get(PORT) if facts.inner is not None else None
        if facts.inner is None:
            yield scope / id, facts
        elif last is not None:
            inside = report.inside(id)
            yield from _places(inside, nodes_of(inside, last.source, ()), scope / id)


def set_all(graph: Graph, changes: Changes) -> Graph:
    """The graph with these parameters set. Raises EditError."""
    for path, params in changes.items():
        graph = edits.inside(path.scope, partial(edits.set_params, id=path[-1], params=params))(
            graph
        )
    return graph


def _out_with(report: Report, ids: list[str], changes: Changes) -> Shape | None:
    """The output of a branch with these parameters set; None if one of its nodes would not fit."""
    first = max(number for number, id in enumerate(ids) if any(path[0] == id for path in changes))
    own = set_all(replace(report.graph, nodes={id: report.graph.nodes[id] for id in ids}), changes)
    ranks = report.graph.ranks
    between = report.graph.order[ranks[ids[first]] - 1 : ranks[ids[0]]]  # a branch may fork within
    shapes: dict[str, Shape] = {}
    for id in between if len(between) <= 4 * MOST_NODES else ids[first::-1]:
        sources = report.sources[id]
        if id != ids[first] and shapes.keys().isdisjoint(sources):
            continue
        ins = [shapes.get(source, each) for source, each in zip(sources, report.facts[id].ins)]
        node = own.nodes[id] if id in own.nodes else report.graph.nodes[id]
        if len(ins) < len(KINDS[node.kind].inputs):
            return None
        facts = facts_of(node, tuple(ins))
        if facts.faults or facts.out is None:
            return None
        shapes[id] = facts.out
    return shapes.get(ids[0])


def channels_param(facts: Facts) -> str | None:
    """The name of the parameter that says how many channels or features come out."""
    return next(
        (key for key in ("out_channels", "width", "out_features") if key in facts.kind.names), None
    )


def _channels(places: Mapping[NodePath, Facts], have: int, want: int) -> Changes:
    """Other channels of the last node that sets them, and of the depthwise convolutions after it;
    {} if there is none."""
    changes: Changes = {}
    for path, facts in places.items():
        key = channels_param(facts)
        if key is None:
            continue
        value = getattr(facts.settings, key) * want / have
        count = facts.known_ins[0][0]
        params: dict[str, Value] = {key: int(value)}
        depthwise = facts.kind.convolves and 1 < count == getattr(facts.settings, "groups", 1)
        if depthwise:
            params["groups"] = int(value)
        if value != int(value) or facts.kind.fault(params):
            return {}
        changes[path] = params
        if not depthwise:
            return changes
    return {}


def _sizes(places: Mapping[NodePath, Facts], have: Shape, want: Shape) -> Iterator[Changes]:
    for path, facts in places.items():
        for params in _resizing(facts, have, want):
            if not facts.kind.fault(params):
                yield {path: params}
    padded = {
        path: params
        for path, facts in places.items()
        if (params := _kept_size(facts)) and not facts.kind.fault(params) and _is_smaller(facts)
    }
    if len(padded) > 1:
        yield padded


def _is_smaller(facts: Facts) -> bool:
    """Whether the window of a node of stride 1 makes the map smaller."""
    return (
        facts.out is not None
        and pair(facts.settings.stride) == (1, 1)
        and any(after < before for before, after in zip(facts.known_ins[0][1:], facts.out[1:]))
    )


def _kept_size(facts: Facts) -> dict[str, Value]:
    """The padding with which the window of a node keeps the size of the map at stride 1; {} if it
    has that, or if there is none."""
    settings = facts.settings
    if facts.kind.spreads or not {"kernel_size", "padding", "stride"} <= facts.kind.names:
        return {}
    if isinstance(settings.padding, str):
        return {}
    steps = [
        dilation * (side - 1)
        for side, dilation in zip(
            pair(settings.kernel_size), pair(getattr(settings, "dilation", 1))
        )
    ]
    half = tuple(step // 2 for step in steps)
    if any(step % 2 for step in steps) or half == pair(settings.padding):
        return {}
    return {"padding": one_or_pair(half)}


def _resizing(facts: Facts, have: Shape, want: Shape) -> Iterator[dict[str, Value]]:
    """Parameters of one node that may turn a size at the end of its branch into another."""
    settings, names = facts.settings, facts.kind.names
    padding = _kept_size(facts)
    if "stride" in names:
        for stride in _strides(pair(settings.stride), have, want):
            yield {"stride": stride}
            if padding:
                yield {"stride": stride, **padding}
    if padding:
        yield padding
    if "kernel_size" in names:
        yield {"kernel_size": one_or_pair(_fitting_kernel(settings))}
    if "output_padding" in names:
        for more in range(max(pair(settings.stride))):
            if pair(settings.output_padding) != (more, more):
                yield {"output_padding": more}
    if "scale_factor" in names and (settings.scale_factor * want[1]) % have[1] == 0:
        yield {"scale_factor": settings.scale_factor * want[1] // have[1]}
    if "output_size" in names:
        yield {"output_size": one_or_pair(want[1:])}
    if "ceil_mode" in names:
        yield {"ceil_mode": not settings.ceil_mode}


def _fitting_kernel(settings: Settings) -> Iterator[int]:
    """The sides of the kernel with which the padding keeps the size at stride 1; where the padding
    follows the kernel, the next smaller odd ones."""
    padding = getattr(settings, "padding", "")
    if isinstance(padding, str):
        yield from ((side - 1) | 1 for side in pair(settings.kernel_size))
    else:
        dilations = pair(getattr(settings, "dilation", 1))
        yield from (2 * side // step + 1 for side, step in zip(pair(padding), dilations))


def _strides(strides: tuple[int, int], have: Shape, want: Shape) -> list[Value]:
    """The strides that scale the size by as much; where sizes were rounded, that of the height for
    both; and 1."""
    scaled = [step * a / b for step, a, b in zip(strides, have[1:], want[1:])]
    exact = [
        wanted for wanted in (scaled, scaled[:1] * 2) if all(s == int(s) and s >= 1 for s in wanted)
    ]
    rounded = [float(max(1, round(step))) for step in scaled]
    values = [one_or_pair(map(int, wanted)) for wanted in (*exact, rounded, [1.0, 1.0])]
    return [value for value in dict.fromkeys(values) if pair(value) != strides]
