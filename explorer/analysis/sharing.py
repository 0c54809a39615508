"""The parameters that a convolution saves by sharing its kernel between all positions."""

from functools import lru_cache
from math import prod
from typing import NamedTuple

from explorer.analysis.facts import Facts


class Unshared(NamedTuple):
    """The numbers of parameters of two layers with the same input and output as a convolution, but
    without its sharing.

    local: of a locally connected layer, with a kernel for every position and a bias for every
    number of the output, if the convolution has biases. full: of a fully connected layer, with a
    weight for every pair of an input and an output number, and the same biases.
    """

    local: int
    full: int


@lru_cache(maxsize=4096)
def unshared(facts: Facts) -> Unshared | None:
    """The parameters that a convolution would need without sharing; None for any other layer, and
    while shapes are unknown.

    A kernel at the border counts as a whole one. A transposed convolution applies its kernel at the
    positions of its input, so there is one kernel for each of those.
    """
    if facts.kind.category != "convolution" or not facts.weights or facts.fault:
        return None
    kernel, *bias = facts.weights
    shape, out = facts.known_ins[0], facts.known_out
    positions = shape[1:] if facts.kind.spreads else out[1:]
    biases = prod(out) if bias else 0
    return Unshared(kernel.size * prod(positions) + biases, prod(shape) * prod(out) + biases)
