"""What is wrong with a network, one problem after another, and what would mend it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from explorer.analysis.facts import Facts, Fault
from explorer.analysis.report import MOST_LAYERS, Report
from explorer.graph.edits import Edit
from explorer.graph.graph import OUTPUT
from explorer.text import _

FAULT, ADVICE = "fault", "advice"
MOST_MENDED = 100
"""So many problems of a graph get fixes, the first ones, and so many inside each of its groups; for
some fixes the whole graph is looked at. With those mended the next get theirs."""


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
        """What it adds, in words: "+8,448 parameters", or nothing."""
        return "" if self.added is None else _("{count:+,} parameters").format(count=self.added)


@dataclass(frozen=True)
class Problem:
    """Something wrong: the path of the layer, the rule, the sentence; `fixes` says what would mend
    it.

    node: the id of the node on the canvas of the whole network in which it lies. grade: "fault",
    the network cannot run; "advice", it can, but a good colleague would say something. fault: what
    may be mended. reason: of advice, why, with its source. tried: of advice, its fixes.
    """

    path: str
    rule: str
    message: str
    node: str
    grade: str = FAULT
    fault: Fault | None = None
    reason: str = ""
    tried: tuple[Fix, ...] = ()


_known: WeakKeyDictionary[Report, tuple[Problem, ...]] = WeakKeyDictionary()


def problems(report: Report) -> tuple[Problem, ...]:
    """What is wrong, in order of execution; found once for each report."""
    if report not in _known:
        _known[report] = tuple(_problems(report, ""))
    return _known[report]


def _problems(report: Report, around: str) -> list[Problem]:
    """around: what stands before every path."""
    found: list[Problem] = []

    def add(path: str, fault: Fault, id: str, mendable: bool = True) -> None:
        path = around + path
        message = fault.message.replace("{node}", path)
        mended = fault if mendable and len(found) < MOST_MENDED else None
        found.append(Problem(path, fault.rule, message, id, fault=mended))

    if report.too_large:
        message = _("The network has {count:,} layers; allowed: 1 to {most:,}")
        message = message.format(count=report.size, most=MOST_LAYERS)
        add(OUTPUT, Fault("size", message), OUTPUT)
        return found
    for id, facts in report.facts.items():
        if facts.inner is not None and facts.faults and facts.ins:
            inner = _problems(report.inside(id), f"{around}{id}.")
            found += [replace(problem, node=id) for problem in inner]
            continue
        for path, fault in _once(_faults(id, facts)):
            add(path, fault, id, fault is facts.fault)
    for id, faults in report.faults.items():
        for fault in faults:
            add(id, fault, id)
    return found


def _once(faults: Iterator[tuple[str, Fault]]) -> Iterator[tuple[str, Fault]]:
    """Faults inside one block, those of its branches that are given the same vector but once: what
    is wrong is before the block."""
    told = False
    for path, fault in faults:
        if fault.rule != "map" or not told:
            yield path, fault
        told = told or fault.rule == "map"


def _faults(path: str, facts: Facts) -> Iterator[tuple[str, Fault]]:
    if not facts.faults:
        return
    if facts.fault:
        yield path, facts.fault
    for child in (*facts.children, *facts.strays):
        yield from _faults(f"{path}.{child.id}", child.facts)
