"""Advice about windows: strides, small maps, receptive fields."""

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache, partial
from math import prod
from typing import NamedTuple

from explorer.analysis import placing
from explorer.analysis.advice.rule_context import (
    REACH,
    STEP,
    Finding,
    RuleContext,
    SetParameters,
    set_all,
)
from explorer.analysis.branch import one_or_pair
from explorer.analysis.facts import Facts
from explorer.analysis.layer import Layer
from explorer.analysis.problem import Fix
from explorer.catalog import KINDS, Mismatch, roles
from explorer.catalog.layers.window import extent, pads, pair, shown, text_of
from explorer.graph.graph import INPUT, Value, Wire
from explorer.text import _, ngettext

FAR = 4
"""A receptive field of so many times the picture's longer side counts as far larger."""
SHARE = 0.5
"""How much of the picture's sides an object takes up, where the data set is unknown."""
_MOST_WIRES = 16
"""Wires of which the insertion of a pooling is tried."""


# Pixels never seen ----------------------------------------------------------------------------


def stride(context: RuleContext, layer: Layer) -> Finding | None:
    """Finds a window that steps over pixels."""
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
        partial(_stride_fixes, context, layer),
    )


@lru_cache(maxsize=4096)
def _unseen(facts: Facts) -> Fraction:
    """The share of the pixels that no window sees, away from the borders. An axis along which there
    is only one window counts as seen."""
    seen = Fraction(1)
    for kernel, step, positions in zip(
        pair(facts.settings.kernel_size), pair(facts.settings.stride), facts.known_out[1:]
    ):
        if step > kernel and positions > 1:
            seen *= Fraction(kernel, step)
    return 1 - seen


def _is_shortcut(context: RuleContext, layer: Layer) -> bool:
    """Whether the layer brings a shortcut to the size of the other branch, which sees all pixels
    (options A and B of He et al. 2015), or is part of a declared block, which is as published."""
    if pair(layer.facts.settings.kernel_size) != (1, 1):
        return False
    for following in context.chain_after(layer):
        if len(following.sources) > 1:
            return True
        kind = following.facts.kind
        if kind.weighted or not kind.linear or kind.window is not None:
            break
    return not context.is_node(layer)


def _stride_fixes(context: RuleContext, layer: Layer) -> Iterator[Fix | bool]:
    node_path, p = context.place(layer).node_path, layer.facts.settings
    kernels, steps = pair(p.kernel_size), pair(p.stride)
    if context.is_node(layer):
        wider = tuple(map(max, kernels, steps))
        if params := _params_keeping_output(layer, wider) or _params_keeping_output(
            layer, tuple(size + (size > kernel) for size, kernel in zip(wider, kernels))
        ):
            yield context.setting(node_path, params)
        else:
            yield True
            fix = context.setting(node_path, {"kernel_size": one_or_pair(wider)})
            if context.report_after(fix):
                yield fix
    if hasattr(context.facts(node_path).settings, "stride"):
        yield True
        fix = context.setting(node_path, {"stride": one_or_pair(tuple(map(min, kernels, steps)))})
        if context.report_after(fix):
            yield fix


def _params_keeping_output(layer: Layer, kernels: tuple[int, ...]) -> dict[str, Value]:
    """Kernel size and a padding with which the output has the same shape; {} if there is none."""
    kind, p = KINDS[layer.kind], dict(layer.settings)
    for padding in range(max(kernels) // 2 + 1):
        params: dict[str, Value] = {"kernel_size": one_or_pair(kernels), "padding": padding}
        try:
            assert kind.shape is not None  # it is a layer
            if kind.shape(kind.settings(p | params), layer.facts.known_ins) == layer.out:
                return {key: value for key, value in params.items() if p[key] != value}
        except Mismatch:
            continue
    return {}


# One weight that sees data --------------------------------------------------------------------


def small(context: RuleContext) -> Iterator[Finding | None]:
    """Finds windows of which only one weight ever meets the map, the others zeros of the padding;
    one finding for all of them, because after a map of 1×1 every window is such."""
    layers = []
    for number, layer in enumerate(context.layers):
        if number % STEP == STEP - 1:
            yield None
        if _has_one_useful_weight(layer):
            layers.append(layer)
    if not layers or not context.report.ok:
        return
    first = layers[0]
    message = ngettext(
        "{node} slides a window of {kernel} over a map of {map}: only one weight of {all} ever "
        "sees data",
        "{node} slides a window of {kernel} over a map of {map}: only one weight of {all} ever "
        "sees data; the same holds in {count} layers",
        len(layers),
    ).format(
        count=len(layers),
        node=context.name(first),
        kernel=extent(first.facts.settings.kernel_size),
        map=text_of(first.facts.known_ins[0][1:]),
        all=prod(pair(first.facts.settings.kernel_size)),
    )
    yield Finding(message, partial(_small_fixes, context, layers), context.place(first).path)


def _has_one_useful_weight(layer: Layer) -> bool:
    facts = layer.facts
    return (
        facts.kind.convolves
        and not facts.fault
        and facts.out is not None
        and _one_weight_sees_data(facts)
    )


@lru_cache(maxsize=4096)
def _one_weight_sees_data(facts: Facts) -> bool:
    p, shape, out = facts.settings, facts.known_ins[0], facts.known_out
    kernels = pair(p.kernel_size)
    if kernels == (1, 1):
        return False
    for kernel, step, spread, (before, _after), side, positions in zip(
        kernels, pair(p.stride), pair(p.dilation), pads(p), shape[1:], out[1:]
    ):
        if side > kernel * spread:
            return False
        if (
            sum(
                any(
                    0 <= position * step - before + tap * spread < side
                    for position in range(positions)
                )
                for tap in range(kernel)
            )
            > 1
        ):
            return False
    return True


def _small_fixes(context: RuleContext, layers: list[Layer]) -> Iterator[Fix | bool]:
    """Keep the map larger by removing a stride before it; or make the windows 1×1."""
    first = context.place(layers[0]).node_path
    visited, before = set(), []
    for number, layer in enumerate(context.layers):
        if number % STEP == STEP - 1:
            yield False
        node_path = context.place(layer).node_path
        if node_path not in visited:
            visited.add(node_path)
            settings = context.facts(node_path).settings
            if max(pair(getattr(settings, "stride", 1))) > 1:
                before.append((node_path, {"stride": 1}))
            elif getattr(settings, "pool", None) is True:
                before.append((node_path, {"pool": False}))
        if layer is layers[0]:
            break
    for node_path, params in before[:-4:-1]:
        yield True
        fix = context.setting(
            node_path,
            params,
            ""
            if "stride" in params
            else _("Turn off the pooling of {node}").format(node=node_path),
        )
        after = context.report_after(fix)
        if after is not None and not any(map(_has_one_useful_weight, RuleContext.of(after).layers)):
            yield fix
            break
    pointwise: dict[str, Value] = {"kernel_size": 1, "padding": 0, "dilation": 1}
    pointwise_edits: list[SetParameters] = []
    for number, layer in enumerate(layers):
        if number % STEP == STEP - 1:
            yield False
        if (
            not context.is_node(layer)
            or layer.facts.known_out[1:] != layer.facts.known_ins[0][1:]
            or pair(layer.facts.settings.stride) != (1, 1)
        ):
            return
        pointwise_edits.append(SetParameters(context.place(layer).node_path, pointwise))
    label = ngettext(
        "Set kernel size 1 in {node}", "Set kernel size 1 in {count} layers", len(layers)
    )
    yield Fix(
        label.format(node=first, count=len(layers)), partial(set_all, settings=pointwise_edits)
    )


# Receptive fields -------------------------------------------------------------------------------


def narrow(context: RuleContext, layer: Layer) -> Finding | None:
    """Finds a global average over positions of which none sees a whole object."""
    if not layer.out or layer.out[1:] != (1, 1) or layer.facts.known_ins[0][1:] == (1, 1):
        return None
    if not context.report.ok:
        return None
    # The average of a gate is multiplied with its branch again; its positions need not see much.
    if any(len(each.sources) > 1 for each in (layer, *context.chain_after(layer))):
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
        partial(_narrow_fixes, context, layer),
    )


def _narrow_fixes(context: RuleContext, layer: Layer) -> Iterator[Fix | bool]:
    """Insert a pooling as late as it helps, so that the layers before it see as much detail as
    now."""
    graph, id = context.report.graph, context.place(layer).node_path[0]
    wires: list[Wire] = []
    for _step in range(REACH):
        if id == INPUT or len(into := graph.into(id)) != 1 or len(wires) == _MOST_WIRES:
            break
        (wire,) = into.values()
        if wire.source != INPUT and len(graph.out_of(wire.source)) == 1:
            wires.append(wire)
        id = wire.source
    for wire in wires[1:]:
        fix = Fix(
            _("Insert {kind} 2×2 after {node}").format(kind=roles.POOLING.name, node=wire.source),
            partial(placing.into_wire, wire=wire, kind=roles.POOLING.name, params={}),
        )
        yield True
        after = context.report_after(fix)
        if after is None:
            continue
        again = RuleContext.of(after)
        if not any(
            narrow(again, each) for each in again.layers if each.kind == layer.kind
        ) and not any(map(_has_one_useful_weight, again.layers)):
            yield fix
            return


class _Growth(NamedTuple):
    """How a receptive field grows along the path through a node on which it grows least.

    pixels: by how many positions of the node's input. step: how many positions of the input lie
    between neighbouring positions of the output.
    """

    pixels: float
    step: float


@lru_cache(maxsize=4096)
def _least_growth(facts: Facts) -> _Growth | None:
    """The growth through one node; None if it sees all of its input, or is unknown."""
    if facts.out is None or facts.fault or not facts.ins:
        return None
    if not facts.kind.composite:
        if facts.kind.window is None:
            return _Growth(0.0, 1.0)
        windows = facts.kind.window(facts.settings, facts.known_ins, facts.out)
        growths = []
        for window in windows:
            spans = [span for span in window.spans if span is not None]
            if window.whole or len(spans) < len(window.spans):
                return None
            growths.append(max(high - low for low, high in spans))
        return _Growth(float(min(growths)), min(window.step / window.period for window in windows))
    growths_of: dict[str, _Growth | None] = {INPUT: _Growth(0.0, 1.0)}
    for id, child, sources in facts.children:
        growths_of[id] = _growth_after(child, [growths_of[source] for source in sources])
    return growths_of.get(facts.result)


def _growth_after(facts: Facts, sources: list[_Growth | None]) -> _Growth | None:
    """The growth from the picture to the output of a node that these sources feed."""
    through = _least_growth(facts)
    before = min((source for source in sources if source is not None), default=None)
    if through is None or before is None:
        return None
    return _Growth(before.pixels + through.pixels * before.step, before.step * through.step)


def wide(context: RuleContext) -> Iterator[Finding | None]:
    """Finds layers before which every position sees far more than the picture along every path:
    shortcuts count, so a residual network has none (Richter et al. 2021)."""
    report = context.report
    if not report.ok:
        return
    limit = FAR * max(report.graph.input[1:], default=1)
    growths: dict[str, _Growth | None] = {INPUT: _Growth(0.0, 1.0)}
    far = False
    layers = 0
    for id, facts in report.facts.items():
        layers += facts.layers
        if layers >= STEP:
            yield None
            layers = 0
        growth = growths[id] = _growth_after(
            facts, [growths[source] for source in report.sources[id]]
        )
        far = far or (growth is not None and growth.pixels >= limit)
    if not far:
        return
    growths = {INPUT: _Growth(0.0, 1.0)}
    first: Layer | None = None
    before, count = _Growth(0.0, 1.0), 0
    for number, layer in enumerate(context.layers):
        if number % STEP == STEP - 1:
            yield None
        sources = [growths[source] for source in layer.sources]
        growths[layer.path] = _growth_after(layer.facts, sources)
        if (
            layer.facts.kind.weighted
            and layer.facts.kind.window is not None
            and None not in sources
            and (entry := sources[0]) is not None
            and entry.pixels >= limit
            and pair(layer.facts.settings.kernel_size) != (1, 1)
        ):
            if first is None:
                first, before = layer, entry
            count += 1
    if first is not None:
        field = int(before.pixels) + 1
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
