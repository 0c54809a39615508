"""What changed between two graphs, so that a view touches only that."""

from dataclasses import dataclass

from explorer.graph.graph import Graph, Wire


@dataclass(frozen=True)
class Diff:
    """What changed from one graph to another.

    added, removed, revalued, moved: ids of nodes; revalued ones have another kind, other parameters
    or another inner graph, moved ones another position. wired, unwired: wires that are new and that
    are gone. reframed: the network has another name or input shape, or what else its file states is
    another.
    """

    added: frozenset[str]
    removed: frozenset[str]
    revalued: frozenset[str]
    moved: frozenset[str]
    wired: frozenset[Wire]
    unwired: frozenset[Wire]
    reframed: bool

    @property
    def only_moved(self) -> bool:
        """Whether nothing changed that a figure depends on."""
        return not (
            self.added
            or self.removed
            or self.revalued
            or self.wired
            or self.unwired
            or self.reframed
        )


def diff(before: Graph, after: Graph) -> Diff:
    """What an edit that turned `before` into `after` changed."""
    old, new = before.nodes, after.nodes
    one = before.wires is after.wires  # they need no look
    old_wires, new_wires = (frozenset(() if one else each.wires) for each in (before, after))
    replaced = [id for id in new if id in old and new[id] is not old[id]]
    return Diff(
        added=frozenset(new.keys() - old.keys()),
        removed=frozenset(old.keys() - new.keys()),
        revalued=frozenset(id for id in replaced if new[id].meaning != old[id].meaning),
        moved=frozenset(id for id in replaced if new[id].position != old[id].position),
        wired=new_wires - old_wires,
        unwired=old_wires - new_wires,
        reframed=(before.name, before.input, before.more) != (after.name, after.input, after.more),
    )
