"""What the inspector is about: one node, several, or the whole network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from explorer.analysis.facts import Facts
from explorer.analysis.problem import Problem
from explorer.app.document import lifted
from explorer.app.session import Session
from explorer.graph import edits
from explorer.graph.edits import Edit
from explorer.graph.graph import Graph, Value


@dataclass(frozen=True)
class Subject:
    """Nodes of the graph at the way of ids `where`; none stands for the whole network.

    given: the way of ids to the declared block in which they lie, so that they cannot be edited;
    None if they can.
    """

    where: tuple[str, ...]
    facts: Mapping[str, Facts]
    given: tuple[str, ...] | None

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.facts)

    @property
    def only(self) -> Facts | None:
        """The facts of the one node, None if there are none or several."""
        return next(iter(self.facts.values())) if len(self.facts) == 1 else None

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(".".join((*self.where, id)) for id in self.ids)

    @property
    def path(self) -> str:
        """The path of the first node, "" for the whole network."""
        return self.paths[0] if self.facts else ""

    def problems_of(self, problems: tuple[Problem, ...]) -> list[Problem]:
        """Those of these nodes and of what is inside them; of the network's ends, if it is the
        whole network."""
        if not self.facts:
            return [problem for problem in problems if problem.path in ("input", "output")]
        inside = tuple(f"{path}." for path in self.paths)
        return [
            problem
            for problem in problems
            if problem.path in self.paths or problem.path.startswith(inside)
        ]

    def lifted(self, edit: Edit) -> Edit:
        """An edit of the graph in which the nodes lie, as one of the whole network."""
        return lifted(edit, self.where)

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


def subject_of(session: Session) -> Subject:
    """What is selected; the open block, if nothing is in it; else the whole network."""
    if len(session.selection) > 1:
        known = session.shown_facts
        return Subject(
            session.view,
            {id: known[id] for id in known if id in session.selection},
            _given(session.graph, session.view),
        )
    path = session.selected
    facts = session.facts_of(path) if path else None
    if facts is None:
        return Subject((), {}, None)
    *where, id = path.split(".")
    return Subject(tuple(where), {id: facts}, _given(session.graph, tuple(where)))


def _given(graph: Graph, where: tuple[str, ...]) -> tuple[str, ...] | None:
    """The way to the first block along `where` whose inside is declared."""
    for depth, id in enumerate(where, 1):
        node = graph.nodes.get(id)
        if node is None or node.inner is None:
            return where[:depth]
        graph = node.inner
    return None


def _each(graph: Graph, ids: tuple[str, ...], edit: Callable[[Graph, str], Graph]) -> Graph:
    for id in ids:
        graph = edit(graph, id)
    return graph


def _without(graph: Graph, id: str, name: str) -> Graph:
    node = graph.nodes[id]
    params = {key: value for key, value in node.params.items() if key != name}
    return edits.replace_node(graph, replace(node, params=params))
