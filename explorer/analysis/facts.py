"""The facts of a node: what follows from its kind, its parameters and its input shapes. They are
computed once, however often the same combination occurs in a network."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple, TypeGuard

from explorer.catalog import KINDS, Kind, Mismatch
from explorer.catalog.graph_builder import Repetition
from explorer.catalog.kind import Call, Settings, Shapes, Weight
from explorer.catalog.layers import text_of
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Meaning, Node, Shape, Wire
from explorer.text import _


@dataclass(frozen=True)
class Fault:
    """What is wrong with a node.

    rule: the word that names the rule. message: the sentence for a person; "{node}" in it stands
    for the node's path. allowed: figures that a fix needs.
    """

    rule: str
    message: str
    allowed: Any = None


class Child(NamedTuple):
    """A node of a graph. sources: the ids that feed it, in the order of its ports."""

    id: str
    facts: "Facts"
    sources: tuple[str, ...]


class Blocks(Collection[Child]):
    """The children of a stage, of which equal ones in a row are stored once.

    distinct: the facts of the first blocks; all further blocks share the last of them.
    """

    def __init__(self, run: Repetition, distinct: tuple["Facts", ...]) -> None:
        self._run, self._distinct = run, distinct

    def __len__(self) -> int:
        return self._run.times

    def __contains__(self, child: object) -> bool:
        return any(child == own for own in self)

    def __iter__(self) -> Iterator[Child]:
        before, last = INPUT, len(self._distinct) - 1
        for number, name in enumerate(self._run.names()):
            yield Child(name, self._distinct[min(number, last)], (before,))
            before = name


class _Facts(NamedTuple):
    """The fields of Facts."""

    kind: Kind
    settings: Settings
    ins: tuple[Shape | None, ...]
    out: Shape | None
    params: int = 0
    macs: int = 0
    activations: int = 0
    weights: tuple[Weight, ...] = ()
    fault: Fault | None = None
    faults: int = 0
    layers: int = 1
    children: Collection[Child] = ()
    strays: tuple[Child, ...] = ()
    result: str = INPUT
    inner: Graph | None = None


class Facts(_Facts):
    """What is known of one node.

    ins, out: shapes without the batch dimension; None is unknown. params: learned numbers. macs:
    fused multiply-adds for one picture. activations: numbers in the outputs of its layers for one
    picture; layers that only view their input have none. fault: of the node itself. faults: how
    many there are in it and inside it. layers: the number of primitives. children, result: of a
    composite, the nodes inside that lead to its output, in order of execution, and the id of the
    one whose output is its output. strays: the nodes inside that do not lead to the output and have
    faults. inner: the graph inside a custom group.
    """

    __slots__ = ()

    # Equal uses share one instance, so equality is identity. A tuple is created three times as fast
    # as a frozen dataclass.
    __eq__ = object.__eq__
    __ne__ = object.__ne__
    __hash__ = object.__hash__

    @property
    def known_ins(self) -> Shapes:
        """`ins`, all of which must be known."""
        assert all_known(self.ins)
        return self.ins

    @property
    def known_out(self) -> Shape:
        """`out`, which must be known."""
        assert self.out is not None
        return self.out

    @property
    def call(self) -> Call | None:
        """The constructor call of this layer; None if it is no module of its own."""
        return self.kind.call(self.settings, self.known_ins) if self.kind.call else None

    @property
    def label(self) -> str:
        """The kind's label; for a group, the labels of its first and last nodes with parameters:
        "1×1, 96 → 3×3, 128"."""
        plain = self.kind.label(self.settings) if self.kind.label else ""
        if self.inner is None:
            return plain
        weighted = (child.facts for child in self.children if child.facts.params)
        labels = [label for facts in weighted if (label := facts.label)]
        if len(labels) < 2:
            return labels[0] if labels else plain
        return f"{labels[0]} {'→' if len(labels) == 2 else '…'} {labels[-1]}"

    @property
    def inline(self) -> bool:
        """Whether the names of the nodes inside have no prefix with this node's id."""
        return self.kind.inlines and self.settings.inline

    @property
    def expansion(self) -> Graph | None:
        """The graph inside a composite; None for a primitive, and while the inputs are unknown."""
        if self.inner is not None:
            return self.inner
        if not self.children or self.kind.expand is None:
            return None
        return self.kind.expand(self.settings, self.known_ins).graph()


def all_known(shapes: tuple[Shape | None, ...]) -> TypeGuard[Shapes]:
    """Whether no shape is None."""
    return None not in shapes


MOST_NUMBERS = 2**63 - 1
"""The most elements of a tensor: PyTorch counts them in a signed 64-bit integer."""


@lru_cache(maxsize=65_536)
def _facts(meaning: Meaning, ins: tuple[Shape | None, ...]) -> Facts:
    name, params, inner = meaning
    kind = KINDS[name]
    settings = kind.settings(dict(params))
    if not all_known(ins):
        return Facts(kind, settings, ins, None, inner=inner)
    if kind.composite:
        return _composite(kind, settings, ins, inner)
    assert kind.shape is not None  # a primitive states it
    try:
        out = kind.shape(settings, ins)
    except Mismatch as mismatch:
        fault = Fault(mismatch.rule, mismatch.message, mismatch.allowed)
        return Facts(kind, settings, ins, mismatch.intended, fault=fault, faults=1)
    if prod(out) > MOST_NUMBERS:
        message = _("{{node}} would output {shape}, more numbers than a tensor can hold").format(
            shape=text_of(out)
        )
        return Facts(kind, settings, ins, ins[0], fault=Fault("numbers", message), faults=1)
    weights = kind.weights(settings, ins) if kind.weights else ()
    return Facts(
        kind,
        settings,
        ins,
        out,
        sum([w.size for w in weights if w.learned]),
        kind.macs(settings, ins, out) if kind.macs else 0,
        prod(out) if kind.counts else 0,
        weights,
    )


def facts_of(node: Node, ins: tuple[Shape | None, ...]) -> Facts:
    """The facts of a node whose inputs, all of them, have these shapes; None is unknown."""
    return _facts(node.meaning, ins)


def _composite(kind: Kind, settings: Settings, ins: Shapes, inner: Graph | None) -> Facts:
    if inner is not None:
        return _group(kind, settings, ins, inner)
    assert kind.expand is not None  # a composite states it
    inside = kind.expand(settings, ins)
    if inside.run:
        return _total(kind, settings, ins, _blocks(inside.run, ins), inside.last)
    shapes: dict[str, Shape | None] = {INPUT: ins[0]}
    children = []
    for id, meaning, sources in inside.steps:
        facts = _facts(
            meaning,
            (shapes[sources[0]],)
            if len(sources) == 1
            else tuple([shapes[source] for source in sources]),
        )
        shapes[id] = facts.out
        children.append(Child(id, facts, sources))
    return _total(kind, settings, ins, children, inside.last)


def _blocks(run: Repetition, ins: Shapes) -> Blocks:
    """The blocks of a stage. Once a block equals the one before it, so do all further ones."""
    distinct = [_facts(run.first, ins)]
    for _number in range(1, run.times):
        facts = _facts(run.others, (distinct[-1].out,))
        if facts is distinct[-1]:
            break
        distinct.append(facts)
    return Blocks(run, tuple(distinct))


def _group(kind: Kind, settings: Settings, ins: Shapes, inner: Graph) -> Facts:
    alive = needed(inner)
    children: list[Child] = []
    strays: list[Child] = []
    for child in sweep(inner, ins[0]):
        if child.id in alive:
            children.append(child)
        elif child.facts.faults:
            strays.append(child)
    leading = inner.into(OUTPUT).get(PORT)
    if leading:
        fault = next(
            (clash for _id, clash in clashes([(child.id, child.facts) for child in children])), None
        )
    else:
        fault = Fault("unconnected", _("Nothing is connected to the output inside {node}"))
    return _total(
        kind, settings, ins, children, leading.source if leading else "", strays, fault, inner
    )


def _total(
    kind: Kind,
    settings: Settings,
    ins: Shapes,
    children: Collection[Child],
    result: str,
    strays: Iterable[Child] = (),
    fault: Fault | None = None,
    inner: Graph | None = None,
) -> Facts:
    """The facts of a composite, whose figures are the sums of those of its children."""
    params = macs = activations = layers = 0
    faults = int(fault is not None)
    out = ins[0] if result == INPUT else None
    for id, facts, _sources in children:
        params += facts.params
        macs += facts.macs
        activations += facts.activations
        faults += facts.faults
        layers += facts.layers
        if id == result:
            out = facts.out
    faults += sum([child.facts.faults for child in strays])
    return Facts(
        kind,
        settings,
        ins,
        out,
        params,
        macs,
        activations,
        (),
        fault,
        faults,
        layers,
        children if isinstance(children, Blocks) else tuple(children),
        tuple(strays),
        result,
        inner,
    )


def clashes(nodes: Iterable[tuple[str, Facts]]) -> Iterator[tuple[str, Fault]]:
    """The faults of nodes that put a layer into the network under a name that another of them uses,
    each with the id of the inline one of the two."""
    taken: dict[str, str] = {}
    for id, facts in nodes:
        for name in names_of(id, facts):
            if taken.get(name, id) != id:  # a clash within one node is a fault inside it
                inliner = id if facts.inline else taken[name]
                yield (
                    inliner,
                    Fault(
                        "names",
                        _(
                            "{first} and {second} both put a layer called {name} into the "
                            "network; every name may occur once"
                        ).format(first=taken[name], second=id, name=name),
                        {"name": name, "inliner": inliner},
                    ),
                )
                break
            taken[name] = id


def names_of(id: str, facts: Facts) -> list[str]:
    """The names that a node uses up in its scope: its id, or if it is inline those of the nodes
    inside it."""
    if not facts.inline:
        return [id]
    return [name for child in facts.children for name in names_of(child.id, child.facts)]


def needed(graph: Graph) -> set[str]:
    """The ids of the output and of all nodes and ends from which a path of wires leads to it."""
    upstream = {OUTPUT}
    stack = [OUTPUT]
    while stack:
        for wire in graph.into(stack.pop()).values():
            if wire.source not in upstream:
                upstream.add(wire.source)
                stack.append(wire.source)
    return upstream


def sweep(graph: Graph, input: Shape | None) -> Iterator[Child]:
    """Every node of a graph with its facts, in order of execution.

    input: the shape of the graph's input, None if unknown. Does not stop at a fault: the nodes
    after it are given the shape that was intended.
    """
    shapes: dict[str, Shape | None] = {INPUT: input}
    for id in graph.order:
        child = _child(graph.nodes[id], graph.into(id), shapes)
        shapes[id] = child.facts.out
        yield child


def _child(node: Node, wires: Mapping[str, Wire], shapes: dict[str, Shape | None]) -> Child:
    kind = KINDS[node.kind]
    ports = sorted(wires) if kind.variadic else kind.inputs
    sources = tuple([wires[port].source for port in ports if port in wires])
    ins = tuple([shapes[source] for source in sources])
    if len(sources) < len(kind.inputs):
        return Child(node.id, _unconnected(node, kind, ins, wires), sources)
    return Child(node.id, facts_of(node, ins), sources)


def _unconnected(
    node: Node, kind: Kind, ins: tuple[Shape | None, ...], wires: Mapping[str, Wire]
) -> Facts:
    message = (
        _("{node} joins at least two branches, but only one is connected")
        if kind.variadic and ins
        else _("{node} joins at least two branches, but none is connected")
        if kind.variadic
        else _("The input of {node} is not connected")
    )
    missing = tuple(port for port in kind.ports() if port not in wires)
    return Facts(
        kind,
        kind.settings(node.params),
        ins,
        ins[0] if ins else None,
        fault=Fault(
            "unconnected", message, {"ports": missing, "count": len(kind.inputs) - len(ins)}
        ),
        faults=1,
        inner=node.inner,
    )


def names_in(graph: Graph) -> set[str]:
    """Every name that is taken in a graph: the ids of its nodes and of those inside inline
    nodes."""
    children = sweep(graph, graph.input or (3, 224, 224))
    return {*graph.nodes, *(name for each in children for name in names_of(each.id, each.facts))}


forget = _facts.cache_clear
