"""The problems of a network, and what a fix is."""

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from explorer.analysis.facts import Facts, Fault
from explorer.analysis.report import MOST_LAYERS, Report
from explorer.graph.edits import Edit
from explorer.graph.graph import OUTPUT, Graph
from explorer.graph.path import NodePath
from explorer.text import _, ngettext

FAULT, MISFIT, ADVICE = "fault", "misfit", "advice"
MOST_FIXED = 100
"""Fixes are offered for so many problems of a graph, the first ones, and for as many inside each of
its groups, because some fixes search the whole graph. The others get theirs once these are
fixed."""


def _unchanged(graph: Graph) -> Graph:
    return graph


@dataclass(frozen=True)
class Fix:
    """A named edit of the whole network that removes a problem, or other figures of the recipe.

    added: how many learned numbers it adds; None where that is not known beforehand. figures: names
    and values of a recipe that it changes, in place of the network.
    """

    label: str
    edit: Edit = _unchanged
    added: int | None = None
    figures: tuple[tuple[str, float | str | None], ...] = ()

    @property
    def cost(self) -> str:
        """What it adds: "+8,448 parameters"; "" where that is not known."""
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
    """Something wrong with a network; `fixes` returns its fixes.

    path: of the node concerned. rule: the word that names the rule. message: one sentence. grade:
    "fault", the network cannot run; "misfit", it cannot be trained with this data set or recipe;
    "advice", it can, but an experienced colleague would object. fault: what `fixes` starts from;
    None if it offers none, for advice, and for misfits of a layer. reason: of advice, why, with its
    source. tried: where there is no fault, the fixes, which have been tried.
    """

    path: NodePath
    rule: str
    message: str
    grade: str = FAULT
    fault: Fault | None = None
    reason: str = ""
    tried: tuple[Fix, ...] = ()


_cache: WeakKeyDictionary[Report, tuple[Problem, ...]] = WeakKeyDictionary()


def problems(report: Report) -> tuple[Problem, ...]:
    """The faults of a network as problems, in order of execution; computed once for each report."""
    if report not in _cache:
        _cache[report] = tuple(_problems(report, NodePath()))
    return _cache[report]


def _problems(report: Report, scope: NodePath) -> list[Problem]:
    """scope: the path of the group whose inside the report is about."""
    problems: list[Problem] = []

    def add(path: NodePath, fault: Fault, fixable: bool = True) -> None:
        message = fault.message.replace("{node}", str(path))
        fixed = fault if fixable and len(problems) < MOST_FIXED else None
        problems.append(Problem(path, fault.rule, message, fault=fixed))

    if report.too_large:
        message = _("The network has {count:,} layers; allowed: 1 to {most:,}")
        message = message.format(count=report.size, most=MOST_LAYERS)
        add(scope / OUTPUT, Fault("size", message))
        return problems
    for id, facts in report.facts.items():
        if facts.inner is not None and facts.faults and facts.ins:
            problems += _problems(report.inside(id), scope / id)
            continue
        for path, fault in _without_repeats(_faults(scope / id, facts)):
            add(path, fault, fault is facts.fault)
    for id, faults in report.faults.items():
        for fault in faults:
            add(scope / id, fault)
    return problems


def _without_repeats(faults: Iterator[tuple[NodePath, Fault]]) -> Iterator[tuple[NodePath, Fault]]:
    """These faults inside one block, of those with the rule "map" only the first: branches that all
    get the same vector share one mistake, which is before the block."""
    reported = False
    for path, fault in faults:
        if fault.rule != "map" or not reported:
            yield path, fault
        reported = reported or fault.rule == "map"


def _faults(path: NodePath, facts: Facts) -> Iterator[tuple[NodePath, Fault]]:
    """The faults of the node at `path` and of all nodes inside it, by path."""
    if not facts.faults:
        return
    if facts.fault:
        yield path, facts.fault
    for child in (*facts.children, *facts.strays):
        yield from _faults(path / child.id, child.facts)
