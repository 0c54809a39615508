"""The report on a network: its shapes, figures and faults, from one sweep."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from explorer.analysis.facts import (
    Facts,
    Fault,
    clashes,
    names_in,
    names_of,
    needed,
    sweep,
)
from explorer.analysis.layer import Layer, layers_of, paths_of, producers
from explorer.analysis.receptive_field import ReceptiveField, ReceptiveFields
from explorer.catalog.datasets import DataSet
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Shape, Wire
from explorer.graph.path import NodePath
from explorer.text import _

MOST_LAYERS = 100_000  # cifar_resnet1202, the deepest network of the literature, has about 4,800


@dataclass(frozen=True, eq=False)
class Report:
    """All that is known of a graph without running it.

    data: the data set that the network is meant for, if any. facts, sources: by node id, in order
    of execution; sources are the ids that feed a node, in the order of its ports. alive: the ids
    from which a path leads to the output. output: shape of the output, None if unknown. params,
    macs, activations: totals of the nodes alive; macs (fused multiply-adds) and activations
    (numbers) are for one picture. faults: of the network as a whole, by the id of the node or end
    concerned; those of a single node are in its facts.
    """

    graph: Graph
    data: DataSet | None
    facts: dict[str, Facts]
    sources: dict[str, tuple[str, ...]]
    alive: set[str]
    output: Shape | None
    params: int
    macs: int
    activations: int
    faults: dict[str, tuple[Fault, ...]]
    _insides: dict[str, "Report"] = field(default_factory=dict)

    @cached_property
    def ok(self) -> bool:
        """Whether there is no fault: the network can run."""
        return not (
            self.too_large or self.faults or any([facts.faults for facts in self.facts.values()])
        )

    @cached_property
    def size(self) -> int:
        """The number of layers, those inside blocks and those that do not lead to the output
        included."""
        return sum(facts.layers for facts in self.facts.values())

    @cached_property
    def known(self) -> bool:
        """Whether the totals count every layer; if not, some shapes are unknown and the totals are
        lower bounds."""
        return all(
            facts.out is not None and None not in facts.ins and facts.ins
            for id, facts in self.facts.items()
            if id in self.alive
        )

    @property
    def too_large(self) -> bool:
        """Whether there are too many layers to list them one by one."""
        return self.size > MOST_LAYERS

    def inside(self, id: str) -> "Report":
        """The report on the inside of a custom group whose input is connected."""
        if id not in self._insides:
            facts = self.facts[id]
            assert facts.inner is not None
            self._insides[id] = analyse(replace(facts.inner, input=facts.ins[0] or ()))
        return self._insides[id]

    @cached_property
    def loose(self) -> tuple[str, ...]:
        """The ids of the nodes that feed nothing."""
        return tuple([id for id in self.graph.nodes if not self.graph.out_of(id)])

    @cached_property
    def names(self) -> set[str]:
        """Every name that is taken in the network, see `names_in`."""
        return names_in(self.graph)

    @cached_property
    def users(self) -> Counter[str]:
        """How many of the nodes that lead to the output use each name."""
        return Counter(
            name
            for id, facts in self.facts.items()
            if id in self.alive
            for name in set(names_of(id, facts))
        )

    def layers(self) -> list[Layer]:
        """The layers that lead to the output, in order of execution; none if the network is too
        large."""
        return self._layers[0]

    @cached_property
    def paths(self) -> list[NodePath]:
        """The path of the node of each of `layers()`."""
        if self.too_large:
            return []
        return [
            path
            for id, facts in self.facts.items()
            if id in self.alive
            for path in paths_of(NodePath((id,)), facts)
        ]

    def producer(self, path: NodePath) -> str:
        """The path of the layer whose output is the output of the node at `path`. Raises
        KeyError."""
        return self._producers[path]

    @property
    def outputs(self) -> dict[str, str]:
        """The path of the layer whose output is that of a node, by the id of each node that leads
        to the output and of both ends."""
        return self._layers[1]

    @cached_property
    def _layers(self) -> tuple[list[Layer], dict[str, str]]:
        layers: list[Layer] = []
        outputs = {INPUT: INPUT}
        if self.too_large:
            return layers, outputs
        for id, facts in self.facts.items():
            if id in self.alive:
                own, outputs[id] = layers_of(id, facts, self._feeding(id, outputs))
                layers += own
        leading = self.graph.into(OUTPUT).get(PORT)
        if leading:
            outputs[OUTPUT] = outputs[leading.source]
        return layers, outputs

    @cached_property
    def _producers(self) -> dict[NodePath, str]:
        outputs = self.outputs
        producer_of = {NodePath((id,)): path for id, path in outputs.items()}
        for id in outputs.keys() & self.facts.keys():
            producer_of |= producers(id, self.facts[id], self._feeding(id, outputs))
        return producer_of

    @cached_property
    def fields(self) -> ReceptiveFields:
        """The receptive fields of all nodes and layers."""
        return ReceptiveFields(self.facts, self.sources, self.graph.input)

    @cached_property
    def layer_fields(self) -> list[ReceptiveField | None]:
        """The receptive field of every layer, in the order of `layers()`; None is unknown."""
        if self.too_large:
            return []
        return list(self.fields.layers(id for id in self.facts if id in self.alive))

    def _feeding(self, id: str, outputs: dict[str, str]) -> tuple[str, ...]:
        return tuple([outputs[source] for source in self.sources[id]])


def analyse(graph: Graph, data: DataSet | None = None) -> Report:
    """The report on a graph, which is meant for the data set `data`, if given; whether it fits that,
    `misfits` tells.

    What is wrong with the network is among the faults; only a cycle raises CycleError.
    """
    children = list(sweep(graph, graph.input or None))
    facts = {child.id: child.facts for child in children}
    sources = {child.id: child.sources for child in children}
    alive = needed(graph)
    counted = [facts[id] for id in facts if id in alive]
    leading = graph.into(OUTPUT).get(PORT)
    output = None
    if leading:
        output = graph.input if leading.source == INPUT else facts[leading.source].out
    return Report(
        graph,
        data,
        facts,
        sources,
        alive,
        output,
        sum(f.params for f in counted),
        sum(f.macs for f in counted),
        sum(f.activations for f in counted),
        _end_faults(facts, alive, leading),
    )


def _end_faults(
    facts: Mapping[str, Facts], alive: set[str], leading: Wire | None
) -> dict[str, tuple[Fault, ...]]:
    """The faults of the network as a whole, by node or end: of its output, of its names."""
    faults: defaultdict[str, list[Fault]] = defaultdict(list)
    if not leading:
        faults[OUTPUT].append(
            Fault("unconnected", _("Nothing is connected to the output of the network"))
        )
    for id, fault in clashes((id, fact) for id, fact in facts.items() if id in alive):
        faults[id].append(fault)
    return {id: tuple(each) for id, each in faults.items()}
