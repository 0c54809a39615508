"""Advice about where a network ends, and what in it leads nowhere."""

from collections import Counter
from collections.abc import Collection, Generator, Iterator, Mapping
from functools import cached_property, partial

from explorer.analysis.advice.rule_context import LOOK, STEP, Finding, LayerPlace, RuleContext
from explorer.analysis.facts import Facts, all_known, sweep
from explorer.analysis.problem import Fix
from explorer.catalog import KINDS, Kind
from explorer.graph import edits
from explorer.graph.graph import Graph, Shape
from explorer.graph.path import NodePath
from explorer.text import _


def last(context: RuleContext) -> Iterator[Finding]:
    """Scores that do not reach the loss as they are."""
    if context.report.output is None or len(context.report.output) != 1:
        return  # a map for each picture is no vector of scores
    end = next(
        (layer for layer in reversed(context.layers) if layer.path not in context.uses), None
    )
    for _step in range(LOOK):
        if end is None or end.facts.kind.views != "always":
            break
        end = context.source(end)
    if end is None:
        return
    if said := _hindrance(end.facts.kind):
        yield Finding(
            said.format(node=context.name(end)),
            partial(_removed, context, context.place(end)),
            context.place(end).path,
        )


def _hindrance(kind: Kind) -> str:
    """What such a layer does to the scores at the end; "" if nothing is wrong with it."""
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


def _removed(context: RuleContext, place: LayerPlace) -> Iterator[Fix]:
    if place.path == place.own:
        yield context.removing(place.own)


# Dead ends ------------------------------------------------------------------------------------


def dead(context: RuleContext) -> Iterator[Finding | None]:
    """Nodes from which no way leads to the output: they are neither counted nor trained."""
    report = context.report
    yield from _dead(context, report.graph, report.facts, report.alive, NodePath())


def _dead(
    context: RuleContext,
    graph: Graph,
    facts: Mapping[str, Facts],
    alive: Collection[str],
    where: NodePath,
) -> Iterator[Finding | None]:
    joins = _Joins(context, graph, facts)
    for number, id in enumerate(reversed(list(graph.nodes))):
        if number % STEP == STEP - 1:
            yield None
        if id in alive or graph.out_of(id) or facts[id].fault or facts[id].out is None:
            continue
        branch = yield from _leading_only_to(graph, id)
        name = where / id
        message = (
            _("{node} leads nowhere: it is not counted and cannot be trained").format(node=name)
            if len(branch) == 1
            else _(
                "{node} leads nowhere: it and the {count} nodes that lead only to it are not counted "
                "and cannot be trained"
            ).format(node=name, count=len(branch) - 1)
        )
        yield Finding(message, partial(_cut, joins, where, id, branch), where / id)
    number = 0
    for id, found in facts.items():
        if found.inner is not None and found.ins and found.ins[0] is not None:
            inner: dict[str, Facts] = {}
            for child in sweep(found.inner, found.ins[0]):
                inner[child.id] = child.facts
                number += 1
                if number % STEP == 0:
                    yield None
            living = {child.id for child in found.children}
            yield from _dead(context, found.inner, inner, living, where / id)


def _leading_only_to(graph: Graph, end: str) -> Generator[None, None, tuple[str, ...]]:
    """A node that feeds nothing, and all whose wires lead to it alone. No other such node has any
    of them, so all together have no more than there are."""
    branch = [end]
    met: Counter[str] = Counter()
    for number, node in enumerate(branch):
        if number % STEP == STEP - 1:
            yield
        for wire in graph.into(node).values():
            met[wire.source] += 1
            if wire.source in graph.nodes and met[wire.source] == len(graph.out_of(wire.source)):
                branch.append(wire.source)
    return tuple(branch)


class _Joins:
    """The nodes of a graph that can take one branch more, by what they take."""

    def __init__(self, context: RuleContext, graph: Graph, facts: Mapping[str, Facts]) -> None:
        self.graph, self.facts = graph, facts
        self._ground = context

    @cached_property
    def _by_shape(self) -> dict[Shape, list[str]]:
        """Sums by the shape that they add, other joins by that without the channels."""
        found: dict[Shape, list[str]] = {}
        for id, node in self.graph.nodes.items():
            ins = self.facts[id].ins
            if not KINDS[node.kind].variadic or self.facts[id].fault:
                continue
            if ins and all_known(ins):
                found.setdefault(
                    ins[0] if KINDS[node.kind].joins == "sum" else (0, *ins[0][1:]), []
                ).append(id)
        return found

    def only(self, id: str) -> tuple[str, str] | None:
        """The one join that can take a node's output, and the port; None if there is none or
        another, or if enough was looked for."""
        shape = self.facts[id].known_out
        found = self._by_shape.get(shape, []) + self._by_shape.get((0, *shape[1:]), [])
        leading = self._leading_to(id, len(found)) if found else None
        if leading is None:
            return None
        ports = [(join, self._port(join)) for join in found if join not in leading]
        free = [(join, port) for join, port in ports if port is not None]
        return free[0] if len(free) == 1 else None

    def _port(self, join: str) -> str | None:
        """Where a wire more can end; None if there are too many already."""
        into = self.graph.into(join)
        ports = KINDS[self.graph.nodes[join].kind].all_ports
        return next((port for port in ports if port not in into), None)

    def _leading_to(self, end: str, work: int) -> set[str] | None:
        """A node and those that lead to it, which cannot take what it gives; None if that is more
        than may be looked at, with so much other work."""
        found, stack = {end}, [end]
        while stack:
            if not self._ground.may_walk(1 + work):
                return None
            work = 0
            for wire in self.graph.into(stack.pop()).values():
                if wire.source not in found:
                    found.add(wire.source)
                    stack.append(wire.source)
        return found


def _cut(joins: _Joins, where: NodePath, id: str, branch: tuple[str, ...]) -> Iterator[Fix]:
    end = joins.only(id)
    if end is not None:
        join, port = end
        yield Fix(
            _("Connect {source} to {target}").format(source=id, target=join),
            edits.inside(where, partial(edits.connect, source=id, target=join, port=port)),
        )
    yield Fix(
        _("Remove {node}").format(node=where / id)
        if len(branch) == 1
        else _("Remove these {count} nodes").format(count=len(branch)),
        edits.inside(where, partial(edits.remove, ids=branch)),
    )
