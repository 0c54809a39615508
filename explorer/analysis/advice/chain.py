"""Advice about what follows what: non-linearities, normalisation, the sum of a residual block."""

from collections.abc import Iterator
from functools import partial
from itertools import count

from explorer.analysis import placing
from explorer.analysis.advice.rule_context import (
    REACH,
    STEP,
    Finding,
    RuleContext,
    SetParameters,
    at_each,
    set_all,
)
from explorer.analysis.facts import Facts, facts_of
from explorer.analysis.layer import Layer
from explorer.analysis.problem import Fix
from explorer.catalog import Kind, roles
from explorer.catalog.layers.window import extent, pair
from explorer.graph import edits
from explorer.graph.graph import Graph, Node
from explorer.graph.path import NodePath
from explorer.text import _, ngettext

DEEP = 11
"""The most layers with weights that could be trained from a random start without normalisation and
without shortcuts (Simonyan and Zisserman 2014, section 3.1: configuration A, whose weights all
deeper ones started from)."""


# Two linear layers ----------------------------------------------------------------------------


def linear(context: RuleContext, layer: Layer) -> Finding | None:
    """Finds two layers with weights between which every layer is linear."""
    between: list[Layer] = []
    before = context.source(layer)
    while before is not None and _passes_on(before.facts.kind) and len(between) < REACH:
        between.append(before)
        before = context.source(before)
    if before is None or not before.facts.kind.weighted or _is_factorised(context, before, layer):
        return None
    direct = all(map(_is_in_place, between))
    both = direct and layer.facts.kind.convolves and before.facts.kind.convolves
    message = (
        _(
            "{node} follows {before} with no non-linearity between them: together they are one "
            "convolution of {size}"
        )
        if both
        else _("{node} follows {before} with no non-linearity between them")
    ).format(
        node=context.name(layer),
        before=context.name(before),
        size=_combined_window(before, layer) if both else "",
    )
    return Finding(message, partial(_linear_fixes, context, layer, before, direct))


def _passes_on(kind: Kind) -> bool:
    """Whether the kind is linear in evaluation mode and not itself a layer with weights."""
    return kind.linear and not kind.weighted


def _is_in_place(layer: Layer) -> bool:
    """Whether each number of the layer's output is the same number of its input, scaled and shifted
    at most."""
    kind = layer.facts.kind
    return _passes_on(kind) and kind.window is None and layer.ins[0] == layer.out


def _is_factorised(context: RuleContext, first: Layer, second: Layer) -> bool:
    """Whether two layers are meant as one cheap layer: depthwise and pointwise (Sifre 2014; Howard
    et al. 2017); fewer channels between them, a matrix of low rank; the linear bottleneck of an
    inverted residual block, the pointwise half of a separable convolution (Sandler et al. 2018,
    section 3.2); or a kernel of one column and one of one row (Szegedy et al. 2015)."""
    a, b = first.facts.settings, second.facts.settings
    if getattr(a, "groups", 1) > 1 or getattr(b, "groups", 1) > 1:
        return True
    if not first.out or not second.out:
        return True
    kernel, next_kernel = pair(getattr(a, "kernel_size", 1)), pair(getattr(b, "kernel_size", 1))
    if (1, 1) in (kernel, next_kernel):
        return first.out[0] < min(first.facts.known_ins[0][0], second.out[0]) or (
            kernel == (1, 1) and _is_separable(context, first)
        )
    return kernel[0] == next_kernel[1] == 1 or kernel[1] == next_kernel[0] == 1


def _is_separable(context: RuleContext, pointwise: Layer) -> bool:
    """Whether a depthwise convolution comes before it on some branch, with no weights between them;
    True where the branches are too long to search."""
    waiting = list(pointwise.sources)
    visited: set[str] = set()
    while waiting and len(visited) < REACH:
        path = waiting.pop()
        layer = context.by_path.get(path)
        if layer is None or path in visited:
            continue
        visited.add(path)
        kind = layer.facts.kind
        if kind.weighted:
            shape = layer.ins[0]
            if shape and getattr(layer.facts.settings, "groups", 1) == shape[0] > 1:
                return True
        elif (
            kind.normalises
            or kind.joins == "product"
            or kind.shortcut
            or kind.category == "activation"
        ):
            waiting += layer.sources
    return bool(waiting)


def _combined_window(first: Layer, second: Layer) -> str:
    """The kernel size of the one convolution that two in a row are together: "5×5"."""
    sides = []
    for k, d, s, kernel, dilation in zip(
        *(
            pair(value)
            for value in (
                first.facts.settings.kernel_size,
                first.facts.settings.dilation,
                first.facts.settings.stride,
                second.facts.settings.kernel_size,
                second.facts.settings.dilation,
            )
        )
    ):
        sides.append(d * (k - 1) + 1 + dilation * (kernel - 1) * s)
    return extent(tuple(sides))


def _linear_fixes(context: RuleContext, layer: Layer, before: Layer, direct: bool) -> Iterator[Fix]:
    node_path, other = context.place(layer).node_path, context.place(before).node_path
    if node_path == other:
        return
    if getattr(context.facts(other).settings, "activation", None) == "none":
        yield context.setting(other, {"activation": roles.ACTIVATION.name})
    wire = next(iter(context.graph(node_path).into(node_path[-1]).values()))
    yield Fix(
        _("Insert {kind} before {node}").format(kind=roles.ACTIVATION.name, node=node_path),
        edits.inside(
            node_path.scope,
            partial(placing.into_wire, wire=wire, kind=roles.ACTIVATION.name, params={}),
        ),
    )
    if direct and context.is_node(before):
        facts = facts_of(Node("", layer.kind, layer.settings), before.ins)
        if facts.fault is None and facts.out == layer.out:
            yield context.removing(other)


# A bias before BatchNorm ----------------------------------------------------------------------


def bias(context: RuleContext, layer: Layer) -> Finding | None:
    """Finds a bias that the BatchNorm2d after it subtracts."""
    if not layer.facts.settings.bias:
        return None
    norm = context.only_use(layer)
    if norm is None or not (norm.facts.kind.normalises and norm.facts.kind.linear):
        return None
    if not hasattr(context.facts(context.place(layer).node_path).settings, "bias"):
        return None  # a declared block has the bias because the published weights have it
    return Finding(
        _("The bias of {node} does nothing: {norm} subtracts it at once").format(
            node=context.name(layer), norm=context.name(norm)
        ),
        partial(_bias_fixes, context, layer),
    )


def _bias_fixes(context: RuleContext, layer: Layer) -> Iterator[Fix]:
    node_path = context.place(layer).node_path
    yield context.setting(
        node_path,
        {"bias": False},
        _("Turn off the bias of {node}").format(node=node_path),
        -layer.out[0] if layer.out else None,
    )


# A deep plain stack ---------------------------------------------------------------------------


def plain(context: RuleContext) -> Iterator[Finding | None]:
    """Finds many layers with weights in a row that no normalisation interrupts and no shortcut
    bypasses. Yields None every now and then, so that the caller can do other work."""
    # By the path of a layer in such a row: the layers with weights up to it, how many, the last one
    # and the first one.
    counts: dict[str, int] = {}
    lasts: dict[str, str] = {}
    firsts: dict[str, str] = {}
    before: dict[str, str] = {}  # by the path of a layer with weights: the one before it
    deep: dict[str, Layer] = {}  # by the first layer of a row that is too deep: the last one so far
    for number, layer in enumerate(context.layers):
        if number % STEP == STEP - 1:
            yield None
        kind, sources = layer.facts.kind, layer.sources
        if kind.normalises or len(sources) != 1:
            continue
        (source,), path = sources, layer.path
        count = counts.get(source, 0) + kind.weighted
        if not count:
            continue
        counts[path], firsts[path] = count, firsts.get(source, path)
        lasts[path] = path if kind.weighted else lasts[source]
        if kind.weighted:
            if source in lasts:
                before[path] = lasts[source]
            if count > DEEP:
                deep[firsts[path]] = layer
    for first, last in deep.items():
        yield Finding(
            _(
                "{count} layers with weights follow one another from {first} to {last}, with "
                "no normalisation and no shortcut"
            ).format(
                count=counts[last.path],
                first=context.name(context.by_path[first]),
                last=context.name(last),
            ),
            partial(_plain_fixes, context, last.path, before),
            context.place(context.by_path[first]).path,
        )


def _plain_fixes(context: RuleContext, last: str, before: dict[str, str]) -> Iterator[Fix | bool]:
    """One edit: BatchNorm2d after each convolution of the row that ends at the path `last`, and
    without its bias, which then does nothing. before: by path, the layer with weights before it."""
    convolutions: dict[NodePath, list[str]] = {}  # ids by the path of the group
    settings: list[SetParameters] = []
    blocks: dict[NodePath, Facts] = {}
    path: str | None = last
    for number in count(1):
        if path is None:
            break
        if number % STEP == 0:
            yield False
        layer, path = context.by_path[path], before.get(path)
        node_path = context.place(layer).node_path
        if layer.facts.kind.window is None:
            continue  # no convolution
        if context.is_node(layer):
            convolutions.setdefault(node_path.scope, []).append(node_path[-1])
        else:
            blocks[node_path] = context.facts(node_path)
    for ids in convolutions.values():
        ids.reverse()
    # By scope: the number of the first layer of its next VGG group.
    following: dict[NodePath, int] = {}
    for node_path, facts in reversed(blocks.items()):
        if getattr(facts.settings, "norm", None) == "none":
            settings.append(SetParameters(node_path, {"norm": roles.NORMALISATION.name}))
        elif getattr(facts.settings, "batch_norm", None) is False:
            p = facts.settings
            first = following.get(node_path.scope, p.first)
            following[node_path.scope] = first + 3 * p.depth + p.pool
            settings.append(SetParameters(node_path, {"batch_norm": True, "first": first}))
    if not convolutions and not settings:
        return
    edit = partial(_norms_everywhere, convolutions=convolutions, settings=settings)
    yield True
    if context.report_after(Fix("", edit)):
        inserted = sum(map(len, convolutions.values()))
        label = (
            _("Insert BatchNorm2d everywhere")
            if settings
            else ngettext(
                "Insert BatchNorm2d after {count} convolution",
                "Insert BatchNorm2d after {count} convolutions",
                inserted,
            ).format(count=inserted)
        )
        yield Fix(label, edit)


def _norms_everywhere(
    graph: Graph, convolutions: dict[NodePath, list[str]], settings: list[SetParameters]
) -> Graph:
    edit_of = {scope: partial(_norm_after, ids=ids) for scope, ids in convolutions.items()}
    return set_all(at_each(graph, edit_of), settings)


def _norm_after(graph: Graph, ids: list[str]) -> Graph:
    graph = edits.set_each(graph, {id: {"bias": False} for id in ids})
    return placing.after_each(graph, ids, roles.NORMALISATION.name)


# An activation before the residual sum ----------------------------------------------------------


def residual(context: RuleContext, layer: Layer) -> Finding | None:
    """Finds a sum whose branch F(x) ends in a ReLU, so that it is never negative."""
    if len(layer.sources) < 2:
        return None
    for number, path in enumerate(layer.sources):
        end = context.by_path.get(path)
        for _step in range(REACH):
            if (
                end is None
                or not _is_in_place(end)
                or end.facts.kind.normalises
                or len(context.uses[end.path]) != 1
            ):
                break
            end = context.by_path.get(end.sources[0]) if end.sources else None
        if end is None or not end.facts.kind.positive or len(context.uses[end.path]) != 1:
            continue
        others = {
            _shortcut_start(context, other)
            for other in layer.sources[:number] + layer.sources[number + 1 :]
        }
        if _comes_from(context, end, others):
            return Finding(
                _(
                    "{node} adds the output of {activation}: the branch can only increase the values of "
                    "the shortcut, never decrease them"
                ).format(node=context.name(layer), activation=context.name(end)),
                partial(_residual_fixes, context, layer, end),
            )
    return None


def _shortcut_start(context: RuleContext, path: str) -> str:
    """The path of the layer that feeds the shortcut ending at `path`; `path` itself for the
    identity."""
    for _step in range(REACH):
        layer = context.by_path.get(path)
        if layer is None:
            break
        shortcut = (
            len(layer.sources) == 1
            and len(context.uses[path]) == 1
            and (
                _passes_on(layer.facts.kind)
                or layer.facts.kind.category == "pooling"
                or (layer.facts.kind.convolves and pair(layer.facts.settings.kernel_size) == (1, 1))
            )
        )
        if not shortcut:
            break
        path = layer.sources[0]
    return path


def _comes_from(context: RuleContext, end: Layer, starts: set[str]) -> bool:
    """Whether a chain of layers, some with weights, leads from one of `starts` to `end`: a branch
    of a residual block, no longer than REACH."""
    weights = False
    layer: Layer | None = end
    for _step in range(REACH):
        if layer is None or len(layer.sources) != 1:
            return False
        weights = weights or layer.facts.kind.weighted
        if layer.sources[0] in starts:
            return weights
        layer = context.by_path.get(layer.sources[0])
    return False


def _residual_fixes(context: RuleContext, layer: Layer, end: Layer) -> Iterator[Fix]:
    node_path, other = context.place(layer).node_path, context.place(end).node_path
    if not (context.is_node(layer) and context.is_node(end) and node_path[:-1] == other[:-1]):
        return
    node = context.node(other)
    uses = context.uses.get(layer.path, ())
    if uses and all(use.facts.kind.category == "activation" for use in uses):
        yield context.removing(other)
        return
    yield Fix(
        _("Move {activation} after {node}").format(activation=other[-1], node=node_path[-1]),
        edits.inside(node_path.scope, partial(_move_after, id=node.id, target=node_path[-1])),
    )


def _move_after(graph: Graph, id: str, target: str) -> Graph:
    node = graph.nodes[id]
    graph = edits.remove(graph, [id], bridge=True)
    leaving = graph.out_of(target)
    graph = placing.into_wire(graph, leaving[0], node.kind, node.params)
    new = list(graph.nodes)[-1]
    for wire in leaving[1:]:
        graph = edits.connect(graph, new, wire.target, wire.port)
    return edits.rename(graph, new, id)
