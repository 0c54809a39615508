"""What stands to the right of `self.conv1 =`: a call or an nn.Sequential, as data and as text."""

from dataclasses import dataclass
from itertools import groupby

from explorer.catalog.kind import REQUIRED, Argument, Call

WIDEST = 96


@dataclass(frozen=True)
class Row:
    """An nn.Sequential."""

    items: tuple["Call | Row", ...]


Constructor = Call | Row | None


def same_kind(a: Constructor, b: Constructor) -> bool:
    """The two differ at most in figures."""
    if isinstance(a, Row) and isinstance(b, Row):
        return len(a.items) == len(b.items) and all(map(same_kind, a.items, b.items))
    if isinstance(a, Call) and isinstance(b, Call):
        return a.function == b.function and all(
            same_kind(x.value, y.value) for x, y in zip(a.arguments, b.arguments)
            if isinstance(x.value, Call))
    return a is b


def written(made: Call | Row, used: int) -> list[str]:
    """The text, in one line if it fits behind `used` columns, else one item a line."""
    line = _line(made)
    if used + len(line) <= WIDEST or not isinstance(made, Row):
        return [line]
    lines = ["nn.Sequential("]
    for item, count in _runs(made):
        inner = [_repeated(_line(item), count)] if count > 2 else written(item, used - 4)
        for _ in range(1 if count > 2 else count):
            lines += ["    " + each for each in inner]
            lines[-1] += ","
    return [*lines, ")"]


def _line(made: Call | Row) -> str:
    if isinstance(made, Call):
        return f"{made.function}({', '.join(_argument(a) for a in made.arguments if _shows(a))})"
    items = [_repeated(_line(item), count) if count > 2 else ", ".join([_line(item)] * count)
             for item, count in _runs(made)]
    if len(items) == 1 and items[0].startswith("*("):
        return f"nn.Sequential({items[0]})"
    return f"nn.Sequential({', '.join(items)})"


def _runs(row: Row) -> list[tuple[Call | Row, int]]:
    return [(item, len(list(run))) for item, run in groupby(row.items)]


def _repeated(line: str, count: int) -> str:
    return f"*({line} for _ in range({count}))"


def _shows(argument: Argument) -> bool:
    return argument.default is REQUIRED or argument.value != argument.default


def _argument(argument: Argument) -> str:
    value = _line(argument.value) if isinstance(argument.value, Call) else repr(argument.value)
    return value if argument.default is REQUIRED else f"{argument.name}={value}"
