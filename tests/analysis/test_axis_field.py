"""What places see, against the very sets of places, on random networks along one axis."""

import random

import pytest

from explorer.analysis.axis_field import SAME, AxisField, axis_field_of, composed, joined
from explorer.catalog.layer_window import WHOLE, adaptive, bilinear, nearest, sliding, transposed


def layer(chance, side):
    """A layer on `side` places: what every place of its output takes of them, and its window."""
    kernel, stride = chance.randint(1, 5), chance.choice((1, 1, 2, 3))
    match chance.choice(
        ("window", "window", "window", "nearest", "bilinear", "transposed", "adaptive")
    ):
        case "window":
            padding, dilation = chance.randrange(kernel), 1
            count = (side + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
            return (
                [
                    {place * stride - padding + tap for tap in range(kernel)}
                    for place in range(count)
                ],
                sliding(kernel, stride, padding, dilation),
            )
        case "nearest":
            return [{place // stride} for place in range(side * stride)], nearest(stride)
        case "bilinear":
            ends = [(2 * place + 1 - stride) / (2 * stride) for place in range(side * stride)]
            return [{int(end // 1), int(-(-end // 1))} for end in ends], bilinear(stride)
        case "transposed":
            padding = chance.randrange(kernel)
            count = (side - 1) * stride - 2 * padding + kernel
            return (
                [
                    {
                        (place + padding - tap) // stride
                        for tap in range(kernel)
                        if (place + padding - tap) % stride == 0
                    }
                    for place in range(count)
                ],
                transposed(kernel, stride, padding, 1),
            )
        case "adaptive":
            size = chance.randint(2, side + 1)
            return (
                [set(range(i * side // size, -(-(i + 1) * side // size))) for i in range(size)],
                adaptive(side, size),
            )


def network(chance, pixels):
    """Maps, each as (what every place sees, its field); some join two before them."""
    maps = [([{pixel} for pixel in range(pixels)], SAME)]
    for _number in range(chance.randint(2, 8)):
        seen, field = chance.choice(maps)
        if chance.random() < 0.3:
            other, beside = chance.choice([each for each in maps if len(each[0]) == len(seen)])
            maps.append(
                (
                    [a | b for a, b in zip(seen, other)],
                    joined([field, beside], [len(seen)] * 2, len(seen), pixels),
                )
            )
            continue
        taken, window = layer(chance, len(seen))
        if 0 < len(taken) <= 300:
            maps.append(
                (
                    [
                        set().union(*(seen[place] for place in places if 0 <= place < len(seen)))
                        for places in taken
                    ],
                    composed(axis_field_of(window, len(seen)), field, len(taken)),
                )
            )
    return maps


@pytest.mark.parametrize("seed", range(150))
def test_no_pixel_is_missed_and_none_is_made_up(seed):
    """Away from the borders; there padding may take the place of pixels."""
    chance = random.Random(seed)
    pixels = chance.randint(8, 40)
    for seen, field in network(chance, pixels):
        for place, true in enumerate(seen):
            span = field.at(place)
            if true:
                assert span and span[0] <= min(true) and max(true) <= span[1]
            if span and span[0] >= 0 and span[1] < pixels and true:
                assert span == (min(true), max(true))


def test_a_place_far_from_the_borders_sees_as_a_formula_says():
    """Size r + (k − 1) j and jump j s (Araujo, Norris, Sim 2019, equations 2 and 3)."""
    field, size, jump = SAME, 1, 1
    for kernel, stride, dilation in ((7, 2, 1), (3, 2, 1), (3, 1, 2), (5, 3, 1), (1, 2, 1)):
        field = composed(
            axis_field_of(sliding(kernel, stride, kernel // 2, dilation), 99), field, 99
        )
        size, jump = size + dilation * (kernel - 1) * jump, jump * stride
        (span,) = field.spans
        assert span[1] - span[0] + 1 == size and field.jump == jump


def test_a_whole_reach_is_all_there_is_and_stays_so():
    pooled = composed(axis_field_of(WHOLE, 4), axis_field_of(sliding(3, 2, 1), 8), 1)
    assert pooled.whole and pooled.jump == 0 and pooled.at(0) == (-1, 7)
    gate = joined([axis_field_of(sliding(3, 2, 1), 8), pooled], [4, 1], 4, 8)
    assert gate.whole and gate.jump == 2 and {gate.at(place) for place in range(4)} == {(-1, 7)}


def test_one_place_that_is_not_all_is_joined_place_by_place():
    """A branch of one place counts for all, but it need not see all."""
    first = axis_field_of(sliding(3, 1, 0), 9)
    few = composed(axis_field_of(sliding(7, 1, 0), 7), AxisField(1, 1, ((0, 0),)), 1)
    found = joined([first, few], [7, 1], 7, 9)
    assert found.bounded and found.at(0) == (0, 6) and found.at(6) == (0, 8)
    assert found.at(7) is None and found.hull(-2, 99) == (0, 8)
