"""Where in the written source a node of the network is made."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

Classes = dict[str, ast.ClassDef]


def lines_of(text: str, ids: Sequence[str], inline: Sequence[bool]) -> range:
    """The lines (from 0) that make the node at the way `ids`; empty if there are none of its own.

    inline: for every id, whether the block of that id writes its layers straight into the class.
    The way is followed as far as the text tells: equal blocks in a row share one line.
    """
    classes = _classes(text)
    if not classes or not ids:
        return range(0)
    statement: ast.stmt | ast.expr | None
    value: ast.expr | None
    scope: ast.AST | None = list(classes.values())[-1]  # the network itself is written last
    found = range(0)
    for id, is_inline in zip(ids, inline):
        if is_inline:
            continue
        if isinstance(scope, ast.ClassDef):
            statement, value = _attribute(scope, id)
            if statement is None or value is None:
                bare = _expression(text.split("\n"), scope, id)
                return bare if len(bare) else found
        else:
            statement = value = _item(scope, id)
            if statement is None or value is None:
                return found
        found = range(statement.lineno - 1, _last_line(statement))
        scope = _inside(value, classes)
    return found


@lru_cache(maxsize=2)
def _classes(text: str) -> Classes:
    return {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}


def _inside(value: ast.AST, classes: Classes) -> ast.AST | None:
    """Where the parts of what `value` makes are written: a class, an nn.Sequential, or nowhere."""
    if isinstance(value, ast.Call):
        if isinstance(value.func, ast.Name):
            return classes.get(value.func.id)
        if ast.unparse(value.func) == "nn.Sequential":
            return value
    return None


def _attribute(scope: ast.ClassDef, id: str) -> tuple[ast.stmt | None, ast.expr | None]:
    """The statement of the constructor that makes the attribute, and what it makes; one that stands
    in for an absent shortcut gives way to the real one."""
    found: tuple[ast.stmt | None, ast.expr | None] = (None, None)
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == f"self.{id}":
            value = node.value
        elif (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) == "self.add_module"
            and ast.literal_eval(node.value.args[0]) == id
        ):
            value = node.value.args[1]
        else:
            continue
        if found[1] is None or ast.unparse(found[1]) == "nn.Identity()":
            found = node, value
    return found


def _item(row: ast.AST | None, id: str) -> ast.expr | None:
    """The item of that name of an nn.Sequential."""
    if not isinstance(row, ast.Call):
        return None
    names = _names(row)
    return next((item for item, called in names if id in called), None)


def _names(row: ast.Call) -> Iterator[tuple[ast.expr, Sequence[str]]]:
    """What each part of an nn.Sequential makes, and the names of the modules that it stands for."""
    parts, named = row.args, False
    if (
        len(parts) == 1
        and isinstance(parts[0], ast.Call)
        and (ast.unparse(parts[0].func) == "OrderedDict")
    ):
        argument = parts[0].args[0]
        parts, named = getattr(argument, "elts", [argument]), True
    number = 0
    for part in parts:
        part = part.value if isinstance(part, ast.Starred) else part
        count, item = 1, part
        if isinstance(part, ast.GeneratorExp):
            numbers = part.generators[0].iter
            assert isinstance(numbers, ast.Call)  # range(…)
            count, item = ast.literal_eval(numbers.args[0]), part.elt
        if named:
            assert isinstance(item, ast.Tuple)
            name, item = item.elts
            yield item, _formatted(name, count)
        else:
            yield item, _words(number, count)
        number += count


def _words(start: int, count: int) -> list[str]:
    """So many numbers from `start`, as words."""
    return [str(number) for number in range(start, start + count)]


def _formatted(name: ast.expr, count: int) -> list[str]:
    """The names that an expression over i gives; of a plain word, the word."""
    if not isinstance(name, ast.JoinedStr):
        return [ast.literal_eval(name)]
    stem, number = name.values
    assert isinstance(stem, ast.Constant) and isinstance(number, ast.FormattedValue)
    offset = ast.literal_eval(number.value.right) if isinstance(number.value, ast.BinOp) else 0
    return [f"{stem.value!s}{word}" for word in _words(offset, count)]


def _last_line(node: ast.stmt | ast.expr) -> int:
    """Counted from 1."""
    assert node.end_lineno is not None  # it was parsed from text
    return node.end_lineno


def _expression(lines: list[str], scope: ast.ClassDef, id: str) -> range:
    """The line of the forward pass that computes a join or another bare expression."""
    forward = next(
        node for node in scope.body if isinstance(node, ast.FunctionDef) and node.name == "forward"
    )
    body = range(forward.lineno, _last_line(forward))
    for number in body:
        if re.match(rf"\s+{re.escape(id)} = ", lines[number]):
            return range(number, number + 1)
    marks = {
        "add": " + ",
        "concat": "torch.cat(",
        "scale": " * ",
        "left": ".chunk(",
        "right": ".chunk(",
    }
    mark = marks.get(id.rstrip("0123456789_"))
    at = [number for number in body if mark and mark in lines[number]]
    return range(at[0], at[0] + 1) if len(at) == 1 else range(0)
