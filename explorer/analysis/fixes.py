"""The fixes of a problem: named edits that remove it, from which a person chooses."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from explorer.analysis.facts import Facts, Fault, all_known, facts_of, names_in, names_of
from explorer.analysis.layer_fixes import LAYER_RULES, Rule, one_or_pair
from explorer.analysis.problem import Fix, Problem
from explorer.analysis.report import Report
from explorer.catalog import KINDS, Kind, roles
from explorer.catalog.layers.window import pair, text_of
from explorer.graph import edits, names
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Node, Shape, Value, Wire
from explorer.text import _, listed


def fixes(report: Report, problem: Problem) -> tuple[Fix, ...]:
    """The fixes of a problem of the network, the best first; none if it has none to offer."""
    if problem.fault is None:
        return problem.tried
    return tuple(_fixes(report, problem.path, problem.fault))


def _fixes(report: Report, path: Sequence[str], fault: Fault) -> Iterator[Fix]:
    """The fixes of the fault of the node at `path`; the inside of a group is fixed like a
    network."""
    id, *within = path
    if not within:
        yield from _RULES.get(fault.rule, _none)(report, id, fault)
        return
    for fix in _fixes(report.inside(id), within, fault):
        yield replace(fix, edit=edits.inside((id,), fix.edit))


def _none(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    return iter(())


# Branches that do not fit ---------------------------------------------------------------------


def _add(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """For each shape, the most frequent first: project the branches that differ from it. Then for
    each shape: change the channels and stride of the nodes that feed these branches."""
    graph, facts = report.graph, report.facts[id]
    wires = [graph.into(id)[port] for port in sorted(graph.into(id))]
    ins = facts.ins
    if not all_known(ins):
        return
    shapes = sorted(dict.fromkeys(ins), key=ins.count, reverse=True)
    differing = {
        want: [(wire, have) for wire, have in zip(wires, ins) if have != want] for want in shapes
    }
    for want, branches in differing.items():
        strides = [_stride(have, want) for _wire, have in branches]
        if all(strides):
            yield _projected(want, branches, strides)
    for want, branches in differing.items():
        changed = {
            wire.source: _reshaped(report, wire.source, have, want) for wire, have in branches
        }
        if all(changed.values()) and not any(
            _feeds(graph, source, [wire.source for wire in wires]) for source in changed
        ):
            yield _matched(report, changed)


def _matched(report: Report, changed: Mapping[str, Mapping[str, Value]]) -> Fix:
    """The fix that sets these parameters of these nodes."""
    each = [
        (source, report.facts[source].kind.stated(params)) for source, params in changed.items()
    ]
    label = (
        _("Match {branch}: {values}").format(branch=each[0][0], values=each[0][1])
        if len(each) == 1
        else _("Match {branches}").format(
            branches=listed([f"{source} ({values})" for source, values in each])
        )
    )
    return Fix(label, partial(edits.set_each, params=changed))


def _projected(want: Shape, branches: list[tuple[Wire, Shape]], strides: list[int]) -> Fix:
    """The fix that adds one projection after each node that feeds some of these branches."""
    stride_of = {wire.source: stride for (wire, _have), stride in zip(branches, strides)}
    shapes = {wire.source: have for wire, have in branches}
    label = (
        _("Project {branches}: 1×1, stride {stride}")
        if max(strides) > 1
        else _("Project {branches}: 1×1")
    )
    larger = [str(stride) for stride in dict.fromkeys(strides) if stride > 1]
    return Fix(
        label.format(branches=listed(stride_of), stride=listed(larger)),
        partial(
            _project_each,
            wires=[wire for wire, _have in branches],
            strides=stride_of,
            channels=want[0],
        ),
        added=sum(want[0] * have[0] + 2 * want[0] for have in shapes.values()),
    )


def _project_each(graph: Graph, wires: list[Wire], strides: dict[str, int], channels: int) -> Graph:
    projections: dict[str, str] = {}  # by source
    for wire in wires:
        if wire.source in projections:
            graph = edits.connect(graph, projections[wire.source], wire.target, wire.port)
        else:
            graph = _project(graph, wire, channels, strides[wire.source])
            projections[wire.source] = list(graph.nodes)[-1]
    return graph


def _feeds(graph: Graph, id: str, others: Collection[str]) -> bool:
    """Whether a path of wires leads from the node to one of the others. Nodes after the last of
    them in the order of execution are not searched."""
    last = max(graph.ranks[other] for other in others)
    goals, visited, stack = set(others) - {id}, {id}, [id]
    while stack:
        for wire in graph.out_of(stack.pop()):
            if wire.target in goals:
                return True
            if wire.target not in visited and graph.ranks[wire.target] < last:
                visited.add(wire.target)
                stack.append(wire.target)
    return False


def _stride(have: Shape, want: Shape) -> int:
    """The stride of a 1×1 convolution from the height and width of `have` to those of `want`; 0 if
    there is none."""
    if len(have) != 3 or len(want) != 3:
        return 0
    stride = max(1, -(-have[1] // want[1]))
    fits = all((side - 1) // stride + 1 == goal for side, goal in zip(have[1:], want[1:]))
    return stride if fits and stride <= 64 else 0


def _project(graph: Graph, wire: Wire, channels: int, stride: int) -> Graph:
    ends = [graph.nodes[end].position for end in (wire.source, wire.target) if end in graph.nodes]
    x, y = (sum(axis) / len(ends) for axis in zip(*ends))
    if len(ends) == 2 and abs(ends[0][1] - ends[1][1]) < 80 and ends[1][0] - ends[0][0] > 320:
        y -= 140.0  # a long shortcut runs above the cards that it passes
    params = {"out_channels": channels} | ({"stride": stride} if stride > 1 else {})
    kind = roles.PROJECTION
    node = Node(kind.next_id(names_in(graph)), kind.name, params, (x, y))
    return edits.insert(graph, node, wire)


def _reshaped(report: Report, id: str, have: Shape, want: Shape) -> dict[str, Value]:
    """Channels and stride that make the output of a node `want` instead of `have`; {} if it has
    none."""
    if id not in report.facts or len(have) != 3 or len(want) != 3:
        return {}
    facts = report.facts[id]
    changed: dict[str, Value] = {}
    key = next((key for key in ("out_channels", "width") if hasattr(facts.settings, key)), None)
    if have[0] != want[0]:
        if key is None:
            return {}
        value = getattr(facts.settings, key) * want[0] / have[0]
        if value != int(value):
            return {}
        changed[key] = int(value)
    if have[1:] != want[1:]:
        stride = getattr(facts.settings, "stride", None)
        if stride is None:
            return {}
        wanted = [step * a / b for step, a, b in zip(pair(stride), have[1:], want[1:])]
        if any(step != int(step) or step < 1 for step in wanted):
            wanted = wanted[:1] * 2  # the size was rounded: try the stride of the height for both
        if any(step != int(step) or step < 1 for step in wanted):
            return {}
        changed["stride"] = one_or_pair(map(int, wanted))
    return changed if _gives(report, id, changed, want) else {}


def _gives(report: Report, id: str, params: Mapping[str, Value], want: Shape) -> bool:
    """Whether the node with these parameters has the output `want`."""
    node, kind, ins = report.graph.nodes[id], report.facts[id].kind, report.facts[id].ins
    node = replace(node, params={**node.params, **params})
    return (
        len(ins) == len(kind.inputs) == 1
        and not kind.fault(node.params)
        and facts_of(node, ins).out == want
    )


def _multiply(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Give one branch the channels of the other, and its height and width too unless they can be
    broadcast."""
    graph, ins = report.graph, report.facts[id].ins
    wires = [graph.into(id)[port] for port in sorted(graph.into(id))]
    if not all_known(ins) or any(len(shape) != 3 for shape in ins):
        return
    for wire, other, have, full in (
        (wires[1], wires[0], ins[1], ins[0]),
        (wires[0], wires[1], ins[0], ins[1]),
    ):
        fits = all(a == b or 1 in (a, b) for a, b in zip(have[1:], full[1:]))
        want = (full[0], *(have[1:] if fits else full[1:]))
        if stride := _stride(have, want):
            yield _projected(want, [(wire, have)], [stride])
        changed, source = _reshaped(report, wire.source, have, want), wire.source
        if changed and source != other.source and not _feeds(graph, source, [other.source]):
            yield _matched(report, {source: changed})


def _concat(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Give the one branch that differs the height and width of the others."""
    into, ins = report.graph.into(id), report.facts[id].known_ins
    sources = [into[port].source for port in sorted(into)]
    for index, (source, have) in enumerate(zip(sources, ins)):
        sizes = {shape[1:] for shape in ins[:index] + ins[index + 1 :]}
        want = (have[0], *min(sizes))
        changed = _reshaped(report, source, have, want) if len(sizes) == 1 else {}
        others = sources[:index] + sources[index + 1 :]
        if changed and source not in others and not _feeds(report.graph, source, others):
            yield _matched(report, {source: changed})


# Maps and vectors -----------------------------------------------------------------------------


def _vector(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    settings, shape = report.facts[id].settings, report.facts[id].known_ins[0]
    features, bias = settings.out_features, int(settings.bias)
    if len(shape) == 3:
        yield Fix(
            _("Insert global average pooling and Flatten"),
            partial(_before, id=id, kinds=(roles.GLOBAL_POOLING, roles.FLATTEN)),
            added=features * (shape[0] + bias),
        )
        yield Fix(
            _("Insert Flatten"),
            partial(_before, id=id, kinds=(roles.FLATTEN,)),
            added=features * (shape[0] * shape[1] * shape[2] + bias),
        )


def _before(graph: Graph, id: str, kinds: Sequence[Kind]) -> Graph:
    x, y = graph.nodes[id].position
    for number, kind in enumerate(kinds):
        position = (x - 130.0 * (len(kinds) - number), y)
        node = Node(kind.next_id(names_in(graph)), kind.name, position=position)
        graph = edits.insert(graph, node, next(iter(graph.into(id).values())))
    return graph


# The ends of the network ----------------------------------------------------------------------


def _classes(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    count = len(fault.allowed.classes)
    while id in report.facts and _keeps_count(report.facts[id]):
        id = report.sources[id][0]  # the number of scores is set before it
    kind = report.facts[id].kind if id in report.facts else None
    key = _count_param(kind) if kind else None
    if kind and key and getattr(report.facts[id].settings, key) != count:
        yield Fix(
            _("Set {values}, as {data} has").format(
                values=kind.stated({key: count}), data=fault.allowed.title
            ),
            partial(edits.set_params, id=id, params={key: count}),
        )
        return
    inner = report.graph.nodes[id].inner if id in report.graph.nodes else None
    last = inner.into(OUTPUT).get(PORT) if inner else None
    if inner and last and last.source in inner.nodes:
        kind = KINDS[inner.nodes[last.source].kind]
        if key := _count_param(kind):
            yield Fix(
                _("Set {values} in {node}").format(
                    values=kind.stated({key: count}), node=f"{id}.{last.source}"
                ),
                edits.inside((id,), partial(edits.set_params, id=last.source, params={key: count})),
            )
            return
    leading = report.graph.into(OUTPUT).get(PORT)
    if leading and report.output:
        yield Fix(
            _("Append a classifier head for {count} classes").format(count=count),
            partial(_append_head, count=count, shape=report.output),
            added=(report.output[0] + 1) * count,
        )


def _keeps_count(facts: Facts) -> bool:
    """Whether its output has the shape of its input and it learns nothing."""
    return len(facts.ins) == 1 and facts.ins[0] == facts.out and not facts.params


def _count_param(kind: Kind) -> str | None:
    """The name of the parameter that says how many scores come out."""
    return next((key for key in ("classes", "out_features") if key in kind.names), None)


def _append_head(graph: Graph, count: int, shape: Shape) -> Graph:
    wire = graph.into(OUTPUT)[PORT]
    x, y = graph.nodes[wire.source].position if wire.source in graph.nodes else (0.0, 0.0)
    kind, key = (roles.HEAD, "classes") if len(shape) == 3 else (roles.SCORES, "out_features")
    params = {key: count}
    if kind.inlines and not graph.nodes.keys().isdisjoint(("avgpool", "flatten", "fc")):
        params["inline"] = False  # the names of its layers are taken
    node = Node(kind.next_id(names_in(graph)), kind.name, params, (x + 180.0, y))
    return edits.insert(graph, node, wire)


def _input(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    data = fault.allowed
    yield Fix(
        _("Set the input to {shape}, as {data} has").format(
            shape=text_of(data.input), data=data.title
        ),
        partial(replace, input=data.input),
    )


def _unconnected(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Connect the node that feeds nothing, if there is exactly one that may feed this one."""
    graph = report.graph
    allowed = fault.allowed or {"ports": (PORT,), "count": 1}
    loose = list(islice(_loose(report, id), 2)) if allowed["count"] == 1 else ()
    if len(loose) == 1:
        yield Fix(
            _("Connect {source} to {target}").format(source=loose[0], target=id),
            partial(edits.connect, source=loose[0], target=id, port=allowed["ports"][0]),
        )
    if id != OUTPUT and not graph.out_of(id):
        yield Fix(_("Remove {node}").format(node=id), partial(edits.remove, ids=[id]))


def _loose(report: Report, id: str) -> Iterator[str]:
    """The nodes that feed nothing and may feed this one, and the input if it feeds nothing."""
    downstream = report.graph.downstream(id) if report.loose else ()
    yield from (other for other in report.loose if other not in downstream)
    if id != OUTPUT and not report.graph.out_of(INPUT):
        yield INPUT


def _names(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    name, inliner = fault.allowed["name"], fault.allowed["inliner"]
    yield Fix(
        _("Keep the layers of {node} under its name").format(node=inliner),
        partial(edits.set_params, id=inliner, params={"inline": False}),
    )
    if (
        name in report.alive
        and name in names_of(name, report.facts[name])
        and report.users[name] == 2  # with a third, the name would still occur twice
    ):
        fresh = names.free(name, report.names)
        yield Fix(
            _("Rename {old} to {new}").format(old=name, new=fresh),
            partial(edits.rename, old=name, new=fresh),
        )


_RULES: dict[str, Rule] = {
    **LAYER_RULES,
    "add": _add,
    "multiply": _multiply,
    "concat": _concat,
    "vector": _vector,
    "classes": _classes,
    "input": _input,
    "unconnected": _unconnected,
    "names": _names,
}
