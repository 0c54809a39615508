"""The layer that a kind declares, made and run as the source of a network does it."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from explorer.analysis.constructor import written
from explorer.catalog import KINDS


def _names(kind) -> dict:
    """What the source of such a layer may speak of: torch, and the class that stands above it."""
    space = {"torch": torch, "nn": nn}
    exec(kind.module, space)
    return space


def _made(name: str, params: dict, ins) -> nn.Module | nn.Parameter | None:
    """The attribute that the kind's call makes; None for a line of the forward pass alone."""
    kind = KINDS[name]
    if kind.call is None:
        return None
    return eval("".join(written(kind.call(kind.settings(params), ins), 0)), _names(kind))


def _run(name: str, params: dict, own: nn.Module | nn.Parameter | None, *given):
    """The layer's output for tensors with a batch dimension."""
    kind = KINDS[name]
    if kind.expression is None:
        return own(*given)
    names = [f"v{number}" for number in range(len(given))]
    space = _names(kind) | dict(zip(names, given)) | {"own": own}
    return eval(kind.expression(kind.settings(params), names + ["own"] * (own is not None)), space)


@pytest.fixture(scope="session")
def layer():
    """layer.made(kind's name, parameters, shapes of the inputs) -> module, parameter or None;
    layer.run(kind's name, parameters, what was made, tensor, …) -> tensor."""
    return SimpleNamespace(made=_made, run=_run)
