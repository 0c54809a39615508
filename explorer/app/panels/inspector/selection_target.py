"""What the inspector is about: one node, several, or the whole network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from explorer.analysis.facts import Facts
from explorer.analysis.problem import Problem
from explorer.app.session import Session
from explorer.graph import edits
from explorer.graph.edits import Edit
from explorer.graph.graph import ENDS, Graph, Value
from explorer.graph.path import NodePath, declared


@dataclass(frozen=True)
class SelectionTarget:
    """Nodes of the graph at the path `where`; none stands for the whole network.

    given: the path of the declared block in which they lie, so that they cannot be edited;
    None if they can.
    """

    where: NodePath
    facts: Mapping[str, Facts]
    given: NodePath | None

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.facts)

    @property
    def only(self) -> Facts | None:
        """The facts of the one node, None if there are none or several."""
        return next(iter(self.facts.values())) if len(self.facts) == 1 else None

    @property
    def paths(self) -> tuple[NodePath, ...]:
        return tuple([self.where / id for id in self.ids])

    @property
    def path(self) -> NodePath:
        """The path of the first node, () for the whole network."""
        return self.paths[0] if self.facts else NodePath()

    def problems_of(self, problems: tuple[Problem, ...]) -> list[Problem]:
        """Those of these nodes and of what is inside them; of the network's ends, if it is the
        whole network."""
        if not self.facts:
            return [problem for problem in problems if problem.path[0] in ENDS]
        return [each for each in problems if any(map(each.path.lies_in, self.paths))]

    def lifted(self, edit: Edit) -> Edit:
        """An edit of the graph in which the nodes lie, as one of the whole network."""
        return edits.inside(self.where, edit)

    def setting(self, name: str, value: Value) -> Edit:
        """The edit that sets a parameter of all these nodes."""
        return self.lifted(
            lambda graph: _each(
                graph, self.ids, lambda graph, id: edits.set_params(graph, id, {name: value})
            )
        )

    def resetting(self, name: str) -> Edit:
        """The edit that takes a parameter of all these nodes back to its default."""
        return self.lifted(
            lambda graph: _each(graph, self.ids, lambda graph, id: _without(graph, id, name))
        )


def target_of(session: Session) -> SelectionTarget:
    """What is selected; the open block, if nothing is in it; else the whole network."""
    if len(session.selection) > 1:
        known = session.shown_facts
        return SelectionTarget(
            session.view,
            {id: known[id] for id in known if id in session.selection},
            declared(session.graph, session.view),
        )
    path = session.selected
    facts = session.facts_of(path)
    if facts is None:
        return SelectionTarget(NodePath(), {}, None)
    return SelectionTarget(path.scope, {path[-1]: facts}, declared(session.graph, path.scope))


def _each(graph: Graph, ids: tuple[str, ...], edit: Callable[[Graph, str], Graph]) -> Graph:
    for id in ids:
        graph = edit(graph, id)
    return graph


def _without(graph: Graph, id: str, name: str) -> Graph:
    node = graph.nodes[id]
    params = {key: value for key, value in node.params.items() if key != name}
    return edits.replace_node(graph, replace(node, params=params))
