"""Which pixels of the picture one place of a feature map sees: exact, on graphs with branches.

Size, jump and centre follow Araujo, Norris, Sim 2019, "Computing Receptive Fields of Convolutional
Neural Networks", Distill: counted without regard to the borders, so a field may be larger than the
picture, and a place at the border, which sees padding too, may see fewer pixels, never more; where
branches meet it is the union. What sees all of its input (global pooling, Flatten, a
squeeze-and-excitation gate) sees the whole map: from there on the field is clipped to the picture.
The statistics of a normalisation are not counted: they are constants when the network is used.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from explorer.analysis.axis_field import SAME, AxisField, Number, axis_field_of, composed, joined
from explorer.analysis.facts import Child, Facts, all_known
from explorer.graph.graph import INPUT, Shape
from explorer.graph.path import NodePath

FARTHEST = 10**100
"""Pixels; what is further apart, or by so much closer than pixels are, is not told any more."""


class ReceptiveField(NamedTuple):
    """What one place of a feature map sees of the picture, (height, width) each, in pixels.

    size: of the largest field of all places. jump: how far neighbouring places stand apart; 0 if
    there is only one, after global pooling. centre: of the first place's field, where the first
    pixel is 0; None if that place sees nothing. Numbers are int where they are whole. clipped:
    behind a layer that sees all of its input, so that the field is clipped to the picture.
    """

    size: tuple[int, int]
    jump: tuple[Number, Number]
    centre: tuple[Number | None, Number | None]
    clipped: bool


class MapField(NamedTuple):
    """What the places of a map see of an earlier one. sides: of the map, (height, width), also
    where a Permute has put the channels last."""

    height: AxisField
    width: AxisField
    sides: tuple[int, int]


def sides_of(shape: Shape) -> tuple[int, int]:
    """Height and width of a map; a vector has one place."""
    return shape[1:] if len(shape) == 3 else (1, 1)


def itself(shape: Shape) -> MapField:
    """A map seen from itself."""
    return MapField(SAME, SAME, sides_of(shape))


def behind(outer: MapField | None, inner: MapField | None) -> MapField | None:
    """What is seen through both, the outer one behind the inner; None if one is unknown, or if it
    is beyond all measure."""
    if outer is None or inner is None:
        return None
    height = width = composed(outer.height, inner.height, outer.sides[0])
    if not (outer.height is outer.width and inner.height is inner.width and _square(outer)):
        width = composed(outer.width, inner.width, outer.sides[1])
    if height is None or width is None or _is_beyond(height) or _is_beyond(width):
        return None
    return MapField(height, width, outer.sides)


def _is_beyond(field: AxisField) -> bool:
    """Hundreds of strides in a row, on a map of one pixel: the number has no meaning, and the
    numbers of thousands would take longer and longer to multiply."""
    jump = field.jump
    return max(field.step, jump.numerator, jump.denominator) > FARTHEST


def merged(branches: list[MapField | None], reference: tuple[int, int]) -> MapField | None:
    """What is seen through any of these branches; reference: sides of the map that they see."""
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


def _square(seen: MapField) -> bool:
    return seen.sides[0] == seen.sides[1]


@lru_cache(maxsize=65_536)
def through(facts: Facts) -> MapField | None:
    """What the node's places see of its own input, the union of its inputs if it has several; None
    if it is unknown. Remembered by the facts, which equal nodes share."""
    ins = facts.ins
    if facts.out is None or not ins or not all_known(ins):
        return None
    if facts.kind.composite:  # its own fault is that of its names, or that it has no output
        return inside(facts)[facts.result] if facts.result else None
    if facts.fault:
        return None
    if facts.kind.window is None:
        return itself(ins[0])
    here, there = sides_of(ins[0]), sides_of(facts.out)
    windows = facts.kind.window(facts.settings, ins, facts.out)
    height, width = map(axis_field_of, windows, here)
    return MapField(height, height if height == width else width, there)


def step(
    facts: Facts, branches: list[MapField | None], reference: tuple[int, int]
) -> MapField | None:
    """What a node's places see, whose inputs see `branches`."""
    own = through(facts)
    if own is None:
        return None
    came = merged(branches, reference)
    if own.height is SAME and own.width is SAME:  # a Permute changes the shape, not the places
        return came
    return behind(own, came)


@lru_cache(maxsize=4096)
def inside(facts: Facts) -> dict[str, MapField | None]:
    """For every node inside a composite, by id: what its places see of the composite's input."""
    entering = itself(facts.known_ins[0])
    reference = entering.sides
    found: dict[str, MapField | None] = {INPUT: entering}
    for id, child, sources in facts.children:
        found[id] = step(child, [found[source] for source in sources], reference)
    return found


@lru_cache(maxsize=256)
def _children(facts: Facts) -> dict[str, Child]:
    """What is inside a composite, by id."""
    return {child.id: child for child in (*facts.strays, *facts.children)}


class ReceptiveFields:
    """The receptive fields of a network's nodes and layers, computed when they are asked for.

    facts, sources: of a Report. input: shape of the picture, or of what else the network is given.
    """

    def __init__(
        self, facts: Mapping[str, Facts], sources: Mapping[str, tuple[str, ...]], input: Shape
    ):
        self._facts, self._sources, self._input = facts, sources, input
        self._sides = sides_of(input)

    def of(self, path: NodePath) -> ReceptiveField | None:
        """The field of the node at a path; None if it is unknown: behind a fault, or connected to
        nothing. Raises KeyError."""
        return self._measured(self.seen(path))

    def seen(self, path: NodePath) -> MapField | None:
        """What the places of the node at a path see of the picture. Raises KeyError."""
        id, *way = path
        facts, seen = self._facts[id], self._seen[id]
        entry = self._entry(id)
        for id in way:
            child = _children(facts).get(id)
            if child is None:
                raise KeyError(path)
            known = inside(facts) if facts.ins and facts.ins[0] else {}
            seen = behind(known.get(id), entry)
            entry = behind(known.get(child.sources[0]) if child.sources else None, entry)
            facts = child.facts
        return seen

    def layers(self, ids: Iterable[str]) -> Iterator[ReceptiveField | None]:
        """Those of every primitive in the nodes `ids` and inside them, in order of execution."""
        for id in ids:
            yield from self._fields(self._facts[id], self._entry(id), self._seen[id])

    def _fields(
        self, facts: Facts, entry: MapField | None, seen: MapField | None
    ) -> Iterator[ReceptiveField | None]:
        if not facts.kind.composite:
            yield self._measured(seen)
            return
        known = inside(facts) if facts.ins and facts.ins[0] else {}
        before = field = None
        for id, child, sources in facts.children:
            own = known.get(id)
            if child.kind.composite:
                came = known.get(sources[0]) if sources else None
                yield from self._fields(child, behind(came, entry), None)
                continue
            if own is not before:  # that of a ReLU is the one of what feeds it
                before, field = own, self._measured(behind(own, entry))
            yield field

    def _entry(self, id: str) -> MapField | None:
        sources = self._sources[id]
        return merged([self._seen[source] for source in sources], self._sides) if sources else None

    @cached_property
    def _seen(self) -> dict[str, MapField | None]:
        """What the places of each node of the whole network see of the picture."""
        found: dict[str, MapField | None] = {INPUT: itself(self._input)}
        for id, facts in self._facts.items():
            sources = [found[source] for source in self._sources[id]]
            found[id] = step(facts, sources, self._sides) if sources else None
        return found

    def _measured(self, seen: MapField | None) -> ReceptiveField | None:
        if seen is None:
            return None
        height = _measure(seen.height, seen.sides[0], self._sides[0])
        width = (
            height
            if seen.height is seen.width and self._sides[0] == self._sides[1] and _square(seen)
            else _measure(seen.width, seen.sides[1], self._sides[1])
        )
        return ReceptiveField(
            (height[0], width[0]),
            (height[1], width[1]),
            (height[2], width[2]),
            seen.height.whole or seen.width.whole,
        )


def _measure(field: AxisField, side: int, pixels: int) -> tuple[int, Number, Number | None]:
    """Size, jump and centre of what `side` places see of `pixels`."""
    spans = field.spans[:side]
    if field.whole:
        spans = tuple([span and (max(0, span[0]), min(pixels - 1, span[1])) for span in spans])
    first = spans[0]
    if len(spans) == 1 and first:
        size = first[1] - first[0] + 1
    else:
        size = max((span[1] - span[0] + 1 for span in spans if span), default=0)
    return size, _plain(field.jump), first and _half(first[0] + first[1])


def _half(number: int) -> Number:
    return Fraction(number, 2) if number % 2 else number // 2


def _plain(number: Number) -> Number:
    return number.numerator if number.denominator == 1 else number
