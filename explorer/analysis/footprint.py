"""What a node takes of memory while it runs: computed once for each use that is unlike all before,
however often it occurs in a network.

Amounts are of tensors, in bytes, as straight lines over the batch size: (fixed, each) means
fixed + each × pictures. What a tensor's last owner lets go is free at once; what a layer's own
code needs for a moment (a convolution's workspace) is not counted.
"""

from collections import Counter
from collections.abc import Generator, Iterable
from functools import lru_cache
from math import prod
from typing import NamedTuple

from explorer.analysis.facts import Child, Facts
from explorer.analysis.forward import evaluation
from explorer.graph.graph import INPUT, Shape

Line = tuple[int, int]
Order = list[tuple[Child, tuple[str, ...]]]

FULL, HALF, INDEX = 4, 2, 8
"""Bytes of a float32, of a bfloat16 or float16, and of an int64."""


class Manner(NamedTuple):
    """How a network runs. training: with a backward pass. half: under autocast to 16 bits. cuda: on
    a GPU, where some layers keep other things than on the CPU."""

    training: bool
    half: bool = False
    cuda: bool = True


class Footprint(NamedTuple):
    """What a node takes.

    width: bytes of a number that comes out. view: its output is its input's memory. learns: its
    output has a gradient. keeps_input, keeps_output: the backward pass needs them. kept: what it
    needs beside them, until its backward pass is done. copies: the share of `kept` that are weights
    in 16 bits. buffers: bytes of its statistics. forward: how high memory rises above what was
    there before. backward: the same; there before are what was kept and the gradient of the output.
    passes_on: the gradient of its input is that of its output, the same memory.
    """

    width: int
    view: bool
    learns: bool
    keeps_input: bool
    keeps_output: bool
    kept: Line
    copies: int
    buffers: int
    forward: tuple[Line, ...]
    backward: tuple[Line, ...]
    passes_on: bool


def envelope(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines that are the highest for some number of pictures from 0 on, flattest first."""
    found: list[Line] = []
    for fixed, each in sorted(lines, key=lambda line: (line[1], line[0])):
        if found and found[-1][1] == each:
            found.pop()
        while found and (
            fixed >= found[-1][0]
            or (len(found) > 1 and _hidden(found[-2], found[-1], (fixed, each)))
        ):
            found.pop()
        found.append((fixed, each))
    return tuple(found)


def _hidden(a: Line, b: Line, c: Line) -> bool:
    """Where a and c cross, b is not above them; a is the flattest, c the steepest."""
    return (a[0] - c[0]) * (b[1] - a[1]) <= (a[0] - b[0]) * (c[1] - a[1])


class _Level:
    """How much memory is taken now, and the peaks so far."""

    def __init__(self) -> None:
        self.fixed = self.each = 0
        self.peaks: list[Line] = [(0, 0)]

    def add(self, fixed: int, each: int) -> None:
        self.fixed += fixed
        self.each += each

    def rise(self, lines: Iterable[Line]) -> None:
        """A child runs, that takes so much above what is there."""
        self.peaks += [(self.fixed + fixed, self.each + each) for fixed, each in lines]


@lru_cache(maxsize=65_536)
def footprint(
    facts: Facts,
    manner: Manner,
    widths: tuple[int, ...],
    learns: tuple[bool, ...],
    held: bool = False,
) -> Footprint:
    """The footprint of a node. widths: bytes of a number, for each input; learns: which inputs
    have a gradient; held: somebody else reads the gradient of its output too. All shapes must be
    known."""
    if not facts.kind.composite:
        return _leaf(facts, manner, widths, learns, held)
    return composed(
        _order(facts), facts.result, facts.known_ins[0], manner, widths[0], learns[0], held
    )


def _order(facts: Facts) -> Order:
    """The children as they run, each with the values that are let go then."""
    children = list(facts.children)
    before = INPUT
    for number, child in enumerate(children):
        if child.id != str(number) or child.sources != (before,) or child.facts.kind.expression:
            return evaluation(children, facts.result)
        before = child.id
    return [(child, child.sources) for child in children]  # an nn.Sequential


# A layer --------------------------------------------------------------------------------------


def _leaf(
    facts: Facts, manner: Manner, widths: tuple[int, ...], learns: tuple[bool, ...], held: bool
) -> Footprint:
    kind, settings = facts.kind, facts.settings
    ins = facts.known_ins
    weights = sum(weight.size for weight in facts.weights if weight.learned)
    buffers = sum(
        weight.size * (FULL if weight.shape else INDEX)
        for weight in facts.weights
        if not weight.learned
    )
    works = manner.training and (bool(weights) or any(learns))
    product = manner.half and kind.macs is not None and bool(weights)
    full = manner.half and ("cuda" if manner.cuda else "cpu") in kind.full_on
    wanted = HALF if product else FULL if full else None
    width = wanted or (FULL if weights and kind.expression else max(widths))
    view = kind.views == "always" or (
        kind.views == "resting" and not (manner.training and settings.p)
    )
    if view:
        whole = prod(ins[0]) == prod(facts.known_out)
        return Footprint(
            widths[0],
            True,
            works,
            False,
            False,
            (0, 0),
            0,
            buffers,
            ((0, 0),),
            ((0, 0),) if whole or not works else ((0, prod(ins[0]) * widths[0]),),
            whole,
        )
    out = prod(facts.known_out) * width
    keeps = kept_tensors(facts) if works else ()
    cast = sum(
        prod(shape) * wanted for shape, each in zip(ins, widths) if wanted and each != wanted
    )
    copies = (
        HALF
        * sum(weight.size for weight in facts.weights if weight.learned and len(weight.shape) > 1)
        if product
        else 0
    )
    fixed = copies + (_statistics(facts) if works else 0)
    beside = extra(facts, manner, width)  # made in any case, kept only for a backward pass
    each = beside if works else 0
    if "input" in keeps:
        each += cast
    steps = kind.at_work[0] * out
    moment = max(0, (steps or beside) - each)
    forward = ((fixed, each + out + moment + (0 if "input" in keeps else cast)),)
    return Footprint(
        width,
        False,
        works,
        "input" in keeps and not cast,
        "output" in keeps,
        (fixed, each),
        copies,
        buffers,
        forward,
        _leaf_backward(facts, manner, width, widths, learns, weights, (fixed, each), held)
        if works
        else (),
        kind.joins in ("sum", "stack"),
    )


def kept_tensors(facts: Facts) -> tuple[str, ...]:
    """Which of its tensors a layer keeps for the backward pass: "input", "output"."""
    keeps = facts.kind.keeps
    if callable(keeps):
        return keeps(facts.settings, facts.known_ins, facts.known_out)
    return keeps


def extra(facts: Facts, manner: Manner, width: int) -> int:
    """Bytes for one picture that a layer keeps beside its input and output. On the CPU the mask of
    a Dropout is as wide as its numbers, not one byte each as on a GPU."""
    if facts.kind.extra is None:
        return 0
    found = facts.kind.extra(facts.settings, facts.known_ins, facts.known_out)
    return width * found if facts.kind.masks and not manner.cuda else found


def _statistics(facts: Facts) -> int:
    """Bytes that a layer with running statistics keeps of those of the batch."""
    return sum(
        FULL * weight.size for weight in facts.weights if not weight.learned and weight.shape
    )


def _leaf_backward(
    facts: Facts,
    manner: Manner,
    width: int,
    widths: tuple[int, ...],
    learns: tuple[bool, ...],
    weights: int,
    kept: Line,
    held: bool,
) -> tuple[Line, ...]:
    """The gradients of its inputs, where they need memory of their own, and of its weights."""
    out = prod(facts.known_out) * width
    if facts.kind.joins in ("sum", "stack"):
        return ((0, 0),)
    made = sum(
        prod(shape) * (width + (each if each != width else 0))
        for shape, each, learn in zip(facts.known_ins, widths, learns)
        if learn
    )
    made += facts.kind.at_work[1] * out
    if facts.kind.category == "merge":  # whole products, that are then summed up to a side of 1
        made = max(made, out * (sum(learns) + bool(weights)))
    if width == FULL or not manner.half:
        return ((FULL * weights, made),)
    # The gradient of a weight in 16 bits, then in 32, when the layer's own is done.
    freed = kept[1] + (0 if held else out)
    return ((HALF * weights, made), ((FULL + HALF) * weights - kept[0], made - freed))


# A composite ----------------------------------------------------------------------------------


def composed(
    order: Order,
    result: str,
    shape: Shape,
    manner: Manner,
    width: int,
    learns: bool,
    held: bool = False,
) -> Footprint:
    """The footprint of children that run in this order, fed by an input of `shape`."""
    work = composing(order, result, shape, manner, width, learns, held)
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: Footprint = done.value
            return found


def composing(
    order: Order,
    result: str,
    shape: Shape,
    manner: Manner,
    width: int,
    learns: bool,
    held: bool = False,
) -> Generator[None, None, Footprint]:
    """The same, child by child: it may be left and gone on with later."""
    inside = _Inside(shape, manner, width, learns)
    for child, gone in order:
        inside.forward(child, gone)
        yield
    end = inside.place[result]
    view = end == INPUT
    kept, keeps_input = inside.kept(end), bool(inside.keepers[INPUT])
    keeps_output = not view and bool(inside.keepers[end])
    back: tuple[Line, ...] = ()
    passes_on = False
    if inside.learns[result]:
        gradients = _Gradients(inside.numbers[result] * inside.widths[result], result, held)
        for child, _gone in reversed(order):
            if inside.prints[child.id].learns:
                inside.backward(child, gradients)
                yield
        back, passes_on = envelope(gradients.scope.peaks), gradients.of.get(INPUT) == 0
    return Footprint(
        inside.widths[result],
        view,
        inside.learns[result],
        keeps_input,
        keeps_output,
        kept,
        inside.copies,
        inside.buffers,
        envelope(inside.scope.peaks),
        back,
        passes_on,
    )


class _Inside:
    """One run of the children, forward and back.

    place: whose memory a value is in. sizes: bytes of that memory for one picture. owners: how many
    values in scope are in it; keepers: how many layers need it for the backward pass.
    """

    def __init__(self, shape: Shape, manner: Manner, width: int, learns: bool):
        self.manner = manner
        self.place, self.widths, self.learns = {INPUT: INPUT}, {INPUT: width}, {INPUT: learns}
        self.numbers, self.sizes = {INPUT: prod(shape)}, {INPUT: 0}
        self.owners = Counter({INPUT: 1})
        self.keepers: Counter[str] = Counter()
        self.prints: dict[str, Footprint] = {}
        self.scope = _Level()
        self.copies = self.buffers = 0

    def _print(self, child: Child, held: bool = False) -> Footprint:
        return footprint(
            child.facts,
            self.manner,
            tuple([self.widths[source] for source in child.sources]),
            tuple([self.learns[source] for source in child.sources]),
            held,
        )

    def forward(self, child: Child, gone: tuple[str, ...]) -> None:
        """The child runs, and these values are let go."""
        scope, place, id = self.scope, self.place, child.id
        each = self.prints[id] = self._print(child)
        self.widths[id], self.learns[id] = each.width, each.learns
        self.numbers[id] = prod(child.facts.known_out)
        self.copies += each.copies
        self.buffers += each.buffers
        scope.rise(each.forward)
        scope.add(*each.kept)
        place[id] = place[child.sources[0]] if each.view else id
        if not each.view:
            self.sizes[id] = self.numbers[id] * each.width
            scope.add(0, self.sizes[id])
        self.owners[place[id]] += 1
        if each.keeps_input:
            self.keepers.update({place[source] for source in child.sources})
        if each.keeps_output:
            self.keepers[place[id]] += 1
        for value in gone:
            self._let_go(value)

    def _let_go(self, value: str) -> None:
        """A value goes out of scope; its memory is free if nobody else has it."""
        where = self.place[value]
        if value == INPUT:  # whoever called still has it
            return
        self.owners[where] -= 1
        if not self.owners[where] and not self.keepers[where]:
            self.scope.add(0, -self.sizes[where])

    def kept(self, end: str) -> Line:
        """What stays for the backward pass beside input and output."""
        fixed = sum(each.kept[0] for each in self.prints.values())
        each = sum(each.kept[1] for each in self.prints.values())
        return fixed, each + sum(
            self.sizes[where]
            for where, count in self.keepers.items()
            if count and where not in (INPUT, end)
        )

    def backward(self, child: Child, gradients: "_Gradients") -> None:
        """The child's backward pass: it makes the gradients of its inputs and weights, and needs
        what it kept no more."""
        scope, each, given = gradients.scope, self.prints[child.id], gradients.of[child.id]
        if gradients.readers[given] > 1:
            each = self._print(child, held=True)
        scope.rise(each.backward)
        made = [
            (
                source,
                given
                if each.passes_on
                else gradients.make(self.numbers[source] * self.widths[source]),
            )
            for source in child.sources
            if self.learns[source]
        ]
        scope.add(FULL * child.facts.params - each.kept[0], -each.kept[1])
        inputs = {self.place[source] for source in child.sources} if each.keeps_input else ()
        for where in (*inputs, *([self.place[child.id]] if each.keeps_output else ())):
            self.keepers[where] -= 1
            if not self.keepers[where] and where != INPUT:
                scope.add(0, -self.sizes[where])
        for source, gradient in made:
            gradients.give(source, gradient)
        gradients.drop(child.id)


class _Gradients:
    """The gradients alive on the way back: `of` the values, as numbers of pieces of memory. A value
    with several readers gets several gradients, which are added up: into the first, unless somebody
    else reads that too (torch/csrc/autograd/input_buffer.cpp)."""

    def __init__(self, size: int, result: str, held: bool):
        self.scope = _Level()
        self.sizes = [size]
        self.readers = Counter({0: 1 + held})
        self.of = {result: 0}

    def make(self, size: int) -> int:
        """A new gradient of so many bytes a picture; nobody reads it yet."""
        self.sizes.append(size)
        self.scope.add(0, size)
        return len(self.sizes) - 1

    def give(self, value: str, gradient: int) -> None:
        """A reader of the value has found its gradient."""
        self.readers[gradient] += 1
        before = self.of.get(value)
        if before is None:
            self.of[value] = gradient
        elif self.readers[before] == 1:
            self._leave(gradient)
        else:
            self.of[value] = total = self.make(self.sizes[gradient])
            self.readers[total] += 1
            self.scope.rise(((0, 0),))
            self._leave(before)
            self._leave(gradient)

    def drop(self, value: str) -> None:
        """The value's own backward pass is done."""
        self._leave(self.of.pop(value))

    def _leave(self, gradient: int) -> None:
        self.readers[gradient] -= 1
        if not self.readers[gradient]:
            self.scope.add(0, -self.sizes[gradient])
