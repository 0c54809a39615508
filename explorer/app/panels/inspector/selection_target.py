"""What the inspector shows and edits: one node, several, or the whole network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce

from explorer.analysis.facts import Facts
from explorer.analysis.problem import Problem
from explorer.app.session import Session
from explorer.graph import edits
from explorer.graph.edits import Edit
from explorer.graph.graph import ENDS, Graph, Value
from explorer.graph.path import NodePath, declared


@dataclass(frozen=True)
class SelectionTarget:
    """Nodes of one scope; no nodes stand for the whole network.

    scope: its path. facts: those of each node, by id. declared_in: the path of the declared block
    that contains the nodes, which therefore cannot be edited; None if they can.
    """

    scope: NodePath
    facts: Mapping[str, Facts]
    declared_in: NodePath | None

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.facts)

    @property
    def only(self) -> Facts | None:
        """The facts of the only node; None if there are several or none."""
        return next(iter(self.facts.values())) if len(self.facts) == 1 else None

    @property
    def paths(self) -> tuple[NodePath, ...]:
        return tuple([self.scope / id for id in self.ids])

    @property
    def path(self) -> NodePath:
        """The path of the first node, () for the whole network."""
        return self.paths[0] if self.facts else NodePath()

    def problems_of(self, problems: tuple[Problem, ...]) -> list[Problem]:
        """The problems of these nodes and of what is inside them; of the whole network, those of its
        two ends."""
        if not self.facts:
            return [problem for problem in problems if problem.path[0] in ENDS]
        return [each for each in problems if any(map(each.path.lies_in, self.paths))]

    def of_network(self, edit: Edit) -> Edit:
        """An edit of the scope as one of the whole network."""
        return edits.inside(self.scope, edit)

    def setting(self, name: str, value: Value) -> Edit:
        """The edit that sets a parameter of all these nodes."""
        return self._of_each(lambda graph, id: edits.set_params(graph, id, {name: value}))

    def resetting(self, name: str) -> Edit:
        """The edit that restores the default of a parameter of all these nodes."""
        return self._of_each(lambda graph, id: _without(graph, id, name))

    def _of_each(self, edit: Callable[[Graph, str], Graph]) -> Edit:
        return self.of_network(lambda graph: reduce(edit, self.ids, graph))


def target_of(session: Session) -> SelectionTarget:
    """The selected nodes; if there are none, the open block; if none is open, the whole network."""
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


def _without(graph: Graph, id: str, name: str) -> Graph:
    node = graph.nodes[id]
    params = {key: value for key, value in node.params.items() if key != name}
    return edits.replace_node(graph, replace(node, params=params))
