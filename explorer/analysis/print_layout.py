"""A scope as it is printed: groups opened, its rows of one length, room for every shape."""

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

FULL_PAGE = 1000.0  # the widest row, in scene units: five cards with room for their shapes
LETTER, AROUND = 6.0, 20.0
"""Of a shape on a wire: how wide a letter is, and the room before and behind it, in scene units."""


def opened(scope: Scope, depth: int) -> Scope:
    """The scope with what lies inside its nodes in their place, the ids joined with dots: of
    groups at a depth of 1, of stages too at 2, of blocks, stems and heads too at 3; nobody has
    placed it. At 0 the scope itself."""
    if not depth:
        return scope
    opening = _Opening(depth)
    leading = opening.put(scope.graph, scope.facts, "", INPUT)
    wires = opening.wires + ([Wire(leading, OUTPUT)] if leading else [])
    graph = replace(scope.graph, nodes=opening.nodes, wires=tuple(wires))
    return replace(scope, graph=graph, facts=opening.facts)


class _Opening:
    """The nodes and wires of a scope in the making."""

    def __init__(self, depth: int):
        self.depth = depth
        self.nodes: dict[str, Node] = {}
        self.facts: dict[str, Facts] = {}
        self.wires: list[Wire] = []

    def put(self, graph: Graph, facts: dict[str, Facts], prefix: str, entering: str) -> str | None:
        """Take over the nodes of a graph, which `entering` feeds; the id that gives its output."""
        given: dict[str, str | None] = {INPUT: entering}
        for id in graph.order:
            into = {
                port: source
                for port, wire in graph.into(id).items()
                if (source := given[wire.source])
            }
            inner = self._inside(facts[id], into)
            if inner is not None:
                inside = {child.id: child.facts for child in sweep(inner, facts[id].ins[0])}
                given[id] = self.put(inner, inside, f"{prefix}{id}.", into[PORT])
                continue
            whole = given[id] = prefix + id
            self.nodes[whole] = replace(graph.nodes[id], id=whole, position=(0.0, 0.0), inner=None)
            self.facts[whole] = facts[id]
            self.wires += [Wire(source, whole, port) for port, source in into.items()]
        leading = graph.into(OUTPUT).get(PORT)
        return given[leading.source] if leading else None

    def _inside(self, found: Facts, into: dict[str, str]) -> Graph | None:
        """What is to be drawn instead of a node; None: itself."""
        kind = found.kind
        needed = 1 if kind is GROUP else 2 if kind.category == "stage" else 3
        if not kind.composite or self.depth < needed or list(into) != [PORT] or not found.ins:
            return None
        inner = found.expansion
        return inner if inner is not None and inner.nodes and inner.into(OUTPUT) else None


def problems_on(report: Report, scope: Scope) -> dict[str, Problem]:
    """The first problem of each node of a scope, opened or not, or inside it, by node id."""
    found: dict[str, Problem] = {}
    for problem in problems(report):
        within = problem.path.within(scope.path)
        ids = [".".join(within[:count]) for count in range(len(within), 0, -1)]
        id = next((id for id in ids if id in scope.facts), ids[-1] if ids else None)
        if id is not None:
            found.setdefault(id, problem)
    return found


def roomy_gap(scope: Scope) -> float:
    """The room between cards in which the widest shape of a scope can be read."""
    shapes = [scope.input, *(facts.out for facts in scope.facts.values())]
    return max([GAP, *(LETTER * len(text_of(shape)) + AROUND for shape in shapes if shape)])


def spread(scope: Scope, gap: float) -> Scope:
    """The scope with its nodes where they stand best on a page, `gap` between them: in as few rows
    as it has room for, each as short as their number allows; a block of branches in one row."""
    graph = scope.graph
    branches = any(len(graph.into(id)) > 1 for id in graph.nodes)
    block = scope.path and branches and len(graph.nodes) <= MOST_IN_BLOCK
    places = layout(graph, inf if block else FULL_PAGE, gap, even=not block)
    return replace(
        scope,
        graph=replace(
            graph,
            nodes={id: replace(node, position=places[id]) for id, node in graph.nodes.items()},
        ),
    )
