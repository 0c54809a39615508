"""What does not fit between a network, the data set that it is to learn from, and the recipe. The
network itself is sound; another data set or recipe may suit it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from explorer.analysis.facts import Facts
from explorer.analysis.problem import MISFIT, MOST_FIXED, Fix, Problem
from explorer.analysis.report import Report, analyse
from explorer.catalog import KINDS, roles
from explorer.catalog.datasets import DataSet
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Value
from explorer.graph.path import NodePath
from explorer.runs.recipe import Recipe
from explorer.text import _

_Key = tuple[DataSet | None, Recipe | None]
_found: WeakKeyDictionary[Report, dict[_Key, tuple[Problem, ...]]] = WeakKeyDictionary()


def misfits(
    report: Report, data: DataSet | None = None, recipe: Recipe | None = None
) -> tuple[Problem, ...]:
    """What keeps a sound network from being trained on `data` by `recipe`, in order of execution;
    nothing for a network with faults. Without `recipe` no batch is assumed."""
    known, key = _found.setdefault(report, {}), (data, recipe)
    if key not in known:
        known.clear()  # of the latest pair alone
        known[key] = tuple(_misfits(report, data, recipe))
    return known[key]


def _misfits(report: Report, data: DataSet | None, recipe: Recipe | None) -> Iterator[Problem]:
    if not report.ok:
        return
    single = recipe is not None and _pictures(recipe, data) == 1
    left = MOST_FIXED
    for layer, path in zip(report.layers(), report.paths):
        facts = layer.facts
        if single and _over_batch(facts) and facts.known_ins[0][1:] == (1, 1):
            assert recipe is not None
            message = _(
                "{node} gets maps of 1×1 and a batch of one picture, and so a single value of each "
                "channel, which cannot be normalised; allowed: a batch of at least 2"
            )
            rule, fixes = "single", _single(report, path, recipe)
        elif facts.kind.masks and facts.settings.p == 1:
            message = _(
                "{node} sets every value to 0 while training (p is 1), so that nothing is learned; "
                "allowed: less than 1"
            )
            rule, fixes = "dropped", _dropped(report, path)
        else:
            continue
        tried = tuple(fixes) if left > 0 else ()
        left -= 1
        yield Problem(path, rule, message.format(node=path), MISFIT, tried=tried)


def _pictures(recipe: Recipe, data: DataSet | None) -> int:
    """The pictures in each batch of a run."""
    return min(filter(None, (recipe.batch_size, recipe.limit, data.train if data else None)))


def _over_batch(facts: Facts) -> bool:
    """Whether a layer normalises over the batch: it keeps running statistics."""
    return facts.kind.normalises and any(not weight.learned for weight in facts.weights)


# Fixes ----------------------------------------------------------------------------------------


def _single(report: Report, path: NodePath, recipe: Recipe) -> Iterator[Fix]:
    """A larger batch; normalisation over the channels in place of that over the batch."""
    if recipe.batch_size == 1:
        batch = Recipe.batch_size
        label = _("Set batch size {batch}").format(batch=batch)
        yield Fix(label, figures=(("batch_size", batch), ("limit", None)))
    else:
        yield Fix(_("Use all training pictures"), figures=(("limit", None),))
    kind = roles.GROUP_NORMALISATION
    node, below = _editable(report.graph, path)
    if not below:
        # One group: of 1×1 maps, more would leave few numbers in each.
        other = replace(node, kind=kind.name, params={"num_groups": 1})
        label = _("Replace {node} by {kind}").format(node=node.id, kind=kind.name)
        yield from _sound(report, path, 0, Fix(label, partial(edits.replace_node, node=other)))
        return
    for param in KINDS[node.kind].params:
        if kind.name in param.choices:
            yield from _set(report, path, len(below), {param.name: kind.name})


def _dropped(report: Report, path: NodePath) -> Iterator[Fix]:
    """The share that is usual there."""
    node, below = _editable(report.graph, path)
    for param in KINDS[node.kind].params:
        if param.high == 1 and node.params.get(param.name, param.default) == 1:
            yield from _set(report, path, len(below), {param.name: param.default})


def _editable(graph: Graph, path: NodePath) -> tuple[Node, tuple[str, ...]]:
    """The innermost node on the path that can be edited, which is in the network or a custom group,
    and the ids of the path below it."""
    node, *below = graph.nodes[path[0]], *path[1:]
    while below and node.inner is not None:
        node, *below = node.inner.nodes[below[0]], *below[1:]
    return node, tuple(below)


def _set(report: Report, path: NodePath, below: int, params: dict[str, Value]) -> Iterator[Fix]:
    node, _ids = _editable(report.graph, path)
    label = _("Set {values}").format(values=KINDS[node.kind].stated(params))
    edit = partial(edits.set_params, id=node.id, params=params)
    yield from _sound(report, path, below, Fix(label, edit))


def _sound(report: Report, path: NodePath, below: int, fix: Fix) -> Iterator[Fix]:
    """The fix of the scope of the editable node on the path, as one of the whole network, if it
    leaves that without a fault."""
    edit = edits.inside(path[: len(path) - below - 1], fix.edit)
    if analyse(edit(report.graph), report.data).ok:
        yield replace(fix, edit=edit)
