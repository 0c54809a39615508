"""A scope laid out for a page: blocks opened, even rows, room for every shape."""

from dataclasses import replace
from math import inf

from explorer.analysis.facts import Facts, sweep
from explorer.analysis.layout import GAP, MOST_IN_BLOCK, layout
from explorer.analysis.problem import Problem, problems
from explorer.analysis.report import Report
from explorer.analysis.scope import Scope
from explorer.catalog.layers import text_of
from explorer.catalog.roles import GROUP
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Node, Wire

FULL_PAGE = 1000.0  # widest row in scene units: five cards with room for their shapes
LETTER, AROUND = 6.0, 20.0
"""Of a shape on a wire, in scene units: the width of a letter, and of the room around the text."""


def opened(scope: Scope, depth: int) -> Scope:
    """The scope with nodes replaced by what is inside them, under ids joined with dots.

    depth: 0 is the scope itself; 1 opens groups, 2 also stages, 3 also blocks, stems and heads. All
    nodes of an opened scope are at (0, 0).
    """
    if not depth:
        return scope
    opening = _Opening(depth)
    leading = opening.add(scope.graph, scope.facts, "", INPUT)
    wires = opening.wires + ([Wire(leading, OUTPUT)] if leading else [])
    graph = replace(scope.graph, nodes=opening.nodes, wires=tuple(wires))
    return replace(scope, graph=graph, facts=opening.facts)


class _Opening:
    """The nodes and wires of an opened scope in the making."""

    def __init__(self, depth: int):
        self.depth = depth
        self.nodes: dict[str, Node] = {}
        self.facts: dict[str, Facts] = {}
        self.wires: list[Wire] = []

    def add(self, graph: Graph, facts: dict[str, Facts], prefix: str, entering: str) -> str | None:
        """Add the nodes of a graph whose input is the output of `entering`, and return the id of
        the node whose output is its output."""
        producer: dict[str, str | None] = {INPUT: entering}
        for id in graph.order:
            into = {
                port: source
                for port, wire in graph.into(id).items()
                if (source := producer[wire.source])
            }
            inner = self._inside(facts[id], into)
            if inner is not None:
                inside = {child.id: child.facts for child in sweep(inner, facts[id].ins[0])}
                producer[id] = self.add(inner, inside, f"{prefix}{id}.", into[PORT])
                continue
            full_id = producer[id] = prefix + id
            self.nodes[full_id] = replace(
                graph.nodes[id], id=full_id, position=(0.0, 0.0), inner=None
            )
            self.facts[full_id] = facts[id]
            self.wires += [Wire(source, full_id, port) for port, source in into.items()]
        leading = graph.into(OUTPUT).get(PORT)
        return producer[leading.source] if leading else None

    def _inside(self, facts: Facts, into: dict[str, str]) -> Graph | None:
        """The graph to draw instead of a node; None if the node itself is drawn."""
        kind = facts.kind
        needed = 1 if kind is GROUP else 2 if kind.category == "stage" else 3
        if not kind.composite or self.depth < needed or list(into) != [PORT] or not facts.ins:
            return None
        inner = facts.expansion
        return inner if inner is not None and inner.nodes and inner.into(OUTPUT) else None


def problems_on(report: Report, scope: Scope) -> dict[str, Problem]:
    """The first problem at or inside each node of a scope, which may be opened, by node id."""
    first: dict[str, Problem] = {}
    for problem in problems(report):
        within = problem.path.within(scope.path)
        ids = [".".join(within[:count]) for count in range(len(within), 0, -1)]
        id = next((id for id in ids if id in scope.facts), ids[-1] if ids else None)
        if id is not None:
            first.setdefault(id, problem)
    return first


def roomy_gap(scope: Scope) -> float:
    """The gap between cards, in scene units, in which the widest shape of a scope can be read."""
    shapes = [scope.input, *(facts.out for facts in scope.facts.values())]
    return max([GAP, *(LETTER * len(text_of(shape)) + AROUND for shape in shapes if shape)])


def spread(scope: Scope, gap: float) -> Scope:
    """The scope with its nodes laid out for a page, `gap` between them: in as few rows as fit, as
    short as their number allows; a block with branches in one row."""
    graph = scope.graph
    branches = any(len(graph.into(id)) > 1 for id in graph.nodes)
    block = scope.path and branches and len(graph.nodes) <= MOST_IN_BLOCK
    positions = layout(graph, inf if block else FULL_PAGE, gap, even=not block)
    return replace(
        scope,
        graph=replace(
            graph,
            nodes={id: replace(node, position=positions[id]) for id, node in graph.nodes.items()},
        ),
    )
