"""Advice about windows and what they see: strides, small maps, receptive fields."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache, partial
from math import prod
from typing import NamedTuple

from explorer.analysis import placing
from explorer.analysis.advice.rule_context import (
    LOOK,
    STEP,
    Finding,
    RuleContext,
    SetParameters,
    set_all,
)
from explorer.analysis.facts import Facts
from explorer.analysis.layer import Layer
from explorer.analysis.problem import Fix
from explorer.catalog import KINDS, Mismatch, roles
from explorer.catalog.layers.window import extent, pads, pair, shown, text_of
from explorer.graph.graph import INPUT, Value, Wire
from explorer.text import _, ngettext

FAR = 4
"""A field so many times the picture is far larger than it."""
SHARE = 0.5
"""How much of the picture's sides an object takes, where nothing is known of the data."""
_TRIALS = 16


# Pixels never seen ----------------------------------------------------------------------------


def stride(context: RuleContext, layer: Layer) -> Finding | None:
    """A window that steps over pixels."""
    p = layer.facts.settings
    if p.stride == 1 or not layer.out or layer.facts.fault:
        return None
    unseen = _unseen(layer.facts)
    if not unseen or _is_shortcut(context, layer):
        return None
    return Finding(
        _(
            "The window of {node} is {kernel}, but steps {stride}: {unseen} of {all} pixels "
            "are never seen"
        ).format(
            node=context.name(layer),
            kernel=extent(p.kernel_size),
            stride=shown(p.stride),
            unseen=unseen.numerator,
            all=unseen.denominator,
        ),
        partial(_stepped, context, layer),
    )


@lru_cache(maxsize=4096)
def _unseen(facts: Facts) -> Fraction:
    """The share of the pixels that no window sees, away from the borders; 0 if there is only one
    window along an axis, which sees what it sees."""
    seen = Fraction(1)
    for kernel, step, places in zip(
        pair(facts.settings.kernel_size), pair(facts.settings.stride), facts.known_out[1:]
    ):
        if step > kernel and places > 1:
            seen *= Fraction(kernel, step)
    return 1 - seen


def _is_shortcut(context: RuleContext, layer: Layer) -> bool:
    """It brings a shortcut to the size of the other branch, as options A and B of He et al. 2015
    do: that branch sees all pixels. Or it is part of a declared block, which is as published."""
    if pair(layer.facts.settings.kernel_size) != (1, 1):
        return False
    for following in context.behind(layer):
        if len(following.sources) > 1:
            return True
        kind = following.facts.kind
        if kind.weighted or not kind.linear or kind.window is not None:
            break
    return not context.is_own(layer)


def _stepped(context: RuleContext, layer: Layer) -> Iterator[Fix | bool]:
    own, p = context.place(layer).own, layer.facts.settings
    kernels, steps = pair(p.kernel_size), pair(p.stride)
    if context.is_own(layer):
        wider = tuple(map(max, kernels, steps))
        if params := _keeping(layer, wider) or _keeping(
            layer, tuple(size + (size > kernel) for size, kernel in zip(wider, kernels))
        ):
            yield context.setting(own, params)
        else:
            yield True
            fix = context.setting(own, {"kernel_size": _plain(wider)})
            if context.after(fix):
                yield fix
    if hasattr(context.facts(own).settings, "stride"):
        yield True
        fix = context.setting(own, {"stride": _plain(tuple(map(min, kernels, steps)))})
        if context.after(fix):
            yield fix


def _plain(sides: Iterable[int]) -> int | tuple[int, int]:
    height, width = sides
    return height if height == width else (height, width)


def _keeping(layer: Layer, kernels: tuple[int, ...]) -> dict[str, Value]:
    """The kernel and the padding of that window, if with some padding the output stays as it is."""
    kind, p = KINDS[layer.kind], dict(layer.settings)
    for padding in range(max(kernels) // 2 + 1):
        params: dict[str, Value] = {"kernel_size": _plain(kernels), "padding": padding}
        try:
            assert kind.shape is not None  # it is a layer
            if kind.shape(kind.settings(p | params), layer.facts.known_ins) == layer.out:
                return {key: value for key, value in params.items() if p[key] != value}
        except Mismatch:
            continue
    return {}


# One weight that sees data --------------------------------------------------------------------


def small(context: RuleContext) -> Iterator[Finding | None]:
    """Windows of which one weight alone ever meets the map, the rest zeros of the padding; reported
    together, because after a map of 1×1 all are so."""
    layers = []
    for number, layer in enumerate(context.layers):
        if number % STEP == STEP - 1:
            yield None
        if _sees_little(layer):
            layers.append(layer)
    if not layers or not context.report.ok:
        return
    first = layers[0]
    message = (
        _(
            "{node} slides a window of {kernel} over a map of {map}: only one weight of {all} ever "
            "sees data"
        )
        if len(layers) == 1
        else _(
            "{node} slides a window of {kernel} over a map of {map}: only one weight of {all} ever "
            "sees data; the same holds in {count} layers"
        )
    ).format(
        count=len(layers),
        node=context.name(first),
        kernel=extent(first.facts.settings.kernel_size),
        map=text_of(first.facts.known_ins[0][1:]),
        all=prod(pair(first.facts.settings.kernel_size)),
    )
    yield Finding(message, partial(_enlarged, context, layers), context.place(first).path)


def _sees_little(layer: Layer) -> bool:
    facts = layer.facts
    return facts.kind.convolves and not facts.fault and facts.out is not None and _is_single(facts)


@lru_cache(maxsize=4096)
def _is_single(facts: Facts) -> bool:
    p, shape, out = facts.settings, facts.known_ins[0], facts.known_out
    kernels = pair(p.kernel_size)
    if kernels == (1, 1):
        return False
    for kernel, step, spread, (before, _after), side, places in zip(
        kernels, pair(p.stride), pair(p.dilation), pads(p), shape[1:], out[1:]
    ):
        if side > kernel * spread:
            return False
        if (
            sum(
                any(0 <= place * step - before + tap * spread < side for place in range(places))
                for tap in range(kernel)
            )
            > 1
        ):
            return False
    return True


def _enlarged(context: RuleContext, layers: list[Layer]) -> Iterator[Fix | bool]:
    """Keep the map larger by a stride less before it; or take the window that is left."""
    first = context.place(layers[0]).own
    visited, before = set(), []
    for number, layer in enumerate(context.layers):
        if number % STEP == STEP - 1:
            yield False
        own = context.place(layer).own
        if own not in visited:
            visited.add(own)
            settings = context.facts(own).settings
            if max(pair(getattr(settings, "stride", 1))) > 1:
                before.append((own, {"stride": 1}))
            elif getattr(settings, "pool", None) is True:
                before.append((own, {"pool": False}))
        if layer is layers[0]:
            break
    for own, params in before[:-4:-1]:
        yield True
        fix = context.setting(
            own,
            params,
            "" if "stride" in params else _("Turn off the pooling of {node}").format(node=own),
        )
        found = context.after(fix)
        if found is not None and not any(map(_sees_little, RuleContext.of(found).layers)):
            yield fix
            break
    single: dict[str, Value] = {"kernel_size": 1, "padding": 0, "dilation": 1}
    each: list[SetParameters] = []
    for number, layer in enumerate(layers):
        if number % STEP == STEP - 1:
            yield False
        if (
            not context.is_own(layer)
            or layer.facts.known_out[1:] != layer.facts.known_ins[0][1:]
            or pair(layer.facts.settings.stride) != (1, 1)
        ):
            return
        each.append(SetParameters(context.place(layer).own, single))
    label = (
        _("Set kernel size 1 in {node}").format(node=first)
        if len(layers) == 1
        else _("Set kernel size 1 in {count} layers").format(count=len(layers))
    )
    yield Fix(label, partial(set_all, settings=each))


# Receptive fields -------------------------------------------------------------------------------


def narrow(context: RuleContext, layer: Layer) -> Finding | None:
    """A mean over places of which none sees a whole object."""
    if not layer.out or layer.out[1:] != (1, 1) or layer.facts.known_ins[0][1:] == (1, 1):
        return None
    if not context.report.ok:
        return None
    # A gate's mean joins its branch again, and may be of anything.
    if any(len(each.sources) > 1 for each in (layer, *context.behind(layer))):
        return None
    source = layer.sources[0]
    if source not in context.by_path:
        return None
    report = context.report
    field = report.fields.of(context.node_giving(source))
    share = report.data.object if report.data else SHARE
    sides = report.graph.input[1:]
    if field is None or all(size >= share * side for size, side in zip(field.size, sides)):
        return None
    return Finding(
        _(
            "{node} averages positions that each see {field} pixels of a picture of {picture}, in "
            "which an object takes up about {object}"
        ).format(
            node=context.name(layer),
            field=text_of(field.size),
            picture=text_of(sides),
            object=text_of(tuple(round(share * side) for side in sides)),
        ),
        partial(_widened, context, layer),
    )


def _widened(context: RuleContext, layer: Layer) -> Iterator[Fix | bool]:
    """A pooling as late as it helps: what is before it sees no less detail."""
    graph, id = context.report.graph, context.place(layer).own[0]
    wires: list[Wire] = []
    for _step in range(LOOK):
        if id == INPUT or len(into := graph.into(id)) != 1 or len(wires) == _TRIALS:
            break
        (wire,) = into.values()
        if wire.source != INPUT and len(graph.out_of(wire.source)) == 1:
            wires.append(wire)
        id = wire.source
    for wire in wires[1:_TRIALS]:
        fix = Fix(
            _("Insert {kind} 2×2 after {node}").format(kind=roles.POOLING.name, node=wire.source),
            partial(placing.into_wire, wire=wire, kind=roles.POOLING.name, params={}),
        )
        yield True
        found = context.after(fix)
        if found is None:
            continue
        again = RuleContext.of(found)
        if not any(
            narrow(again, each) for each in again.layers if each.kind == layer.kind
        ) and not any(map(_sees_little, again.layers)):
            yield fix
            return


class _Least(NamedTuple):
    """Along the shortest way through a node: by how many of the places before it the field grows,
    and how much further apart its places stand."""

    growth: float
    step: float


@lru_cache(maxsize=4096)
def _least(facts: Facts) -> _Least | None:
    """None: it sees all of its input, or nothing is known."""
    if facts.out is None or facts.fault or not facts.ins:
        return None
    if not facts.kind.composite:
        if facts.kind.window is None:
            return _Least(0.0, 1.0)
        windows = facts.kind.window(facts.settings, facts.known_ins, facts.out)
        grows = []
        for window in windows:
            spans = [span for span in window.spans if span is not None]
            if window.whole or len(spans) < len(window.spans):
                return None
            grows.append(max(high - low for low, high in spans))
        return _Least(float(min(grows)), min(window.step / window.period for window in windows))
    found: dict[str, _Least | None] = {INPUT: _Least(0.0, 1.0)}
    for id, child, sources in facts.children:
        found[id] = _behind(child, [found[source] for source in sources])
    return found.get(facts.result)


def _behind(facts: Facts, sources: list[_Least | None]) -> _Least | None:
    known = [source for source in sources if source is not None]
    own = _least(facts)
    if own is None or not known:
        return None
    before = min(known)
    return _Least(before.growth + own.growth * before.step, before.step * own.step)


def wide(context: RuleContext) -> Iterator[Finding | None]:
    """Layers that come when every place already sees far more than the picture, whichever way one
    goes: shortcuts count, so a residual network has none (Richter et al. 2021)."""
    report = context.report
    if not report.ok:
        return
    most = FAR * max(report.graph.input[1:], default=1)
    found: dict[str, _Least | None] = {INPUT: _Least(0.0, 1.0)}
    far = False
    layers = 0
    for id, facts in report.facts.items():
        layers += facts.layers
        if layers >= STEP:
            yield None
            layers = 0
        own = found[id] = _behind(facts, [found[source] for source in report.sources[id]])
        far = far or (own is not None and own.growth >= most)
    if not far:
        return
    found = {INPUT: _Least(0.0, 1.0)}
    first: Layer | None = None
    before, count = _Least(0.0, 1.0), 0
    for number, layer in enumerate(context.layers):
        if number % STEP == STEP - 1:
            yield None
        sources = [found[source] for source in layer.sources]
        found[layer.path] = _behind(layer.facts, sources)
        if (
            layer.facts.kind.weighted
            and layer.facts.kind.window is not None
            and None not in sources
            and (entry := sources[0]) is not None
            and entry.growth >= most
            and pair(layer.facts.settings.kernel_size) != (1, 1)
        ):
            if first is None:
                first, before = layer, entry
            count += 1
    if first is not None:
        field = int(before.growth) + 1
        message = (
            _(
                "Before {node} every position already sees {field} pixels, {times} times the "
                "picture: its window adds nothing new"
            )
            if count == 1
            else ngettext(
                "Before {node} every position already sees {field} pixels, {times} times the "
                "picture: its window and {count} window after it add nothing new",
                "Before {node} every position already sees {field} pixels, {times} times the "
                "picture: its window and {count} windows after it add nothing new",
                count - 1,
            )
        )
        yield Finding(
            message.format(
                node=context.name(first),
                field=text_of((field, field)),
                times=round(field / max(report.graph.input[1:]), 1),
                count=count - 1,
            ),
            path=context.place(first).path,
        )
