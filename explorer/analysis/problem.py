"""What is wrong with a network, problem by problem, and what a fix is."""

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from explorer.analysis.facts import Facts, Fault
from explorer.analysis.report import MOST_LAYERS, Report
from explorer.graph.edits import Edit
from explorer.graph.graph import OUTPUT
from explorer.graph.path import NodePath
from explorer.text import _, ngettext

FAULT, ADVICE = "fault", "advice"
MOST_FIXED = 100
"""Only so many problems of a graph get fixes, the first ones, and as many inside each of its groups,
because some fixes search the whole graph. The others get theirs once the first ones are fixed."""


@dataclass(frozen=True)
class Fix:
    """A named edit of the whole network that makes a problem right.

    added: how many parameters it adds; None where that is not known beforehand.
    """

    label: str
    edit: Edit
    added: int | None = None

    @property
    def cost(self) -> str:
        """What it adds, as text: "+8,448 parameters", or ""."""
        return (
            ""
            if self.added is None
            else (
                ngettext("{count:+,} parameter", "{count:+,} parameters", self.added).format(
                    count=self.added
                )
            )
        )


@dataclass(frozen=True)
class Problem:
    """Something wrong: the path of the layer, the rule, the sentence. `fixes` returns its fixes.

    grade: "fault", the network cannot run; "advice", it can, but an experienced colleague would
    object. fault: the one to be fixed, None if no fix is offered. reason: of advice, why, with its
    source. tried: of advice, its fixes.
    """

    path: NodePath
    rule: str
    message: str
    grade: str = FAULT
    fault: Fault | None = None
    reason: str = ""
    tried: tuple[Fix, ...] = ()


_known: WeakKeyDictionary[Report, tuple[Problem, ...]] = WeakKeyDictionary()


def problems(report: Report) -> tuple[Problem, ...]:
    """The problems of a network, in order of execution; computed once for each report."""
    if report not in _known:
        _known[report] = tuple(_problems(report, NodePath()))
    return _known[report]


def _problems(report: Report, around: NodePath) -> list[Problem]:
    """around: the path of the group whose inside the report is on."""
    found: list[Problem] = []

    def add(path: NodePath, fault: Fault, fixable: bool = True) -> None:
        message = fault.message.replace("{node}", str(path))
        fixed = fault if fixable and len(found) < MOST_FIXED else None
        found.append(Problem(path, fault.rule, message, fault=fixed))

    if report.too_large:
        message = _("The network has {count:,} layers; allowed: 1 to {most:,}")
        message = message.format(count=report.size, most=MOST_LAYERS)
        add(around / OUTPUT, Fault("size", message))
        return found
    for id, facts in report.facts.items():
        if facts.inner is not None and facts.faults and facts.ins:
            found += _problems(report.inside(id), around / id)
            continue
        for path, fault in _once(_faults(around / id, facts)):
            add(path, fault, fault is facts.fault)
    for id, faults in report.faults.items():
        for fault in faults:
            add(around / id, fault)
    return found


def _once(faults: Iterator[tuple[NodePath, Fault]]) -> Iterator[tuple[NodePath, Fault]]:
    """The faults inside one block; only the first of rule "map", for branches that are given the
    same vector share the mistake before the block."""
    reported = False
    for path, fault in faults:
        if fault.rule != "map" or not reported:
            yield path, fault
        reported = reported or fault.rule == "map"


def _faults(path: NodePath, facts: Facts) -> Iterator[tuple[NodePath, Fault]]:
    if not facts.faults:
        return
    if facts.fault:
        yield path, facts.fault
    for child in (*facts.children, *facts.strays):
        yield from _faults(path / child.id, child.facts)
