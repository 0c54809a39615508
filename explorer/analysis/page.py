"""A level as it is printed: groups opened, its rows of one length, room for every shape."""

from dataclasses import replace
from math import inf

from explorer.analysis.facts import Facts, sweep
from explorer.analysis.layout import GAP, MOST_IN_BLOCK, layout
from explorer.analysis.level import Level
from explorer.analysis.problem import Problem, problems
from explorer.analysis.report import Report
from explorer.catalog.layers import text_of
from explorer.catalog.roles import GROUP
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Node, Wire

FULL_PAGE = 1000.0  # the widest row, in scene units: five cards with room for their shapes
LETTER, AROUND = 6.0, 20.0
"""Of a shape on a wire: how wide a letter is, and the room before and behind it, in scene units."""


def opened(level: Level, depth: int) -> Level:
    """The level with what lies inside its nodes in their place, the ids joined with dots: of
    groups at a depth of 1, of stages too at 2, of blocks, stems and heads too at 3; nobody has
    placed it. At 0 the level itself."""
    if not depth:
        return level
    opening = _Opening(depth)
    leading = opening.put(level.graph, level.facts, "", INPUT)
    wires = opening.wires + ([Wire(leading, OUTPUT)] if leading else [])
    graph = replace(level.graph, nodes=opening.nodes, wires=tuple(wires))
    return replace(level, graph=graph, facts=opening.facts)


class _Opening:
    """The nodes and wires of a level in the making."""

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


def problems_on(report: Report, level: Level) -> dict[str, Problem]:
    """The first problem of each node of a level, opened or not, or inside it, by node id."""
    found: dict[str, Problem] = {}
    for problem in problems(report):
        within = problem.path.within(level.path)
        ids = [".".join(within[:count]) for count in range(len(within), 0, -1)]
        id = next((id for id in ids if id in level.facts), ids[-1] if ids else None)
        if id is not None:
            found.setdefault(id, problem)
    return found


def roomy_gap(level: Level) -> float:
    """The room between cards in which the widest shape of a level can be read."""
    shapes = [level.input, *(facts.out for facts in level.facts.values())]
    return max([GAP, *(LETTER * len(text_of(shape)) + AROUND for shape in shapes if shape)])


def spread(level: Level, gap: float) -> Level:
    """The level with its nodes where they stand best on a page, `gap` between them: in as few rows
    as it has room for, each as short as their number allows; a block of branches in one row."""
    graph = level.graph
    branches = any(len(graph.into(id)) > 1 for id in graph.nodes)
    block = level.path and branches and len(graph.nodes) <= MOST_IN_BLOCK
    places = layout(graph, inf if block else FULL_PAGE, gap, even=not block)
    return replace(
        level,
        graph=replace(
            graph,
            nodes={id: replace(node, position=places[id]) for id, node in graph.nodes.items()},
        ),
    )
