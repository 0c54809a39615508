"""The constructor of a submodule, a call or an nn.Sequential, as data and as text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from explorer.catalog import KINDS
from explorer.catalog.kind import REQUIRED, Argument, Call

WIDEST = 96  # columns of a line


@dataclass(frozen=True)
class Sequential:
    """An nn.Sequential. names: of its modules; empty if they are 0, 1, 2 …"""

    items: tuple["Call | Sequential", ...]
    names: tuple[str, ...] = ()


Constructor = Call | Sequential | None


class Expression(str):
    """Python text for an argument, which is written without quotes."""

    def __repr__(self) -> str:
        return str(self)


class Span(NamedTuple):
    """Lines of a part of a text, from `start` to before `stop`, counted from the start of the
    whole. items: of an nn.Sequential, the lines of each item, counted from `start`."""

    start: int
    stop: int
    items: Sequence["Span"] = ()


class Written(NamedTuple):
    """A constructor as text. items: of an nn.Sequential, the lines of each item."""

    lines: list[str]
    items: Sequence[Span] = ()


def same_kind(a: Constructor, b: Constructor) -> bool:
    """Whether two constructors differ in nothing but arguments and activations."""
    if isinstance(a, Sequential) and isinstance(b, Sequential):
        return (
            len(a.items) == len(b.items)
            and a.names == b.names
            and all(map(same_kind, a.items, b.items))
        )
    if isinstance(a, Call) and isinstance(b, Call):
        return a.function == b.function or (_activation(a) and _activation(b))
    return a is b


def _activation(call: Call) -> bool:
    """Whether a call constructs an activation without arguments."""
    kind = KINDS.get(call.function.removeprefix("nn."))
    return kind is not None and kind.category == "activation" and not call.arguments


def written(constructor: Call | Sequential, used: int, indent: int = 8) -> Written:
    """A constructor as text: on one line if that fits beside `used` other columns, otherwise one
    item a line. indent: of its first line, in columns."""
    line = _line(constructor)
    if used + len(line) <= WIDEST or (isinstance(constructor, Call) and len(line) <= 40):
        return Written([line], _on_one_line(constructor))
    if isinstance(constructor, Call):
        arguments = [_argument(a) for a in constructor.arguments if _is_written(a)]
        return Written([f"{constructor.function}(", *_filled(arguments, WIDEST - indent - 1), ")"])
    names = constructor.names
    lines, spans = ["nn.Sequential(OrderedDict([" if names else "nn.Sequential("], []
    for run in _runs(constructor):
        for each in _items(run, indent + 4):
            span = Span(len(lines), len(lines) + len(each.lines), each.items)
            spans += [span] * (run.count if run.count > 2 else 1)
            lines += ["    " + part for part in each.lines]
            lines[-1] += ","
    return Written([*lines, "]))" if names else ")"], spans)


def _on_one_line(constructor: Call | Sequential) -> Sequence[Span]:
    items = constructor.items if isinstance(constructor, Sequential) else ()
    return [Span(0, 1, _on_one_line(item)) for item in items]


def _filled(arguments: list[str], width: int) -> list[str]:
    """The arguments, as many on each line as fit into `width` columns."""
    lines = [f"    {arguments[0]}"]
    for argument in arguments[1:]:
        lines[-1] += ","
        if len(lines[-1]) + 1 + len(argument) <= width:
            lines[-1] += f" {argument}"
        else:
            lines.append(f"    {argument}")
    return lines


def _items(run: "_Run", indent: int) -> list[Written]:
    """The items of a run, without the commas after them; one generator for all if there are
    many."""
    if run.count > 2:
        return [Written([run.text()], _on_one_line(run.items[0]))]
    texts = []
    for item, name in zip(run.items, run.names or [""] * run.count):
        opening, closing = (f'("{name}", ', ")") if name else ("", "")
        item_text = written(item, indent + len(opening) + len(closing) + 1, indent)
        item_text.lines[0] = opening + item_text.lines[0]
        item_text.lines[-1] += closing
        texts.append(item_text)
    return texts


def _line(constructor: Call | Sequential) -> str:
    if isinstance(constructor, Call):
        arguments = ", ".join(_argument(a) for a in constructor.arguments if _is_written(a))
        return f"{constructor.function}({arguments})"
    runs, names = _runs(constructor), constructor.names
    items = ", ".join(part for run in runs for part in run.parts())
    if len(runs) == 1 and runs[0].count > 2:
        return (
            f"nn.Sequential(OrderedDict({runs[0].text()[2:-1]}))"
            if names
            else f"nn.Sequential({items})"
        )
    return f"nn.Sequential(OrderedDict([{items}]))" if names else f"nn.Sequential({items})"


def _is_written(argument: Argument) -> bool:
    return argument.default is REQUIRED or argument.value != argument.default


def _argument(argument: Argument) -> str:
    value = _text(argument.value)
    return value if argument.default is REQUIRED else f"{argument.name}={value}"


def _text(value: object) -> str:
    if isinstance(value, Call):
        return _line(value)
    if type(value) is str:
        return f'"{value}"'
    return repr(value)


# Repetition -----------------------------------------------------------------------------------


@dataclass
class _Run:
    """Items in a row of an nn.Sequential that one generator can make: equal ones, or ones whose
    whole numbers grow evenly. The numbers at the end of their names grow by one."""

    items: list[Call | Sequential]
    names: list[str]

    @property
    def count(self) -> int:
        return len(self.items)

    def takes(self, item: Call | Sequential, name: str) -> bool:
        """Whether the item can be the next one of this run."""
        if self.names and _following(self.names[0], self.count) != name:
            return False
        if self.count == 1:
            return _step(self.items[0], item) is not None
        return _step(self.items[-1], item) == _step(self.items[0], self.items[1])

    def parts(self) -> list[str]:
        """The text of each item on one line, or of one generator."""
        if self.count > 2:
            return [self.text()]
        return [
            f'("{name}", {_line(item)})' if name else _line(item)
            for item, name in zip(self.items, self.names or [""] * self.count)
        ]

    def text(self) -> str:
        """The text of one generator that makes all items."""
        growth = _step(self.items[0], self.items[1])
        assert growth is not None  # otherwise the second would not be in this run
        item = _line(_grown(self.items[0], growth))
        variable = "i" if any(growth) or self.names else "_"
        if self.names:
            stem, start = _numbered(self.names[0])
            number = "{i}" if start == 0 else f"{{i + {start}}}"
            item = f'(f"{stem}{number}", {item})'
        return f"*({item} for {variable} in range({self.count}))"


def _runs(sequential: Sequential) -> list[_Run]:
    runs: list[_Run] = []
    for item, name in zip(sequential.items, sequential.names or [""] * len(sequential.items)):
        if runs and runs[-1].takes(item, name):
            runs[-1].items.append(item)
            runs[-1].names += [name] * bool(name)
        else:
            # Two items that differ are no run yet: the second may be the first one of another.
            if runs and runs[-1].count == 2 and any(_step(*runs[-1].items) or ()):
                last = runs.pop()
                runs += [_Run(last.items[:1], last.names[:1]), _Run(last.items[1:], last.names[1:])]
                if runs[-1].takes(item, name):
                    runs[-1].items.append(item)
                    runs[-1].names += [name] * bool(name)
                    continue
            runs.append(_Run([item], [name] * bool(name)))
    return runs


def _numbered(name: str) -> tuple[str, int]:
    """The name without the number at its end, and that number; -1 if there is none."""
    match = re.fullmatch(r"(.*?)(0|[1-9][0-9]*)", name)
    return (match[1], int(match[2])) if match else (name, -1)


def _following(name: str, further: int) -> str | None:
    stem, number = _numbered(name)
    return None if number < 0 else f"{stem}{number + further}"


def _step(a: Call | Sequential, b: Call | Sequential) -> tuple[int, ...] | None:
    """By how much each argument of b is larger than that of a; None if they differ in anything but
    whole numbers."""
    if a == b:
        return (0,) * (len(a.arguments) if isinstance(a, Call) else 1)
    if not (
        isinstance(a, Call)
        and isinstance(b, Call)
        and a.function == b.function
        and len(a.arguments) == len(b.arguments)
    ):
        return None
    steps = []
    for one, other in zip(a.arguments, b.arguments):
        if one.value == other.value and type(one.value) is type(other.value):
            steps.append(0)
        elif (
            type(one.value) is int
            and type(other.value) is int
            and _is_written(one)
            and _is_written(other)
        ):
            steps.append(other.value - one.value)
        else:
            return None
    return tuple(steps)


def _grown(item: Call | Sequential, growth: tuple[int, ...]) -> Call | Sequential:
    """The item with arguments that grow with `i` by these amounts."""
    if not any(growth):
        return item
    assert isinstance(item, Call)  # nothing else has numbers
    return Call(
        item.function,
        tuple(
            Argument(
                a.name,
                Expression(
                    f"{a.value} {'+' if by > 0 else '-'} "
                    + ("i" if abs(by) == 1 else f"{abs(by)} * i")
                ),
                a.default,
            )
            if by
            else a
            for a, by in zip(item.arguments, growth)
        ),
    )
