"""The parameters that a convolution saves by sharing its kernel over all places."""

from functools import lru_cache
from math import prod
from typing import NamedTuple

from explorer.analysis.facts import Facts


class Unshared(NamedTuple):
    """Parameters of layers without sharing that have the input and output of a convolution.

    local: locally connected, with a kernel for every place and a bias for every number of the
    output (no biases where the convolution has none). full: fully connected, every number of the
    output a sum over all numbers of the input, with the same biases.
    """

    local: int
    full: int


@lru_cache(maxsize=4096)
def unshared(facts: Facts) -> Unshared | None:
    """The parameters that the convolution would need without sharing; None for any other layer, and
    while its shapes are unknown.

    A kernel at the border is counted whole. A transposed convolution applies its kernel at the
    places of its input, so there every place of the input has its own.
    """
    if facts.kind.category != "convolution" or not facts.weights or facts.fault:
        return None
    kernel, *bias = facts.weights
    shape, out = facts.known_ins[0], facts.known_out
    spread = shape if facts.kind.spreads else out
    biases = prod(out) if bias else 0
    return Unshared(kernel.size * prod(spread[1:]) + biases, prod(shape) * prod(out) + biases)
