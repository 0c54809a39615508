"""What the places of one map see of the places of an earlier one, along one axis: composed, joined
and measured exactly."""

from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from typing import NamedTuple, TypeGuard

from explorer.catalog.layer_window import LayerWindow, Span

Number = int | Fraction
LONGEST = 512  # phases; tables that would need more are written out place by place
MOST_PLACES = 16_384  # what is written out; no map that a device could hold has a longer side


class AxisField(NamedTuple):
    """Place q × period + r sees from q × step + spans[r][0] to q × step + spans[r][1], inclusive,
    counted without regard to the borders, as in LayerWindow; a span of None sees nothing.

    jump: how far neighbouring places stand apart in the earlier map: step / period; 0 for the one
    place that is left after global pooling; where branches of unlike jumps meet, that of the first.
    whole: went through a layer that sees all of its input. bounded: only the places in `spans`
    exist, and step means nothing. rising: no span begins or ends before the one of the place
    before, and none is None.
    """

    period: int
    step: int
    spans: tuple[Span | None, ...]
    jump: Number = 1
    whole: bool = False
    bounded: bool = False
    rising: bool = True

    def at(self, place: int) -> Span | None:
        """What one place sees; None: nothing."""
        if self.bounded:
            return self.spans[place] if 0 <= place < self.period else None
        turn, phase = divmod(place, self.period)
        span = self.spans[phase]
        return span and (turn * self.step + span[0], turn * self.step + span[1])

    def hull(self, low: int, high: int) -> Span | None:
        """The span around all that the places from low to high see together."""
        if self.bounded:
            low, high = max(low, 0), min(high, self.period - 1)
            if low > high:
                return None
        if self.rising:
            lowest, highest = self.at(low), self.at(high)
            assert lowest and highest
            return lowest[0], highest[1]
        # Whoever is a period further sees further: the first period has the begin, the last the end.
        first = filter(None, map(self.at, range(low, min(high, low + self.period - 1) + 1)))
        last = filter(None, map(self.at, range(high, max(low, high - self.period + 1) - 1, -1)))
        begin = min((span[0] for span in first), default=None)
        return None if begin is None else (begin, max(span[1] for span in last))


SAME = AxisField(1, 1, ((0, 0),))


def axis_field_of(window: LayerWindow, side: int) -> AxisField:
    """A layer's own window into an input of `side` places."""
    if window.whole:
        return AxisField(1, 0, ((0, side - 1),), 0, True)
    if window == (1, 1, ((0, 0),), False):
        return SAME
    return _sight(
        window.period, window.step, tuple(window.spans), _number(window.step, window.period), False
    )


def composed(outer: AxisField, inner: AxisField, side: int) -> AxisField | None:
    """What `side` places see of the earliest map, if they see `outer` of the one between, and that
    sees `inner` of the earliest; None if there are too many to be gone through one by one."""
    if outer is SAME:
        return inner
    if inner is SAME and not outer.bounded:
        return outer
    jump, whole = outer.jump * inner.jump, outer.whole or inner.whole
    turns = 1 if inner.bounded else inner.period // gcd(outer.step, inner.period)
    period = outer.period * turns
    if outer.bounded or inner.bounded or period > LONGEST:
        if side > MOST_PLACES:
            return None
        return _written(
            tuple([_through(outer.at(place), inner) for place in range(side)]), jump, whole
        )
    if period == 1 and inner.period == 1 and outer.spans[0] and inner.spans[0]:
        (low, high), (begin, end), step = outer.spans[0], inner.spans[0], inner.step
        return AxisField(
            1, outer.step * step, ((low * step + begin, high * step + end),), jump, whole
        )
    return _sight(
        period,
        turns * outer.step // inner.period * inner.step,
        tuple([_through(outer.at(place), inner) for place in range(period)]),
        jump,
        whole,
    )


def joined(
    sights: list[AxisField], sides: list[int], side: int, reference: int
) -> AxisField | None:
    """What `side` places see that join branches of `sides` places, each from a place of its own, or
    all from the one place of a branch that has no more. reference: places of the earliest map.
    None if there are too many to be gone through one by one."""
    sights = [_constant(field) if own == 1 != side else field for field, own in zip(sights, sides)]
    first = sights[0]
    jump = next((field.jump for field in sights if field.jump), 0)
    if all(field is first or field == first for field in sights):
        return first
    for field in sights:
        if field.whole and not field.bounded and field.period == 1 and field.step == 0:
            span = field.spans[0]
            if span and span[0] <= 0 and span[1] >= reference - 1:  # there is nothing else to see
                return field._replace(jump=jump)
    whole = any(field.whole for field in sights)
    period = lcm(*(field.period for field in sights))
    if (
        any(
            field.bounded or field.step * first.period != first.step * field.period
            for field in sights
        )
        or period > LONGEST
    ):
        if side > MOST_PLACES:
            return None
        return _written(
            tuple([_union([field.at(place) for field in sights]) for place in range(side)]),
            jump,
            whole,
        )
    return _sight(
        period,
        first.step * (period // first.period),
        tuple([_union([field.at(place) for field in sights]) for place in range(period)]),
        jump,
        whole,
    )


def _through(span: Span | None, inner: AxisField) -> Span | None:
    return span and inner.hull(*span)


def _union(spans: list[Span | None]) -> Span | None:
    seen = [span for span in spans if span]
    return (min(low for low, _high in seen), max(high for _low, high in seen)) if seen else None


def _constant(field: AxisField) -> AxisField:
    """Every place sees what the first does."""
    return AxisField(1, 0, (field.at(0),), 0, field.whole, False, field.at(0) is not None)


def _sight(
    period: int, step: int, spans: tuple[Span | None, ...], jump: Number, whole: bool
) -> AxisField:
    if not _all_see(spans):
        return AxisField(period, step, spans, jump, whole, False, False)
    low, high = spans[0]
    if period > 1 and step % period == 0:  # alike, but for where they stand
        each = step // period
        if all(span == (low + turn * each, high + turn * each) for turn, span in enumerate(spans)):
            period, step, spans = 1, each, spans[:1]
    rising = _rises((*spans, (low + step, high + step)))
    return AxisField(period, step, spans, jump, whole, False, rising)


def _written(spans: tuple[Span | None, ...], jump: Number, whole: bool) -> AxisField:
    return AxisField(len(spans), 0, spans, jump, whole, True, _all_see(spans) and _rises(spans))


def _all_see(spans: tuple[Span | None, ...]) -> TypeGuard[tuple[Span, ...]]:
    """Every place sees something."""
    return None not in spans


def _rises(spans: tuple[Span, ...]) -> bool:
    return all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans))


def _number(above: int, below: int) -> Number:
    found = Fraction(above, below)
    return found.numerator if found.denominator == 1 else found
