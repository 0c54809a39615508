"""The footprint of a node: the memory that it takes while it runs. It is computed once, however
often the same combination occurs in a network.

Amounts are bytes of tensors, as straight lines over the batch size: (fixed, each) stands for fixed
+ each × pictures. Memory is free as soon as its last owner releases it. What the kernel of a layer
needs for a moment, such as the workspace of a convolution, is not counted.
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
"""Bytes of a float32, of a bfloat16 or float16, and of an int64 number."""


class Execution(NamedTuple):
    """How a network runs. training: with a backward pass. half: under autocast to 16 bits. cuda: on
    a GPU, where some layers keep other tensors than on the CPU."""

    training: bool
    half: bool = False
    cuda: bool = True


class Footprint(NamedTuple):
    """The memory that a node takes.

    width: bytes of one number of its output. view: whether its output is the memory of its input.
    learns: whether its output has a gradient. keeps_input, keeps_output: whether the backward pass
    needs them. kept: what it needs beside them, until the node's backward pass is done. copies: the
    weights in 16 bits that are part of `kept`. buffers: bytes of its statistics. forward: by how
    much its forward pass raises memory at most. backward: the same for the backward pass, at the
    start of which there are already what was kept and the gradient of the output. passes_on:
    whether the gradient of its input is the memory of that of its output.
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
    """The lines each of which is the highest for some number of pictures, from 0 on; flattest
    first."""
    highest: list[Line] = []
    for fixed, each in sorted(lines, key=lambda line: (line[1], line[0])):
        if highest and highest[-1][1] == each:
            highest.pop()
        while highest and (
            fixed >= highest[-1][0]
            or (len(highest) > 1 and _is_hidden(highest[-2], highest[-1], (fixed, each)))
        ):
            highest.pop()
        highest.append((fixed, each))
    return tuple(highest)


def _is_hidden(a: Line, b: Line, c: Line) -> bool:
    """Whether b is nowhere above both a and c, where a is flatter and c is steeper than b."""
    return (a[0] - c[0]) * (b[1] - a[1]) <= (a[0] - b[0]) * (c[1] - a[1])


class _Level:
    """The memory that is taken at present, and its peaks so far."""

    def __init__(self) -> None:
        self.fixed = self.each = 0
        self.peaks: list[Line] = [(0, 0)]

    def add(self, fixed: int, each: int) -> None:
        self.fixed += fixed
        self.each += each

    def rise(self, lines: Iterable[Line]) -> None:
        """Note the peaks of a child that runs now, by how much it raises memory."""
        self.peaks += [(self.fixed + fixed, self.each + each) for fixed, each in lines]


@lru_cache(maxsize=65_536)
def footprint(
    facts: Facts,
    execution: Execution,
    widths: tuple[int, ...],
    learns: tuple[bool, ...],
    held: bool = False,
) -> Footprint:
    """The footprint of a node, all of whose shapes must be known.

    widths: bytes of a number, for each input. learns: whether it has a gradient, for each input.
    held: whether the gradient of the output has another reader, so that it is not released.
    """
    if not facts.kind.composite:
        return _leaf(facts, execution, widths, learns, held)
    return composed(
        _order(facts), facts.result, facts.known_ins[0], execution, widths[0], learns[0], held
    )


def _order(facts: Facts) -> Order:
    """The children in the order in which they run, each with the values that are released after
    it."""
    children = list(facts.children)
    before = INPUT
    for number, child in enumerate(children):
        if child.id != str(number) or child.sources != (before,) or child.facts.kind.expression:
            return evaluation(children, facts.result)
        before = child.id
    return [(child, child.sources) for child in children]  # an nn.Sequential


# A layer --------------------------------------------------------------------------------------


def _leaf(
    facts: Facts,
    execution: Execution,
    widths: tuple[int, ...],
    learns: tuple[bool, ...],
    held: bool,
) -> Footprint:
    kind, settings = facts.kind, facts.settings
    ins = facts.known_ins
    weights = facts.params
    buffers = sum(
        weight.size * (FULL if weight.shape else INDEX)
        for weight in facts.weights
        if not weight.learned
    )
    has_gradient = execution.training and (bool(weights) or any(learns))
    is_product = execution.half and kind.macs is not None and bool(weights)
    full = execution.half and ("cuda" if execution.cuda else "cpu") in kind.full_on
    stacked = max(widths) if kind.joins == "stack" else None  # autocast promotes to the widest
    wanted = HALF if is_product else FULL if full else stacked
    width = wanted or (FULL if weights and kind.expression else max(widths))
    steps = kind.steps(settings, ins, widths[0], execution.cuda) if kind.steps else None
    if steps and execution.half:
        width = FULL
    # 16 bits come with channels-last maps.
    copied = kind.reorders and execution.half and ins[0][0] > 1 and prod(ins[0][1:]) > 1
    view = not copied and (
        kind.views == "always"
        or (kind.views == "resting" and not (execution.training and settings.p))
    )
    out = prod(facts.known_out) * width
    if view:
        # The gradient of a part is joined with zeros for the other parts.
        whole = prod(ins[0]) == prod(facts.known_out)
        return Footprint(
            widths[0],
            True,
            has_gradient,
            False,
            False,
            (0, 0),
            0,
            buffers,
            ((0, 0),),
            ((0, 0),) if whole or not has_gradient else ((0, 2 * prod(ins[0]) * width - out),),
            whole,
        )
    keeps = kept_tensors(facts) if has_gradient else ()
    cast = sum(
        prod(shape) * wanted for shape, each in zip(ins, widths) if wanted and each != wanted
    )
    copies = (
        HALF
        * sum(weight.size for weight in facts.weights if weight.learned and len(weight.shape) > 1)
        if is_product
        else 0
    )
    fixed = copies + (_statistics(facts) if has_gradient else 0)
    padded = kind.pads(settings, ins, facts.known_out) * width if kind.pads else 0
    # Computed in any case, kept only for a backward pass.
    beside = steps.kept if steps else extra(facts, execution, width) + padded
    each = (beside + (cast if "input" in keeps else 0)) if has_gradient else 0
    most = max(each + out, steps.forward) if steps else beside + cast + out
    return Footprint(
        width,
        False,
        has_gradient,
        "input" in keeps and not cast,
        "output" in keeps,
        (fixed, each),
        copies,
        buffers,
        ((fixed, most),),
        ()
        if not has_gradient
        else ((0, 0),)
        if copied or kind.joins in ("sum", "stack")
        else ((0, steps.backward), (0, steps.after - (0 if held else out)))
        if steps
        else _leaf_backward(facts, execution, width, widths, learns, (fixed, each), padded, held),
        copied or kind.joins in ("sum", "stack"),
    )


def kept_tensors(facts: Facts) -> tuple[str, ...]:
    """The tensors that a layer keeps for the backward pass: "input", "output"."""
    keeps = facts.kind.keeps
    if callable(keeps):
        return keeps(facts.settings, facts.known_ins, facts.known_out)
    return keeps


def extra(facts: Facts, execution: Execution, width: int) -> int:
    """Bytes for one picture that a layer keeps beside its input and output. A number of the mask of
    a Dropout takes `width` bytes on the CPU, one byte on a GPU."""
    if facts.kind.extra is None:
        return 0
    size = facts.kind.extra(facts.settings, facts.known_ins, facts.known_out)
    return width * size if facts.kind.masks and not execution.cuda else size


def _statistics(facts: Facts) -> int:
    """Bytes of the batch's statistics that a layer with running statistics keeps."""
    return sum(
        FULL * weight.size for weight in facts.weights if not weight.learned and weight.shape
    )


def _leaf_backward(
    facts: Facts,
    execution: Execution,
    width: int,
    widths: tuple[int, ...],
    learns: tuple[bool, ...],
    kept: Line,
    padded: int,
    held: bool,
) -> tuple[Line, ...]:
    """What the gradients of the inputs, where they have memory of their own, and of the weights
    take. padded: bytes of the padded copy of its input that the layer works on."""
    out, weights = prod(facts.known_out) * width, facts.params
    made = sum(
        prod(shape) * (width + (each if each != width else 0))
        for shape, each, learn in zip(facts.known_ins, widths, learns)
        if learn
    )
    made += facts.kind.at_work * out
    # The products have the full size before they are summed up to sides of 1.
    if facts.kind.category == "merge":
        made = max(made, out * (sum(learns) + bool(weights)))
    freed = kept[1] + (0 if held else out)
    first = made
    if padded and any(learns):  # first the gradient of the copy, of which that of the input is cut
        first, made = padded, max(made, padded + prod(facts.known_ins[0]) * width)
    if width == FULL or not execution.half:
        return ((FULL * weights, first), (FULL * weights, made - freed))
    # First the gradients of the weights in 16 bits, then, once those of the inputs are done, in 32.
    return ((HALF * weights, first), ((FULL + HALF) * weights - kept[0], made - freed))


# A composite ----------------------------------------------------------------------------------


def composed(
    order: Order,
    result: str,
    shape: Shape,
    execution: Execution,
    width: int,
    learns: bool,
    held: bool = False,
) -> Footprint:
    """The footprint of children that run in this order, from an input of `shape`. See
    `footprint`."""
    work = composing(order, result, shape, execution, width, learns, held)
    while True:
        try:
            next(work)
        except StopIteration as done:
            whole: Footprint = done.value
            return whole


def composing(
    order: Order,
    result: str,
    shape: Shape,
    execution: Execution,
    width: int,
    learns: bool,
    held: bool = False,
) -> Generator[None, None, Footprint]:
    """As `composed`, with a pause after each child, so that the caller can do other things."""
    inside = _Inside(shape, execution, width, learns)
    for child, released in order:
        inside.forward(child, released)
        yield
    end = inside.memory_of[result]
    view = end == INPUT
    kept, keeps_input = inside.kept(end), bool(inside.keepers[INPUT])
    keeps_output = not view and bool(inside.keepers[end])
    back: tuple[Line, ...] = ()
    passes_on = False
    if inside.learns[result]:
        gradients = _Gradients(inside.numbers[result] * inside.widths[result], result, held)
        for child, _released in reversed(order):
            if inside.footprints[child.id].learns:
                inside.backward(child, gradients)
                yield
        back, passes_on = envelope(gradients.level.peaks), gradients.of.get(INPUT) == 0
    return Footprint(
        inside.widths[result],
        view,
        inside.learns[result],
        keeps_input,
        keeps_output,
        kept,
        inside.copies,
        inside.buffers,
        envelope(inside.level.peaks),
        back,
        passes_on,
    )


class _Inside:
    """One pass through the children, forward and backward.

    By the id of a value: memory_of, the id of the value whose memory it shares, or its own; widths,
    learns: as in `footprint`; numbers: how many for one picture. By the id of that memory: sizes,
    its bytes for one picture; owners, how many values in scope share it; keepers, how many layers
    need it for the backward pass.
    """

    def __init__(self, shape: Shape, execution: Execution, width: int, learns: bool):
        self.execution = execution
        self.memory_of, self.widths, self.learns = {INPUT: INPUT}, {INPUT: width}, {INPUT: learns}
        self.numbers, self.sizes = {INPUT: prod(shape)}, {INPUT: 0}
        self.owners = Counter({INPUT: 1})
        self.keepers: Counter[str] = Counter()
        self.footprints: dict[str, Footprint] = {}
        self.level = _Level()
        self.copies = self.buffers = 0

    def _footprint(self, child: Child, held: bool = False) -> Footprint:
        return footprint(
            child.facts,
            self.execution,
            tuple([self.widths[source] for source in child.sources]),
            tuple([self.learns[source] for source in child.sources]),
            held,
        )

    def forward(self, child: Child, released: tuple[str, ...]) -> None:
        """The child runs, and then these values are released."""
        level, memory_of, id = self.level, self.memory_of, child.id
        each = self.footprints[id] = self._footprint(child)
        self.widths[id], self.learns[id] = each.width, each.learns
        self.numbers[id] = prod(child.facts.known_out)
        self.copies += each.copies
        self.buffers += each.buffers
        level.rise(each.forward)
        level.add(*each.kept)
        memory_of[id] = memory_of[child.sources[0]] if each.view else id
        if not each.view:
            self.sizes[id] = self.numbers[id] * each.width
            level.add(0, self.sizes[id])
        self.owners[memory_of[id]] += 1
        if each.keeps_input:
            self.keepers.update({memory_of[source] for source in child.sources})
        if each.keeps_output:
            self.keepers[memory_of[id]] += 1
        for value in released:
            self._release(value)

    def _release(self, value: str) -> None:
        """A value goes out of scope; its memory is free if nothing else needs it."""
        memory = self.memory_of[value]
        if value == INPUT:  # the caller still has it
            return
        self.owners[memory] -= 1
        if not self.owners[memory] and not self.keepers[memory]:
            self.level.add(0, -self.sizes[memory])

    def kept(self, end: str) -> Line:
        """What is kept for the backward pass beside the input and the memory `end` of the
        output."""
        fixed = sum(each.kept[0] for each in self.footprints.values())
        each = sum(each.kept[1] for each in self.footprints.values())
        return fixed, each + sum(
            self.sizes[memory]
            for memory, count in self.keepers.items()
            if count and memory not in (INPUT, end)
        )

    def backward(self, child: Child, gradients: "_Gradients") -> None:
        """The child's backward pass: it makes the gradients of its inputs and weights, and releases
        what it kept."""
        level, each, given = gradients.level, self.footprints[child.id], gradients.of[child.id]
        if gradients.readers[given] > 1:
            each = self._footprint(child, held=True)
        level.rise(each.backward)
        made = [
            (
                source,
                given
                if each.passes_on and self.widths[source] == each.width
                else gradients.make(self.numbers[source] * self.widths[source]),
            )
            for source in child.sources
            if self.learns[source]
        ]
        level.add(FULL * child.facts.params - each.kept[0], -each.kept[1])
        inputs = {self.memory_of[source] for source in child.sources} if each.keeps_input else ()
        for memory in (*inputs, *([self.memory_of[child.id]] if each.keeps_output else ())):
            self.keepers[memory] -= 1
            if not self.keepers[memory] and memory != INPUT:
                level.add(0, -self.sizes[memory])
        for source, gradient in made:
            gradients.give(source, gradient)
        gradients.drop(child.id)


class _Gradients:
    """The gradients in memory during the backward pass, by number. of: by the id of a value, its
    gradient. A value with several readers gets several gradients, which are added up: into the
    first, unless that has another reader (torch/csrc/autograd/input_buffer.cpp)."""

    def __init__(self, size: int, result: str, held: bool):
        self.level = _Level()
        self.sizes = [size]
        self.readers = Counter({0: 1 + held})
        self.of = {result: 0}

    def make(self, size: int) -> int:
        """A new gradient of so many bytes for one picture, which has no reader yet."""
        self.sizes.append(size)
        self.level.add(0, size)
        return len(self.sizes) - 1

    def give(self, value: str, gradient: int) -> None:
        """A reader of the value has computed the gradient of it."""
        self.readers[gradient] += 1
        before = self.of.get(value)
        if before is None:
            self.of[value] = gradient
        elif self.readers[before] == 1:
            self._leave(gradient)
        else:
            self.of[value] = total = self.make(self.sizes[gradient])
            self.readers[total] += 1
            self.level.rise(((0, 0),))
            self._leave(before)
            self._leave(gradient)

    def drop(self, value: str) -> None:
        """The backward pass of the value itself is done."""
        self._leave(self.of.pop(value))

    def _leave(self, gradient: int) -> None:
        self.readers[gradient] -= 1
        if not self.readers[gradient]:
            self.level.add(0, -self.sizes[gradient])
