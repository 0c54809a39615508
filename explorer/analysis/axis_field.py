"""Which places of an earlier map each place of a map sees, along one axis: composed and joined
exactly."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from typing import NamedTuple, TypeGuard

from explorer.catalog.layer_window import LayerWindow, Span

Number = int | Fraction
LONGEST = 512  # phases; a field with more is stored place by place
MOST_PLACES = 16_384  # stored one by one; no map that a device could hold has a longer side


class AxisField(NamedTuple):
    """Place q × period + r sees from q × step + spans[r][0] to q × step + spans[r][1], inclusive,
    counted without regard to the borders, as in LayerWindow; a span of None sees nothing.

    jump: the distance of neighbouring places in the earlier map: step / period; 0 for the one
    place that is left after global pooling; where branches of unequal jumps meet, that of the first.
    whole: there is a layer between that sees all of its input. bounded: only the places in `spans`
    exist, and step has no meaning. rising: no span starts or ends before that of the place before,
    and none is None.
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
        # A place one period further sees further: the first period has the start, the last the end.
        first = filter(None, map(self.at, range(low, min(high, low + self.period - 1) + 1)))
        last = filter(None, map(self.at, range(high, max(low, high - self.period + 1) - 1, -1)))
        start = min((span[0] for span in first), default=None)
        return None if start is None else (start, max(span[1] for span in last))


SAME = AxisField(1, 1, ((0, 0),))


def axis_field_of(window: LayerWindow, side: int) -> AxisField:
    """A layer's own window into an input of `side` places."""
    if window.whole:
        return AxisField(1, 0, ((0, side - 1),), 0, True)
    if window == (1, 1, ((0, 0),), False):
        return SAME
    jump = plain(Fraction(window.step, window.period))
    return _periodic(window.period, window.step, tuple(window.spans), jump, False)


def composed(outer: AxisField, inner: AxisField, side: int) -> AxisField | None:
    """What `side` places see of the earliest map, if they see `outer` of the one between, and that
    sees `inner` of the earliest; None if there are too many places to compute one by one."""
    if outer is SAME:
        return inner
    if inner is SAME and not outer.bounded:
        return outer
    jump, whole = outer.jump * inner.jump, outer.whole or inner.whole
    turns = 1 if inner.bounded else inner.period // gcd(outer.step, inner.period)
    period, bounded = outer.period * turns, outer.bounded or inner.bounded
    if not bounded and period == inner.period == 1 and outer.spans[0] and inner.spans[0]:
        (low, high), (start, end), step = outer.spans[0], inner.spans[0], inner.step
        return AxisField(
            1, outer.step * step, ((low * step + start, high * step + end),), jump, whole
        )
    return _computed(
        lambda place: (span := outer.at(place)) and inner.hull(*span),
        period,
        turns * outer.step // inner.period * inner.step,
        bounded,
        side,
        jump,
        whole,
    )


def joined(
    fields: list[AxisField], sides: list[int], side: int, reference: int
) -> AxisField | None:
    """What `side` places see that join branches of `sides` places: the union of the same place in
    each, or of the one place of a branch that has no more. reference: places of the earliest map.
    None if there are too many places to compute one by one."""
    fields = [_constant(field) if own == 1 != side else field for field, own in zip(fields, sides)]
    first = fields[0]
    if all(field is first or field == first for field in fields):
        return first
    jump = next((field.jump for field in fields if field.jump), 0)
    for field in fields:
        if field.whole and not field.bounded and field.period == 1 and field.step == 0:
            span = field.spans[0]
            if span and span[0] <= 0 and span[1] >= reference - 1:  # there is nothing else to see
                return field._replace(jump=jump)
    period = lcm(*(field.period for field in fields))
    return _computed(
        lambda place: _union([field.at(place) for field in fields]),
        period,
        first.step * (period // first.period),
        any(
            field.bounded or field.step * first.period != first.step * field.period
            for field in fields
        ),
        side,
        jump,
        any(field.whole for field in fields),
    )


def _union(spans: list[Span | None]) -> Span | None:
    known = [span for span in spans if span]
    return (min(low for low, _high in known), max(high for _low, high in known)) if known else None


def _constant(field: AxisField) -> AxisField:
    """Every place sees what the first does."""
    return AxisField(1, 0, (field.at(0),), 0, field.whole, False, field.at(0) is not None)


def _computed(
    span_of: Callable[[int], Span | None],
    period: int,
    step: int,
    bounded: bool,
    side: int,
    jump: Number,
    whole: bool,
) -> AxisField | None:
    """The field whose places have these spans, from one period or, where bounded or too long, from
    all `side` places; None if those are too many."""
    if not bounded and period <= LONGEST:
        return _periodic(period, step, tuple(map(span_of, range(period))), jump, whole)
    if side > MOST_PLACES:
        return None
    spans = tuple(map(span_of, range(side)))
    return AxisField(side, 0, spans, jump, whole, True, _all_see(spans) and _rises(spans))


def _periodic(
    period: int, step: int, spans: tuple[Span | None, ...], jump: Number, whole: bool
) -> AxisField:
    if not _all_see(spans):
        return AxisField(period, step, spans, jump, whole, False, False)
    low, high = spans[0]
    if period > 1 and step % period == 0:  # all spans may be equal but for their position
        each = step // period
        if all(span == (low + turn * each, high + turn * each) for turn, span in enumerate(spans)):
            period, step, spans = 1, each, spans[:1]
    rising = _rises((*spans, (low + step, high + step)))
    return AxisField(period, step, spans, jump, whole, False, rising)


def _all_see(spans: tuple[Span | None, ...]) -> TypeGuard[tuple[Span, ...]]:
    """Every place sees something."""
    return None not in spans


def _rises(spans: tuple[Span, ...]) -> bool:
    return all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans))


def plain(number: Number) -> Number:
    """The number as an int where it is whole."""
    return number.numerator if number.denominator == 1 else number
