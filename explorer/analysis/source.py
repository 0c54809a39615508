"""Writes a network as the PyTorch module that the engine runs and that export saves.

A block becomes a class, written once: what differs between its uses becomes an argument. Blocks in
a row become an nn.Sequential. Only names, numbers and choices that were checked when they entered
the graph reach the text.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

from explorer.analysis.class_name import camel, changed, class_name, form_of, sums
from explorer.analysis.constructor import WIDEST, Constructor, Expression, Row, same_kind, written
from explorer.analysis.facts import Child, Facts
from explorer.analysis.forward import forward
from explorer.analysis.report import Report
from explorer.catalog import KINDS
from explorer.catalog.kind import REQUIRED, Argument, Call
from explorer.catalog.layers import text_of
from explorer.graph.graph import INPUT, OUTPUT, PORT

Column = tuple[Any, ...]
"""What each use of a class has in one place."""

INDENT = " " * 8
_FLAGS = {"Projection": "project", "ZeroShortcut": "pad"}
_OWN_NAMES = ("stride", "padding", "dilation", "kernel_size", "p", "eps", "momentum")
"""Arguments that only a setting of their own name may give: that another has the same value is
chance."""


class NotRunnable(ValueError):
    """The network has problems, so there is no source that would run."""


def source(report: Report) -> str:
    """The network as Python text that imports only torch. Raises NotRunnable."""
    if not report.ok:
        raise NotRunnable(report.problems[0].message)
    return _Writer(report).text()


@dataclass(eq=False)
class _Block:
    """One class of the text: its uses, and the arguments that tell them apart.

    members: the facts of each use, all with the same children but for their figures; where some
    have an nn.Identity and others not, the class takes a flag. made: what constructs each child.
    result: the id of the child that gives the output. arguments: by name what each use gives, and
    the default.
    """

    name: str
    doc: str
    children: tuple[tuple[str, tuple[str, ...]], ...]
    members: list[Facts] = field(default_factory=list)
    made: list[Constructor] = field(default_factory=list)
    result: str = INPUT
    arguments: dict[str, tuple[Column, object]] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    form: str = ""
    spelled: dict[tuple[str | bool, Column, tuple[int, ...]], str] = field(default_factory=dict)


class _Writer:
    def __init__(self, report: Report):
        self.report = report
        self.name = class_name(report.graph)
        self.blocks: list[_Block] = []
        self.block_of: dict[int, _Block] = {}

    def text(self) -> str:
        """The whole file."""
        report, graph = self.report, self.report.graph
        children, outlets = _spliced(
            Child(id, facts, report.sources[id])
            for id, facts in report.facts.items()
            if id in report.alive
        )
        for child in children:
            self._assign(child.facts, child.id)
        self._name()
        for block in self.blocks:
            self._write(block)
        # The name is free text, the only one: it must not end the docstring.
        title = "".join(c if c.isprintable() and c not in '"\\' else "_" for c in graph.name)
        lines = [
            f'"""{title}: {report.params:,} parameters, {report.macs:,} multiply-adds for '
            f'{text_of(graph.input)}."""',
            "",
            "import torch",
            "from torch import nn",
            "",
        ]
        for module in sorted({layer.facts.kind.module for layer in report.layers()} - {""}):
            lines += ["", *module.splitlines(), ""]
        for block in self.blocks:
            lines += ["", *self._class(block), ""]
        lines += [
            "",
            f"class {self.name}(nn.Module):",
            "    def __init__(self):",
            f"{INDENT}super().__init__()",
        ]
        for child in children:
            made = self._made(child.facts)
            if made is not None:
                comment = f"  # {text_of(child.facts.known_out)}"
                lines += _attribute(
                    child.id, written(made, _opening(child.id) + len(comment)), comment
                )
        leading = graph.into(OUTPUT)[PORT].source
        lines += ["", *forward(children, outlets.get(leading, leading))]
        shape = ", ".join(map(str, (1, *graph.input)))
        lines += [
            "",
            "",
            'if __name__ == "__main__":',
            f"    network = {self.name}().eval()",
            '    print(f"{sum(p.numel() for p in network.parameters()):,} parameters")',
            f"    print(tuple(network(torch.zeros({shape})).shape))",
            "",
        ]
        if any("OrderedDict(" in line for line in lines):
            lines[2:2] = ["from collections import OrderedDict", ""]
        return "\n".join(lines)

    # Which classes there are ------------------------------------------------------------------

    def _assign(self, facts: Facts, id: str) -> None:
        """Put every composite in and below `facts` into a class, innermost first."""
        if not facts.kind.composite or id_of(facts) in self.block_of:
            return
        for child in facts.children:
            self._assign(child.facts, child.id)
        if facts.inline or _row_names(facts) is not None:
            return
        children, outlets = _spliced(facts.children)
        result = outlets.get(facts.result, facts.result)
        skeleton = tuple((child.id, child.sources) for child in children)
        made = [self._made(child.facts) for child in children]
        for block in self.blocks:
            if (
                block.children == skeleton
                and block.doc == facts.kind.doc
                and block.result == result
                and all(_joins(a, b) for a, b in zip(block.made, made))
            ):
                block.members.append(facts)
                block.made = [a if _is_identity(b) else b for a, b in zip(block.made, made)]
                self.block_of[id_of(facts)] = block
                return
        wanted = (
            facts.kind.written_as(facts.settings)
            if facts.kind.written_as
            else camel(id)
            if facts.inner is not None
            else facts.kind.name
        )
        if not wanted[:1].isalpha():
            wanted = f"Block{wanted}"
        block = _Block(
            f"{wanted}.{len(self.blocks)}",
            facts.kind.doc,
            skeleton,
            [facts],
            made,
            result,
        )
        self.blocks.append(block)
        self.block_of[id_of(facts)] = block

    def _name(self) -> None:
        """Give the classes their names: of those that want the same one, the one that keeps the
        shape gets it, then the one with the most uses; the others say how they differ."""
        taken = {
            self.name,
            "True",
            "False",
            "None",
            *(kind.name for kind in KINDS.values() if kind.module),
        }
        for block in sorted(
            self.blocks,
            key=lambda block: (
                all(use.ins[0] != use.out for use in block.members),
                -len(block.members),
            ),
        ):
            wanted = block.name.split(".")[0]
            forms = [other.members[0] for other in self.blocks if other.doc == block.doc]
            changes = (
                "Straight"
                if not sums(block.members[0]) and any(sums(form) for form in forms)
                else changed(block.members)
            )
            if len(forms) > 1:
                block.form = form_of(block.members[0], forms)
            longer = wanted + changes
            longer += "_" * longer[-1].isdigit()
            choices = (wanted, wanted + changes, *(f"{longer}{n}" for n in range(2, 999)))
            block.name = next(name for name in choices if name not in taken)
            taken.add(block.name)

    # How one is made --------------------------------------------------------------------------

    def _made(self, facts: Facts) -> Constructor:
        """What constructs a node: a call, a row of them, or None for a line of the forward."""
        if facts.call:
            return facts.call
        if not facts.kind.composite:
            return None
        names = _row_names(facts)
        if names is not None:
            made = [self._made(child.facts) for child in _spliced(facts.children)[0]]
            return Row(tuple(each for each in made if each is not None), names)
        block = self.block_of[id_of(facts)]
        if facts not in block.members:
            return Call(block.name)
        at = block.members.index(facts)
        return Call(
            block.name,
            tuple(
                Argument(name, values[at], default)
                for name, (values, default) in block.arguments.items()
            ),
        )

    def _write(self, block: _Block) -> None:
        """The lines of a class's constructor, and with them its arguments."""
        spliced = [_spliced(facts.children)[0] for facts in block.members]
        for number, (id, sources) in enumerate(block.children):
            constructors = [self._made(children[number].facts) for children in spliced]
            made = [each for each in constructors if each is not None]
            if not made:  # a line of the forward pass
                continue
            others = [index for index, each in enumerate(made) if not _is_identity(each)]
            fresh = INPUT in sources
            width = _opening(id)
            if not others or len(others) == len(made):
                block.body += _attribute(
                    id, written(self._unified(block, id, made, range(len(made)), fresh), width)
                )
                continue
            flag = _FLAGS.get(spliced[others[0]][number].facts.kind.name, f"with_{id}")
            while flag in block.arguments:
                flag += "_"
            before = set(block.arguments)
            tree = self._unified(block, id, [made[index] for index in others], others, fresh)
            given = [
                name
                for name, (_values, default) in block.arguments.items()
                if name not in before and default is None
            ]
            if given:  # an argument that only these uses have says by itself that they have it
                flag = f"{given[0]} is not None"
            else:
                block.arguments[flag] = (tuple(at in others for at in range(len(made))), False)
            block.body += _attribute(id, ["nn.Identity()"])
            block.body.append(f"{INDENT}if {flag}:")
            block.body += [
                "    " + line for line in _attribute(id, written(tree, width + 4, len(INDENT) + 4))
            ]
        required = {n: a for n, a in block.arguments.items() if a[1] is REQUIRED}
        block.arguments = required | {n: a for n, a in block.arguments.items() if n not in required}

    def _unified(
        self, block: _Block, id: str, made: Sequence[Call | Row], at: Sequence[int], fresh: bool
    ) -> Call | Row:
        """One constructor for all the uses `at`: figures that differ become names."""
        first = made[0]
        if isinstance(first, Row):
            rows = [row for row in made if isinstance(row, Row)]
            return Row(
                tuple(
                    self._unified(block, id, [row.items[n] for row in rows], at, fresh and n == 0)
                    for n in range(len(first.items))
                ),
                first.names,
            )
        calls = [call for call in made if isinstance(call, Call)]
        functions = tuple(Expression(call.function) for call in calls)
        return Call(
            first.function
            if len(set(functions)) == 1
            else self._named(block, id, "activation", functions, tuple(at), fresh),
            tuple(
                Argument(
                    argument.name,
                    self._value(
                        block,
                        id,
                        argument.name,
                        tuple(call.arguments[number].value for call in calls),
                        tuple(at),
                        fresh,
                    ),
                    argument.default,
                )
                for number, argument in enumerate(first.arguments)
            ),
        )

    def _value(
        self, block: _Block, id: str, name: str, column: Column, at: tuple[int, ...], fresh: bool
    ) -> Any:
        """One value for all the uses `at`: what differs becomes a name."""
        first = column[0]
        if isinstance(first, Call):
            return self._unified(block, id, list(column), at, fresh)
        if (
            isinstance(first, tuple)
            and len(set(column)) > 1
            and all(isinstance(value, tuple) and len(value) == len(first) for value in column)
        ):
            return tuple(
                self._value(block, id, name, tuple(value[n] for value in column), at, fresh)
                for n in range(len(first))
            )
        if len(set(column)) > 1 or self._is_setting(block, name, column, at):
            key = (name in _OWN_NAMES and name, column, at)  # one number has one name in a class
            if key not in block.spelled:
                block.spelled[key] = self._named(block, id, name, column, at, fresh)
            return Expression(block.spelled[key])
        return first

    def _is_setting(self, block: _Block, name: str, column: Column, at: Iterable[int]) -> bool:
        """Only some uses have this layer, and there `name` is the class's argument of that name."""
        values = block.arguments.get(name, ((), None))[0]
        return (
            len(column) < len(block.members)
            and bool(values)
            and all(values[index] == value for value, index in zip(column, at))
        )

    def _named(
        self, block: _Block, id: str, name: str, column: Column, at: tuple[int, ...], fresh: bool
    ) -> str:
        """An expression in the class's arguments that gives `column` for the uses `at`."""
        known = {
            setting: tuple(getattr(facts.settings, setting) for facts in block.members)
            for setting in vars(block.members[0].settings)
            if all(
                type(getattr(facts.settings, setting)) in (int, float) for facts in block.members
            )
        }
        channels = {"in_channels": tuple(facts.known_ins[0][0] for facts in block.members)}
        known = {**channels, **known} if fresh else {**known, **channels}
        known |= {
            key: values
            for key, (values, _default) in block.arguments.items()
            if all(type(value) in (int, float) for value in values)
        }
        for key, (values, _default) in block.arguments.items():
            if key == name and all(
                values[index] == value and type(values[index]) is type(value)
                for value, index in zip(column, at)
            ):
                return key
        if name == "padding" and all(
            kernel in block.arguments
            and all(
                type(value) is type(block.arguments[kernel][0][index]) is int
                and block.arguments[kernel][0][index] // 2 == value
                for value, index in zip(column, at)
            )
            for kernel in ("kernel_size",)
        ):
            return "kernel_size // 2"
        known = {
            key: values
            for key, values in known.items()
            if (key == name if name in _OWN_NAMES else key not in _OWN_NAMES)
        }
        for more, less in ((1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (8, 1), (1, 2)):
            for candidate, values in known.items():
                if all(
                    type(value) is int and more * values[index] == less * value
                    for value, index in zip(column, at)
                ):
                    if candidate not in block.arguments:
                        default = 1 if candidate == "stride" else REQUIRED
                        block.arguments[candidate] = (values, default)
                    return (
                        f"{candidate} // {less}"
                        if less > 1
                        else candidate
                        if more == 1
                        else f"{more} * {candidate}"
                    )
        fresh_name = name if name not in known else f"{id}_{name}"
        while fresh_name in block.arguments:
            fresh_name += "_"
        given: list[Any] = [None] * len(block.members)  # uses that lack this layer give none
        for value, index in zip(column, at):
            given[index] = value
        block.arguments[fresh_name] = (tuple(given), None if None in given else REQUIRED)
        return fresh_name

    def _class(self, block: _Block) -> list[str]:
        signature = ", ".join(
            [
                "self",
                *(
                    name if default is REQUIRED else f"{name}={default}"
                    for name, (_values, default) in block.arguments.items()
                ),
            ]
        )
        head = [f"    def __init__({signature}):"]
        if len(head[0]) > WIDEST:
            head = wrap(
                signature,
                WIDEST,
                initial_indent="    def __init__(",
                subsequent_indent=INDENT + "         ",
            )
            head[-1] += "):"
        return [
            f"class {block.name}(nn.Module):",
            *_docstring(block.doc + block.form),
            "",
            *head,
            f"{INDENT}super().__init__()",
            *block.body,
            "",
            *forward(_spliced(block.members[0].children)[0], block.result),
        ]


def id_of(facts: Facts) -> int:
    """The identity of facts: equal uses share them."""
    return id(facts)


def _docstring(doc: str) -> list[str]:
    words, lines, line = doc.split(), [], '    """'
    for word in words:
        if len(line) + len(word) > 95:
            lines.append(line.rstrip())
            line = "    "
        line += word + " "
    return [*lines, line.rstrip() + '"""']


def _opening(id: str) -> int:
    """How many columns stand before the value of the attribute, and behind it."""
    return len(INDENT) + len(
        f"self.{id} = " if id.isidentifier() else f'self.register_parameter("{id}", )'
    )


def _attribute(id: str, value: list[str], comment: str = "") -> list[str]:
    plain = id.isidentifier()
    adds = "register_parameter" if value[0].startswith("nn.Parameter(") else "add_module"
    first = f"{INDENT}self.{id} = " if plain else f'{INDENT}self.{adds}("{id}", '
    lines = [first + value[0], *(INDENT + line for line in value[1:])]
    lines[-1] += ("" if plain else ")") + comment
    return lines


def _row_names(facts: Facts) -> tuple[str, ...] | None:
    """If the nodes inside are modules of which each feeds only the next, an nn.Sequential: their
    names, or nothing where those are 0, 1, 2 … Otherwise None. Words as names make a row of a
    stage and of a group; another block is a class of its own."""
    children, outlets = _spliced(facts.children)
    before = INPUT
    for child in children:
        if child.sources != (before,) or child.facts.kind.expression:
            return None
        before = child.id
    if not children or outlets.get(facts.result, facts.result) != before:
        return None
    names = tuple(child.id for child in children)
    if names == tuple(map(str, range(len(names)))):
        return ()
    return names if facts.kind.name in ("Stage", "Group") else None


def _spliced(children: Iterable[Child]) -> tuple[list[Child], dict[str, str]]:
    """The children, those that stand inline replaced by what is inside them; and for each of those
    the id of the one that gives its output."""
    found: list[Child] = []
    outlets: dict[str, str] = {}
    for id, facts, sources in children:
        sources = tuple(outlets.get(source, source) for source in sources)
        if not facts.inline:
            found.append(Child(id, facts, sources))
            continue
        inside, ends = _spliced(facts.children)
        ends[INPUT] = sources[0]
        found += [
            inner._replace(
                sources=tuple(sources[0] if source == INPUT else source for source in inner.sources)
            )
            for inner in inside
        ]
        result = ends.get(facts.result, facts.result)
        outlets[id] = sources[0] if result == INPUT else result
    return found, outlets


def _is_identity(made: Constructor) -> bool:
    return isinstance(made, Call) and made.function == "nn.Identity"


def _joins(a: Constructor, b: Constructor) -> bool:
    """Two uses of a class may differ here: only in figures, or one of them in an nn.Identity."""
    return same_kind(a, b) or (
        a is not None and b is not None and (_is_identity(a) or _is_identity(b))
    )
