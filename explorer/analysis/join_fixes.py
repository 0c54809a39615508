"""Fixes of branches that do not fit together: other parameters of the nodes that give them their
shapes, or layers between them and the join."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, product
from math import prod

from explorer.analysis.branch import Changes, ancestors, nodes_of, set_all, settings_for
from explorer.analysis.facts import Fault, all_known
from explorer.analysis.flattening import unflattened
from explorer.analysis.insertion import Addition, insert_rows, resizings
from explorer.analysis.layer_fixes import Rule
from explorer.analysis.problem import Fix
from explorer.analysis.report import Report
from explorer.catalog import Kind, roles
from explorer.catalog.layers.window import text_of
from explorer.graph.graph import Shape, Wire
from explorer.graph.path import NodePath
from explorer.text import _, listed

Branch = tuple[Wire, Shape]
Goal = tuple[Shape, list[Branch]]
"""A shape that branches may take, and those that differ from it; one of 0 channels leaves each its
own."""
Goals = Callable[[Report, str], Iterable[Goal]]
_MOST_NAMES, _MOST_FOUND = 3, 6
MOST_SETTINGS = 2
"""So many other settings are offered for each shape that the branches may take."""


def _branches(report: Report, id: str) -> list[Branch]:
    """The wires into a join with the shapes that they bring; none while one is unknown."""
    into, ins = report.graph.into(id), report.facts[id].ins
    return [(into[port], shape) for port, shape in zip(sorted(into), ins)] if all_known(ins) else []


def _add_goals(report: Report, id: str) -> list[Goal]:
    """The shapes of its branches, the most frequent first."""
    branches = _branches(report, id)
    shapes = [shape for _wire, shape in branches]
    return [
        (want, [branch for branch in branches if branch[1] != want])
        for want in sorted(dict.fromkeys(shapes), key=shapes.count, reverse=True)
    ]


def _multiply_goals(report: Report, id: str) -> Iterator[Goal]:
    """Each branch may take the channels of the other, and its height and width too unless they can
    be broadcast."""
    branches = _branches(report, id)
    for branch, (_wire, full) in zip(branches[::-1], branches):
        have = branch[1]
        fits = len(have) == len(full) and all(
            a == b or 1 in (a, b) for a, b in zip(have[1:], full[1:])
        )
        yield (full[0], *(have[1:] if fits else full[1:])), [branch]


def _concat_goals(report: Report, id: str) -> list[Goal]:
    """The heights and widths of its branches, the most frequent first, then the largest."""
    branches = _branches(report, id)
    sizes = [shape[1:] for _wire, shape in branches]
    return [
        ((0, *size), [branch for branch in branches if branch[1][1:] != size])
        for size in sorted(set(sizes), key=lambda size: (sizes.count(size), size), reverse=True)
    ]


def _goal(want: Shape, have: Shape) -> Shape:
    """The shape that a branch shall have: one of 0 channels keeps its own."""
    return want if want[0] else (have[0], *want[1:])


# Settings -------------------------------------------------------------------------------------


def matched(report: Report, id: str, want: Shape, differing: Sequence[Branch]) -> Iterator[Fix]:
    """Set parameters of the nodes that give these branches their shape."""
    sources = {wire.source: have for wire, have in differing}
    every = {wire.source for wire in report.graph.into(id).values()}
    choices: list[list[Changes]] = []
    for source, have in sources.items():
        elsewhere = ancestors(report.graph, every - {source})
        ids = nodes_of(report, source, elsewhere)
        found = list(islice(settings_for(report, ids, have, _goal(want, have)), _MOST_FOUND))
        first_of = {frozenset(changes): changes for changes in reversed(found)}
        found.sort(key=lambda changes: first_of[frozenset(changes)] is not changes)
        choices.append(found[:MOST_SETTINGS])  # of different nodes, if there are such
    for each in islice(product(*choices), MOST_SETTINGS):
        changes = {path: params for changed in each for path, params in changed.items()}
        if changes:
            yield _setting(report, changes)


def _setting(report: Report, changes: Changes) -> Fix:
    paths = list(changes)[::-1]  # each branch from its start
    paths.sort(key=lambda path: report.graph.ranks[path[0]])
    each = [(str(path), _kind_at(report, path).stated(changes[path])) for path in paths]
    names = [path for path, _values in each]
    if len(names) > _MOST_NAMES:
        names[_MOST_NAMES - 1 :] = [_("{count} more").format(count=len(names) - _MOST_NAMES + 1)]
    label = (
        _("Match {branches}: {values}").format(branches=listed(names), values=each[0][1])
        if len({values for _path, values in each}) == 1
        else _("Match {branches}").format(
            branches=listed([f"{path} ({values})" for path, values in each])
        )
    )
    return Fix(label, partial(set_all, changes=changes), sets=tuple(paths))


def _kind_at(report: Report, path: NodePath) -> Kind:
    for id in path.scope:
        report = report.inside(id)
    return report.facts[path[-1]].kind


# Layers between -------------------------------------------------------------------------------


def _projected(want: Shape, differing: Sequence[Branch]) -> Iterator[Fix]:
    """Put a projection, strided where the sizes differ, after each node that feeds some of these
    branches."""
    strides = {wire.source: _stride(have, want) for wire, have in differing}
    if not all(strides.values()):
        return
    label = (
        _("Project {branches}: 1×1, stride {stride}")
        if max(strides.values()) > 1
        else _("Project {branches}: 1×1")
    )
    larger = [str(stride) for stride in dict.fromkeys(strides.values()) if stride > 1]
    yield _inserting(
        label.format(branches=listed(strides), stride=listed(larger)),
        differing,
        {source: (_projection(want[0], stride),) for source, stride in strides.items()},
    )


def _projection(channels: int, stride: int = 1) -> Addition:
    strided = {"stride": stride} if stride > 1 else {}
    return Addition(roles.PROJECTION, {"out_channels": channels, **strided})


def _stride(have: Shape, want: Shape) -> int:
    """The stride of a 1×1 convolution from the height and width of `have` to those of `want`; 0 if
    there is none."""
    if len(have) != 3 or len(want) != 3:
        return 0
    stride = max(1, -(-have[1] // want[1]))
    fits = all((side - 1) // stride + 1 == goal for side, goal in zip(have[1:], want[1:]))
    return stride if fits and stride <= 64 else 0


def _fitted(want: Shape, differing: Sequence[Branch]) -> Iterator[Fix]:
    """Put layers that change the size, and where the channels differ a projection, or what makes a
    vector, after each node that feeds some of these branches."""
    rows = {wire.source: _rows(have, _goal(want, have)) for wire, have in differing}
    for number in range(min(map(len, rows.values()))):
        chosen = {source: each[number] for source, each in rows.items()}
        texts = {tuple([addition.text for addition in row]) for row in chosen.values()}
        only = {row[0].label if len(row) == 1 else "" for row in chosen.values()}
        label = only.pop() if len(only) == 1 else ""
        yield _inserting(
            (label or _("Fit {branches} to {shape}: {layers}")).format(
                branches=listed(chosen),
                size=text_of(want[1:]),
                shape=text_of(want if want[0] else want[1:]) or _("a vector"),
                layers=", ".join(dict.fromkeys(text for row in texts for text in row)),
            ),
            differing,
            chosen,
        )


def _rows(have: Shape, want: Shape) -> list[tuple[Addition, ...]]:
    """The rows of layers from one shape to another, the best first."""
    if len(want) == 1:
        return _vector_rows(have, want[0])
    if len(have) == 1:
        return []
    last = () if have[0] == want[0] else (_projection(want[0]),)
    return [(*row, *last) for row in (resizings(have, want) if have[1:] != want[1:] else [()])]


def _vector_rows(have: Shape, count: int) -> list[tuple[Addition, ...]]:
    flat = Addition(roles.FLATTEN)
    scores = Addition(roles.SCORES, {"out_features": count})
    if len(have) == 1:
        return [(scores,)]
    if prod(have) == count:
        return [(flat,)]
    pool = Addition(roles.GLOBAL_POOLING, loss=_("only the mean of each channel is kept"))
    return [(pool, flat) if have[0] == count else (pool, flat, scores)]


def _inserting(
    label: str, differing: Sequence[Branch], rows: dict[str, tuple[Addition, ...]]
) -> Fix:
    losses = dict.fromkeys(each.loss for row in rows.values() for each in row if each.loss)
    wires = [wire for wire, _have in differing]
    return Fix(label, partial(insert_rows, wires=wires, rows=rows), loss=", ".join(losses))


# Rules ----------------------------------------------------------------------------------------


def _odd(goals: Sequence[Goal]) -> bool:
    """Whether no stride leads from one of the sizes to another."""
    return not any(
        _stride(have, _goal(want, have)) for want, differing in goals for _wire, have in differing
    )


def _add(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    goals = _add_goals(report, id)
    for want, differing in goals:
        yield from _projected(want, differing)
    for want, differing in goals:
        yield from matched(report, id, want, differing)
    if _odd(goals):
        yield from _resized(_add_goals, report, id, fault)


def _multiply(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    for want, differing in _multiply_goals(report, id):
        yield from _projected(want, differing)
        yield from matched(report, id, want, differing)


def _concat(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    goals = _concat_goals(report, id)
    for want, differing in goals:
        yield from matched(report, id, want, differing)
    if _odd(goals):
        yield from _resized(_concat_goals, report, id, fault)


def _resized(goals: Goals, report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Layers that change sizes, or make vectors of maps or keep them from becoming vectors."""
    yield from unflattened(report, id)
    for want, differing in goals(report, id):
        yield from _fitted(want, differing)


JOIN_RULES: dict[str, tuple[Rule, ...]] = {
    "add": (_add, partial(_resized, _add_goals)),
    "multiply": (_multiply, partial(_resized, _multiply_goals)),
    "concat": (_concat, partial(_resized, _concat_goals)),
}
"""See LAYER_RULES."""
