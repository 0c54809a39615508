"""Advice about what follows what: non-linearities, normalisation, the sum of a residual block."""

from collections.abc import Iterator
from functools import partial
from itertools import count

from explorer.analysis import placing
from explorer.analysis.advice.rule_context import (
    LOOK,
    STEP,
    Finding,
    RuleContext,
    SetParameters,
    at_each,
    set_all,
)
from explorer.analysis.facts import Facts, sweep
from explorer.analysis.layer import Layer
from explorer.analysis.problem import Fix
from explorer.catalog import Kind, roles
from explorer.catalog.layers.window import extent, pair
from explorer.graph import edits
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Wire
from explorer.graph.path import NodePath
from explorer.text import _, ngettext

DEEP = 11
"""So many layers with weights could be trained from a random start without normalisation and
without shortcuts (Simonyan and Zisserman 2014, section 3.1: configuration A, the start of all
deeper ones)."""


# Two linear layers ----------------------------------------------------------------------------


def linear(context: RuleContext, layer: Layer) -> Finding | None:
    """Two layers with weights and nothing but linear ones between them."""
    between: list[Layer] = []
    before = context.source(layer)
    while before is not None and _passes_on(before.facts.kind) and len(between) < LOOK:
        between.append(before)
        before = context.source(before)
    if before is None or not before.facts.kind.weighted or _factors(context, before, layer):
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
        size=_together(before, layer) if both else "",
    )
    return Finding(message, partial(_parted, context, layer, before, direct))


def _passes_on(kind: Kind) -> bool:
    """It is linear in evaluation mode, and learns no function of its own."""
    return kind.linear and not kind.weighted


def _is_in_place(layer: Layer) -> bool:
    """Each number of its output is one of its input, times a constant at most."""
    kind = layer.facts.kind
    return _passes_on(kind) and kind.window is None and layer.ins[0] == layer.out


def _factors(context: RuleContext, first: Layer, second: Layer) -> bool:
    """The two are meant as one cheap layer: depthwise and pointwise (Sifre 2014; Howard et al.
    2017), fewer channels between (a matrix of low rank), the linear bottleneck of an inverted
    residual, which is the pointwise half of a separable convolution (Sandler et al. 2018, section
    3.2), or a column of weights and a row (Szegedy et al. 2015)."""
    a, b = first.facts.settings, second.facts.settings
    if getattr(a, "groups", 1) > 1 or getattr(b, "groups", 1) > 1:
        return True
    if not first.out or not second.out:
        return True
    here, there = pair(getattr(a, "kernel_size", 1)), pair(getattr(b, "kernel_size", 1))
    if (1, 1) in (here, there):
        return first.out[0] < min(first.facts.known_ins[0][0], second.out[0]) or (
            here == (1, 1) and _is_separable(context, first)
        )
    return here[0] == there[1] == 1 or here[1] == there[0] == 1


def _is_separable(context: RuleContext, pointwise: Layer) -> bool:
    """A depthwise convolution comes before it on some branch, with no other weights between."""
    ways = list(pointwise.sources)
    visited: set[str] = set()
    while ways and len(visited) < LOOK:
        path = ways.pop()
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
            ways += layer.sources
    return bool(ways)  # too far to tell


def _together(first: Layer, second: Layer) -> str:
    """The window of both as one."""
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


def _parted(context: RuleContext, layer: Layer, before: Layer, direct: bool) -> Iterator[Fix]:
    own, other = context.place(layer).own, context.place(before).own
    if own == other:
        return
    if getattr(context.facts(other).settings, "activation", None) == "none":
        yield context.setting(other, {"activation": roles.ACTIVATION.name})
    wire = next(iter(context.graph(own).into(own[-1]).values()))
    yield Fix(
        _("Insert {kind} before {node}").format(kind=roles.ACTIVATION.name, node=own),
        edits.inside(
            own.scope,
            partial(placing.into_wire, wire=wire, kind=roles.ACTIVATION.name, params={}),
        ),
    )
    if direct and context.is_own(before):
        alone = Graph(
            "",
            (),
            {"node": Node("node", layer.kind, layer.settings)},
            (Wire(INPUT, "node"), Wire("node", OUTPUT)),
        )
        facts = next(sweep(alone, before.ins[0])).facts
        if facts.fault is None and facts.out == layer.out:
            yield context.removing(other)


# A bias before BatchNorm ----------------------------------------------------------------------


def bias(context: RuleContext, layer: Layer) -> Finding | None:
    """A bias that BatchNorm2d subtracts at once."""
    if not layer.facts.settings.bias:
        return None
    norm = context.only_use(layer)
    if norm is None or not (norm.facts.kind.normalises and norm.facts.kind.linear):
        return None
    if not hasattr(context.facts(context.place(layer).own).settings, "bias"):
        return None  # the block has it so that published weights fit
    return Finding(
        _("The bias of {node} does nothing: {norm} subtracts it at once").format(
            node=context.name(layer), norm=context.name(norm)
        ),
        partial(_unbiased, context, layer),
    )


def _unbiased(context: RuleContext, layer: Layer) -> Iterator[Fix]:
    own = context.place(layer).own
    yield context.setting(
        own,
        {"bias": False},
        _("Turn off the bias of {node}").format(node=own),
        -layer.out[0] if layer.out else None,
    )


# A deep plain stack ---------------------------------------------------------------------------


def plain(context: RuleContext) -> Iterator[Finding | None]:
    """Many layers with weights in a row, and nothing between them that normalises or leads
    around. None now and then, for whoever has other work."""
    counts: dict[str, int] = {}  # layers with weights up to here, by path
    rows: dict[str, str] = {}  # the last of them
    firsts: dict[str, str] = {}  # and the first
    before: dict[str, str] = {}  # of a layer with weights: the one of them before it
    deep: dict[str, Layer] = {}
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
        rows[path] = path if kind.weighted else rows[source]
        if kind.weighted:
            if source in rows:
                before[path] = rows[source]
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
            partial(_normalised, context, last.path, before),
            context.place(context.by_path[first]).path,
        )


def _normalised(context: RuleContext, last: str, before: dict[str, str]) -> Iterator[Fix | bool]:
    """One edit: BatchNorm2d behind each convolution of the row that ends there, whose bias then
    does nothing. before: the layer with weights before each."""
    behind: dict[NodePath, list[str]] = {}  # convolutions by the group in which they lie
    settings: list[SetParameters] = []
    blocks: dict[NodePath, Facts] = {}
    path: str | None = last
    for number in count(1):
        if path is None:
            break
        if number % STEP == 0:
            yield False
        layer, path = context.by_path[path], before.get(path)
        own = context.place(layer).own
        if layer.facts.kind.window is None:
            continue  # no convolution
        if context.is_own(layer):
            behind.setdefault(own.scope, []).append(own[-1])
        else:
            blocks[own] = context.facts(own)
    for ids in behind.values():
        ids.reverse()
    # The number of the next layer of VGG groups beside one another.
    following: dict[NodePath, int] = {}
    for own, facts in reversed(blocks.items()):
        if getattr(facts.settings, "norm", None) == "none":
            settings.append(SetParameters(own, {"norm": roles.NORMALISATION.name}))
        elif getattr(facts.settings, "batch_norm", None) is False:
            p = facts.settings
            first = following.get(own.scope, p.first)
            following[own.scope] = first + 3 * p.depth + p.pool
            settings.append(SetParameters(own, {"batch_norm": True, "first": first}))
    if not behind and not settings:
        return
    edit = partial(_norms_everywhere, behind=behind, settings=settings)
    yield True
    if context.after(Fix("", edit)):
        convolutions = sum(map(len, behind.values()))
        label = (
            _("Insert BatchNorm2d everywhere")
            if settings
            else ngettext(
                "Insert BatchNorm2d after {count} convolution",
                "Insert BatchNorm2d after {count} convolutions",
                convolutions,
            ).format(count=convolutions)
        )
        yield Fix(label, edit)


def _norms_everywhere(
    graph: Graph, behind: dict[NodePath, list[str]], settings: list[SetParameters]
) -> Graph:
    each = {where: partial(_norm_behind, ids=ids) for where, ids in behind.items()}
    return set_all(at_each(graph, each), settings)


def _norm_behind(graph: Graph, ids: list[str]) -> Graph:
    graph = edits.set_each(graph, {id: {"bias": False} for id in ids})
    return placing.behind_each(graph, ids, roles.NORMALISATION.name)


# An activation before the residual sum ----------------------------------------------------------


def residual(context: RuleContext, layer: Layer) -> Finding | None:
    """A sum whose branch F(x) has been through a ReLU, so that it can only add."""
    if len(layer.sources) < 2:
        return None
    for number, path in enumerate(layer.sources):
        end = context.by_path.get(path)
        for _step in range(LOOK):
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
            _entry(context, other) for other in layer.sources[:number] + layer.sources[number + 1 :]
        }
        if _comes_from(context, end, others):
            return Finding(
                _(
                    "{node} adds the output of {activation}: the branch can only increase the values of "
                    "the shortcut, never decrease them"
                ).format(node=context.name(layer), activation=context.name(end)),
                partial(_behind_the_sum, context, layer, end),
            )
    return None


def _entry(context: RuleContext, path: str) -> str:
    """Where a shortcut begins: the path of what feeds it; itself, if it is the identity."""
    for _step in range(LOOK):
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
    """A way with weights on it leads from one of these layers to `end`: a branch of a residual
    block, so no longer than LOOK."""
    weights = False
    layer: Layer | None = end
    for _step in range(LOOK):
        if layer is None or len(layer.sources) != 1:
            return False
        weights = weights or layer.facts.kind.weighted
        if layer.sources[0] in starts:
            return weights
        layer = context.by_path.get(layer.sources[0])
    return False


def _behind_the_sum(context: RuleContext, layer: Layer, end: Layer) -> Iterator[Fix]:
    own, other = context.place(layer).own, context.place(end).own
    if not (context.is_own(layer) and context.is_own(end) and own[:-1] == other[:-1]):
        return
    node = context.node(other)
    uses = context.uses.get(layer.path, ())
    if uses and all(use.facts.kind.category == "activation" for use in uses):
        yield context.removing(other)
        return
    yield Fix(
        _("Move {activation} after {node}").format(activation=other[-1], node=own[-1]),
        edits.inside(own.scope, partial(_moved, id=node.id, behind=own[-1])),
    )


def _moved(graph: Graph, id: str, behind: str) -> Graph:
    node = graph.nodes[id]
    graph = edits.remove(graph, [id], bridge=True)
    leaving = graph.out_of(behind)
    graph = placing.into_wire(graph, leaving[0], node.kind, node.params)
    new = list(graph.nodes)[-1]
    for wire in leaving[1:]:
        graph = edits.connect(graph, new, wire.target, wire.port)
    return edits.rename(graph, new, id)
