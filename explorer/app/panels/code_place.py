"""Where in the written source a node of the network is made."""

import re
from collections.abc import Sequence

_CLASS = re.compile(r"class (\w+)\(nn\.Module\):")


def lines_of(text: str, ids: Sequence[str], inline: Sequence[bool]) -> range:
    """The lines (from 0) that make the node at the way `ids`; empty if there are none of its own.

    inline: for every id, whether the block of that id writes its layers straight into the class.
    The way is followed as far as the text tells: blocks in a row share the line of their stage.
    """
    lines = text.split("\n")
    starts = {found[1]: number for number, line in enumerate(lines)
              if (found := _CLASS.match(line))}
    if not starts or not ids:
        return range(0)
    name, found = list(starts)[-1], range(0)  # the network itself is written last
    for id, is_inline in zip(ids, inline):
        if is_inline:
            continue
        statement = _statement(lines, starts[name], id) if name else range(0)
        if len(statement):
            found = statement
        elif id.isdigit():
            found = _item(lines, found, int(id))
        else:
            bare = _expression(lines, starts[name], id) if name else range(0)
            return bare if len(bare) else found
        made = re.findall(r"\b(\w+)\(", "\n".join(lines[found.start:found.stop]))
        name = next((each for each in made if each in starts), "")
    return found


def _end(lines: list[str], start: int) -> int:
    """The line after the class that begins at `start`."""
    return next((number for number in range(start + 1, len(lines))
                 if lines[number] and not lines[number].startswith(" ")), len(lines))


def _statement(lines: list[str], start: int, id: str) -> range:
    """The lines of the constructor that assign the attribute `id`, brackets closed."""
    begins = (f"self.{id} = ", f'self.add_module("{id}", ')
    for number in range(start, _end(lines, start)):
        if lines[number].lstrip().startswith(begins) and "nn.Identity()" not in lines[number]:
            depth, last = 0, number
            for last in range(number, len(lines)):
                depth += lines[last].count("(") - lines[last].count(")")
                if depth <= 0:
                    break
            return range(number, last + 1)
    return range(0)


def _item(lines: list[str], found: range, number: int) -> range:
    """The line of one item of a sequence, if every item has its own."""
    items = found[1:-1]
    inner = [line for line in items if len(lines[line]) - len(lines[line].lstrip())
             == len(lines[found.start]) - len(lines[found.start].lstrip()) + 4]
    if len(inner) == len(items) and number < len(inner) and not any(
            lines[line].lstrip().startswith("*(") for line in inner):
        return range(inner[number], inner[number] + 1)
    return found


def _expression(lines: list[str], start: int, id: str) -> range:
    """The line of the forward pass that computes a join or another bare expression."""
    end = _end(lines, start)
    forward = next((number for number in range(start, end)
                    if lines[number].startswith("    def forward")), end)
    for number in range(forward + 1, end):
        if re.match(rf"\s+{re.escape(id)} = ", lines[number]):
            return range(number, number + 1)
    marks = {"add": " + ", "flatten": "torch.flatten(", "concat": "torch.cat("}
    mark = marks.get(id.rstrip("0123456789_"))
    at = [number for number in range(forward + 1, end) if mark and mark in lines[number]]
    return range(at[0], at[0] + 1) if len(at) == 1 else range(0)
