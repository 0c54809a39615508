"""Which positions of an earlier map each position of a map sees along one axis, exactly, through
layers in a row and where branches meet."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import gcd, lcm
from typing import NamedTuple, TypeGuard

from explorer.catalog.layer_window import LayerWindow, Span

Number = int | Fraction
LONGEST_PERIOD = 512  # positions; a field with a longer one is stored position by position
MOST_POSITIONS = 16_384  # stored one by one; no map that fits a device has a longer side


class AxisField(NamedTuple):
    """What each position of a map sees: position q × period + r sees from q × step + spans[r][0] to
    q × step + spans[r][1], inclusive, borders disregarded, as in LayerWindow; None sees nothing.

    jump: the distance of neighbouring positions in the earlier map, step / period; 0 for the one
    position after global pooling; where branches with different jumps meet, that of the first.
    whole: a layer between the maps sees all of its input. bounded: only the positions in `spans`
    exist, and step has no meaning. rising: no span is None, and none starts or ends before that of
    the previous position.
    """

    period: int
    step: int
    spans: tuple[Span | None, ...]
    jump: Number = 1
    whole: bool = False
    bounded: bool = False
    rising: bool = True

    def at(self, position: int) -> Span | None:
        """What one position sees; None is nothing."""
        if self.bounded:
            return self.spans[position] if 0 <= position < self.period else None
        periods, phase = divmod(position, self.period)
        span = self.spans[phase]
        return span and (periods * self.step + span[0], periods * self.step + span[1])

    def hull(self, low: int, high: int) -> Span | None:
        """The smallest span that contains what all positions from low to high, inclusive, see."""
        if self.bounded:
            low, high = max(low, 0), min(high, self.period - 1)
            if low > high:
                return None
        if self.rising:
            lowest, highest = self.at(low), self.at(high)
            assert lowest and highest
            return lowest[0], highest[1]
        # A position sees what the one a period before it sees, further along: the first period
        # contains the start of the span, the last one its end.
        first = filter(None, map(self.at, range(low, min(high, low + self.period - 1) + 1)))
        last = filter(None, map(self.at, range(high, max(low, high - self.period + 1) - 1, -1)))
        start = min((span[0] for span in first), default=None)
        return None if start is None else (start, max(span[1] for span in last))


SAME = AxisField(1, 1, ((0, 0),))


def axis_field_of(window: LayerWindow, side: int) -> AxisField:
    """The field of a layer in its own input, which has `side` positions."""
    if window.whole:
        return AxisField(1, 0, ((0, side - 1),), 0, True)
    if window == (1, 1, ((0, 0),), False):
        return SAME
    jump = plain(Fraction(window.step, window.period))
    return _periodic(window.period, window.step, tuple(window.spans), jump, False)


def composed(outer: AxisField, inner: AxisField, side: int) -> AxisField | None:
    """The field of `side` positions in the earliest of three maps: `outer` is their field in the
    map between, `inner` the field of that in the earliest. None if there are too many positions to
    compute one by one."""
    if outer is SAME:
        return inner
    if inner is SAME and not outer.bounded:
        return outer
    jump, whole = outer.jump * inner.jump, outer.whole or inner.whole
    repeats = 1 if inner.bounded else inner.period // gcd(outer.step, inner.period)
    period, bounded = outer.period * repeats, outer.bounded or inner.bounded
    if not bounded and period == inner.period == 1 and outer.spans[0] and inner.spans[0]:
        (low, high), (start, end), step = outer.spans[0], inner.spans[0], inner.step
        return AxisField(
            1, outer.step * step, ((low * step + start, high * step + end),), jump, whole
        )
    return _computed(
        lambda position: (span := outer.at(position)) and inner.hull(*span),
        period,
        repeats * outer.step // inner.period * inner.step,
        bounded,
        side,
        jump,
        whole,
    )


def joined(
    fields: list[AxisField], sides: list[int], side: int, reference: int
) -> AxisField | None:
    """The field of `side` positions at which branches with `sides` positions meet: the union of
    what the same position sees in each, or the only position of a branch of size 1.

    reference: how many positions the earliest map has. None if there are too many positions to
    compute one by one.
    """
    fields = [_constant(field) if own == 1 != side else field for field, own in zip(fields, sides)]
    first = fields[0]
    if all(field is first or field == first for field in fields):
        return first
    jump = next((field.jump for field in fields if field.jump), 0)
    for field in fields:
        if field.whole and not field.bounded and field.period == 1 and field.step == 0:
            span = field.spans[0]
            if span and span[0] <= 0 and span[1] >= reference - 1:  # there is no more to see
                return field._replace(jump=jump)
    period = lcm(*(field.period for field in fields))
    return _computed(
        lambda position: _union([field.at(position) for field in fields]),
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
    """The field in which every position sees what the first one sees in `field`."""
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
    """The field whose positions have these spans: computed for one period, or if it is bounded or
    has a long period, for all `side` positions; None if these are too many."""
    if not bounded and period <= LONGEST_PERIOD:
        return _periodic(period, step, tuple(map(span_of, range(period))), jump, whole)
    if side > MOST_POSITIONS:
        return None
    spans = tuple(map(span_of, range(side)))
    return AxisField(side, 0, spans, jump, whole, True, _all_see(spans) and _rises(spans))


def _periodic(
    period: int, step: int, spans: tuple[Span | None, ...], jump: Number, whole: bool
) -> AxisField:
    if not _all_see(spans):
        return AxisField(period, step, spans, jump, whole, False, False)
    low, high = spans[0]
    if period > 1 and step % period == 0:  # the spans may be shifted copies of one another
        shift = step // period
        if all(span == (low + n * shift, high + n * shift) for n, span in enumerate(spans)):
            period, step, spans = 1, shift, spans[:1]
    rising = _rises((*spans, (low + step, high + step)))
    return AxisField(period, step, spans, jump, whole, False, rising)


def _all_see(spans: tuple[Span | None, ...]) -> TypeGuard[tuple[Span, ...]]:
    """Whether every position sees something."""
    return None not in spans


def _rises(spans: tuple[Span, ...]) -> bool:
    return all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans))


def plain(number: Number) -> Number:
    """The number as an int if it is whole."""
    return number.numerator if number.denominator == 1 else number
