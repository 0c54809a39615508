"""Modules made without drawing weights: whatever they are for, it is not their first weights."""

from contextlib import contextmanager

import pytest
import torch

PATCH = """
for name in dir(torch.nn.init):
    if name.endswith("_") and not name.startswith("_"):
        setattr(torch.nn.init, name, lambda tensor, *_how, **_options: tensor)
"""
"""The same for a program of its own, once it has imported torch."""


@contextmanager
def undrawn():
    """Modules are made on "meta", where a tensor is a shape, and torch.nn.init leaves them alone."""
    with pytest.MonkeyPatch.context() as patch, torch.device("meta"):
        for name in dir(torch.nn.init):
            if name.endswith("_") and not name.startswith("_"):
                patch.setattr(torch.nn.init, name, lambda tensor, *_how, **_options: tensor)
        yield
