"""Which pixels of the picture one position of a feature map sees: exact, also where branches meet.

Size, jump and centre follow Araujo, Norris, Sim 2019, "Computing Receptive Fields of Convolutional
Neural Networks", Distill. Borders are disregarded: a field may be larger than the picture, and a
position at the border, which also sees padding, may see fewer pixels, never more. Where branches
meet, the field is the union. After a layer that sees all of its input (global pooling, Flatten, a
squeeze-and-excitation gate) the field is clipped to the picture. The statistics of a normalisation
do not count: they are constants when the network is used.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from explorer.analysis.axis_field import (
    SAME,
    AxisField,
    Number,
    axis_field_of,
    composed,
    joined,
    plain,
)
from explorer.analysis.facts import Child, Facts, all_known
from explorer.graph.graph import INPUT, Shape
from explorer.graph.path import NodePath

FARTHEST = 10**100
"""Pixels: a field whose jump or its reciprocal is larger counts as unknown."""


class ReceptiveField(NamedTuple):
    """What one position of a feature map sees of the picture: (height, width) each, in pixels.

    size: of the largest field of any position. jump: the distance between the fields of
    neighbouring positions; 0 if there is only one position, after global pooling. centre: of the
    first position's field, where the first pixel is 0; None if that position sees nothing. Whole
    numbers are ints. clipped: the field is clipped to the picture, after a layer that sees all of
    its input.
    """

    size: tuple[int, int]
    jump: tuple[Number, Number]
    centre: tuple[Number | None, Number | None]
    clipped: bool


class MapField(NamedTuple):
    """What the positions of a map see of an earlier one. sides: (height, width) of the map, even
    after a Permute that puts the channels last."""

    height: AxisField
    width: AxisField
    sides: tuple[int, int]


def sides_of(shape: Shape) -> tuple[int, int]:
    """Height and width of a map; a vector has one position."""
    return shape[1:] if len(shape) == 3 else (1, 1)


def itself(shape: Shape) -> MapField:
    """The field of a map in itself: each position sees itself."""
    return MapField(SAME, SAME, sides_of(shape))


def chained(outer: MapField | None, inner: MapField | None) -> MapField | None:
    """The field through two parts of the network, `outer` after `inner`; None if one is unknown, or
    if the result has too many positions or too large a jump."""
    if outer is None or inner is None:
        return None
    height = width = composed(outer.height, inner.height, outer.sides[0])
    if not (outer.height is outer.width and inner.height is inner.width and _square(outer)):
        width = composed(outer.width, inner.width, outer.sides[1])
    if height is None or width is None or _is_beyond(height) or _is_beyond(width):
        return None
    return MapField(height, width, outer.sides)


def _is_beyond(field: AxisField) -> bool:
    """Whether the jump is too large to have a meaning, as after hundreds of strides on a map of one
    pixel; ever longer numbers would take ever longer to multiply."""
    jump = field.jump
    return max(field.step, jump.numerator, jump.denominator) > FARTHEST


def merged(branches: list[MapField | None], reference: tuple[int, int]) -> MapField | None:
    """The field where these branches meet; None if one is unknown, or if there are too many
    positions. reference: the sides of the map that the branches see."""
    if len(branches) == 1:
        return branches[0]
    known = [branch for branch in branches if branch is not None]
    if len(known) < len(branches):
        return None
    first = known[0]
    if all(branch is first for branch in known):
        return first
    tall, wide = map(max, *(branch.sides for branch in known))
    height = joined(
        [branch.height for branch in known],
        [branch.sides[0] for branch in known],
        tall,
        reference[0],
    )
    width = joined(
        [branch.width for branch in known],
        [branch.sides[1] for branch in known],
        wide,
        reference[1],
    )
    if height is None or width is None:
        return None
    return MapField(height, height if height == width else width, (tall, wide))


def _square(field: MapField) -> bool:
    return field.sides[0] == field.sides[1]


@lru_cache(maxsize=65_536)
def own_field(facts: Facts) -> MapField | None:
    """The field of a node in its own input, or in the union of its inputs; None if it is unknown.
    Cached by the facts, which equal nodes share."""
    ins = facts.ins
    if facts.out is None or not ins or not all_known(ins):
        return None
    if facts.kind.composite:  # its own fault can only be one of names, or a missing output
        return fields_inside(facts)[facts.result] if facts.result else None
    if facts.fault:
        return None
    if facts.kind.window is None:
        return itself(ins[0])
    here, there = sides_of(ins[0]), sides_of(facts.out)
    windows = facts.kind.window(facts.settings, ins, facts.out)
    height, width = map(axis_field_of, windows, here)
    return MapField(height, height if height == width else width, there)


def field_after(
    facts: Facts, branches: list[MapField | None], reference: tuple[int, int]
) -> MapField | None:
    """The field of a node whose inputs have the fields `branches`. reference: as in `merged`."""
    own = own_field(facts)
    if own is None:
        return None
    before = merged(branches, reference)
    if own.height is SAME and own.width is SAME:  # a Permute changes the shape, not the positions
        return before
    return chained(own, before)


@lru_cache(maxsize=4096)
def fields_inside(facts: Facts) -> dict[str, MapField | None]:
    """The field of every node inside a composite in the composite's input, by id."""
    entering = itself(facts.known_ins[0])
    fields: dict[str, MapField | None] = {INPUT: entering}
    for id, child, sources in facts.children:
        fields[id] = field_after(child, [fields[source] for source in sources], entering.sides)
    return fields


def _known_inside(facts: Facts) -> dict[str, MapField | None]:
    """As `fields_inside`; empty while the shape of the composite's input is unknown."""
    return fields_inside(facts) if facts.ins and facts.ins[0] else {}


@lru_cache(maxsize=256)
def _children(facts: Facts) -> dict[str, Child]:
    """The nodes inside a composite, by id."""
    return {child.id: child for child in (*facts.strays, *facts.children)}


class ReceptiveFields:
    """The receptive fields of the nodes and layers of a network, computed when they are asked for.

    facts, sources: as in a Report. input: shape of the picture, or of the map that enters.
    """

    def __init__(
        self, facts: Mapping[str, Facts], sources: Mapping[str, tuple[str, ...]], input: Shape
    ):
        self._facts, self._sources, self._input = facts, sources, input
        self._sides = sides_of(input)

    def of(self, path: NodePath) -> ReceptiveField | None:
        """The field of the node at a path; None if it is unknown, after a fault or if the node is
        not connected. Raises KeyError."""
        return self._measured(self.map_field(path))

    def map_field(self, path: NodePath) -> MapField | None:
        """What each position of the node at a path sees of the picture. Raises KeyError."""
        id, *within = path
        facts, field, entry = self._facts[id], self._fields[id], self._entry(id)
        for id in within:
            child = _children(facts).get(id)
            if child is None and facts.expansion is not None and id in facts.expansion.nodes:
                return None  # the inside of a group whose input is unknown
            if child is None:
                raise KeyError(id)
            known = _known_inside(facts)
            field = chained(known.get(id), entry)
            entry = chained(known.get(child.sources[0]) if child.sources else None, entry)
            facts = child.facts
        return field

    def layers(self, ids: Iterable[str]) -> Iterator[ReceptiveField | None]:
        """The field of every layer at or inside the nodes `ids`, in order of execution."""
        for id in ids:
            yield from self._layers(self._facts[id], self._entry(id), self._fields[id])

    def _layers(
        self, facts: Facts, entry: MapField | None, own: MapField | None
    ) -> Iterator[ReceptiveField | None]:
        if not facts.kind.composite:
            yield self._measured(own)
            return
        known = _known_inside(facts)
        before = field = None
        for id, child, sources in facts.children:
            own = known.get(id)
            if child.kind.composite:
                source = known.get(sources[0]) if sources else None
                yield from self._layers(child, chained(source, entry), None)
                continue
            if own is not before:  # a ReLU has the field of the layer before it
                before, field = own, self._measured(chained(own, entry))
            yield field

    def _entry(self, id: str) -> MapField | None:
        sources = self._sources[id]
        return merged([self._fields[each] for each in sources], self._sides) if sources else None

    @cached_property
    def _fields(self) -> dict[str, MapField | None]:
        """What each position of each node of the network sees of the picture, by node id."""
        fields: dict[str, MapField | None] = {INPUT: itself(self._input)}
        for id, facts in self._facts.items():
            sources = [fields[source] for source in self._sources[id]]
            fields[id] = field_after(facts, sources, self._sides) if sources else None
        return fields

    def _measured(self, field: MapField | None) -> ReceptiveField | None:
        if field is None:
            return None
        height = width = _measure(field.height, field.sides[0], self._sides[0])
        if not (
            field.height is field.width and self._sides[0] == self._sides[1] and _square(field)
        ):
            width = _measure(field.width, field.sides[1], self._sides[1])
        return ReceptiveField(
            (height[0], width[0]),
            (height[1], width[1]),
            (height[2], width[2]),
            field.height.whole or field.width.whole,
        )


def _measure(field: AxisField, side: int, pixels: int) -> tuple[int, Number, Number | None]:
    """Size, jump and centre of the field of `side` positions in a picture of `pixels`, along one
    axis."""
    spans = field.spans[:side]
    if field.whole:
        spans = tuple([span and (max(0, span[0]), min(pixels - 1, span[1])) for span in spans])
    first = spans[0]
    if len(spans) == 1 and first:
        size = first[1] - first[0] + 1
    else:
        size = max((span[1] - span[0] + 1 for span in spans if span), default=0)
    return size, plain(field.jump), first and _half(first[0] + first[1])


def _half(number: int) -> Number:
    return Fraction(number, 2) if number % 2 else number // 2
