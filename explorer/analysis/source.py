"""The PyTorch source of a network, which the engine runs and which export saves.

A block becomes a class that is written once: what differs between its uses becomes an argument.
Blocks in a row become an nn.Sequential. The text contains only names, numbers and choices that were
checked when they entered the graph, and the names of classes as literals.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from itertools import chain, count, islice
from textwrap import wrap
from typing import Any, NamedTuple

from explorer.analysis.class_name import (
    camel,
    class_name,
    form_sentences,
    has_shortcut,
    shape_change,
    unused,
)
from explorer.analysis.constructor import (
    WIDEST,
    Constructor,
    Expression,
    Sequential,
    Span,
    Written,
    same_kind,
    written,
)
from explorer.analysis.facts import Child, Facts
from explorer.analysis.forward import forward
from explorer.analysis.preprocess_source import preprocess_source
from explorer.analysis.problem import problems
from explorer.analysis.report import Report
from explorer.catalog import KINDS
from explorer.catalog.kind import REQUIRED, Argument, Call
from explorer.catalog.layers import text_of
from explorer.catalog.preprocess import of_graph
from explorer.graph.graph import INPUT, OUTPUT, PORT

Column = tuple[Any, ...]
"""A value for each use of a class, such as all values of one argument."""

INDENT = " " * 8
MOST_FORMS = 64
"""The most classes that are tried for a further use before it gets a class of its own."""
_OWN_NAMES = ("stride", "padding", "dilation", "kernel_size", "p", "eps", "momentum")
"""Arguments that are given only by a setting of the same name: that another setting has the same
value is chance."""


class NotRunnable(ValueError):
    """The network has problems, so its source would not run."""


class NodeLines(NamedTuple):
    """The lines of a node in the source, counted from 0, and by id those of the nodes inside it,
    which equal blocks share."""

    lines: Sequence[int]
    inside: Mapping[str, "NodeLines"]


@dataclass(frozen=True)
class Source:
    """The network as Python text, and the lines of its nodes by id. It imports only torch; and Pillow,
    when its function `preprocess` is called, which is there where the preprocessing is known."""

    text: str
    nodes: Mapping[str, NodeLines]

    def lines(self, path: Iterable[str]) -> Sequence[int]:
        """The lines that construct the node at a path, or for an inline block its layers; none for
        a node that does not lead to the output."""
        node = NodeLines((), self.nodes)
        for id in path:
            if id not in node.inside:
                break
            node = node.inside[id]
        return node.lines


def source(report: Report) -> Source:
    """The network as PyTorch source. Raises NotRunnable."""
    if not report.ok:
        raise NotRunnable(problems(report)[0].message)
    return _Writer(report).source()


@dataclass(eq=False)
class _Block:
    """A class in the source: its uses, and the arguments in which they differ.

    children: ids and sources. uses: the facts of each use, whose children are equal but for their
    arguments; where only some have an nn.Identity, the class takes a flag. constructors: of each
    child. result: the id of the child whose output is the output. arguments: by name the value that
    each use gives, and the default. spans: by the id of each child, its lines in the source. form:
    the sentence that distinguishes it from other classes of the kind. spelled: the expressions that
    were chosen for values. index_of: by id() of its facts, the index of each use.
    """

    name: str
    doc: str
    children: tuple[tuple[str, tuple[str, ...]], ...]
    uses: list[Facts] = field(default_factory=list)
    constructors: list[Constructor] = field(default_factory=list)
    result: str = INPUT
    arguments: dict[str, tuple[Column, object]] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    form: str = ""
    spelled: dict[tuple[str | bool, Column, tuple[int, ...]], str] = field(default_factory=dict)
    index_of: dict[int, int] = field(default_factory=dict)
    _columns: dict[tuple[int, ...], dict[Column, str]] = field(default_factory=dict)
    _numbers: dict[str, Iterator[int]] = field(default_factory=dict)

    def add(self, facts: Facts) -> None:
        """Add a use."""
        self.index_of.setdefault(id_of(facts), len(self.uses))
        self.uses.append(facts)

    @cached_property
    def channels(self) -> Column:
        """The channels of the input of each use."""
        return tuple(facts.known_ins[0][0] for facts in self.uses)

    @cached_property
    def settings(self) -> dict[str, Column]:
        """The settings that are numbers, each with its value in every use."""
        return {
            name: values
            for name in vars(self.uses[0].settings)
            if _are_numbers(values := tuple(getattr(use.settings, name) for use in self.uses))
        }

    def argument_of(self, column: Column, at: tuple[int, ...]) -> str | None:
        """The first argument, other than the settings and those with a fixed meaning, whose values
        in the uses `at` are these numbers."""
        if at not in self._columns:
            self._columns[at] = {}
            for name in self.arguments:
                self._enter(name, at)
        return self._columns[at].get(column)

    def add_argument(self, name: str, values: Column, default: object) -> None:
        """Add an argument with its value in every use."""
        self.arguments[name] = values, default
        for at in self._columns:
            self._enter(name, at)

    def _enter(self, name: str, at: tuple[int, ...]) -> None:
        values = self.arguments[name][0]
        known = name in self.settings or name in _OWN_NAMES or name == "in_channels"
        if not known and _are_numbers(values):
            self._columns[at].setdefault(tuple(values[index] for index in at), name)

    def unused(self, name: str) -> str:
        """`name`, or one like it that is not the name of an argument yet."""
        return unused(name, self.arguments, self._numbers)


class _Writer:
    def __init__(self, report: Report):
        self.report = report
        self.name = class_name(report.graph)
        self.blocks: list[_Block] = []
        self.alike: dict[tuple[Any, ...], list[_Block]] = {}  # by what all uses of a class share
        self.block_of: dict[int, _Block] = {}
        self.class_lines: dict[int, Mapping[str, NodeLines]] = {}  # by id() of a block's facts

    def source(self) -> Source:
        """The text of the whole file, with the lines of the nodes."""
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
            inside = _spliced(block.uses[0].children)[0]
            lines.append("")
            _add_class(lines, self._head(block), block.body, block.spans, inside, block.result)
            lines.append("")
        body: list[str] = []
        spans: dict[str, Span] = {}
        for child in children:
            constructor = self._constructor(child.facts)
            if constructor is not None:
                comment = f"  # {text_of(child.facts.known_out)}"
                text = written(constructor, _columns_around(child.id) + len(comment))
                _add_attribute(body, spans, child.id, text, comment=comment)
        head = [
            "",
            f"class {self.name}(nn.Module):",
            "    def __init__(self):",
            f"{INDENT}super().__init__()",
        ]
        leading = graph.into(OUTPUT)[PORT].source
        _add_class(lines, head, body, spans, children, outlets.get(leading, leading))
        shape = ", ".join(map(str, (1, *graph.input)))
        stated = of_graph(graph) or (report.data.preprocess if report.data else None)
        if stated is not None and report.output != (len(stated.classes),):
            stated = replace(stated, classes=())  # those of another network
        lines += [
            *(preprocess_source(stated.fitted(graph.input)) if stated else ()),
            "",
            "",
            'if __name__ == "__main__":',
            f"    network = {self.name}().eval()",
            '    print(f"{sum(p.numel() for p in network.parameters()):,} parameters")',
            f"    print(tuple(network(torch.zeros({shape})).shape))",
            "",
        ]
        # The name is free text in the source: it must not end the docstring.
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
        nodes = self._lines_of(alive, spans, len(top), len(top))
        return Source("\n".join([*top, *lines]), nodes)

    # The lines of each node --------------------------------------------------------------------

    def _lines_of(
        self, nodes: Iterable[tuple[str, Facts]], spans: Mapping[str, Span], start: int, top: int
    ) -> dict[str, NodeLines]:
        """The lines of nodes by id. start: the line from which `spans` count. top: the line from
        which the spans of classes count."""
        lines_of: dict[str, NodeLines] = {}
        for id, facts in nodes:
            if facts.inline:
                inside = self._lines_of(_nodes(facts), spans, start, top)
                lines = sorted({line for node in inside.values() for line in node.lines})
                lines_of[id] = NodeLines(lines, inside)
            elif id in spans:
                first = start + spans[id].start
                within = self._lines_inside(facts, spans[id].items, first, top)
                lines_of[id] = NodeLines(range(first, start + spans[id].stop), within)
        return lines_of

    def _lines_inside(
        self, facts: Facts, items: Sequence[Span], first: int, top: int
    ) -> Mapping[str, NodeLines]:
        """The lines of the nodes inside a node. items: of an nn.Sequential, from the line
        `first`."""
        if not facts.kind.composite:
            return {}
        key = id_of(facts)
        if key not in self.block_of:  # an nn.Sequential, which has no class
            names = [child.id for child in _spliced(facts.children)[0]]
            return self._lines_of(_nodes(facts), dict(zip(names, items)), first, top)
        if key not in self.class_lines:
            spans = self.block_of[key].spans
            self.class_lines[key] = self._lines_of(_nodes(facts), spans, top, top)
        return self.class_lines[key]

    # The classes --------------------------------------------------------------------------------

    def _assign(self, facts: Facts, id: str) -> None:
        """Assign every composite at and inside a node to a class, innermost first."""
        if not facts.kind.composite or id_of(facts) in self.block_of:
            return
        for child in facts.children:
            self._assign(child.facts, child.id)
        if facts.inline or _sequential_names(facts) is not None:
            return
        children, outlets = _spliced(facts.children)
        result = outlets.get(facts.result, facts.result)
        skeleton = tuple((child.id, child.sources) for child in children)
        constructors = [self._constructor(child.facts) for child in children]
        alike = self.alike.setdefault((skeleton, facts.kind.doc, result), [])
        for block in alike[:MOST_FORMS]:
            if all(map(_share_a_class, block.constructors, constructors)):
                block.add(facts)
                block.constructors = [
                    a if _is_identity(b) else b for a, b in zip(block.constructors, constructors)
                ]
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
            constructors=constructors,
            result=result,
        )
        block.add(facts)
        alike.append(block)
        self.blocks.append(block)
        self.block_of[id_of(facts)] = block

    def _name(self) -> None:
        """Give the classes their names. Of classes that want the same one, a class that keeps the
        shape gets it, or else that with the most uses; the names of the others say how they
        differ."""
        taken = {
            self.name,
            "True",
            "False",
            "None",
            *(kind.name for kind in KINDS.values() if kind.module),
        }
        forms_of: dict[str, list[Facts]] = {}
        for block in self.blocks:
            forms_of.setdefault(block.doc, []).append(block.uses[0])
        residual = {doc: any(map(has_shortcut, forms)) for doc, forms in forms_of.items()}
        sentences = {
            doc: form_sentences(forms) for doc, forms in forms_of.items() if len(forms) > 1
        }
        numbers: dict[str, Iterator[int]] = {}
        for block in sorted(
            self.blocks,
            key=lambda block: (
                all(use.ins[0] != use.out for use in block.uses),
                -len(block.uses),
            ),
        ):
            wanted = block.name.split(".")[0]
            difference = (
                "Straight"
                if residual[block.doc] and not has_shortcut(block.uses[0])
                else shape_change(block.uses)
            )
            if block.doc in sentences:
                block.form = sentences[block.doc][id_of(block.uses[0])]
            stem = wanted + difference
            stem += "_" * stem[-1].isdigit()
            numbered = (f"{stem}{n}" for n in numbers.setdefault(stem, count(2)))
            choices = chain((wanted, wanted + difference), numbered)
            block.name = next(name for name in choices if name not in taken)
            taken.add(block.name)

    # Constructors -------------------------------------------------------------------------------

    def _constructor(self, facts: Facts) -> Constructor:
        """What constructs a node; None for a node that is only a line of the forward pass."""
        if facts.call:
            return facts.call
        if not facts.kind.composite:
            return None
        names = _sequential_names(facts)
        if names is not None:
            items = [self._constructor(child.facts) for child in _spliced(facts.children)[0]]
            return Sequential(tuple(item for item in items if item is not None), names)
        block = self.block_of[id_of(facts)]
        use = block.index_of[id_of(facts)]
        return Call(
            block.name,
            tuple(
                Argument(name, values[use], default)
                for name, (values, default) in block.arguments.items()
            ),
        )

    def _write(self, block: _Block) -> None:
        """Write the constructor of a class, which settles its arguments."""
        spliced = [_spliced(facts.children)[0] for facts in block.uses]
        for number, (id, sources) in enumerate(block.children):
            constructors = [
                constructor
                for children in spliced
                if (constructor := self._constructor(children[number].facts)) is not None
            ]
            if not constructors:  # a line of the forward pass
                continue
            having = [at for at, each in enumerate(constructors) if not _is_identity(each)]
            is_first = INPUT in sources
            width = _columns_around(id)
            if not having or len(having) == len(constructors):
                unified = self._unified(block, id, constructors, range(len(constructors)), is_first)
                _add_attribute(block.body, block.spans, id, written(unified, width))
                continue
            shortcut = spliced[having[0]][number].facts.kind.shortcut
            flag = block.unused(shortcut if shortcut in ("project", "pad") else f"with_{id}")
            before = len(block.arguments)
            unified = self._unified(
                block, id, [constructors[at] for at in having], having, is_first
            )
            added = islice(reversed(block.arguments.items()), len(block.arguments) - before)
            optional = [name for name, (_values, default) in added if default is None]
            if optional:  # only these uses give this argument, which serves as the flag
                flag = f"{optional[-1]} is not None"
            else:
                flags = tuple(not _is_identity(each) for each in constructors)
                block.add_argument(flag, flags, False)
            block.body += _attribute(id, ["nn.Identity()"])
            block.body.append(f"{INDENT}if {flag}:")
            text = written(unified, width + 4, len(INDENT) + 4)
            _add_attribute(block.body, block.spans, id, text, indent="    ")
        required = {n: a for n, a in block.arguments.items() if a[1] is REQUIRED}
        block.arguments = required | {n: a for n, a in block.arguments.items() if n not in required}

    def _unified(
        self,
        block: _Block,
        id: str,
        constructors: Sequence[Call | Sequential],
        at: Sequence[int],
        is_first: bool,
    ) -> Call | Sequential:
        """One constructor of the child `id` for all the uses `at`, in which arguments stand for the
        figures that differ. is_first: the child reads the input of the block."""
        first = constructors[0]
        if isinstance(first, Sequential):
            rows = [each for each in constructors if isinstance(each, Sequential)]
            return Sequential(
                tuple(
                    self._unified(
                        block, id, [row.items[n] for row in rows], at, is_first and n == 0
                    )
                    for n in range(len(first.items))
                ),
                first.names,
            )
        calls = [call for call in constructors if isinstance(call, Call)]
        functions = tuple(Expression(call.function) for call in calls)
        return Call(
            first.function
            if len(set(functions)) == 1
            else self._named(block, id, "activation", functions, tuple(at), is_first),
            tuple(
                Argument(
                    argument.name,
                    self._value(
                        block,
                        id,
                        argument.name,
                        tuple(call.arguments[number].value for call in calls),
                        tuple(at),
                        is_first,
                    ),
                    argument.default,
                )
                for number, argument in enumerate(first.arguments)
            ),
        )

    def _value(
        self, block: _Block, id: str, name: str, column: Column, at: tuple[int, ...], is_first: bool
    ) -> Any:
        """The value of the argument `name` for all the uses `at`: an expression if they differ."""
        first = column[0]
        if isinstance(first, Call):
            return self._unified(block, id, list(column), at, is_first)
        if (
            isinstance(first, tuple)
            and len(set(column)) > 1
            and all(isinstance(value, tuple) and len(value) == len(first) for value in column)
        ):
            return tuple(
                self._value(block, id, name, tuple(value[n] for value in column), at, is_first)
                for n in range(len(first))
            )
        if len(set(column)) > 1 or self._is_setting(block, name, column, at):
            key = (name in _OWN_NAMES and name, column, at)  # one number has one name in a class
            if key not in block.spelled:
                block.spelled[key] = self._named(block, id, name, column, at, is_first)
            return Expression(block.spelled[key])
        return first

    def _is_setting(self, block: _Block, name: str, column: Column, at: Iterable[int]) -> bool:
        """Whether only some uses have this layer and in those the block's argument `name` has these
        values."""
        values = block.arguments.get(name, ((), None))[0]
        return (
            len(column) < len(block.uses)
            and bool(values)
            and all(values[index] == value for value, index in zip(column, at))
        )

    def _named(
        self, block: _Block, id: str, name: str, column: Column, at: tuple[int, ...], is_first: bool
    ) -> str:
        """An expression in the block's arguments, of which some may be new, with the values
        `column` in the uses `at`."""
        channels = {"in_channels": block.channels}
        known = {**channels, **block.settings} if is_first else {**block.settings, **channels}
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
        kernels: Column = block.arguments.get("kernel_size", ((), None))[0]
        if (
            name == "padding"
            and kernels
            and all(
                type(value) is type(kernels[index]) is int and kernels[index] // 2 == value
                for value, index in zip(column, at)
            )
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
                    block.add_argument(candidate, known[candidate], default)
                return (
                    f"{candidate} // {less}"
                    if less > 1
                    else candidate
                    if more == 1
                    else f"{more} * {candidate}"
                )
        new = block.unused(f"{id}_{name}" if name in known or numbers else name)
        given = dict(zip(at, column))  # uses without this layer give None
        values = tuple(given.get(index) for index in range(len(block.uses)))
        block.add_argument(new, values, None if None in values else REQUIRED)
        return new

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


def _add_class(
    lines: list[str],
    head: list[str],
    body: list[str],
    spans: dict[str, Span],
    children: list[Child],
    result: str,
) -> None:
    """Add a class to the lines of the source. `spans` then count from their start, and contain the
    lines of the forward pass that compute what the constructor does not construct."""
    forward_lines, line_of = forward(children, result)
    for id, line in line_of.items():
        spans.setdefault(id, Span(len(body) + 1 + line, len(body) + 2 + line))
    start = len(lines) + len(head)
    for id, (first, last, items) in spans.items():
        spans[id] = Span(start + first, start + last, items)
    lines += [*head, *body, "", *forward_lines]


def _add_attribute(
    body: list[str],
    spans: dict[str, Span],
    id: str,
    value: Written,
    comment: str = "",
    indent: str = "",
) -> None:
    """Add the assignment of an attribute to the body of a constructor, and its lines to `spans`."""
    spans[id] = Span(len(body), len(body) + len(value.lines), value.items)
    body += [indent + line for line in _attribute(id, value.lines, comment)]


def _nodes(facts: Facts) -> Iterator[tuple[str, Facts]]:
    """The nodes inside a composite: their ids and facts."""
    return ((child.id, child.facts) for child in facts.children)


def _are_numbers(values: Column) -> bool:
    return all(type(value) in (int, float) for value in values)


def id_of(facts: Facts) -> int:
    """The id() of facts, which equal uses share; `id` is often a node's id here."""
    return id(facts)


def _docstring(doc: str) -> list[str]:
    words, lines, line = doc.split(), [], '    """'
    for word in words:
        if len(line) + len(word) > 95:
            lines.append(line.rstrip())
            line = "    "
        line += word + " "
    return [*lines, line.rstrip() + '"""']


def _columns_around(id: str) -> int:
    """How many columns the assignment of an attribute takes beside its value."""
    return len(INDENT) + len(
        f"self.{id} = " if id.isidentifier() else f'self.register_parameter("{id}", )'
    )


def _attribute(id: str, value: list[str], comment: str = "") -> list[str]:
    plain = id.isidentifier()
    method = "register_parameter" if value[0].startswith("nn.Parameter(") else "add_module"
    first = f"{INDENT}self.{id} = " if plain else f'{INDENT}self.{method}("{id}", '
    lines = [first + value[0], *(INDENT + line for line in value[1:])]
    lines[-1] += ("" if plain else ")") + comment
    return lines


def _sequential_names(facts: Facts) -> tuple[str, ...] | None:
    """The names of the modules of a composite that is written as an nn.Sequential, () if they are
    0, 1, 2 …; None for a composite that is written as a class.

    Its nodes are modules of which each feeds only the next. Blocks whose nodes have other names are
    classes, except for stages and groups.
    """
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
    """The children with inline ones replaced by the nodes inside them, and by the id of each of
    those the id of the node whose output is its output."""
    spliced: list[Child] = []
    outlets: dict[str, str] = {}
    for id, facts, sources in children:
        sources = tuple(outlets.get(source, source) for source in sources)
        if not facts.inline:
            spliced.append(Child(id, facts, sources))
            continue
        inside, ends = _spliced(facts.children)
        ends[INPUT] = sources[0]
        spliced += [
            inner._replace(
                sources=tuple(sources[0] if source == INPUT else source for source in inner.sources)
            )
            for inner in inside
        ]
        result = ends.get(facts.result, facts.result)
        outlets[id] = sources[0] if result == INPUT else result
    return spliced, outlets


def _is_identity(constructor: Constructor) -> bool:
    return isinstance(constructor, Call) and constructor.function == "nn.Identity"


def _share_a_class(a: Constructor, b: Constructor) -> bool:
    """Whether two uses of one class may construct a child so: they differ only in arguments, or one
    is an nn.Identity."""
    return same_kind(a, b) or (
        a is not None and b is not None and (_is_identity(a) or _is_identity(b))
    )
