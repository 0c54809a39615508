"""Writes a network as the PyTorch module that the engine runs and that export saves.

A block becomes a class, written once: what differs between its uses becomes an argument. Blocks in
a row become an nn.Sequential. Only names, numbers and choices that were checked when they entered
the graph reach the text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import chain, count, islice
from textwrap import wrap
from typing import Any, NamedTuple

from explorer.analysis.class_name import camel, changed, class_name, forms_told, sums, unused
from explorer.analysis.constructor import (
    WIDEST,
    Constructor,
    Expression,
    Row,
    Span,
    Written,
    same_kind,
    written,
)
from explorer.analysis.facts import Child, Facts
from explorer.analysis.forward import forward
from explorer.analysis.problem import problems
from explorer.analysis.report import Report
from explorer.catalog import KINDS
from explorer.catalog.kind import REQUIRED, Argument, Call
from explorer.catalog.layers import text_of
from explorer.graph.graph import INPUT, OUTPUT, PORT

Column = tuple[Any, ...]
"""What each use of a class has in one place."""

INDENT = " " * 8
MOST_FORMS = 64
"""Forms of a class among which one is looked for that a further use could be an instance of."""
_OWN_NAMES = ("stride", "padding", "dilation", "kernel_size", "p", "eps", "momentum")
"""Arguments that only a setting of their own name may give: that another has the same value is
chance."""


class NotRunnable(ValueError):
    """The network has problems, so there is no source that would run."""


class Place(NamedTuple):
    """Where a node stands in the text: its lines, from 0, and by id those of the nodes inside. Equal
    blocks share the lines of their class."""

    lines: Sequence[int]
    inside: Mapping[str, "Place"]


@dataclass(frozen=True)
class Source:
    """The network as Python text that imports only torch, and where its nodes stand there."""

    text: str
    places: Mapping[str, Place]

    def lines(self, path: Iterable[str]) -> Sequence[int]:
        """The lines that make the node at a path of ids; of an inline block, those of its layers.
        None of a node that does not lead to the output."""
        place = Place((), self.places)
        for id in path:
            if id not in place.inside:
                break
            place = place.inside[id]
        return place.lines


def source(report: Report) -> Source:
    """The network as PyTorch source. Raises NotRunnable."""
    if not report.ok:
        raise NotRunnable(problems(report)[0].message)
    return _Writer(report).source()


@dataclass(eq=False)
class _Block:
    """One class of the text: its uses, and the arguments that tell them apart.

    members: the facts of each use, all with the same children but for their figures; where some
    have an nn.Identity and others not, the class takes a flag. made: what constructs each child.
    result: the id of the child that gives the output. arguments: by name what each use gives, and
    the default. spans: by the id of each child, its lines in the whole text.
    """

    name: str
    doc: str
    children: tuple[tuple[str, tuple[str, ...]], ...]
    members: list[Facts] = field(default_factory=list)
    made: list[Constructor] = field(default_factory=list)
    result: str = INPUT
    arguments: dict[str, tuple[Column, object]] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    form: str = ""
    spelled: dict[tuple[str | bool, Column, tuple[int, ...]], str] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    _columns: dict[tuple[int, ...], dict[Column, str]] = field(default_factory=dict)
    _numbers: dict[str, Iterator[int]] = field(default_factory=dict)

    def add(self, facts: Facts) -> None:
        """One use more."""
        self.places.setdefault(id_of(facts), len(self.members))
        self.members.append(facts)

    @cached_property
    def channels(self) -> Column:
        """How many channels each use is given."""
        return tuple(facts.known_ins[0][0] for facts in self.members)

    @cached_property
    def settings(self) -> dict[str, Column]:
        """The settings that are numbers, each with its value in every use."""
        return {
            name: values
            for name in vars(self.members[0].settings)
            if _are_numbers(values := tuple(getattr(use.settings, name) for use in self.members))
        }

    def argument_of(self, column: Column, at: tuple[int, ...]) -> str | None:
        """The first argument beside the settings whose values in the uses `at` are these numbers;
        such of a name that stands for one thing only do not count."""
        if at not in self._columns:
            self._columns[at] = {}
            for name in self.arguments:
                self._enter(name, at)
        return self._columns[at].get(column)

    def argue(self, name: str, values: Column, default: object) -> None:
        """One argument more, with its value in every use."""
        self.arguments[name] = values, default
        for at in self._columns:
            self._enter(name, at)

    def _enter(self, name: str, at: tuple[int, ...]) -> None:
        values = self.arguments[name][0]
        beside = name not in self.settings and name not in _OWN_NAMES and name != "in_channels"
        if beside and _are_numbers(values):
            self._columns[at].setdefault(tuple(values[index] for index in at), name)

    def unused(self, name: str) -> str:
        """A name like this for a new argument."""
        return unused(name, self.arguments, self._numbers)


class _Writer:
    def __init__(self, report: Report):
        self.report = report
        self.name = class_name(report.graph)
        self.blocks: list[_Block] = []
        self.alike: dict[tuple[Any, ...], list[_Block]] = {}  # by what all uses have in common
        self.block_of: dict[int, _Block] = {}
        self.within: dict[int, Mapping[str, Place]] = {}  # what is inside a class, by its facts

    def source(self) -> Source:
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
        lines = []
        for module in sorted({layer.facts.kind.module for layer in report.layers()} - {""}):
            lines += ["", *module.splitlines(), ""]
        for block in self.blocks:
            members = _spliced(block.members[0].children)[0]
            lines.append("")
            _put_class(lines, self._head(block), block.body, block.spans, members, block.result)
            lines.append("")
        body: list[str] = []
        spans: dict[str, Span] = {}
        for child in children:
            made = self._made(child.facts)
            if made is not None:
                comment = f"  # {text_of(child.facts.known_out)}"
                text = written(made, _opening(child.id) + len(comment))
                _put(body, spans, child.id, text, comment=comment)
        head = [
            "",
            f"class {self.name}(nn.Module):",
            "    def __init__(self):",
            f"{INDENT}super().__init__()",
        ]
        leading = graph.into(OUTPUT)[PORT].source
        _put_class(lines, head, body, spans, children, outlets.get(leading, leading))
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
        # The name is free text, the only one: it must not end the docstring.
        title = "".join(c if c.isprintable() and c not in '"\\' else "_" for c in graph.name)
        ordered = any("OrderedDict(" in line for line in lines)
        top = [
            f'"""{title}: {report.params:,} parameters, {report.macs:,} multiply-adds for '
            f'{text_of(graph.input)}."""',
            "",
            *(["from collections import OrderedDict", ""] if ordered else ()),
            "import torch",
            "from torch import nn",
            "",
        ]
        alive = ((id, facts) for id, facts in report.facts.items() if id in report.alive)
        places = self._places(alive, spans, len(top), len(top))
        return Source("\n".join([*top, *lines]), places)

    # Which lines stand for which node ---------------------------------------------------------

    def _places(
        self, nodes: Iterable[tuple[str, Facts]], spans: Mapping[str, Span], start: int, top: int
    ) -> dict[str, Place]:
        """Of nodes whose spans are counted from the line `start`; classes begin at the line `top`."""
        found: dict[str, Place] = {}
        for id, facts in nodes:
            if facts.inline:
                inside = self._places(_nodes(facts), spans, start, top)
                lines = sorted({line for place in inside.values() for line in place.lines})
                found[id] = Place(lines, inside)
            elif id in spans:
                first = start + spans[id].start
                within = self._within(facts, spans[id].items, first, top)
                found[id] = Place(range(first, start + spans[id].stop), within)
        return found

    def _within(
        self, facts: Facts, items: Sequence[Span], first: int, top: int
    ) -> Mapping[str, Place]:
        if not facts.kind.composite:
            return {}
        key = id_of(facts)
        if key not in self.block_of:  # an nn.Sequential in the place where it is made
            names = [child.id for child in _spliced(facts.children)[0]]
            return self._places(_nodes(facts), dict(zip(names, items)), first, top)
        if key not in self.within:
            spans = self.block_of[key].spans
            self.within[key] = self._places(_nodes(facts), spans, top, top)
        return self.within[key]

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
        alike = self.alike.setdefault((skeleton, facts.kind.doc, result), [])
        for block in alike[:MOST_FORMS]:
            if all(map(_joins, block.made, made)):
                block.add(facts)
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
            made=made,
            result=result,
        )
        block.add(facts)
        alike.append(block)
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
        forms_of: dict[str, list[Facts]] = {}
        for block in self.blocks:
            forms_of.setdefault(block.doc, []).append(block.members[0])
        sum_up = {doc: any(map(sums, forms)) for doc, forms in forms_of.items()}
        told = {doc: forms_told(forms) for doc, forms in forms_of.items() if len(forms) > 1}
        numbers: dict[str, Iterator[int]] = {}
        for block in sorted(
            self.blocks,
            key=lambda block: (
                all(use.ins[0] != use.out for use in block.members),
                -len(block.members),
            ),
        ):
            wanted = block.name.split(".")[0]
            changes = (
                "Straight"
                if sum_up[block.doc] and not sums(block.members[0])
                else changed(block.members)
            )
            if block.doc in told:
                block.form = told[block.doc][id_of(block.members[0])]
            longer = wanted + changes
            longer += "_" * longer[-1].isdigit()
            further = (f"{longer}{n}" for n in numbers.setdefault(longer, count(2)))
            choices = chain((wanted, wanted + changes), further)
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
        at = block.places[id_of(facts)]
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
                tree = self._unified(block, id, made, range(len(made)), fresh)
                _put(block.body, block.spans, id, written(tree, width))
                continue
            shortcut = spliced[others[0]][number].facts.kind.shortcut
            flag = shortcut if shortcut in ("project", "pad") else f"with_{id}"
            flag = block.unused(flag)
            before = len(block.arguments)
            tree = self._unified(block, id, [made[index] for index in others], others, fresh)
            fresh_ones = islice(reversed(block.arguments.items()), len(block.arguments) - before)
            given = [name for name, (_values, default) in fresh_ones if default is None][::-1]
            if given:  # an argument that only these uses have says by itself that they have it
                flag = f"{given[0]} is not None"
            else:
                having = set(others)
                block.argue(flag, tuple(at in having for at in range(len(made))), False)
            block.body += _attribute(id, ["nn.Identity()"])
            block.body.append(f"{INDENT}if {flag}:")
            text = written(tree, width + 4, len(INDENT) + 4)
            _put(block.body, block.spans, id, text, indent="    ")
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
        channels = {"in_channels": block.channels}
        known = {**channels, **block.settings} if fresh else {**block.settings, **channels}
        known |= {
            key: block.arguments[key][0]
            for key in known
            if key in block.arguments and _are_numbers(block.arguments[key][0])
        }
        values: Column = block.arguments.get(name, ((), None))[0]
        if values and all(
            values[index] == value and type(values[index]) is type(value)
            for value, index in zip(column, at)
        ):
            return name
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
        numbers = bool(values) and _are_numbers(values)
        if name in _OWN_NAMES:
            known = {name: values} if numbers else {k: v for k, v in known.items() if k == name}
        else:
            known = {key: each for key, each in known.items() if key not in _OWN_NAMES}
        whole = all(type(value) is int for value in column)
        for more, less in ((1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (8, 1), (1, 2)) if whole else ():
            scaled = tuple(
                Fraction(less * value, more) if less * value % more else less * value // more
                for value in column
            )
            candidate = next(
                (
                    key
                    for key, each in known.items()
                    if all(each[index] == value for value, index in zip(scaled, at))
                ),
                None if name in _OWN_NAMES else block.argument_of(scaled, at),
            )
            if candidate is not None:
                if candidate not in block.arguments:
                    default = 1 if candidate == "stride" else REQUIRED
                    block.argue(candidate, known[candidate], default)
                return (
                    f"{candidate} // {less}"
                    if less > 1
                    else candidate
                    if more == 1
                    else f"{more} * {candidate}"
                )
        fresh_name = block.unused(f"{id}_{name}" if name in known or numbers else name)
        own: list[Any] = [None] * len(block.members)  # uses that lack this layer give none
        for value, index in zip(column, at):
            own[index] = value
        block.argue(fresh_name, tuple(own), None if None in own else REQUIRED)
        return fresh_name

    def _head(self, block: _Block) -> list[str]:
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
        ]


def _put_class(
    lines: list[str],
    head: list[str],
    body: list[str],
    spans: dict[str, Span],
    children: list[Child],
    result: str,
) -> None:
    """Add a class to the text, and to the spans, counted from there on in the text, the lines of the
    forward pass that compute what the constructor does not make."""
    forward_lines, line_of = forward(children, result)
    for id, line in line_of.items():
        spans.setdefault(id, Span(len(body) + 1 + line, len(body) + 2 + line))
    start = len(lines) + len(head)
    for id, (first, last, items) in spans.items():
        spans[id] = Span(start + first, start + last, items)
    lines += [*head, *body, "", *forward_lines]


def _put(
    body: list[str],
    spans: dict[str, Span],
    id: str,
    made: Written,
    comment: str = "",
    indent: str = "",
) -> None:
    """Add what makes an attribute to a constructor, and its lines to the spans."""
    spans[id] = Span(len(body), len(body) + len(made.lines), made.items)
    body += [indent + line for line in _attribute(id, made.lines, comment)]


def _nodes(facts: Facts) -> Iterator[tuple[str, Facts]]:
    """What is inside a composite, by id."""
    return ((child.id, child.facts) for child in facts.children)


def _are_numbers(values: Column) -> bool:
    return all(type(value) in (int, float) for value in values)


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
    return names if (facts.inner is not None or facts.kind.category == "stage") else None


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
