"""What does not fit between a network, the data set that it is to learn from, and the recipe. The
network itself is sound; another data set or recipe may suit it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from weakref import WeakKeyDictionary

from explorer.analysis.facts import Facts, Fault
from explorer.analysis.problem import MISFIT, MOST_FIXED, Fix, Problem
from explorer.analysis.report import Report, analyse
from explorer.catalog import KINDS, roles
from explorer.catalog.datasets import DataSet
from explorer.catalog.layers import text_of
from explorer.graph import edits
from explorer.graph.graph import INPUT, OUTPUT, PORT, Graph, Node, Value
from explorer.graph.path import NodePath
from explorer.runs.recipe import Recipe
from explorer.text import _

_Key = tuple[DataSet | None, Recipe | None]
_found: WeakKeyDictionary[Report, dict[_Key, tuple[Problem, ...]]] = WeakKeyDictionary()


def misfits(
    report: Report, data: DataSet | None = None, recipe: Recipe | None = None
) -> tuple[Problem, ...]:
    """What keeps a network from being trained on `data` by `recipe`, beside its own faults: its input
    and output, then its layers in order of execution, those only if it has no faults. Without
    `recipe` no batch is assumed."""
    known, key = _found.setdefault(report, {}), (data, recipe)
    if key not in known:
        known.clear()  # of the latest pair alone
        known[key] = tuple(_misfits(report, data, recipe))
    return known[key]


def _misfits(report: Report, data: DataSet | None, recipe: Recipe | None) -> Iterator[Problem]:
    if data is not None:
        yield from _ends(report, data)
    alive = [facts for id, facts in report.facts.items() if id in report.alive]
    if not report.ok or not any(map(_concerned, alive)):
        return
    single = recipe is not None and _pictures(recipe, data) == 1
    left = MOST_FIXED
    for layer, path in zip(report.layers(), report.paths):
        facts = layer.facts
        if single and _of_single_values(facts):
            assert recipe is not None
            message = _(
                "{node} gets maps of 1×1 and a batch of one picture, and so a single value of each "
                "channel, which cannot be normalised; allowed: a batch of at least 2"
            )
            rule, fixes = "single", _single(report, path, recipe)
        elif _drops_all(facts):
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


def _ends(report: Report, data: DataSet) -> Iterator[Problem]:
    """The input of the network against the pictures, its output against the classes."""
    if report.graph.input != data.input:
        message = _("The network takes pictures of {actual}, but those of {data} are {expected}")
        yield Problem(
            NodePath((INPUT,)),
            "input",
            message.format(
                actual=text_of(report.graph.input), data=data.title, expected=text_of(data.input)
            ),
            MISFIT,
            Fault("input", message, data),
        )
    leading = report.graph.into(OUTPUT).get(PORT)
    if leading and report.output is not None and report.output != (len(data.classes),):
        blamed = leading.source if leading.source != INPUT else OUTPUT
        message = _(
            "{node} outputs {actual}, but {data} has {count} classes; expected: a vector of {count}"
        )
        yield Problem(
            NodePath((blamed,)),
            "classes",
            message.format(
                node=blamed,
                actual=text_of(report.output),
                data=data.title,
                count=len(data.classes),
            ),
            MISFIT,
            Fault("classes", message, data),
        )


def _pictures(recipe: Recipe, data: DataSet | None) -> int:
    """The pictures in each batch of a run."""
    return min(filter(None, (recipe.batch_size, recipe.limit, data.train if data else None)))


@lru_cache(maxsize=65_536)
def _concerned(facts: Facts) -> bool:
    """Whether a layer of the node might not fit a recipe; soon known, as equal nodes cost one."""
    if facts.kind.composite:
        return any(_concerned(child.facts) for child in facts.children)
    return _of_single_values(facts) or _drops_all(facts)


def _of_single_values(facts: Facts) -> bool:
    """Whether a layer normalises over the batch, and so keeps running statistics, and gets one value
    of each channel from a picture."""
    return (
        facts.kind.normalises
        and any(not weight.learned for weight in facts.weights)
        and facts.known_ins[0][1:] == (1, 1)
    )


def _drops_all(facts: Facts) -> bool:
    """Whether a layer sets every value to 0 while training."""
    return bool(facts.kind.masks and facts.settings.p == 1)


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
