"""How a kind of node is declared."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from types import SimpleNamespace
from typing import Any, NamedTuple

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.layer_window import LayerWindow
from explorer.graph import names
from explorer.graph.file import LARGEST_SIDE
from explorer.graph.graph import Shape, Value
from explorer.text import _

Settings = SimpleNamespace  # every parameter of a kind, by name, defaults filled in
Shapes = tuple[Shape, ...]
Kept = tuple[str, ...] | Callable[[Settings, Shapes, Shape], tuple[str, ...]]
Extra = Callable[[Settings, Shapes, Shape], int]


class Steps(NamedTuple):
    """What a layer that PyTorch computes in several steps takes, in bytes for one picture. kept: for
    the backward pass, beside its input and output. forward: at most at one time, its output
    included, where nothing is kept. backward: at most beside what it kept and the gradient of its
    output; after: the same once that gradient is not needed any more."""

    kept: int
    forward: int
    backward: int
    after: int


MOST_CHANNELS = LARGEST_SIDE
"""Of a map; those of an input may be so many."""
MOST_FEATURES = 1_000_000
"""Numbers of a vector."""
CATEGORIES = (
    "stem",
    "stage",
    "block",
    "head",
    "convolution",
    "normalisation",
    "activation",
    "pooling",
    "merge",
    "shape",
)


class Mismatch(Exception):
    """A kind cannot take these inputs with these parameters.

    rule: a word that names the rule. message: the sentence for a person; "{node}" in it stands
    for the node's path. intended: the shape with which the rest of the network is checked, that of
    the main branch; None if there is none. allowed: figures that a fix needs.
    """

    def __init__(self, rule: str, message: str, intended: Shape | None, **allowed: Any) -> None:
        super().__init__(message)
        self.rule, self.message, self.intended, self.allowed = rule, message, intended, allowed


@dataclass(frozen=True)
class Param:
    """One parameter of a kind. Its type is that of its default; choices, if any, are the only
    values; low and high are inclusive.

    pair: two whole numbers, (height, width), are allowed instead of one. words: words that are
    allowed instead of a pair. of: the blocks of a stage that read it; all of them, if empty. step:
    what the arrows of its field add, 0 for what suits its kind of number. absent: what a person
    reads where there is no value (None), which is then allowed; the default is a value that suits.
    """

    name: str
    default: Value
    doc: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    title: str = ""
    pair: bool = False
    words: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    step: float = 0
    absent: str = ""

    @property
    def unset(self) -> Value | None:
        """What holds where nothing is set: the default, or None where there may be no value."""
        return None if self.absent else self.default

    @property
    def called(self) -> str:
        """What a person reads as its name: its title, or a name of one letter."""
        return self.title or self.name

    @property
    def called_within(self) -> str:
        """The same within a sentence: "Kernel size" is "kernel size", "SE ratio" stays."""
        name = self.called
        return name if name[1:2].isupper() else name[:1].lower() + name[1:]

    def fault(self, value: object, name: str = "") -> str | None:
        """Why `value` is not allowed, in one sentence; None if it is allowed.

        name: what the sentence calls the parameter; if empty, its title.
        """
        name = name or self.called
        if (value is None and self.absent) or value in self.choices + self.words:
            return None
        if self.choices:
            return _("{name} is {value}; allowed: {choices}").format(
                name=name, value=_shown(value), choices=", ".join(self.choices)
            )
        wanted = type(self.default)
        if wanted is str or (wanted is float and type(value) is int):
            wanted = int  # a word stands for a number; a number may be whole
        pair = self.pair and isinstance(value, tuple) and len(value) == 2
        numbers: tuple[Any, ...] = value if pair else (value,)  # type: ignore[assignment]
        if any(type(number) is not wanted for number in numbers):
            return self._type_sentence().format(
                name=name, value=_shown(value), words=", ".join(map(repr, self.words))
            )
        if wanted is bool:
            return None
        assert self.low is not None and self.high is not None  # a number's are declared
        if all(self.low <= number <= self.high for number in numbers):
            return None
        low, high = (f"{end:g}" if type(end) is float else end for end in (self.low, self.high))
        return _("{name} is {value}; allowed: {low} to {high}").format(
            name=name, value=_shown(value), low=low, high=high
        )

    def _type_sentence(self) -> str:
        """What `fault` says of a value of another type, with {name}, {value} and {words} left open."""
        if self.words:
            return _(
                "{name} is {value}; it must be one whole number, or two for height and width, or "
                "{words}"
            )
        if self.pair:
            return _("{name} is {value}; it must be one whole number, or two for height and width")
        return {
            int: _("{name} is {value}; it must be a whole number"),
            float: _("{name} is {value}; it must be a number"),
            bool: _("{name} is {value}; it must be true or false"),
        }[type(self.default)]


def _shown(value: object) -> str:
    shown = "×".join(map(repr, value)) if isinstance(value, tuple) else repr(value)
    return shown if len(shown) <= 40 else shown[:40] + "…"


class Weight(NamedTuple):
    """One tensor of a layer's state: its name in the state dict, its shape, and whether it is
    learned (a parameter) or kept (a buffer)."""

    name: str
    shape: Shape
    learned: bool = True

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)


REQUIRED = object()


@dataclass(frozen=True)
class Argument:
    """One argument of a constructor: written by position if `default` is REQUIRED, otherwise by
    keyword and only where it differs from the default."""

    name: str
    value: "Value | Shape | Call"
    default: object = REQUIRED


@dataclass(frozen=True)
class Call:
    """A constructor call as data."""

    function: str
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of node, from which everything else about it follows.

    A primitive states `shape`, and as far as they apply `weights`, `macs` and `call` (a module of
    its own in the network) or `expression` (a line of the forward pass); one that states both has
    an attribute that is no module, and its name is the last that the expression gets. A composite
    states `expand` alone, which writes its inside. All functions take the settings and the input
    shapes (without the batch dimension) in the order of the ports.

    module: the text of the class that `call` makes, where PyTorch has none. window: what one place
    of the output sees of the input, for height and width; None: the same place of every input.
    keeps: what must stay in memory for the backward pass, "input" and "output", or a function that
    returns it. extra: bytes for one picture that it keeps beside them (masks, indices), as on a GPU
    in float32. numbered: the ids that a stage gives its blocks of this kind, with {i} counting from
    0, {n} from 1. begins: the first part of its nodes' ids, as people write it in code ("bn"); if
    empty, its name in lower case. searched: other words by which people search for it.

    variadic: any number of inputs, at least two, with the ports a, b, c … macs: one fused
    multiply-add is one MAC; what has no multiplication by a weight has none. presets: entries of
    the palette beside or instead of the plain one: (title, parameters). common: shown in the
    palette before its section is opened to all.

    Traits, which the rules read instead of knowing kinds by name: linear: its output is linear in
    its input, up to a constant, in eval mode. normalises: brings its input to mean 0 and standard
    deviation 1, over whichever axes. positive: its output has no negative number. probabilities:
    its output are probabilities that add up to 1. joins: how it joins branches: "sum", "product" or
    "stack". shortcut: the kind of shortcut that it is: "identity", "project" or "pad". gates:
    weighs channels by what is in them. spreads: spreads each number over a window, as a transposed
    convolution does. stacks: a stage can repeat it. curve: an activation of one number as its glyph
    draws it: the function, and the ends of its axis. views: its output is its input's memory,
    "always" or only while it is "resting": in eval mode, or where its p is 0. counts: its output is
    counted among the activations. full_on: where autocast keeps it in float32, "cuda" or "cpu"
    (torch.amp, "Autocast Op Reference"). at_work: what its backward pass takes beside the
    gradients that it makes, in sizes of its output. masks: its `extra`
    is a mask, which on the CPU is as wide as its numbers. pads: how many numbers the padded copy of
    its input has, which it keeps in place of that; 0 where it makes none. steps: of a layer that
    autocast does not treat as one, what it takes, for the bytes of a number of its input and
    whether it runs on a GPU; under autocast its output is float32. reorders: it lays out the
    numbers channel after channel, which from a channels-last map makes a copy.
    """

    name: str
    category: str
    doc: str
    params: tuple[Param, ...] = ()
    inputs: tuple[str, ...] = ("x",)
    variadic: bool = False
    title: str = ""
    label: Callable[[Settings], str] | None = None
    presets: tuple[tuple[str, Mapping[str, Value]], ...] = ()
    shape: Callable[[Settings, Shapes], Shape] | None = None
    weights: Callable[[Settings, Shapes], tuple[Weight, ...]] | None = None
    macs: Callable[[Settings, Shapes, Shape], int] | None = None
    call: Callable[[Settings, Shapes], Call] | None = None
    expression: Callable[[Settings, list[str]], str] | None = None
    module: str = ""
    window: Callable[[Settings, Shapes, Shape], tuple[LayerWindow, LayerWindow]] | None = None
    keeps: Kept = ()
    extra: Extra | None = None
    numbered: str = "{i}"
    begins: str = ""
    searched: str = ""
    expand: Callable[[Settings, Shapes], GraphBuilder] | None = None
    written_as: Callable[[Settings], str] | None = None
    common: bool = False
    linear: bool = False
    normalises: bool = False
    positive: bool = False
    probabilities: bool = False
    joins: str = ""
    shortcut: str = ""
    gates: bool = False
    spreads: bool = False
    stacks: bool = False
    curve: tuple[Callable[[float], float], float, float] | None = None
    views: str = ""
    counts: bool = True
    full_on: tuple[str, ...] = ()
    at_work: int = 0
    masks: bool = False
    pads: Extra | None = None
    steps: Callable[[Settings, Shapes, int, bool], Steps] | None = None
    reorders: bool = False

    @cached_property
    def weighted(self) -> bool:
        """A layer that multiplies by what it has learned, linear in its input: a convolution or a
        fully connected one."""
        return self.linear and self.macs is not None

    @cached_property
    def convolves(self) -> bool:
        """A layer that slides a learned window over a map."""
        return self.weighted and self.window is not None and not self.spreads

    @cached_property
    def composite(self) -> bool:
        """Made of other kinds."""
        return self.expand is not None

    @cached_property
    def stem(self) -> str:
        """The first part of its nodes' ids: "conv" of Conv2d."""
        if self.begins:
            return self.begins
        stem = re.sub(r"2d$", "", self.name).replace("NeXt", "next").replace("LU", "lu")
        stem = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", stem).lower()
        last = stem.rpartition("_")[2]
        return last if last in ("block", "stem", "bottleneck", "pad") else stem

    def next_id(self, taken: Container[str]) -> str:
        """The first id for a node that differs from all `taken`: conv1, conv2 …"""
        return next(names.numbered(self.stem, taken))

    @cached_property
    def inlines(self) -> bool:
        """Can put its inner nodes straight into the network, adding no prefix to their names."""
        return "inline" in self.names

    @cached_property
    def names(self) -> frozenset[str]:
        """Its parameters' names."""
        return frozenset(param.name for param in self.params)

    def settings(self, params: Mapping[str, Value]) -> Settings:
        """Every parameter of the kind, from `params` or the defaults."""
        return SimpleNamespace(**{**self._defaults, **params})

    @cached_property
    def _defaults(self) -> dict[str, Value]:
        return {param.name: param.default for param in self.params}

    def stated(self, params: Mapping[str, Value]) -> str:
        """Parameters as the label of an edit states them: "kernel size 3×5, stride 2"."""
        called = {param.name: param.called_within for param in self.params}
        return ", ".join(
            f"{called[name]} "
            + (
                "×".join(map(str, value))
                if isinstance(value, tuple)
                else (_("yes") if value else _("no"))
                if isinstance(value, bool)
                else str(value)
            )
            for name, value in params.items()
        )

    def ports(self, connected: Iterable[str] = ()) -> tuple[str, ...]:
        """The input ports that a node offers when these are wired; a variadic one offers one
        more."""
        if not self.variadic:
            return self.inputs
        last = max((PORTS.index(port) for port in connected), default=0)
        return PORTS[: max(2, last + 2)]

    @property
    def all_ports(self) -> tuple[str, ...]:
        """Every input port that a wire may end at."""
        return PORTS if self.variadic else self.inputs

    def fault(self, params: Mapping[str, object]) -> str | None:
        """Why these parameters cannot be taken, in one sentence; None if they can."""
        known = {param.name: param for param in self.params}
        for name, value in params.items():
            if name not in known:
                return _("{kind} has no parameter {name}; it has: {names}").format(
                    kind=self.name, name=_shown(name), names=", ".join(known) or _("none")
                )
            if fault := known[name].fault(value, name):
                return fault
        return None


PORTS = tuple("abcdefghijklmnopqrstuvw")  # x is the port of kinds with one input


class Registry(dict[str, Kind]):
    """The kinds by name; a second one of the same name is refused."""

    def declare(self, kind: Kind) -> Kind:
        assert kind.name not in self, f"a second kind called {kind.name}"
        assert kind.category in CATEGORIES
        self[kind.name] = kind
        return kind


KINDS = Registry()
