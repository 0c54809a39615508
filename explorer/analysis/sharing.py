"""What a convolution saves by sharing its kernels over all places."""

from functools import lru_cache
from math import prod
from typing import NamedTuple

from explorer.analysis.facts import Facts


class Unshared(NamedTuple):
    """Parameters of a convolution's rivals with the same input and output.

    local: locally connected, every place with a kernel of its own and every number that comes out
    with a bias of its own (those of a convolution without bias have none). full: every number that
    comes out is a sum over all that come in, with a bias of its own likewise.
    """

    local: int
    full: int


@lru_cache(maxsize=4096)
def unshared(facts: Facts) -> Unshared | None:
    """The parameters that the convolution would need without sharing; None for any other layer, and
    while its shapes are unknown.

    A kernel at the border is counted whole. A transposed convolution lays its kernel on the places
    that come in, so there it is these that get their own.
    """
    if facts.kind.category != "convolution" or not facts.weights or facts.fault:
        return None
    kernel, *bias = facts.weights
    shape, out = facts.known_ins[0], facts.known_out
    spread = shape if facts.kind.spreads else out
    biases = prod(out) if bias else 0
    return Unshared(kernel.size * prod(spread[1:]) + biases, prod(shape) * prod(out) + biases)
