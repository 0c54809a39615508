"""The forward pass of a class as text: calls are nested where that reads well."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from explorer.analysis.class_name import unused
from explorer.analysis.facts import Child
from explorer.graph.graph import INPUT

WIDEST = 84  # columns of a line
INDENT = " " * 8


def forward(children: list[Child], result: str) -> tuple[list[str], dict[str, int]]:
    """The lines of `def forward` of these children, given in order of execution, and by the id of
    each child the index of the line that computes it. result: the id of the returned value."""
    written = _Forward(children, result)
    return written.lines, written.line_of


def evaluation(children: list[Child], result: str) -> list[tuple[Child, tuple[str, ...]]]:
    """The children in the order in which the lines of `forward` compute them, each with the ids of
    the values that are released once it is computed: those nested in its expression, and the one
    that its variable held before. All other values live until the end of the pass."""
    written = _Forward(children, result)
    variables = {INPUT, *(id for id, _name in written.assigned)}
    order: list[tuple[Child, tuple[str, ...]]] = []

    def compute(id: str) -> None:
        child = written.by_id[id]
        nested = tuple([source for source in child.sources if source not in variables])
        for source in nested:
            compute(source)
        order.append((child, nested))

    holds = {"x": INPUT}
    for id, name in written.assigned:
        compute(id)
        if name in holds:
            child, released = order[-1]
            order[-1] = child, (*released, holds[name])
        holds[name] = id
    if result not in variables:
        compute(result)
    return order


class _Value(NamedTuple):
    """An expression, the ids of the values whose variables it reads, and of those that it
    computes."""

    text: str
    read: tuple[str, ...]
    computes: tuple[str, ...] = ()


class _Forward:
    """The forward pass in the making. A value is assigned to a variable, or waits as an expression
    until its only reader is written.

    left: how often each value is still to be read; the variable of a value that is not is free for
    another one. variables: by id of the value. taken: their names.
    """

    def __init__(self, children: list[Child], result: str):
        self.lines = ["    def forward(self, x):"]
        self.line_of: dict[str, int] = {}
        self.left = Counter(source for child in children for source in child.sources)
        self.left[result] += 1
        self.by_id = {child.id: child for child in children}
        self.readers = {source: child for child in children for source in child.sources}
        self.variables = {INPUT: "x"}
        self.taken = {"x"}
        self.numbers: dict[str, Iterator[int]] = {}
        self.assigned: list[tuple[str, str]] = []  # id and variable, in the order of the lines
        self.waiting: dict[str, _Value] = {}
        self.branches = any(len(child.sources) > 2 for child in children)
        self.joins = any(
            child.facts.kind.joins == "sum" or (len(child.sources) == 2 and INPUT in child.sources)
            for child in children
        )
        for child in children:
            self._step(child, result)
        self._write("return", self._value(result))

    def _write(self, statement: str, value: _Value) -> None:
        self.line_of |= dict.fromkeys(value.computes, len(self.lines))
        self.lines.append(f"{INDENT}{statement} {value.text}")

    def _value(self, id: str) -> _Value:
        return self.waiting.get(id) or _Value(self.variables[id], (id,))

    def _step(self, child: Child, result: str) -> None:
        value = self._call(child)
        if len(value.text) > WIDEST - len(INDENT):
            for source in child.sources:
                if source in self.waiting:
                    self._assign(source)
            value = self._call(child)
        self.waiting[child.id] = value
        if child.id != result and (self.left[child.id] != 1 or not self._nests(child, value.text)):
            self._assign(child.id)

    def _call(self, child: Child) -> _Value:
        values = [self._value(source) for source in child.sources]
        read = tuple(id for value in values for id in value.read)
        computes = (*(id for value in values for id in value.computes), child.id)
        texts = [value.text for value in values]
        kind = child.facts.kind
        getter = "get_parameter" if kind.call and kind.expression else "get_submodule"
        name = f"self.{child.id}" if child.id.isidentifier() else f'self.{getter}("{child.id}")'
        if kind.expression:
            texts += [name] if kind.call else []
            return _Value(kind.expression(child.facts.settings, texts), read, computes)
        return _Value(f"{name}({texts[0]})", read, computes)

    def _nests(self, child: Child, text: str) -> bool:
        """Whether the value reads well inside the expression of its only reader."""
        reader = self.readers[child.id]
        if reader.facts.kind.expression:
            return (
                len(reader.sources) < 3
                and len(text) <= 48
                # a + b * c is not the product of a sum
                and not (child.facts.kind.joins == "sum" and reader.facts.kind.joins != "stack")
            )
        return (
            not child.facts.kind.composite
            and not reader.facts.kind.composite
            and child.facts.kind.category != "activation"
        )

    def _assign(self, id: str) -> None:
        """Write `variable = expression`, with a variable whose value is not read again if there is
        one."""
        expression = self.waiting.pop(id)
        read = expression.read
        for value in read:
            self.left[value] -= 1
        free = [self.variables[value] for value in read if self.left[value] == 0]
        if self.branches and "x" in free:
            free.remove("x")  # beside other branches, x would look like the input
        name = free[0] if free else self._fresh(id)
        for value in read:
            if self.left[value] == 0 and value in self.variables:
                self.taken.discard(self.variables.pop(value))
        self.variables[id] = name
        self.taken.add(name)
        self.assigned.append((id, name))
        self._write(f"{name} =", expression)

    def _fresh(self, id: str) -> str:
        id = re.sub(r"_\d+$", "", id)  # conv_1 gives the variable conv
        wanted = (
            "out"
            if self.joins and "out" not in self.taken
            else (id if id.isidentifier() else "v" + id.replace("-", "_"))
        )
        return unused(wanted, self.taken, self.numbers)
