"""Layers in a row compared with one convolution that has the same receptive field."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import prod
from typing import NamedTuple

from explorer.analysis.facts import Facts
from explorer.analysis.layer import Layer, layers_of
from explorer.analysis.receptive_field import ReceptiveField, ReceptiveFields
from explorer.graph.graph import INPUT, Graph, Shape
from explorer.graph.path import NodePath
from explorer.text import _, listed


class NotComparable(Exception):
    """The nodes cannot be compared with one convolution; the message says why."""


class Figures(NamedTuple):
    """The figures that are compared.

    layers: those with kernels. weights: numbers in the kernels, without biases and without the
    parameters of normalisations. macs: fused multiply-adds for one picture. nonlinearities: layers
    that are activations.
    """

    layers: int
    weights: int
    macs: int
    nonlinearities: int


class Comparison(NamedTuple):
    """Nodes compared with one convolution with the same receptive field, stride and channels.

    nodes: the ids of all that are compared, in order of execution. field: (height, width) of the
    receptive field of their output in their input, in positions of it. growth: the sizes of the
    field after each layer that enlarges it. stride: of the one convolution. channels: in and out.
    chain, single: the figures of the nodes and of the one convolution. equal: what `ratio` would be
    if all layers had the same number of channels; None if they have, or if the nodes are not plain
    convolutions in a row.
    """

    nodes: tuple[str, ...]
    field: tuple[int, int]
    growth: tuple[tuple[int, int], ...]
    stride: tuple[int, int]
    channels: tuple[int, int]
    chain: Figures
    single: Figures
    equal: Fraction | None = None

    @property
    def ratio(self) -> Fraction:
        """Weights of the nodes divided by those of the one convolution: two 3×3 have 18/25 of the
        weights of one 5×5, three 27/49 of one 7×7 (Simonyan and Zisserman 2014, section 2.3)."""
        return Fraction(self.chain.weights, self.single.weights)


def compared(
    graph: Graph, facts: Mapping[str, Facts], input: Shape | None, ids: Iterable[str]
) -> Comparison:
    """The comparison of these nodes of a graph, and those between them, with one convolution.

    facts: of every node of the graph. input: shape of its input. Raises NotComparable.
    """
    nodes = _with_between(graph, set(ids) & graph.nodes.keys())
    entry, exit = _ends(graph, nodes)
    shape = input if entry == INPUT else facts[entry].out
    out = facts[exit].out
    if shape is None or out is None or any(facts[id].faults for id in nodes):
        raise NotComparable(_("These nodes have a problem; fix it first"))
    if len(shape) != 3 or len(out) != 3:
        raise NotComparable(
            _("Only nodes that take maps and output maps can be compared with a convolution")
        )
    sources = {
        id: tuple([INPUT if source == entry else source for source in _sources(graph, id)])
        for id in nodes
    }
    fields = ReceptiveFields({id: facts[id] for id in nodes}, sources, shape)
    field = fields.of(NodePath((exit,)))
    if field is None:
        raise NotComparable(_("These nodes have a problem; fix it first"))
    if field.clipped:
        raise NotComparable(
            _("{node} sees the whole map; no convolution has such a field").format(node=exit)
        )
    down, right = field.jump
    if not (isinstance(down, int) and isinstance(right, int)) or 0 in (down, right, *field.size):
        raise NotComparable(_("These nodes raise the resolution; one convolution cannot"))
    layers = [layer for id in nodes for layer in layers_of(id, facts[id], (INPUT,))[0]]
    chain = _figures(layers)
    if not chain.weights:
        raise NotComparable(_("None of these nodes has a kernel; select convolutions"))
    weights = shape[0] * out[0] * prod(field.size)
    after = layers[max(n for n, layer in enumerate(layers) if _kernel(layer)) + 1 :]
    single = Figures(
        1, weights, weights * prod(out[1:]), int(any(_is_activation(layer) for layer in after))
    )
    return Comparison(
        nodes,
        field.size,
        _growth(fields.layers(nodes), field.size),
        (down, right),
        (shape[0], out[0]),
        chain,
        single,
        _equal(layers, sources, field.size, chain, single),
    )


def _with_between(graph: Graph, chosen: set[str]) -> tuple[str, ...]:
    """These nodes and all on a path from one of them to another, in order of execution."""
    if not chosen:
        raise NotComparable(_("Select the nodes to compare"))
    down: set[str] = set()
    for id in graph.order:
        if id in chosen or any(source in down for source in _sources(graph, id)):
            down.add(id)
    up: set[str] = set()
    for id in reversed(graph.order):
        if id in chosen or any(wire.target in up for wire in graph.out_of(id)):
            up.add(id)
    return tuple([id for id in graph.order if id in down and id in up])


def _sources(graph: Graph, id: str) -> list[str]:
    into = graph.into(id)
    return [into[port].source for port in sorted(into)]


def _ends(graph: Graph, nodes: tuple[str, ...]) -> tuple[str, str]:
    """The id of the only node or end that feeds these, and of the only one of them that feeds
    others or nothing. Raises NotComparable."""
    among = set(nodes)
    entries = {source for id in nodes for source in _sources(graph, id)} - among
    exits = [
        id
        for id in nodes
        if not graph.out_of(id) or any(wire.target not in among for wire in graph.out_of(id))
    ]
    if len(entries) != 1 or len(exits) != 1:
        message = (
            _("A convolution has one input; these nodes are fed by {names}")
            if len(entries) > 1
            else _("A convolution has one output; these nodes end at {names}")
            if len(exits) > 1
            else _("A convolution has one input; these nodes have none")
        )
        names = sorted(entries) if len(entries) > 1 else exits
        raise NotComparable(message.format(names=listed(names)))
    return entries.pop(), exits[0]


def _kernel(layer: Layer) -> int:
    """How many numbers the kernel of a layer has; 0 if it has none."""
    return sum(
        weight.size
        for weight in layer.facts.weights
        if weight.learned and weight.name == "weight" and len(weight.shape) > 1
    )


def _is_activation(layer: Layer) -> bool:
    return layer.facts.kind.category == "activation"


def _figures(layers: list[Layer]) -> Figures:
    kernels = [_kernel(layer) for layer in layers]
    return Figures(
        sum(map(bool, kernels)),
        sum(kernels),
        sum(layer.macs for layer in layers),
        sum(map(_is_activation, layers)),
    )


def _growth(
    fields: Iterable[ReceptiveField | None], last: tuple[int, int]
) -> tuple[tuple[int, int], ...]:
    """The sizes of these fields, without those that are no larger than the one before."""
    sizes = [(1, 1)]
    for field in fields:
        size = field.size if field else sizes[-1]
        if size != sizes[-1] and all(
            old <= new <= end for old, new, end in zip(sizes[-1], size, last)
        ):
            sizes.append(size)
    return tuple(sizes[1:]) or (last,)


def _equal(
    layers: list[Layer],
    sources: Mapping[str, tuple[str, ...]],
    size: tuple[int, int],
    chain: Figures,
    single: Figures,
) -> Fraction | None:
    """See `Comparison.equal`. sources: of the nodes, by id. size: of the receptive field."""
    if any(len(each) != 1 for each in (*sources.values(), *(layer.sources for layer in layers))):
        return None
    kernels = [layer for layer in layers if _kernel(layer)]
    if any(not layer.facts.kind.convolves or layer.settings["groups"] != 1 for layer in kernels):
        return None
    taps = sum(prod(layer.facts.weights[0].shape[2:]) for layer in kernels)
    ratio = Fraction(taps, prod(size))
    return None if ratio == Fraction(chain.weights, single.weights) else ratio
