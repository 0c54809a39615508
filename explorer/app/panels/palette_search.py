"""What the palette offers, and which of it a query means: "conv 64 3x3 s2" is a Conv2d."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from explorer.analysis.facts import sweep
from explorer.app.number import grouped, shape_text, short
from explorer.catalog import KINDS, Kind, templates
from explorer.graph import names
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Value, Wire
from explorer.text import _

SECTIONS = (
    ("stems", _("Stems")), ("stages", _("Stages")), ("blocks", _("Blocks")), ("heads", _("Heads")),
    ("layers", _("Layers")), ("merge", _("Merge")), ("templates", _("Templates")))
_SECTION_OF = {"stem": "stems", "stage": "stages", "block": "blocks", "head": "heads",
               "merge": "merge"}
_SAMPLE = (64, 28, 28)  # what tool tips reckon with
_CHANNELS = ("out_channels", "width", "out_features", "classes")
# One letter before a number: which parameter it means.
_LETTERS = {"s": ("stride",), "k": ("kernel_size",), "p": ("padding",), "g": ("groups",),
            "d": ("dilation",), "x": ("depth",), "×": ("depth",)}

Number = tuple[str, tuple[str, ...], float]  # as written, the parameters it may mean, value


@dataclass(frozen=True)
class Entry:
    """A row of the palette: a kind with parameters, or a template (then `kind` is "")."""

    section: str
    title: str
    kind: str
    params: Mapping[str, Value] = field(default_factory=dict)
    note: str = ""

    @property
    def is_template(self) -> bool:
        return not self.kind

    @cached_property
    def doc(self) -> str:
        """One sentence on what it is."""
        return KINDS[self.kind].doc if self.kind else templates.template(self.title).doc

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        """What is searched, the best place first: name, section, sentence, parameters."""
        kind = KINDS.get(self.kind)
        category = kind.category if kind else ""
        params = " ".join(f"{param.name} {param.doc}" for param in kind.params) if kind else ""
        short = names.following(self.kind, ()).rstrip("1") if kind else ""  # bn, fc, maxpool
        return (f"{self.title} {self.kind} {short}".lower().replace("×", "x"),
                f"{dict(SECTIONS)[self.section]} {category}".lower(), self.doc.lower(),
                params.lower())

    def rank(self, words: list[str], numbers: list["Number"]) -> tuple | None:
        """How well a query fits, the least the best; None if a part of it does not."""
        name, worst, used = self._texts[0], 0, 0
        for word in words:
            found = next((at for at, text in enumerate(self._texts) if word in text), None)
            if found is None:
                return None
            worst = max(worst, found)
        known = {param.name for param in KINDS[self.kind].params} if self.kind else set()
        for text, meant, _value in numbers:
            if not known.isdisjoint(meant):
                used += 1
            elif text not in name:
                return None
        exact = any(part in words for part in name.split()[-2:])
        begins = all(f" {word}" in f" {name}" for word in words)
        return worst, -used, not exact, not begins

    def tip(self) -> str:
        """What the tool tip says: the sentence, and the figures for a map of 64×28×28."""
        if self.is_template:
            kind = templates.template(self.title)
            facts = _("Made for {input} and {classes} classes; opened for the present data").format(
                input=shape_text(kind.input), classes=grouped(kind.classes))
        else:
            facts = _sample(KINDS[self.kind], self.params)
        return f"<p><b>{self.title}</b><br>{self.doc}</p><p>{facts}</p>"


def entries() -> list[Entry]:
    """All that the palette offers, in its order."""
    found: dict[str, list[Entry]] = {key: [] for key, _title in SECTIONS}
    # Joins of one's own before the projection that serves them.
    for kind in sorted(KINDS.values(), key=lambda kind: kind.name == "Projection"):
        if kind.name == "Group":
            continue  # it is nothing without nodes inside
        section = _SECTION_OF.get(kind.category, "layers")
        if section == "heads" and not kind.composite:
            section = "layers"
        presets = kind.presets or ((kind.title or kind.name, {}),)
        found[section] += [Entry(section, title, kind.name, MappingProxyType(dict(params)))
                           for title, params in presets]
    found["templates"] = [Entry("templates", name, "") for name in templates.names()]
    return [entry for rows in found.values() for entry in rows]


def matching(among: list[Entry], query: str) -> list[Entry]:
    """The entries that a query means, the best first; the best with the query's numbers as its
    parameters."""
    words, numbers = _parsed(query)
    ranked = [(rank, place, entry) for place, entry in enumerate(among)
              if (rank := entry.rank(words, numbers)) is not None]
    found = [entry for _rank, _place, entry in sorted(ranked, key=lambda each: each[:2])]
    if found and found[0].kind and numbers:
        found[0] = _with_numbers(found[0], numbers)
    return found


def _parsed(query: str) -> tuple[list[str], list[Number]]:
    """The words and the numbers of a query."""
    words, numbers = [], []
    for word in query.lower().replace("×", "x").split():
        if size := re.fullmatch(r"(\d+)x\1", word):
            numbers.append((word, ("kernel_size", "output_size"), int(size[1])))
        elif letter := re.fullmatch(r"([skpgdx])=?(\d+)", word):
            numbers.append((word, _LETTERS[letter[1]], int(letter[2])))
        elif depth := re.fullmatch(r"(\d+)x", word):
            numbers.append((word, ("depth",), int(depth[1])))
        elif word.isdecimal():
            numbers.append((word, _CHANNELS, int(word)))
        elif re.fullmatch(r"0?\.\d+", word):
            numbers.append((word, ("p", "dropout", "momentum"), float(word)))
        else:
            words.append(word)
    return words, numbers


def _with_numbers(entry: Entry, numbers: list[Number]) -> Entry:
    """The entry with the numbers as parameters, as far as its kind has such and allows them."""
    kind = KINDS[entry.kind]
    known = {param.name: param for param in kind.params}
    params = dict(entry.params)
    for _text, meant, value in numbers:
        name = next((name for name in meant if name in known), "")
        if name and known[name].fault(value) is None:
            params[name] = value
    if "kernel_size" in params and "padding" in known and "padding" not in params:
        size = params["kernel_size"]
        # A convolution keeps the size; a pooling of 2×2 needs no border to halve it.
        params["padding"] = size // 2 if kind.category == "convolution" else (size - 1) // 2
    label = kind.label(kind.settings(params)) if kind.label and params != entry.params else ""
    return replace(entry, params=MappingProxyType(params),
                   note=label.removeprefix(entry.title).lstrip(", "))


def _sample(kind: Kind, params: Mapping[str, Value]) -> str:
    """What a node of this kind costs on a sample map, in one line."""
    ports = kind.ports()
    for shape in (_SAMPLE, (_SAMPLE[0],)):
        graph = Graph("", shape, {"n": Node("n", kind.name, params)},
                      (*(Wire(INPUT, "n", port) for port in ports), Wire("n", OUTPUT)))
        facts = next(sweep(graph, shape)).facts
        if not facts.faults:
            break
    line = _("{input} → {output}: {params} parameters").format(
        input=shape_text(shape), output=shape_text(facts.out), params=grouped(facts.params))
    return line + _(", {macs} MACs").format(macs=short(facts.macs)) if facts.macs else line
