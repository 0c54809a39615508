"""The fixes of a problem: named edits that remove it, from which a person chooses."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from math import gcd
from weakref import WeakKeyDictionary

from explorer.analysis.branch import nodes_of
from explorer.analysis.facts import Facts, Fault, facts_of, names_in, names_of
from explorer.analysis.flattening import flattenings, unflattened
from explorer.analysis.insertion import Addition, insert_row
from explorer.analysis.join_fixes import JOIN_RULES, matched
from explorer.analysis.layer_fixes import LAYER_RULES, Rule, removal, setting
from explorer.analysis.misfits import misfits
from explorer.analysis.problem import MISFIT, MOST_TRIED, Fix, Problem, problems, trials
from explorer.analysis.report import Report, analyse
from explorer.catalog import KINDS, Kind, Param, check, roles
from explorer.catalog.layers.window import text_of
from explorer.graph import edits, names
from explorer.graph.edits import EditError
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Node, Shape, Value
from explorer.graph.path import NodePath
from explorer.text import _

MOST_OFFERED = 5
"""So many fixes are offered for one problem, the first that mend; fewer in a very large network."""
_SIZES, _GUESSES = 2, 3
"""So many sizes of the input, and nodes before one that is not connected, are tried."""
_NEAR = 8
"""So far from its value other values of a block's parameter are tried."""
_cache: WeakKeyDictionary[Report, dict[tuple[NodePath, str, str], tuple[Fix, ...]]] = (
    WeakKeyDictionary()
)


def fixes(report: Report, problem: Problem) -> tuple[Fix, ...]:
    """The fixes of a problem of the network, those first that leave fewest other faults; none if it
    has none to offer. Each has been tried: it removes the problem and leaves fewer faults than there
    were."""
    if problem.fault is None:
        return problem.tried
    known = _cache.setdefault(report, {})
    key = problem.path, problem.rule, problem.message
    if key not in known:
        known[key] = tuple(_mending(report, problem, problem.fault))
    return known[key]


def blamed(report: Report, problem: Problem) -> tuple[NodePath, ...]:
    """The paths of the nodes whose parameters are at fault: those that the first fix sets which
    sets parameters alone. The node of the problem itself if there is no such fix."""
    return next((fix.sets for fix in fixes(report, problem) if fix.sets), (problem.path,))


# Trial ----------------------------------------------------------------------------------------


def _mending(report: Report, problem: Problem, fault: Fault) -> list[Fix]:
    before = len(_all(report, problem))
    hidden = {problem.path, *_hidden(report, NodePath())}
    left = min(MOST_TRIED, trials(report))
    most = min(MOST_OFFERED, trials(report) // 4)
    fewer: list[tuple[int, Fix]] = []  # with how many faults each leaves
    others: list[Fix] = []  # they bring faults to light that were hidden
    for candidates in _candidates(report, problem.path, fault):
        for fix in candidates:
            if not left or sum(not count for count, _fix in fewer) == most:
                break
            left -= 1
            after = _report_after(report, fix)
            if after is None or _remains(problem, after):
                continue
            faults = _all(after, problem)
            if len(faults) < before:
                fewer.append((len(faults), _priced(fix, problem, report, after)))
            elif sum(not _lies_in(each.path, hidden) for each in faults) < before:
                others.append(_priced(fix, problem, report, after))
        if any(not count and not fix.removes for count, fix in fewer):
            break
    best = [fix for _count, fix in sorted(fewer, key=lambda each: (each[0], each[1].removes))]
    return (best or others)[:most]


def _remains(problem: Problem, after: Report) -> bool:
    found = _all(after, problem)
    return any((each.path, each.rule) == (problem.path, problem.rule) for each in found)


def _all(report: Report, problem: Problem) -> tuple[Problem, ...]:
    """The faults of a network; with what does not fit its data set, if the problem is of that kind."""
    found = problems(report)
    return (*found, *misfits(report, report.data)) if problem.grade == MISFIT else found


def _lies_in(path: NodePath, nodes: Set[tuple[str, ...]]) -> bool:
    """Whether this is one of the nodes, or inside one."""
    return any(path[:depth] in nodes for depth in range(1, len(path) + 1))


def _report_after(report: Report, fix: Fix) -> Report | None:
    """The report on the network with the fix applied; None if it cannot be applied."""
    try:
        graph = check.graph(fix.edit(report.graph), report.graph)
    except (EditError, check.KindError):
        return None
    return analyse(graph, report.data)


def _priced(fix: Fix, problem: Problem, report: Report, after: Report) -> Fix:
    """The fix with what it adds to the network, or for a dead end to all that is drawn."""
    alive = problem.path[0] in report.alive
    if alive and not (report.known and after.known):
        return fix
    (params, macs), (params_after, macs_after) = (
        (each.params, each.macs)
        if alive
        else (
            sum(facts.params for facts in each.facts.values()),
            sum(facts.macs for facts in each.facts.values()),
        )
        for each in (report, after)
    )
    return replace(fix, added=params_after - params, macs=macs_after - macs)


def _hidden(report: Report, scope: NodePath) -> Iterator[tuple[str, ...]]:
    """The paths of the nodes whose inputs are not known. Faults of theirs may come to light by a
    fix, and do not count against it."""
    for id, facts in report.facts.items():
        if None in facts.ins:
            yield scope / id
        elif facts.inner is not None and facts.faults and facts.ins:
            yield from _hidden(report.inside(id), scope / id)


# Candidates -----------------------------------------------------------------------------------


def _candidates(report: Report, path: Sequence[str], fault: Fault) -> Iterator[Iterator[Fix]]:
    """Fixes of the fault of the node at `path` that may mend, in groups; a group is tried if none of
    those before it mends."""
    for rule in _rules(report, path, fault):
        candidates = _scoped(rule, report, path, fault)
        yield chain(candidates, _input_sizes(report)) if fault.rule in JOIN_RULES else candidates


def _rules(report: Report, path: Sequence[str], fault: Fault) -> tuple[Rule, ...]:
    while len(path) > 1 and path[0] in report.facts and report.facts[path[0]].inner is not None:
        report, path = report.inside(path[0]), path[1:]
    if len(path) > 1 and fault.rule != "map":
        return (_block,)
    return _RULES.get(fault.rule, (_none,))


def _scoped(rule: Rule, report: Report, path: Sequence[str], fault: Fault) -> Iterator[Fix]:
    """The fixes of the node at `path`. The inside of a group is fixed like a network, that of a
    declared block by the block's own parameters."""
    id, *within = path
    if not within or report.facts[id].inner is None:
        yield from rule(report, id, fault)
        return
    if fault.rule == "map" and len(report.facts[id].known_ins[0]) == 1:
        yield from rule(report, id, fault)  # the group itself gets a vector
    for fix in _scoped(rule, report.inside(id), within, fault):
        yield replace(
            fix,
            edit=edits.inside((id,), fix.edit),
            sets=tuple([NodePath((id, *path)) for path in fix.sets]),
        )


def _none(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    return iter(())


# Blocks ---------------------------------------------------------------------------------------


def _block(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Give the block as many channels as come out of it, which a shortcut needs; or other parameters
    of its own with which all inside it fits, those first that keep its output."""
    facts, node = report.facts[id], report.graph.nodes[id]
    have = facts.known_ins[0]
    if facts.out and len(facts.out) == len(have) == 3 and facts.out[0] != have[0]:
        wire = report.graph.into(id)[PORT]
        yield from matched(report, id, (facts.out[0], *have[1:]), [(wire, have)])
    mending = []
    for param in facts.kind.params:
        value = getattr(facts.settings, param.name)
        for other in _others(param, value, facts):
            params = {**node.params, param.name: other}
            if facts.kind.fault(params):
                continue
            changed = facts_of(replace(node, params=params), facts.ins)
            if not changed.faults:
                mending.append((changed.out != facts.out, param.name, other))
    for _changed, name, other in sorted(mending, key=lambda each: each[0]):
        yield from setting(report, id, **{name: other})


def _others(param: Param, value: Value, facts: Facts) -> Iterator[Value]:
    """Other values of a parameter, the nearest first."""
    if param.choices:
        yield from (choice for choice in param.choices if choice != value)
    elif type(value) is bool:
        yield not value
    elif type(value) is int:
        near = {value + step for step in range(-_NEAR, _NEAR + 1)} | {value // 2, 2 * value, 1}
        channels = facts.known_ins[0][0]
        near |= {gcd(value, channels), -(-value // 32) * 32}
        yield from sorted(near - {value}, key=lambda other: abs(other - value))


# Maps and vectors -----------------------------------------------------------------------------


def _vector(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Make a vector of the map before the layer."""
    if len(report.facts[id].known_ins[0]) != 3:
        return
    flat = Addition(roles.FLATTEN)
    pool = Addition(roles.GLOBAL_POOLING, loss=_("only the mean of each channel is kept"))
    for label, row in (
        (_("Insert global average pooling and Flatten"), (pool, flat)),
        (_("Insert Flatten"), (flat,)),
    ):
        yield Fix(label, partial(_before, id=id, row=row), loss=row[0].loss)


def _before(graph: Graph, id: str, row: Sequence[Addition]) -> Graph:
    return insert_row(graph, next(iter(graph.into(id).values())), row)


def _map(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Take the map from before the layer that makes it a vector, and make the vector where one is
    needed; or use a layer that takes vectors."""
    facts, node = report.facts[id], report.graph.nodes[id]
    yield from unflattened(report, id)
    for flatten, wire in flattenings(report, next(iter(report.graph.into(id).values()))):
        if len(flatten) == 1 and (needs := _first_in_need(report, flatten[0])):
            yield Fix(
                _("Move {flatten} to before {node}").format(flatten=flatten, node=needs),
                partial(_moved, id=wire.source, target=needs),
            )
    if facts.kind.normalises:
        yield _instead(node, roles.VECTOR_NORMALISATION, {})
    elif facts.kind.convolves:
        yield _instead(node, roles.SCORES, {"out_features": facts.settings.out_channels})
    if (source := _last_map(report, id)) is not None:
        yield replace(_connection(source, id, PORT), loss=_("what lies between is passed by"))
    yield removal(id)


def _last_map(report: Report, id: str) -> str | None:
    """What feeds the layer that makes a vector of a map, where another lies between it and the
    node; None if there is no such layer."""
    for number, each in enumerate(nodes_of(report, report.sources[id][0], ())):
        if len(report.facts[each].known_ins[0]) == 3:
            direct = number == 0 and report.facts[each].kind is roles.FLATTEN
            return None if direct else report.sources[each][0]
    return None


def _first_in_need(report: Report, flatten: str) -> str | None:
    """The first node that without this one gets a map but needs a vector."""
    after = analyse(edits.remove(report.graph, [flatten], bridge=True))
    return next(
        (
            id
            for id, facts in after.facts.items()
            if facts.fault and facts.fault.rule == "vector" and not report.facts[id].fault
        ),
        None,
    )


def _moved(graph: Graph, id: str, target: str) -> Graph:
    """The graph with a node of one input put before another."""
    node = graph.nodes[id]
    graph = edits.remove(graph, [id], bridge=True)
    wire = next(iter(graph.into(target).values()))
    x, y = graph.nodes[target].position
    return edits.insert(graph, replace(node, position=(x - 130.0, y)), wire)


def _instead(node: Node, kind: Kind, params: dict[str, Value]) -> Fix:
    return Fix(
        _("Use {kind} instead of {node}").format(kind=kind.name, node=node.id),
        partial(edits.replace_node, node=replace(node, kind=kind.name, params=params)),
    )


# The ends of the network ----------------------------------------------------------------------


def _classes(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    count = len(fault.allowed.classes)
    while id in report.facts and _keeps_count(report.facts[id]):
        id = report.sources[id][0]  # the number of scores is set before it
    kind = report.facts[id].kind if id in report.facts else None
    key = _classes_param(kind) if kind else None
    if kind and key and getattr(report.facts[id].settings, key) != count:
        yield Fix(
            _("Set {values}, as {data} has").format(
                values=kind.stated({key: count}), data=fault.allowed.title
            ),
            partial(edits.set_params, id=id, params={key: count}),
            sets=(NodePath((id,)),),
        )
        return
    inner = report.graph.nodes[id].inner if id in report.graph.nodes else None
    last = inner.into(OUTPUT).get(PORT) if inner else None
    if inner and last and last.source in inner.nodes:
        kind = KINDS[inner.nodes[last.source].kind]
        if key := _classes_param(kind):
            yield Fix(
                _("Set {values} in {node}").format(
                    values=kind.stated({key: count}), node=f"{id}.{last.source}"
                ),
                edits.inside((id,), partial(edits.set_params, id=last.source, params={key: count})),
                sets=(NodePath((id, last.source)),),
            )
            return
    leading = report.graph.into(OUTPUT).get(PORT)
    if leading and report.output:
        yield Fix(
            _("Append a classifier head for {count} classes").format(count=count),
            partial(_append_head, count=count, shape=report.output),
        )


def _keeps_count(facts: Facts) -> bool:
    """Whether its output has the shape of its input and it learns nothing."""
    return len(facts.ins) == 1 and facts.ins[0] == facts.out and not facts.params


def _classes_param(kind: Kind) -> str | None:
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


def _input_sizes(report: Report) -> Iterator[Fix]:
    """Pictures whose sides can be halved as often as a network halves them: the nearest sizes."""
    graph = report.graph
    if len(graph.input) != 3:
        return
    channels, *sides = graph.input
    sizes: dict[tuple[int, ...], int] = {}
    for step in (2, 4, 8, 16, 32):
        for up in (0, step - 1):
            size = tuple([(side + up) // step * step for side in sides])
            distance = max(abs(a - b) for a, b in zip(size, sides))
            if min(size) and 0 < distance <= max(sides) // 4:
                sizes.setdefault(size, distance)
    for size in sorted(sizes, key=lambda each: sizes[each])[:_SIZES]:
        yield Fix(
            _("Set the input to {shape}").format(shape=text_of((channels, *size))),
            partial(replace, input=(channels, *size)),
            loss=_("pictures are resized"),
        )


def _unconnected(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Connect the node that feeds nothing, if there is exactly one that may feed this one."""
    graph = report.graph
    allowed = fault.allowed or {"ports": (PORT,), "count": 1}
    loose = list(islice(_loose(report, id), 2)) if allowed["count"] == 1 else ()
    if len(loose) == 1:
        yield _connection(loose[0], id, allowed["ports"][0])
    if id != OUTPUT and not graph.out_of(id):
        yield removal(id, bridge=False)


def _unconnected_guess(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Connect a node that may feed this one: one that feeds nothing, the one before it, or for a
    join the start of its other branch."""
    allowed = fault.allowed or {"ports": (PORT,), "count": 1}
    if allowed["count"] != 1 or (id != OUTPUT and not report.graph.out_of(id)):
        return
    sources = list(islice(_loose(report, id), _GUESSES))
    if id in report.facts and report.sources[id]:
        sources += _starts(report, report.sources[id][0])
    order = (INPUT, *report.graph.order)
    rank = report.graph.ranks[id] if id != OUTPUT else len(order)
    sources += reversed(order[max(0, rank - _GUESSES) : rank])
    taken = report.sources.get(id, ())
    for source in dict.fromkeys((*sources, INPUT)):
        if source not in taken:
            yield _connection(source, id, allowed["ports"][0])
    if id != OUTPUT:
        yield removal(id)


def _connection(source: str, target: str, port: str) -> Fix:
    return Fix(
        _("Connect {source} to {target}").format(source=source, target=target),
        partial(edits.connect, source=source, target=target, port=port),
    )


def _starts(report: Report, source: str) -> list[str]:
    """Where a branch that ends with this node begins: what feeds more than one node, joins others
    or is the input; the last such first."""
    ids = nodes_of(report, source, ())
    first = report.sources[ids[-1]][0] if ids else INPUT
    return [
        id
        for id in (*ids[1:], first)
        if id == INPUT or len(report.graph.out_of(id)) > 1 or len(report.sources.get(id, ())) > 1
    ]


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
        sets=(NodePath((inliner,)),),
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


_RULES: dict[str, tuple[Rule, ...]] = {
    **LAYER_RULES,
    **JOIN_RULES,
    "vector": (_vector,),
    "map": (_map,),
    "classes": (_classes,),
    "input": (_input,),
    "unconnected": (_unconnected, _unconnected_guess),
    "names": (_names,),
}
