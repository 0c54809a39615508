"""A scope of a network: the whole network, or the inside of one block."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from explorer.analysis.facts import Facts, sweep
from explorer.analysis.layout import placed_inside, unplaced
from explorer.analysis.problem import Problem, problems
from explorer.analysis.report import Report
from explorer.graph.graph import Graph, Shape
from explorer.graph.path import NodePath
from explorer.text import _

MOST_NAMED = 12
"""The most ids that a message lists."""


class NoInside(ValueError):
    """The path does not lead to a block whose inside is known; the sentence says why."""


@dataclass(frozen=True, eq=False)
class Scope:
    """The whole network, or the inside of one block.

    path: of that block; () is the whole network. graph: its nodes with their positions. facts: by
    node id. input: shape of the input, None if unknown. own: whether the user drew the graph;
    otherwise a kind declares it.
    """

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
        block, node_facts = NodePath(path[:depth]), facts.get(id)
        if node_facts is None:
            sentence = (
                _("There is no {path}; {scope} contains {ids}")
                if block.scope
                else _("There is no {path}; the network contains {ids}")
            )
            ids = ", ".join(list(graph.nodes)[:MOST_NAMED])
            ids += ", …" * (len(graph.nodes) > MOST_NAMED)
            raise NoInside(sentence.format(path=block, scope=block.scope, ids=ids))
        inner, own = node_facts.expansion, own and graph.nodes[id].inner is not None
        if inner is None:
            raise NoInside(
                _(
                    "The inside of {path} is unknown because the shape of its input is unknown"
                ).format(path=block)
                if node_facts.kind.composite
                else _("{path} is a {kind} and has no inside").format(
                    path=block, kind=node_facts.kind.name
                )
            )
        input = node_facts.ins[0] if node_facts.ins else None
        facts = {child.id: child.facts for child in sweep(inner, input)}
        graph = placed_inside(inner) if not own and unplaced(inner) else inner
    return Scope(NodePath(path), graph, facts, input, own)


def first_problems(report: Report, path: tuple[str, ...] = ()) -> dict[str, Problem]:
    """The first problem at or inside each node of the scope at `path`, by node id."""
    return {id: each[0] for id, each in by_node(problems(report), path).items()}


def by_node(problems: Iterable[Problem], path: tuple[str, ...]) -> dict[str, list[Problem]]:
    """These problems by the id of the node at or inside which each is, of those in the scope at
    `path`."""
    nodes: dict[str, list[Problem]] = {}
    for problem in problems:
        if ids := problem.path.within(path):
            nodes.setdefault(ids[0], []).append(problem)
    return nodes
