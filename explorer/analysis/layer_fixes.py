"""Fixes of a fault within one layer: other values of its parameters, or its removal."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from explorer.analysis.facts import Fault
from explorer.analysis.problem import Fix
from explorer.analysis.report import Report
from explorer.catalog.layers.window import pair
from explorer.graph import edits
from explorer.graph.graph import Value
from explorer.text import _

Rule = Callable[[Report, str, Fault], Iterator[Fix]]


def _set(report: Report, id: str, **params: Value) -> Iterator[Fix]:
    """The fix that sets these parameters of the node, if its kind allows them."""
    if not report.facts[id].kind.fault(params):
        yield Fix(
            _("Set {values}").format(values=report.facts[id].kind.stated(params)),
            partial(edits.set_params, id=id, params=params),
        )


def one_or_pair(sides: Iterable[int]) -> Value:
    """Height and width as a parameter takes them: one number if they are equal."""
    height, width = sides
    return height if height == width else (height, width)


def _removal(id: str) -> Fix:
    return Fix(_("Remove {node}").format(node=id), partial(edits.remove, ids=[id], bridge=True))


# Windows --------------------------------------------------------------------------------------


def _kernel(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    kind, settings, allowed = report.facts[id].kind, report.facts[id].settings, fault.allowed
    if kind.category != "pooling" or all(
        2 * padding <= kernel
        for padding, kernel in zip(pair(allowed["padding"]), pair(settings.kernel_size))
    ):
        yield from _set(report, id, padding=allowed["padding"])
    yield from _set(report, id, kernel_size=allowed["largest"])
    if kind.category == "pooling":
        yield _removal(id)


def _padding(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    yield from _set(report, id, padding=fault.allowed["most"])


def _same(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Pad by half the kernel, which keeps the size at a stride of 1; or lower the stride to 1."""
    yield from _set(report, id, padding=one_or_pair(fault.allowed["padding"]))
    yield from _set(report, id, stride=1)


def _vanishes(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    yield from _set(report, id, padding=one_or_pair(fault.allowed["padding"]))
    yield from _set(report, id, kernel_size=one_or_pair(fault.allowed["kernel_size"]))


def _output_padding(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    settings = report.facts[id].settings
    paddings = pair(settings.output_padding)
    yield from _set(
        report, id, output_padding=one_or_pair(map(min, paddings, fault.allowed["most"]))
    )
    yield from _set(
        report,
        id,
        stride=one_or_pair(
            stride if padding <= most else padding + 1
            for stride, padding, most in zip(pair(settings.stride), paddings, fault.allowed["most"])
        ),
    )


# Groups ---------------------------------------------------------------------------------------


def _groups(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    if "numbers" in fault.allowed:
        yield from _nearest("groups", report, id, fault)
        return
    channels, wanted = fault.allowed["channels"], report.facts[id].settings.groups
    largest = max(
        n for n in range(1, min(wanted, *channels) + 1) if not any(count % n for count in channels)
    )
    yield from _set(report, id, groups=largest)
    up = -(-channels[1] // wanted) * wanted
    if channels[0] % wanted == 0 and not report.facts[id].kind.fault({"out_channels": up}):
        yield from _set(report, id, out_channels=up)


def _nearest(key: str, report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    """Set the parameter `key` to the nearest allowed number, of two the smaller."""
    number = _nearest_allowed(getattr(report.facts[id].settings, key), fault)
    if number is None:
        yield _removal(id)
    else:
        yield from _set(report, id, **{key: number})


def _nearest_allowed(wanted: int, fault: Fault) -> int | None:
    numbers: list[int] = fault.allowed["numbers"]
    return min(numbers, key=lambda number: abs(number - wanted), default=None)


def _chunks(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    settings = report.facts[id].settings
    chunks = _nearest_allowed(settings.chunks, fault)
    if chunks is None:
        yield _removal(id)
    elif settings.index < chunks:
        yield from _set(report, id, chunks=chunks)
    else:
        yield from _set(report, id, chunks=chunks, index=chunks - 1)


def _index(report: Report, id: str, fault: Fault) -> Iterator[Fix]:
    yield from _set(report, id, index=fault.allowed["most"])
    index, shape = report.facts[id].settings.index, report.facts[id].known_ins[0]
    if shape[0] % (index + 1) == 0:
        yield from _set(report, id, chunks=index + 1)


LAYER_RULES: dict[str, Rule] = {
    "kernel": _kernel,
    "padding": _padding,
    "same": _same,
    "vanishes": _vanishes,
    "output_padding": _output_padding,
    "groups": _groups,
    "num_groups": partial(_nearest, "num_groups"),
    "chunks": _chunks,
    "index": _index,
}
