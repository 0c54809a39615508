"""What the palette offers: every kind and template, and the blocks that the person saved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType, SimpleNamespace

from explorer.analysis.facts import sweep
from explorer.app.number import grouped, shape_text, short
from explorer.catalog import KINDS, Kind, templates
from explorer.catalog.roles import CONVOLUTION, GROUP
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Value, Wire
from explorer.text import _, ngettext

OWN_BLOCKS, TEMPLATES = "mine", "templates"  # sections, as the settings name them
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
    (OWN_BLOCKS, _("My blocks")),
    (TEMPLATES, _("Templates")),
)
COMMON_PRESETS = 2  # how many of a stage's presets are common
_SECTION_OF = {"stem": "stems", "stage": "stages", "block": "blocks", "head": "heads"}
_SAMPLE = (64, 28, 28)  # the input for which tool tips state figures


@dataclass(frozen=True)
class Entry:
    """A row of the palette: a kind with parameters, a saved block or a template.

    kind: "" for a template; a group for a saved block, which has its name as the title. common:
    shown even where its section does not show all entries. depthwise: its groups and channels follow
    from its input.
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
        return self.section == OWN_BLOCKS

    @cached_property
    def doc(self) -> str:
        """One sentence on what it is."""
        if self.is_template:
            return templates.template(self.title).doc
        if self.is_own:
            return _("A block that you saved. F2 renames it, Delete removes it from the palette.")
        if self.depthwise:
            return _(
                "A convolution that filters each channel separately; its groups and channels follow "
                "from its input."
            )
        return KINDS[self.kind].doc

    def tip(self) -> str:
        """The text of the tool tip: the sentence, and the figures for an input of 64×28×28."""
        if self.is_template:
            template = templates.template(self.title)
            figures = ngettext(
                "Made for {input} and {classes} class; opens adapted to the current data set",
                "Made for {input} and {classes} classes; opens adapted to the current data set",
                template.classes,
            ).format(input=shape_text(template.input), classes=grouped(template.classes))
        elif self.is_own:
            figures = ""
        else:
            figures = _figures(KINDS[self.kind], self.for_channels(_SAMPLE[0]).params)
        return f"<p><b>{self.title}</b><br>{self.doc}</p><p>{figures}</p>"

    def settings(self) -> SimpleNamespace | None:
        """Every parameter of its kind, for its glyph; None for a template."""
        return (
            KINDS[self.kind].settings(self.for_channels(_SAMPLE[0]).params) if self.kind else None
        )

    def for_channels(self, channels: int | None) -> "Entry":
        """The entry for an input of that many channels, which only a depthwise one depends on."""
        if not self.depthwise:
            return self
        count = self.params.get("out_channels") or channels
        params = dict(self.params)
        if count is not None:
            params |= {"out_channels": count, "groups": count}
        return replace(self, params=MappingProxyType(params), depthwise=False)


def entries(own: Iterable[str] = ()) -> list[Entry]:
    """Everything that the palette offers, in order. own: the names of the saved blocks."""
    sections: dict[str, list[Entry]] = {section: [] for section, _title in SECTIONS}
    # Projections come last, after the joins that they serve.
    for kind in sorted(KINDS.values(), key=lambda kind: kind.shortcut == "project"):
        if kind is not GROUP:  # an empty group is of no use
            section = _SECTION_OF.get(kind.category, kind.category)
            sections[section] += _entries_of(kind, section)
    sections[OWN_BLOCKS] = [Entry(OWN_BLOCKS, name, GROUP.name) for name in own]
    sections[TEMPLATES] = [
        Entry(TEMPLATES, name, "") for names in templates.families().values() for name in names
    ]
    return [
        entry
        for section_entries in sections.values()
        for entry in sorted(section_entries, key=lambda entry: not entry.common)
    ]


def _entries_of(kind: Kind, section: str) -> list[Entry]:
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


def _figures(kind: Kind, params: Mapping[str, Value]) -> str:
    """Shapes and costs of a node of this kind for a sample input; "" if it fits neither the map nor a
    vector."""
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
    costs = [
        ngettext("{count} parameter", "{count} parameters", facts.params).format(
            count=grouped(facts.params)
        )
    ]
    if facts.macs:
        macs = ngettext("{count} MAC", "{count} MACs", facts.macs)
        costs.append(macs.format(count=short(facts.macs)))
    return f"{shape_text(shape)} → {shape_text(facts.out)}: {', '.join(costs)}"
