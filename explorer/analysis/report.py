"""The report on a network: every shape, figure and problem, from one sweep."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from explorer.analysis.facts import Facts, Fault, clashes, needed, sweep
from explorer.analysis.layer import Layer, layers_of, producers
from explorer.catalog.datasets import DataSet
from explorer.catalog.layers import text_of
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Shape
from explorer.text import _


@dataclass(frozen=True)
class Fix:
    """A named edit that makes a problem right. cost: what it adds, as "+8,448 parameters"."""

    label: str
    edit: Callable[[Graph], Graph]
    cost: str = ""


@dataclass(frozen=True)
class Problem:
    """Something wrong: the path of the layer, the rule, the sentence, and what would mend it.

    node: the id of the node on the canvas of the whole network in which it lies.
    """

    path: str
    rule: str
    message: str
    node: str
    fixes: tuple[Fix, ...] = ()


@dataclass(frozen=True, eq=False)
class Report:
    """All that is known of a graph without running it.

    facts: by node id. params, macs, activations: of what leads to the output; macs and
    activations (numbers, 4 bytes each in float32) for one picture.
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
    faults: dict[str, tuple[Fault, ...]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """There is no problem: the network can run."""
        return not self.problems

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, in order of execution, each with its fixes."""
        from explorer.analysis.fixes import fixes  # it needs the report, so it is imported late

        found = []
        for id, facts in self.facts.items():
            for path, fault in _faults(id, facts):
                own = fault is facts.fault
                found.append(Problem(path, fault.rule, fault.message.replace("{node}", path), id,
                                     fixes(self, id, fault) if own else ()))
        for id, faults in self.faults.items():
            found += [Problem(id, fault.rule, fault.message.replace("{node}", id), id,
                              fixes(self, id, fault)) for fault in faults]
        return tuple(found)

    def layers(self) -> list[Layer]:
        """The primitives that lead to the output, in order of execution."""
        return self._layers[0]

    def producer(self, path: str) -> str:
        """The path of the layer whose output is the output of the node at `path`, a way of ids
        from the whole network inward. Raises KeyError."""
        return self._producers[path]

    @cached_property
    def _layers(self) -> tuple[list[Layer], dict[str, str]]:
        """The layers, and for every node of the whole network the path that gives its output."""
        layers: list[Layer] = []
        outputs = {INPUT: INPUT}
        for id, facts in self.facts.items():
            if id in self.alive:
                found, outputs[id] = layers_of(id, facts, self._feeding(id, outputs))
                layers += found
        leading = self.graph.into(OUTPUT).get(PORT)
        if leading:
            outputs[OUTPUT] = outputs[leading.source]
        return layers, outputs

    @cached_property
    def _producers(self) -> dict[str, str]:
        outputs = self._layers[1]
        found = dict(outputs)
        for id, facts in self.facts.items():
            if id in self.alive:
                found |= producers(id, facts, self._feeding(id, outputs))
        return found

    def _feeding(self, id: str, outputs: dict[str, str]) -> tuple[str, ...]:
        return tuple([outputs[source] for source in self.sources[id]])


def _faults(path: str, facts: Facts) -> Iterator[tuple[str, Fault]]:
    if not facts.faults:
        return
    if facts.fault:
        yield path, facts.fault
    for child in (*facts.children, *facts.strays):
        yield from _faults(f"{path}.{child.id}", child.facts)


def analyse(graph: Graph, data: DataSet | None = None) -> Report:
    """The report on a graph, and on how it fits `data`, if given. Never raises for a network that
    is wrong: what is wrong is in the report's problems."""
    facts: dict[str, Facts] = {}
    sources: dict[str, tuple[str, ...]] = {}
    for child in sweep(graph, graph.input or None):
        facts[child.id] = child.facts
        sources[child.id] = child.sources
    alive = needed(graph)
    counted = [facts[id] for id in facts if id in alive]
    leading = graph.into(OUTPUT).get(PORT)
    output = None
    if leading:
        output = graph.input if leading.source == INPUT else facts[leading.source].out
    return Report(graph, data, facts, sources, alive, output,
                  sum(f.params for f in counted), sum(f.macs for f in counted),
                  sum(f.activations for f in counted),
                  _end_faults(graph, data, facts, alive, leading, output))


def _end_faults(graph, data, facts, alive, leading, output) -> dict[str, tuple[Fault, ...]]:
    """What is wrong with the network as a whole: its ends, its names, its fit to the data."""
    found: dict[str, list[Fault]] = {}
    if not leading:
        found.setdefault(OUTPUT, []).append(
            Fault("unconnected", _("Nothing is connected to the output of the network")))
    if data is not None:
        if graph.input != data.input:
            found.setdefault(INPUT, []).append(Fault(
                "input", _("The network takes pictures of {actual}, but those of {data} are "
                           "{expected}").format(actual=text_of(graph.input), data=data.title,
                                                expected=text_of(data.input)), data))
        if output is not None and output != (len(data.classes),):
            where = leading.source if leading.source != INPUT else OUTPUT
            found.setdefault(where, []).append(Fault(
                "classes", _("{{node}} gives {actual}, but {data} has {count} classes; expected: a "
                             "vector of {count}").format(
                                 actual=text_of(output), data=data.title,
                                 count=len(data.classes)), data))
    for id, fault in clashes((id, fact) for id, fact in facts.items() if id in alive):
        found.setdefault(id, []).append(fault)
    return {id: tuple(faults) for id, faults in found.items()}
