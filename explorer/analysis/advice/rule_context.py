"""What the rules look at: the layers of a network, what feeds what, and where on the canvas each
of them can be edited."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from explorer.analysis.facts import Facts
from explorer.analysis.layer import Layer
from explorer.analysis.problem import Fix, problems
from explorer.analysis.report import Report, analyse
from explorer.catalog import KINDS
from explorer.graph import edits
from explorer.graph.edits import Edit
from explorer.graph.graph import Graph, Node, Value
from explorer.graph.path import NodePath, declared
from explorer.text import _

STEP = 256
"""Layers that are looked at in one go."""
LOOK = 64
"""Layers that one look from a layer goes back or ahead at the most: what belongs together stands
together."""
TRIALS = 32
"""Fixes that may be tried on one network: a trial takes as long as the analysis, and a rule may
have something to say of each layer."""
WALKED = 16
"""Nodes that one network's rules may walk over for fixes, times its layers."""


def _nothing() -> Iterator[Fix]:
    return iter(())


class Finding(NamedTuple):
    """What a rule saw. fixes: asked for when the advice is told; among them stands True before a
    fix is tried, False where a little piece of other work is done. path: the path of the node, if
    it is no layer that the rule was asked about."""

    message: str
    fixes: Callable[[], Iterable[Fix | bool]] = _nothing
    path: NodePath = NodePath()


class LayerPlace(NamedTuple):
    """Where a layer is: its own path, and that of the node of the canvas that it belongs to, the
    innermost that a person can edit."""

    path: NodePath
    own: NodePath


@dataclass(frozen=True, eq=False)
class SetParameters:
    """The edit that sets parameters of the node at a path."""

    own: NodePath
    params: Mapping[str, Value]

    def __call__(self, graph: Graph) -> Graph:
        return set_all(graph, [self])


class RuleContext:
    """A report as the rules see it. layers: those that lead to the output, in order. uses: by the
    path of a layer, the layers that it feeds. kinds: the layers of each kind.

    clash: two layers have one path. Then a path does not tell which layer it means, and what is
    said here of layers by their paths is wrong.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.layers = report.layers()
        self.by_path: dict[str, Layer] = {}
        self.uses: dict[str, list[Layer]] = {}
        self.kinds: dict[str, list[Layer]] = {}
        self._node_paths: dict[str, NodePath] = {}  # by the path of a layer: that of its node
        self._inner: dict[Facts, dict[str, Facts]] = {}
        self._trials, self._walks = TRIALS, WALKED * report.size

    @classmethod
    def of(cls, report: Report) -> "RuleContext":
        """All of a report at once."""
        context = cls(report)
        for _step in context.read():
            pass
        return context

    def read(self) -> Iterator[None]:
        """Take the layers in, in little pieces."""
        uses, kinds = self.uses, self.kinds
        for number, (layer, path) in enumerate(zip(self.layers, self.report.paths)):
            if number % STEP == STEP - 1:
                yield
            self.by_path[layer.path] = layer
            self._node_paths[layer.path] = path
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

    @property
    def clash(self) -> bool:
        return len(self.by_path) < len(self.layers)

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

    def behind(self, layer: Layer) -> Iterator[Layer]:
        """The layers behind it, as long as each feeds only the next; no more than LOOK."""
        following = self.only_use(layer)
        for _step in range(LOOK):
            if following is None:
                return
            yield following
            following = self.only_use(following)

    # Places on the canvas ---------------------------------------------------------------------

    def place(self, layer: Layer) -> LayerPlace:
        """Where it is on the canvas."""
        path = self._node_paths[layer.path]
        return LayerPlace(path, declared(self.report.graph, path) or path)

    def name(self, layer: Layer) -> str:
        """The path by which a person knows it."""
        return str(self._node_paths[layer.path])

    def node_giving(self, path: str) -> NodePath:
        """The path of a node whose output is that of the layer at `path`."""
        node = self._node_paths[path]
        return NodePath(node[:1]) if self.report.outputs[node[0]] == path else node

    def graph(self, own: NodePath) -> Graph:
        """The graph in which the node at a path lies."""
        graph = self.report.graph
        for id in own[:-1]:
            inner = graph.nodes[id].inner
            assert inner is not None  # own nodes lie in groups alone
            graph = inner
        return graph

    def node(self, own: NodePath) -> Node:
        """The node at a path."""
        return self.graph(own).nodes[own[-1]]

    def facts(self, own: NodePath) -> Facts:
        """What is known of the node at a path."""
        facts = self.report.facts[own[0]]
        for id in own[1:]:
            inner = self._inner.get(facts)
            if inner is None:
                inner = self._inner[facts] = {child.id: child.facts for child in facts.children}
            facts = inner[id]
        return facts

    def is_own(self, layer: Layer) -> bool:
        """The layer is a node by itself, not part of a declared block."""
        place = self.place(layer)
        return place.path == place.own

    # Fixes ------------------------------------------------------------------------------------

    def setting(
        self, own: NodePath, params: Mapping[str, Value], label: str = "", added: int | None = None
    ) -> Fix:
        """The fix that sets parameters of a node."""
        values = KINDS[self.node(own).kind].stated(params)
        return Fix(
            label or _("Set {values} in {node}").format(values=values, node=own),
            SetParameters(own, params),
            added,
        )

    def removing(self, own: NodePath) -> Fix:
        """The fix that takes a node out and joins what is before and behind it."""
        return Fix(
            _("Remove {node}").format(node=own),
            edits.inside(own.scope, partial(edits.remove, ids=[own[-1]], bridge=True)),
        )

    def may_walk(self, nodes: int = 1) -> bool:
        """Whether a walk may go over so many nodes more; they are counted."""
        self._walks -= nodes
        return self._walks >= 0

    def after(self, fix: Fix) -> Report | None:
        """The report on the network with the fix applied; None if that has more faults, or if
        enough was tried."""
        report = self.report
        self._trials -= 1
        if self._trials < 0:
            return None
        found = analyse(fix.edit(report.graph), report.data)
        return found if len(problems(found)) <= len(problems(report)) else None


def set_all(graph: Graph, settings: Iterable[SetParameters]) -> Graph:
    """The graph with all these parameters set."""
    each: dict[NodePath, dict[str, Mapping[str, Value]]] = {}
    for setting in settings:
        each.setdefault(setting.own.scope, {})[setting.own[-1]] = setting.params
    return at_each(
        graph, {where: partial(edits.set_each, params=params) for where, params in each.items()}
    )


def at_each(graph: Graph, each: Mapping[NodePath, Edit]) -> Graph:
    """The graph after several edits: of the inside of the group at each path, and of the
    graph itself at ()."""
    deeper: dict[str, dict[NodePath, Edit]] = {}
    for where, edit in each.items():
        if where:
            deeper.setdefault(where[0], {})[NodePath(where[1:])] = edit
    if deeper:
        nodes = dict(graph.nodes)
        for id, edits_inside in deeper.items():
            inner = nodes[id].inner
            assert inner is not None  # only a group has nodes inside that can be edited
            nodes[id] = replace(nodes[id], inner=at_each(inner, edits_inside))
        graph = replace(graph, nodes=nodes)
    return each[NodePath()](graph) if () in each else graph
