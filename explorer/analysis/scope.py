"""One scope of a network: the whole, or the inside of a block; what can be seen at one time."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from explorer.analysis.facts import Facts, sweep
from explorer.analysis.layout import placed_inside, unplaced
from explorer.analysis.problem import Problem, problems
from explorer.analysis.report import Report
from explorer.graph.graph import Graph, Shape
from explorer.graph.path import NodePath
from explorer.text import _


class NoInside(ValueError):
    """Nothing lies inside there; the sentence says why."""


@dataclass(frozen=True, eq=False)
class Scope:
    """path: of the block whose inside this is, () for the whole network. graph: its
    nodes at their places. facts: by node id. input: the shape that enters, None if unknown. own:
    the graph is the person's, not given by a kind."""

    path: NodePath = field(default_factory=NodePath)
    graph: Graph = field(default_factory=Graph)
    facts: dict[str, Facts] = field(default_factory=dict)
    input: Shape | None = None
    own: bool = True


def scope(report: Report, path: tuple[str, ...] = ()) -> Scope:
    """The scope of a network at a path. Raises NoInside."""
    graph, facts, own = report.graph, report.facts, True
    input: Shape | None = graph.input
    for depth, id in enumerate(path, 1):
        here, found = NodePath(path[:depth]), facts.get(id)
        if found is None:
            raise NoInside(
                _("There is no {path}; {where} holds {ids}").format(
                    path=here,
                    where=here.scope or _("the network"),
                    ids=_some(graph.nodes),
                )
            )
        node = graph.nodes[id]
        inner, own = found.expansion, own and node.inner is not None
        if inner is None:
            raise NoInside(
                _("Nothing is known of the inside of {path}").format(path=here)
                if found.kind.composite
                else _("{path} is a {kind} and has no inside").format(
                    path=here, kind=found.kind.name
                )
            )
        input = found.ins[0] if found.ins else None
        facts = {child.id: child.facts for child in sweep(inner, input)}
        graph = placed_inside(inner) if not own and unplaced(inner) else inner
    return Scope(NodePath(path), graph, facts, input, own)


def first_problems(report: Report, path: tuple[str, ...] = ()) -> dict[str, Problem]:
    """The first problem of each node of a scope, or inside it, by node id."""
    return {id: each[0] for id, each in by_node(problems(report), path).items()}


def by_node(found: Iterable[Problem], path: tuple[str, ...]) -> dict[str, list[Problem]]:
    """These problems or pieces of advice by the id of the node of a scope in which they lie."""
    nodes: dict[str, list[Problem]] = {}
    for problem in found:
        if ids := problem.path.within(path):
            nodes.setdefault(ids[0], []).append(problem)
    return nodes


def _some(ids: Iterable[str], most: int = 12) -> str:
    ids = list(ids)
    return ", ".join(ids[:most]) + (", …" if len(ids) > most else "")
