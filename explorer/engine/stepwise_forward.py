"""A forward pass layer by layer, which returns the value of any node without a hook."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explorer.analysis.layer import Layer
from explorer.analysis.report import Report
from explorer.catalog.kind import KINDS

INPUT = "input"


@dataclass(frozen=True)
class _Step:
    path: str
    call: Callable[..., Tensor]
    sources: tuple[str, ...]
    in_place: bool
    last_use_of: tuple[str, ...]


class StepwiseForward:
    """Runs the primitives of a report in order, with the modules of the network built from it.

    Its output is that of `net(x)`, bit for bit; a test compares them over the templates.
    """

    def __init__(self, report: Report, net: nn.Module) -> None:
        layers = report.layers()
        self._output = report.outputs["output"]
        last = {source: number for number, layer in enumerate(layers) for source in layer.sources}
        last.pop(self._output, None)
        freed: dict[int, list[str]] = {}
        for source, number in last.items():
            freed.setdefault(number, []).append(source)
        self._steps = []
        for number, layer in enumerate(layers):
            call = _expression(layer, net) or net.get_submodule(layer.path)
            self._steps.append(
                _Step(
                    layer.path,
                    call,
                    tuple(layer.sources),
                    bool(getattr(call, "inplace", False)),
                    tuple(freed.get(number, ())),
                )
            )

    def run(self, images: Tensor, wanted: Collection[str] = ()) -> tuple[Tensor, dict[str, Tensor]]:
        """The output for normalised `images` (N, C, H, W), and the values at the `wanted` paths.

        Paths are those of primitives, or "input". Values are freed after their last use.
        """
        values = {INPUT: images}
        for step in self._steps:
            given = [values[source] for source in step.sources]
            if step.in_place and (
                step.sources[0] in wanted or step.sources[0] not in step.last_use_of
            ):
                given[0] = given[0].clone()
            values[step.path] = step.call(*given)
            for source in step.last_use_of:
                if source not in wanted:
                    del values[source]
        return values[self._output], {path: values[path] for path in wanted}


def _expression(layer: Layer, net: nn.Module) -> Callable[..., Tensor] | None:
    """The layer's line of the forward pass as a function of its inputs; None if it is a module."""
    kind = KINDS[layer.kind]
    if kind.expression is None:
        return None
    names = [f"x{number}" for number in range(len(layer.sources))]
    owns = ["own"] if kind.call else []
    text = kind.expression(kind.settings(layer.settings), names + owns)
    own = net.get_parameter(layer.path) if kind.call else None
    call: Callable[..., Tensor] = eval(
        f"lambda {', '.join(names)}: {text}", {"torch": torch, "own": own}
    )
    return call
