"""What the rules look at: the layers of a network, what feeds what, and where on the canvas each
of them can be edited."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from explorer.analysis.facts import Facts
from explorer.analysis.fixes import inside
from explorer.analysis.layer import Layer
from explorer.analysis.problem import Fix
from explorer.catalog import KINDS
from explorer.graph import edits
from explorer.graph.edits import Edit
from explorer.graph.graph import Graph, Node, Value
from explorer.text import _

if TYPE_CHECKING:
    from explorer.analysis.report import Report

Way = tuple[str, ...]
LINEAR = frozenset(("Conv2d", "ConvTranspose2d", "Linear"))
"""Layers that are linear in their input and learn what they do."""


def _nothing() -> Iterator[Fix]:
    return iter(())


class Seen(NamedTuple):
    """What a rule saw. fixes: asked for when the advice is told; None among them stands for work
    done. way: of ids to the node, if it is no layer that the rule was asked about."""

    message: str
    fixes: Callable[[], Iterable[Fix | None]] = _nothing
    way: Way = ()


class Place(NamedTuple):
    """Where a layer is: the way of ids to it, and to the node of the canvas that it belongs to,
    the innermost that a person can edit."""

    way: Way
    own: Way


class Ground:
    """A report as the rules see it. layers: those that lead to the output, in order. uses: by the
    path of a layer, the layers that it feeds. kinds: the layers of each kind."""

    def __init__(self, report: "Report") -> None:
        self.report = report
        self.layers = report.layers()
        self.by_path: dict[str, Layer] = {}
        self.uses: dict[str, list[Layer]] = {}
        self.kinds: dict[str, list[Layer]] = {}
        uses, kinds = self.uses, self.kinds
        for layer in self.layers:
            self.by_path[layer.path] = layer
            name = layer.facts.kind.name
            if name in kinds:
                kinds[name].append(layer)
            else:
                kinds[name] = [layer]
            for source in layer.sources:
                if source in uses:
                    uses[source].append(layer)
                else:
                    uses[source] = [layer]

    def only_use(self, layer: Layer) -> Layer | None:
        """The one layer that it feeds; None if there are several or none."""
        uses = self.uses.get(layer.path, ())
        return uses[0] if len(uses) == 1 else None

    def source(self, layer: Layer) -> Layer | None:
        """The one layer that feeds it and nothing else; None if there is no such layer."""
        if len(layer.sources) != 1:
            return None
        found = self.by_path.get(layer.sources[0])
        return found if found is not None and len(self.uses[found.path]) == 1 else None

    # Places on the canvas ---------------------------------------------------------------------

    def place(self, layer: Layer) -> Place:
        """Where it is on the canvas."""
        found = self._places.get(layer.path)
        if found is None:
            id = self._tops[layer.path]
            self._places |= _places(self.report.graph, id, self.report.facts[id])
            found = self._places[layer.path]
        return found

    def name(self, layer: Layer) -> str:
        """The path by which a person knows it."""
        return ".".join(self.place(layer).way)

    def node_giving(self, path: str) -> str:
        """The way of ids to a node whose output is that of the layer at `path`."""
        id = self._tops[path]
        return id if self.report.outputs[id] == path else self.name(self.by_path[path])

    @cached_property
    def _places(self) -> dict[str, Place]:
        return {}

    @cached_property
    def _tops(self) -> dict[str, str]:
        """By the path of a layer: the node of the whole network that it belongs to."""
        found: dict[str, str] = {}
        begin = 0
        for id, end in self.report.layer_ends.items():
            for layer in self.layers[begin:end]:
                found[layer.path] = id
            begin = end
        return found

    def graph(self, own: Way) -> Graph:
        """The graph in which the node at a way of ids lies."""
        graph = self.report.graph
        for id in own[:-1]:
            inner = graph.nodes[id].inner
            assert inner is not None  # own nodes lie in groups alone
            graph = inner
        return graph

    def node(self, own: Way) -> Node:
        """The node at a way of ids."""
        return self.graph(own).nodes[own[-1]]

    def facts(self, own: Way) -> Facts:
        """What is known of the node at a way of ids."""
        facts = self.report.facts[own[0]]
        for id in own[1:]:
            facts = next(child.facts for child in facts.children if child.id == id)
        return facts

    def is_own(self, layer: Layer) -> bool:
        """The layer is a node by itself, not part of a declared block."""
        place = self.place(layer)
        return place.way == place.own

    # Fixes ------------------------------------------------------------------------------------

    def setting(
        self, own: Way, params: Mapping[str, Value], label: str = "", added: int | None = None
    ) -> Fix:
        """The fix that sets parameters of a node."""
        values = KINDS[self.node(own).kind].stated(params)
        return Fix(
            label or _("Set {values} in {node}").format(values=values, node=".".join(own)),
            lift(own[:-1], partial(edits.set_params, id=own[-1], params=params)),
            added,
        )

    def removing(self, own: Way) -> Fix:
        """The fix that takes a node out and joins what is before and behind it."""
        return Fix(
            _("Remove {node}").format(node=".".join(own)),
            lift(own[:-1], partial(edits.remove, ids=[own[-1]], bridge=True)),
        )

    def after(self, fix: Fix) -> "Report | None":
        """The report on the network with the fix applied; None if that has more faults."""
        from explorer.analysis.report import analyse

        report = self.report
        found = analyse(fix.edit(report.graph), report.data)
        return found if len(found.problems) <= len(report.problems) else None


def lift(where: Way, edit: Edit) -> Edit:
    """The edit of the whole network that does `edit` inside the groups along a way of ids."""
    for id in reversed(where):
        edit = inside(id, edit)
    return edit


def in_turn(graph: Graph, each: Iterable[Edit]) -> Graph:
    """The graph after one edit after another."""
    for edit in each:
        graph = edit(graph)
    return graph


def _places(graph: Graph, id: str, facts: Facts) -> dict[str, Place]:
    """By the path of every layer in the node: its place."""
    found: dict[str, Place] = {}

    def walk(prefix: str, way: Way, facts: Facts, node: Node | None, own: Way) -> None:
        if node is not None:
            own = way
        if not facts.kind.composite:
            found[prefix] = Place(way, own)
            return
        begin = prefix.rpartition(".")[0] if facts.inline else prefix
        nodes = node.inner.nodes if node is not None and node.inner is not None else {}
        for child in facts.children:
            walk(
                f"{begin}.{child.id}" if begin else child.id,
                (*way, child.id),
                child.facts,
                nodes.get(child.id),
                own,
            )

    walk(id, (id,), facts, graph.nodes[id], (id,))
    return found
