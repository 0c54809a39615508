"""What advice rules read: the layers of a network, which feeds which, and which node to edit for
each."""

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
"""Layers that are read between two pauses of a rule."""
REACH = 64
"""The most layers that a rule goes back or ahead from a layer: what belongs together is close."""
TRIALS = 32
"""The most fixes that are tried on one network: a trial takes as long as the analysis, and a rule
may find something in every layer."""
VISITS = 16
"""The most nodes that the search for fixes visits in one network, for each of its layers."""


def _nothing() -> Iterator[Fix]:
    return iter(())


class Finding(NamedTuple):
    """What a rule found at one place. message: one sentence. fixes: makes the fixes; before one of
    them is tried it yields True, and False after each small piece of other work. path: of the node
    concerned, from a rule that is asked about the whole network.
    """

    message: str
    fixes: Callable[[], Iterable[Fix | bool]] = _nothing
    path: NodePath = NodePath()


class LayerPlace(NamedTuple):
    """Where a layer is. path: its own. node_path: that of the innermost node that a person can edit
    and that is the layer or contains it."""

    path: NodePath
    node_path: NodePath


@dataclass(frozen=True, eq=False)
class SetParameters:
    """The edit that sets parameters of the node at the path `node_path`."""

    node_path: NodePath
    params: Mapping[str, Value]

    def __call__(self, graph: Graph) -> Graph:
        return set_all(graph, [self])


class RuleContext:
    """A report as the rules read it.

    layers: those that lead to the output, in order of execution. by_path: the same by the name of
    the module. uses: by the path of a layer, the layers that it feeds. kinds: the layers by kind.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.layers = report.layers()
        self.by_path: dict[str, Layer] = {}
        self.uses: dict[str, list[Layer]] = {}
        self.kinds: dict[str, list[Layer]] = {}
        self._node_paths: dict[str, NodePath] = {}  # by the path of a layer: that of its node
        self._inner: dict[Facts, dict[str, Facts]] = {}
        self._trials, self._visits = TRIALS, VISITS * report.size

    @classmethod
    def of(cls, report: Report) -> "RuleContext":
        """The context of a report, read at once."""
        context = cls(report)
        for _step in context.read():
            pass
        return context

    def read(self) -> Iterator[None]:
        """Read the layers, with a pause after every STEP of them."""
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
        """Whether two layers have the same name, so that the tables by path are wrong."""
        return len(self.by_path) < len(self.layers)

    def only_use(self, layer: Layer) -> Layer | None:
        """The only layer that `layer` feeds; None if it feeds several or none."""
        uses = self.uses.get(layer.path, ())
        return uses[0] if len(uses) == 1 else None

    def source(self, layer: Layer) -> Layer | None:
        """The only layer that feeds `layer`, if it feeds nothing else; otherwise None."""
        source = self.by_path.get(layer.sources[0]) if len(layer.sources) == 1 else None
        return source if source and len(self.uses[source.path]) == 1 else None

    def chain_after(self, layer: Layer) -> Iterator[Layer]:
        """The layers after `layer`, as long as each feeds only the next; at most REACH."""
        following = self.only_use(layer)
        for _step in range(REACH):
            if following is None:
                return
            yield following
            following = self.only_use(following)

    # Nodes on the canvas ----------------------------------------------------------------------

    def place(self, layer: Layer) -> LayerPlace:
        """Where a layer is on the canvas."""
        path = self._node_paths[layer.path]
        return LayerPlace(path, declared(self.report.graph, path) or path)

    def name(self, layer: Layer) -> str:
        """The path of a layer as a person reads it."""
        return str(self._node_paths[layer.path])

    def node_giving(self, path: str) -> NodePath:
        """The path of a node, the outermost if possible, whose output is that of the layer at
        `path`."""
        node = self._node_paths[path]
        return NodePath(node[:1]) if self.report.outputs[node[0]] == path else node

    def graph(self, node_path: NodePath) -> Graph:
        """The graph that contains the node at a path."""
        graph = self.report.graph
        for id in node_path[:-1]:
            inner = graph.nodes[id].inner
            assert inner is not None  # only groups contain nodes that can be edited
            graph = inner
        return graph

    def node(self, node_path: NodePath) -> Node:
        """The node at a path."""
        return self.graph(node_path).nodes[node_path[-1]]

    def facts(self, node_path: NodePath) -> Facts:
        """The facts of the node at a path."""
        facts = self.report.facts[node_path[0]]
        for id in node_path[1:]:
            inner = self._inner.get(facts)
            if inner is None:
                inner = self._inner[facts] = {child.id: child.facts for child in facts.children}
            facts = inner[id]
        return facts

    def is_node(self, layer: Layer) -> bool:
        """Whether the layer is a node that a person can edit, not part of a declared block."""
        place = self.place(layer)
        return place.path == place.node_path

    # Fixes ------------------------------------------------------------------------------------

    def setting(
        self,
        node_path: NodePath,
        params: Mapping[str, Value],
        label: str = "",
        added: int | None = None,
    ) -> Fix:
        """The fix that sets parameters of the node at a path. label: if empty, it states them.
        added: see Fix."""
        values = KINDS[self.node(node_path).kind].stated(params)
        return Fix(
            label or _("Set {values} in {node}").format(values=values, node=node_path),
            SetParameters(node_path, params),
            added,
        )

    def removing(self, node_path: NodePath) -> Fix:
        """The fix that removes the node at a path and connects what fed it to what it fed."""
        return Fix(
            _("Remove {node}").format(node=node_path),
            edits.inside(node_path.scope, partial(edits.remove, ids=[node_path[-1]], bridge=True)),
        )

    def may_visit(self, nodes: int) -> bool:
        """Whether the search for fixes may visit so many more nodes, which are then counted."""
        self._visits -= nodes
        return self._visits >= 0

    def report_after(self, fix: Fix) -> Report | None:
        """The report on the network with the fix applied; None if that has more problems, or once
        TRIALS fixes have been tried."""
        report = self.report
        self._trials -= 1
        if self._trials < 0:
            return None
        after = analyse(fix.edit(report.graph), report.data)
        return after if len(problems(after)) <= len(problems(report)) else None


def set_all(graph: Graph, settings: Iterable[SetParameters]) -> Graph:
    """The graph with all these parameters set, however many nodes of a group they are of, in one
    pass."""
    by_scope: dict[NodePath, dict[str, Mapping[str, Value]]] = {}
    for setting in settings:
        by_scope.setdefault(setting.node_path.scope, {})[setting.node_path[-1]] = setting.params
    return at_each(
        graph, {scope: partial(edits.set_each, params=each) for scope, each in by_scope.items()}
    )


def at_each(graph: Graph, edit_of: Mapping[NodePath, Edit]) -> Graph:
    """The graph after these edits, each of the inside of the group at its path, or at () of the
    graph itself."""
    deeper: dict[str, dict[NodePath, Edit]] = {}
    for path, edit in edit_of.items():
        if path:
            deeper.setdefault(path[0], {})[NodePath(path[1:])] = edit
    if deeper:
        nodes = dict(graph.nodes)
        for id, edits_inside in deeper.items():
            inner = nodes[id].inner
            assert inner is not None  # only a group has nodes inside that can be edited
            nodes[id] = replace(nodes[id], inner=at_each(inner, edits_inside))
        graph = replace(graph, nodes=nodes)
    return edit_of[NodePath()](graph) if () in edit_of else graph
