"""What the palette offers: every kind and template, and the blocks that a person saved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType, SimpleNamespace

from explorer.analysis.facts import sweep
from explorer.app.number import grouped, shape_text, short
from explorer.catalog import KINDS, Kind, templates
from explorer.catalog.roles import CONVOLUTION, GROUP
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Value, Wire
from explorer.text import _

SECTIONS = (
    ("stems", _("Stems")),
    ("stages", _("Stages")),
    ("blocks", _("Blocks")),
    ("heads", _("Heads")),
    ("convolution", _("Convolution")),
    ("normalisation", _("Normalisation")),
    ("activation", _("Activation")),
    ("pooling", _("Pooling")),
    ("merge", _("Merge")),
    ("shape", _("Shape, dropout")),
    ("mine", _("My blocks")),
    ("templates", _("Templates")),
)
COMMON_PRESETS = 2  # so many of a stage's
_SECTION_OF = {"stem": "stems", "stage": "stages", "block": "blocks", "head": "heads"}
_SAMPLE = (64, 28, 28)  # what tool tips reckon with


@dataclass(frozen=True)
class Entry:
    """A row of the palette: a kind with parameters, a saved block or a template.

    kind: "" for a template, a group for a saved block, whose name is the title. common: shown
    before its section is opened to all. depthwise: its groups and channels are those of the map
    that it gets.
    """

    section: str
    title: str
    kind: str
    params: Mapping[str, Value] = field(default_factory=dict)
    note: str = ""
    common: bool = False
    depthwise: bool = False

    @property
    def is_template(self) -> bool:
        return not self.kind

    @property
    def is_own(self) -> bool:
        return self.section == "mine"

    @cached_property
    def doc(self) -> str:
        """One sentence on what it is."""
        if self.is_template:
            return templates.template(self.title).doc
        if self.is_own:
            return _("A block that you saved. F2 renames it, Delete takes it out of the palette.")
        if self.depthwise:
            return _(
                "A convolution that filters every channel by itself: groups and channels are "
                "those of the map that it gets."
            )
        return KINDS[self.kind].doc

    def tip(self) -> str:
        """What the tool tip says: the sentence, and the figures for a map of 64×28×28."""
        if self.is_template:
            found = templates.template(self.title)
            facts = _(
                "Made for {input} and {classes} classes; opened for the current data set"
            ).format(input=shape_text(found.input), classes=grouped(found.classes))
        elif self.is_own:
            facts = ""
        else:
            facts = _sample(KINDS[self.kind], self.for_channels(_SAMPLE[0]).params)
        return f"<p><b>{self.title}</b><br>{self.doc}</p><p>{facts}</p>"

    def settings(self) -> SimpleNamespace | None:
        """Every parameter of its kind, for its glyph; None for a template."""
        return (
            KINDS[self.kind].settings(self.for_channels(_SAMPLE[0]).params) if self.kind else None
        )

    def for_channels(self, channels: int | None) -> "Entry":
        """The entry for a map of so many channels, if that matters to it."""
        if not self.depthwise:
            return self
        count = self.params.get("out_channels") or channels
        params = dict(self.params)
        if count is not None:
            params |= {"out_channels": count, "groups": count}
        return Entry(self.section, self.title, self.kind, MappingProxyType(params), self.note)


def entries(own: Iterable[str] = ()) -> list[Entry]:
    """All that the palette offers, in its order; own: the names of saved blocks."""
    found: dict[str, list[Entry]] = {key: [] for key, _title in SECTIONS}
    # Joins of one's own before the projection that serves them.
    for kind in sorted(KINDS.values(), key=lambda kind: kind.shortcut == "project"):
        if kind is not GROUP:  # it is nothing without nodes inside
            section = _SECTION_OF.get(kind.category, kind.category)
            found[section] += _of_kind(kind, section)
    found["mine"] = [Entry("mine", name, GROUP.name) for name in own]
    found["templates"] = [
        Entry("templates", name, "") for names in templates.families().values() for name in names
    ]
    return [
        entry
        for rows in found.values()
        for entry in sorted(rows, key=lambda entry: not entry.common)
    ]


def _of_kind(kind: Kind, section: str) -> list[Entry]:
    stage = kind.category == "stage"
    presets = kind.presets or ((kind.title or kind.name, {}),)
    rows = [
        Entry(
            section,
            title,
            kind.name,
            MappingProxyType(dict(params)),
            common=number < (COMMON_PRESETS if stage else kind.common),
        )
        for number, (title, params) in enumerate(presets)
    ]
    if kind is CONVOLUTION:
        rows.append(
            Entry(
                section,
                _("Depthwise 3×3"),
                kind.name,
                MappingProxyType({"kernel_size": 3, "padding": 1}),
                depthwise=True,
            )
        )
    return rows


def _sample(kind: Kind, params: Mapping[str, Value]) -> str:
    """What a node of this kind costs on a sample map, in one line; "" if it takes no such."""
    ports = kind.ports()
    for shape in (_SAMPLE, (_SAMPLE[0],)):
        graph = Graph(
            "",
            shape,
            {"n": Node("n", kind.name, params)},
            (*(Wire(INPUT, "n", port) for port in ports), Wire("n", OUTPUT)),
        )
        facts = next(sweep(graph, shape)).facts
        if not facts.faults:
            break
    if facts.faults or facts.out is None:
        return ""
    line = _("{input} → {output}: {params} parameters").format(
        input=shape_text(shape), output=shape_text(facts.out), params=grouped(facts.params)
    )
    return line + _(", {macs} MACs").format(macs=short(facts.macs)) if facts.macs else line
