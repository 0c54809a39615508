"""Advice about the last layer of a network, and about dead ends."""

from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping
from functools import cached_property, partial

from explorer.analysis.advice.rule_context import REACH, STEP, Finding, LayerPlace, RuleContext
from explorer.analysis.facts import Facts, all_known, sweep
from explorer.analysis.problem import Fix
from explorer.catalog import KINDS, Kind
from explorer.graph import edits
from explorer.graph.graph import Graph, Shape
from explorer.graph.path import NodePath
from explorer.text import _, ngettext


def last(context: RuleContext) -> Iterator[Finding]:
    """Finds a last layer that changes the scores before they reach the loss."""
    if context.report.output is None or len(context.report.output) != 1:
        return  # the output is not a vector of scores
    end = next(
        (layer for layer in reversed(context.layers) if layer.path not in context.uses), None
    )
    for _step in range(REACH):
        if end is None or end.facts.kind.views != "always":
            break
        end = context.source(end)
    if end is None:
        return
    if message := _hindrance(end.facts.kind):
        yield Finding(
            message.format(node=context.name(end)),
            partial(_last_fixes, context, context.place(end)),
            context.place(end).path,
        )


def _hindrance(kind: Kind) -> str:
    """What a last layer of this kind does to the scores, in a sentence; "" if nothing is wrong."""
    if kind.probabilities:
        return _(
            "{node} outputs probabilities at the end, but the cross-entropy that trains the "
            "network expects scores and contains a softmax"
        )
    if kind.views == "resting":
        return _("{node} sets scores to 0 at random at the very end")
    if kind.category == "activation":
        return _(
            "{node} limits the class scores at the very end; they should be able to take any value"
        )
    return ""


def _last_fixes(context: RuleContext, place: LayerPlace) -> Iterator[Fix]:
    if place.path == place.node_path:
        yield context.removing(place.node_path)


# Dead ends ------------------------------------------------------------------------------------


def dead(context: RuleContext) -> Iterator[Finding | None]:
    """Finds nodes from which no path leads to the output: they are neither counted nor trained."""
    report = context.report
    yield from _dead(context, report.graph, report.facts, report.alive, NodePath())


def _dead(
    context: RuleContext,
    graph: Graph,
    facts: Mapping[str, Facts],
    alive: Collection[str],
    scope: NodePath,
) -> Iterator[Finding | None]:
    """The same within one graph. alive: the ids from which a path leads to its output."""
    joins = _Joins(context, graph, facts)
    for number, id in enumerate(reversed(list(graph.nodes))):
        if number % STEP == STEP - 1:
            yield None
        if id in alive or graph.out_of(id) or facts[id].fault or facts[id].out is None:
            continue
        branch = yield from _leading_only_to(graph, id)
        path = scope / id
        message = (
            _("{node} leads nowhere: it is not counted and cannot be trained")
            if len(branch) == 1
            else ngettext(
                "{node} leads nowhere: it and the {count} node that leads only to it are not counted "
                "and cannot be trained",
                "{node} leads nowhere: it and the {count} nodes that lead only to it are not counted "
                "and cannot be trained",
                len(branch) - 1,
            )
        ).format(node=path, count=len(branch) - 1)
        yield Finding(message, partial(_dead_fixes, joins, path, branch), path)
    number = 0
    for id, group in facts.items():
        if group.inner is not None and group.ins and group.ins[0] is not None:
            inside: dict[str, Facts] = {}
            for child in sweep(group.inner, group.ins[0]):
                inside[child.id] = child.facts
                number += 1
                if number % STEP == 0:
                    yield None
            alive_inside = {child.id for child in group.children}
            yield from _dead(context, group.inner, inside, alive_inside, scope / id)


def _leading_only_to(graph: Graph, end: str) -> Generator[None, None, tuple[str, ...]]:
    """The ids of a node that feeds nothing and of all nodes that feed only it, directly or through
    one another. No two such ends share a node, so all calls together are linear in the nodes."""
    branch = [end]
    uses: Counter[str] = Counter()
    for number, node in enumerate(branch):
        if number % STEP == STEP - 1:
            yield
        for wire in graph.into(node).values():
            uses[wire.source] += 1
            if wire.source in graph.nodes and uses[wire.source] == len(graph.out_of(wire.source)):
                branch.append(wire.source)
    return tuple(branch)


class _Joins:
    """The nodes of a graph that join branches, to which a dead end could be connected."""

    def __init__(self, context: RuleContext, graph: Graph, facts: Mapping[str, Facts]) -> None:
        self.graph, self.facts = graph, facts
        self._context = context

    @cached_property
    def _by_shape(self) -> dict[Shape, list[str]]:
        """Ids of sums by the shape that they add, of other joins by that with 0 for the
        channels."""
        joins: dict[Shape, list[str]] = {}
        for id, node in self.graph.nodes.items():
            ins = self.facts[id].ins
            if not KINDS[node.kind].variadic or self.facts[id].fault:
                continue
            if ins and all_known(ins):
                joins.setdefault(
                    ins[0] if KINDS[node.kind].joins == "sum" else (0, *ins[0][1:]), []
                ).append(id)
        return joins

    def only(self, id: str) -> tuple[str, str] | None:
        """The id of the one join that can take the output of a node, and the free port; None if
        there is none or more than one, or if the search would take too long."""
        shape = self.facts[id].known_out
        fitting = self._by_shape.get(shape, []) + self._by_shape.get((0, *shape[1:]), [])
        upstream = self._upstream(id, len(fitting)) if fitting else None
        if upstream is None:
            return None
        ports = [(join, self._free_port(join)) for join in fitting if join not in upstream]
        free = [(join, port) for join, port in ports if port is not None]
        return free[0] if len(free) == 1 else None

    def _free_port(self, join: str) -> str | None:
        """The first port without a wire; None if there is none left."""
        into = self.graph.into(join)
        ports = KINDS[self.graph.nodes[join].kind].all_ports
        return next((port for port in ports if port not in into), None)

    def _upstream(self, end: str, joins: int) -> set[str] | None:
        """The ids of a node and of all that lead to it, which would close a cycle; None if these
        and the joins to compare them with are more than may be visited."""
        visited, stack = {end}, [end]
        while stack:
            if not self._context.may_visit(1 + joins):
                return None
            joins = 0
            for wire in self.graph.into(stack.pop()).values():
                if wire.source not in visited:
                    visited.add(wire.source)
                    stack.append(wire.source)
        return visited


def _dead_fixes(joins: _Joins, path: NodePath, branch: tuple[str, ...]) -> Iterator[Fix]:
    scope, id = path.scope, path[-1]
    if only := joins.only(id):
        join, port = only
        yield Fix(
            _("Connect {source} to {target}").format(source=id, target=join),
            edits.inside(scope, partial(edits.connect, source=id, target=join, port=port)),
        )
    yield Fix(
        ngettext("Remove {node}", "Remove these {count} nodes", len(branch)).format(
            node=path, count=len(branch)
        ),
        edits.inside(scope, partial(edits.remove, ids=branch)),
    )
