"""What stands to the right of `self.conv1 =`: a call or an nn.Sequential, as data and as text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from explorer.catalog import KINDS
from explorer.catalog.kind import REQUIRED, Argument, Call

WIDEST = 96


@dataclass(frozen=True)
class Row:
    """An nn.Sequential. names: its modules' names, where they are not 0, 1, 2 …"""

    items: tuple["Call | Row", ...]
    names: tuple[str, ...] = ()


Constructor = Call | Row | None


class Expression(str):
    """An expression in the text, not a word to be quoted."""

    def __repr__(self) -> str:
        return str(self)


class Span(NamedTuple):
    """Lines of a text, counted from where that begins of which they are a part. items: of an
    nn.Sequential, the lines of each of its items, counted from `start`."""

    start: int
    stop: int
    items: Sequence["Span"] = ()


class Written(NamedTuple):
    """A constructor as text. items: of an nn.Sequential, the lines of each of its items."""

    lines: list[str]
    items: Sequence[Span] = ()


def same_kind(a: Constructor, b: Constructor) -> bool:
    """The two differ at most in figures, or in the non-linearity."""
    if isinstance(a, Row) and isinstance(b, Row):
        return (
            len(a.items) == len(b.items)
            and a.names == b.names
            and all(map(same_kind, a.items, b.items))
        )
    if isinstance(a, Call) and isinstance(b, Call):
        return a.function == b.function or (_activation(a) and _activation(b))
    return a is b


def _activation(call: Call) -> bool:
    """A non-linearity without arguments."""
    kind = KINDS.get(call.function.removeprefix("nn."))
    return kind is not None and kind.category == "activation" and not call.arguments


def written(made: Call | Row, used: int, indent: int = 8) -> Written:
    """The text: in one line if it fits beside the `used` columns, else one item a line. indent: of
    the line in which it begins."""
    line = _line(made)
    if used + len(line) <= WIDEST or (isinstance(made, Call) and len(line) <= 40):
        return Written([line], _on_one_line(made))
    if isinstance(made, Call):
        arguments = [_argument(a) for a in made.arguments if _shows(a)]
        return Written([f"{made.function}(", *_filled(arguments, WIDEST - indent - 1), ")"])
    lines, spans = ["nn.Sequential(OrderedDict([" if made.names else "nn.Sequential("], []
    for run in _runs(made):
        for each in _items(run, indent + 4):
            span = Span(len(lines), len(lines) + len(each.lines), each.items)
            spans += [span] * (run.count if run.count > 2 else 1)
            lines += ["    " + part for part in each.lines]
            lines[-1] += ","
    return Written([*lines, "]))" if made.names else ")"], spans)


def _on_one_line(made: Call | Row) -> Sequence[Span]:
    items = made.items if isinstance(made, Row) else ()
    return [Span(0, 1, _on_one_line(item)) for item in items]


def _filled(arguments: list[str], width: int) -> list[str]:
    """The arguments, as many on a line as there is room for."""
    lines = [f"    {arguments[0]}"]
    for argument in arguments[1:]:
        lines[-1] += ","
        if len(lines[-1]) + 1 + len(argument) <= width:
            lines[-1] += f" {argument}"
        else:
            lines.append(f"    {argument}")
    return lines


def _items(run: "_Run", indent: int) -> list[Written]:
    """Each item of an nn.Sequential in a run, a comma to come behind; one for all of a long run."""
    if run.count > 2:
        return [Written([run.text()], _on_one_line(run.items[0]))]
    found = []
    for item, name in zip(run.items, run.names or [""] * run.count):
        opening, closing = (f'("{name}", ', ")") if name else ("", "")
        item_text = written(item, indent + len(opening) + len(closing) + 1, indent)
        item_text.lines[0] = opening + item_text.lines[0]
        item_text.lines[-1] += closing
        found.append(item_text)
    return found


def _line(made: Call | Row) -> str:
    if isinstance(made, Call):
        return f"{made.function}({', '.join(_argument(a) for a in made.arguments if _shows(a))})"
    runs = _runs(made)
    items = ", ".join(part for run in runs for part in run.parts())
    if len(runs) == 1 and runs[0].count > 2:
        return (
            f"nn.Sequential(OrderedDict({runs[0].text()[2:-1]}))"
            if made.names
            else f"nn.Sequential({items})"
        )
    return f"nn.Sequential(OrderedDict([{items}]))" if made.names else f"nn.Sequential({items})"


def _shows(argument: Argument) -> bool:
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
    """Items of an nn.Sequential of which each follows from the one before: equal ones, or such
    whose whole numbers grow evenly, under names whose number grows by one."""

    items: list[Call | Row]
    names: list[str]

    @property
    def count(self) -> int:
        return len(self.items)

    def goes_on(self, item: Call | Row, name: str) -> bool:
        """The item may stand in this run too."""
        if self.names and _following(self.names[0], self.count) != name:
            return False
        if self.count == 1:
            return _step(self.items[0], item) is not None
        return _step(self.items[-1], item) == _step(self.items[0], self.items[1])

    def parts(self) -> list[str]:
        """The texts of the items in one line."""
        if self.count > 2:
            return [self.text()]
        return [
            f'("{name}", {_line(item)})' if name else _line(item)
            for item, name in zip(self.items, self.names or [""] * self.count)
        ]

    def text(self) -> str:
        """All items as one generator."""
        growth = _step(self.items[0], self.items[1])
        assert growth is not None  # otherwise the second would not be in this run
        item = _line(_grown(self.items[0], growth))
        variable = "i" if any(growth) or self.names else "_"
        if self.names:
            stem, start = _numbered(self.names[0])
            number = "{i}" if start == 0 else f"{{i + {start}}}"
            item = f'(f"{stem}{number}", {item})'
        return f"*({item} for {variable} in range({self.count}))"


def _runs(row: Row) -> list[_Run]:
    runs: list[_Run] = []
    for item, name in zip(row.items, row.names or [""] * len(row.items)):
        if runs and runs[-1].goes_on(item, name):
            runs[-1].items.append(item)
            runs[-1].names += [name] * bool(name)
        else:
            # Two that only happen to differ evenly are no run: the second may begin one.
            if runs and runs[-1].count == 2 and any(_step(*runs[-1].items) or ()):
                last = runs.pop()
                runs += [_Run(last.items[:1], last.names[:1]), _Run(last.items[1:], last.names[1:])]
                if runs[-1].goes_on(item, name):
                    runs[-1].items.append(item)
                    runs[-1].names += [name] * bool(name)
                    continue
            runs.append(_Run([item], [name] * bool(name)))
    return runs


def _numbered(name: str) -> tuple[str, int]:
    """The name without the number at its end, and that number; -1 if there is none."""
    found = re.fullmatch(r"(.*?)(0|[1-9][0-9]*)", name)
    return (found[1], int(found[2])) if found else (name, -1)


def _following(name: str, further: int) -> str | None:
    stem, number = _numbered(name)
    return None if number < 0 else f"{stem}{number + further}"


def _step(a: Call | Row, b: Call | Row) -> tuple[int, ...] | None:
    """By how much each whole number among b's arguments is more than a's; None if they differ in
    anything else."""
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
        elif type(one.value) is int and type(other.value) is int and _shows(one) and _shows(other):
            steps.append(other.value - one.value)
        else:
            return None
    return tuple(steps)


def _grown(item: Call | Row, growth: tuple[int, ...]) -> Call | Row:
    """The item with the growth of its numbers written out."""
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
