"""Fixes of a fault within one layer: other values of its parameters, or its removal."""

from collections.abc import Callable, Iterator
from functools import partial

from explorer.analysis.branch import one_or_pair
from explorer.analysis.facts import Fault
from explorer.analysis.problem import Fix
from explorer.analysis.report import Report
from explorer.catalog.layers.window import pair
from explorer.graph import edits
from explorer.graph.graph import Value
from explorer.graph.path import NodePath
from explorer.text import _

Rule = Callable[[Report, str, Fault], Iterator[Fix]]


def setting(report: Report, id: str, **params: Value) -> Iterator[Fix]:
    """The fix that sets these parameters of the node, if its kind allows them."""
    if not report.facts[id].kind.fault(params):
        yield Fix(
            _("Set {values}").format(values=report.facts[id].kind.stated(params)),
            partial(edits.set_params, id=id, params=params),
            sets=(NodePath((id,)),),
        )


def removal(id: str, bridge: bool = True) -> Fix:
    """The fix that removes the node; bridge: see `edits.remove`."""
    edit = partial(edits.remove, ids=[id], bridge=bridge)
    return Fix(_("Remove {node}").format(node=id), edit, removes=True)


# Windows --------------------------------------------------------------------------------------


def _kernel(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    kind, settings, allowed = report.facts[id].kind, report.facts[id].settings, fault.allowed
    if kind.category != "pooling" or all(
        2 * padding <= kernel
        for padding, kernel in zip(pair(allowed["padding"]), pair(settings.kernel_size))
    ):
        yield from setting(report, id, padding=allowed["padding"])
    yield from setting(report, id, kernel_size=allowed["largest"])
    if kind.category == "pooling":
        yield removal(id)


def _smaller_kernel(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """The window that the kind has by default, or the one that its padding suits: the largest would
    leave too small a map to what comes after."""
    facts = report.facts[id]
    default = next(param.default for param in facts.kind.params if param.name == "kernel_size")
    yield from setting(report, id, kernel_size=default)
    if not isinstance(facts.settings.padding, str):
        sides = [2 * side + 1 for side in pair(facts.settings.padding)]
        yield from setting(report, id, kernel_size=one_or_pair(sides))


def _padding(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    yield from setting(report, id, padding=fault.allowed["most"])


def _same(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Pad by half the kernel, which keeps the size at a stride of 1; or lower the stride to 1."""
    yield from setting(report, id, padding=one_or_pair(fault.allowed["padding"]))
    yield from setting(report, id, stride=1)


def _vanishes(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    yield from setting(report, id, padding=one_or_pair(fault.allowed["padding"]))
    yield from setting(report, id, kernel_size=one_or_pair(fault.allowed["kernel_size"]))


def _output_padding(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    settings = report.facts[id].settings
    paddings = pair(settings.output_padding)
    yield from setting(
        report, id, output_padding=one_or_pair(map(min, paddings, fault.allowed["most"]))
    )
    yield from setting(
        report,
        id,
        stride=one_or_pair(
            stride if padding <= most else padding + 1
            for stride, padding, most in zip(pair(settings.stride), paddings, fault.allowed["most"])
        ),
    )


def _crop(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Cut less off, so that one row and column are left."""
    settings, (_channels, height, width) = report.facts[id].settings, report.facts[id].known_ins[0]
    params = {
        name: max(getattr(settings, name), -((side - 1) // 2))
        for side, names in ((height, ("top", "bottom")), (width, ("left", "right")))
        if side + sum(getattr(settings, name) for name in names) < 1
        for name in names
    }
    yield from setting(report, id, **params)
    yield removal(id)


# Groups ---------------------------------------------------------------------------------------


def _groups(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    if "numbers" in fault.allowed:
        yield from _nearest("groups", report, id, fault)
        return
    channels, wanted = fault.allowed["channels"], report.facts[id].settings.groups
    largest = max(
        n for n in range(1, min(wanted, *channels) + 1) if not any(count % n for count in channels)
    )
    yield from setting(report, id, groups=largest)
    up = -(-channels[1] // wanted) * wanted
    if channels[0] % wanted == 0 and not report.facts[id].kind.fault({"out_channels": up}):
        yield from setting(report, id, out_channels=up)


def _nearest(key: str, report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Set the parameter `key` to the nearest allowed number, of two the smaller."""
    number = _nearest_allowed(getattr(report.facts[id].settings, key), fault)
    if number is None:
        yield removal(id)
    else:
        yield from setting(report, id, **{key: number})


def _nearest_allowed(wanted: int, fault: Fault) -> int | None:
    numbers: list[int] = fault.allowed["numbers"]
    return min(numbers, key=lambda number: abs(number - wanted), default=None)


def _chunks(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    settings = report.facts[id].settings
    chunks = _nearest_allowed(settings.chunks, fault)
    if chunks is None:
        yield removal(id)
    elif settings.index < chunks:
        yield from setting(report, id, chunks=chunks)
    else:
        yield from setting(report, id, chunks=chunks, index=chunks - 1)


def _index(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    yield from setting(report, id, index=fault.allowed["most"])
    index, shape = report.facts[id].settings.index, report.facts[id].known_ins[0]
    if shape[0] % (index + 1) == 0:
        yield from setting(report, id, chunks=index + 1)


LAYER_RULES: dict[str, tuple[Rule, ...]] = {
    "kernel": (_kernel, _smaller_kernel),
    "padding": (_padding,),
    "same": (_same,),
    "vanishes": (_vanishes,),
    "output_padding": (_output_padding,),
    "crop": (_crop,),
    "groups": (_groups,),
    "num_groups": (partial(_nearest, "num_groups"),),
    "chunks": (_chunks,),
    "index": (_index,),
}
"""By the fault's rule, the functions that make its fixes; each after the first is asked if those
before it have none that mends."""
