"""The problems of a network, and what a fix is."""

from collections.abc import Iterable, Iterator
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
"""Fixes are offered for so many problems of a network, the first ones; for fewer in a large network,
because each fix is tried on the whole of it. The others get theirs once these are fixed."""
MOST_TRIED = 12
"""So many fixes are tried for one problem."""
_SWEPT = 50_000
"""About so many nodes are analysed to try the fixes of all problems of a network."""
_FEWEST_TRIED = 8


def _unchanged(graph: Graph) -> Graph:
    return graph


@dataclass(frozen=True)
class Fix:
    """A named edit of the whole network that removes a problem, or other figures of the recipe.

    added, macs: how many learned numbers, and fused multiply-adds for one picture, it adds; None
    where that is not known. loss: what the network loses by it, or what else to know of it, in a
    few words; "" if nothing. sets: if it only sets parameters, the paths of the nodes that it
    changes. removes: whether it removes the node of the problem. figures: names and values of a
    recipe that it changes, in place of the network.
    """

    label: str
    edit: Edit = _unchanged
    added: int | None = None
    macs: int | None = None
    loss: str = ""
    sets: tuple[NodePath, ...] = ()
    removes: bool = False
    figures: tuple[tuple[str, float | str | None], ...] = ()

    @property
    def cost(self) -> str:
        """What it adds and what is lost: "+8,448 parameters, +6,422,528 MACs"; "" if nothing, or
        where that is not known."""
        added = ngettext("{count:+,} parameter", "{count:+,} parameters", self.added or 0)
        macs = ngettext("{count:+,} MAC", "{count:+,} MACs", self.macs or 0)
        parts = (
            added.format(count=self.added) if self.added else "",
            macs.format(count=self.macs) if self.macs else "",
            self.loss,
        )
        return ", ".join(filter(None, parts))


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
        fixed = max(1, min(MOST_FIXED, trials(report) // MOST_TRIED))
        _cache[report] = tuple(_problems(report, NodePath(), fixed))
    return _cache[report]


def trials(report: Report) -> int:
    """How many fixes may be tried on a network, so that the work stays bounded."""
    return max(_FEWEST_TRIED, _SWEPT // max(1, _nodes(report.facts.values())))


def _nodes(each: Iterable[Facts]) -> int:
    """How many nodes a sweep visits, those inside groups included."""
    return sum(
        1 + (_nodes(child.facts for child in facts.children) if facts.inner else 0)
        for facts in each
    )


def _problems(report: Report, scope: NodePath, fixed: int) -> list[Problem]:
    """scope: the path of the group whose inside the report is about. fixed: how many of the problems
    get fixes."""
    problems: list[Problem] = []

    def add(path: NodePath, fault: Fault) -> None:
        message = fault.message.replace("{node}", str(path))
        fixable = fault if len(problems) < fixed else None
        problems.append(Problem(path, fault.rule, message, fault=fixable))

    if report.too_large:
        message = _("The network has {count:,} layers; allowed: 1 to {most:,}")
        message = message.format(count=report.size, most=MOST_LAYERS)
        add(scope / OUTPUT, Fault("size", message))
        return problems
    for id, facts in report.facts.items():
        if facts.inner is not None and facts.faults and facts.ins:
            left = max(0, fixed - len(problems))
            problems += _problems(report.inside(id), scope / id, left)
            continue
        for path, fault in _without_repeats(_faults(scope / id, facts)):
            add(path, fault)
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
