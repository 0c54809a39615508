"""What torch.save wrote is read, and nothing of it runs."""

import argparse
import builtins
import collections
import os
import pathlib
import random

import numpy as np
import pytest
import torch

from explorer.engine import unpickling
from explorer.engine.failure import EngineError

STATE = {"conv.weight": torch.randn(4, 3, 3, 3), "conv.bias": torch.randn(4)}
ran: list[str] = []


class Calls:
    """Is restored by calling a function."""

    def __init__(self, called, *given):
        self.called, self.given = called, given

    def __reduce__(self):
        return self.called, self.given


class Restored:
    """Notes what Python calls when it is restored."""

    def __new__(cls, *given):
        ran.append("__new__")
        return super().__new__(cls)

    def __getnewargs__(self):
        return (1,)

    def __setstate__(self, state):
        ran.append("__setstate__")

    def __getstate__(self):
        return {"inner": STATE}


class Settings(dict):
    def __setitem__(self, key, value):
        ran.append("__setitem__")
        super().__setitem__(key, value)


class History(list):
    def append(self, value):
        ran.append("append")

    def extend(self, values):
        ran.append("extend")


BESIDE = {
    "namespace": argparse.Namespace(lr=0.1),
    "numpy number": np.float64(91.5),
    "numpy array": np.arange(5),
    "default mapping": collections.defaultdict(list, {1: [2]}),
    "path": pathlib.PurePosixPath("runs/1"),
    "generator": random.Random(1),
    "mapping": Settings(a=1, b={"c": 2}),
    "list": History([1, 2]),
    "object": Restored(),
    "print": Calls(print, "it ran"),
    "exec": Calls(exec, "import builtins; builtins.it_ran = True"),
    "class": Restored,
    "function": unpickling.load,
}


@pytest.mark.parametrize("zipped", [True, False])
def test_what_lies_beside_tensors_is_a_placeholder(tmp_path, zipped, capsys):
    for name, beside in BESIDE.items():
        path = tmp_path / "w.pth"
        torch.save({"model": STATE, "x": beside}, path, _use_new_zipfile_serialization=zipped)
        ran.clear()
        found = unpickling.load(path)
        assert ran == [] and capsys.readouterr().out == "", name
        assert not hasattr(builtins, "it_ran")
        assert all(torch.equal(found["model"][key], value) for key, value in STATE.items()), name
        assert type(found["x"]).__module__ in ("builtins", "collections", unpickling.__name__), name


def test_all_of_it_at_once(tmp_path):
    torch.save({**BESIDE, "model": STATE}, tmp_path / "w.pth")
    ran.clear()
    before = torch.serialization.get_safe_globals()
    found = unpickling.load(tmp_path / "w.pth")
    assert ran == [] and found["mapping"] == {"a": 1, "b": {"c": 2}} and found["list"] == [1, 2]
    assert torch.equal(found["model"]["conv.bias"], STATE["conv.bias"])
    assert set(torch.serialization.get_safe_globals()) == set(before)


def test_what_torch_lets_nobody_allow_is_refused(tmp_path):
    mark = tmp_path / "it-ran"
    torch.save({"model": STATE, "x": Calls(os.system, f"touch {mark}")}, tmp_path / "w.pth")
    with pytest.raises(EngineError, match="system, and nothing of it was run"):
        unpickling.load(tmp_path / "w.pth")
    assert not mark.exists()


class Measured(torch.Tensor):
    """A tensor of a class of its own."""


def test_tensors_of_a_class_of_their_own_are_called_so(tmp_path):
    torch.save({"w": torch.zeros(2).as_subclass(Measured)}, tmp_path / "w.pth")
    with pytest.raises(EngineError, match="tensors of a class of another program"):
        unpickling.load(tmp_path / "w.pth")


def test_objects_of_very_many_classes(tmp_path):
    made = [type(f"Class{number}", (), {"__module__": __name__}) for number in range(300)]
    for each in made:
        globals()[each.__name__] = each
    torch.save([each() for each in made], tmp_path / "w.pth")
    for each in made:
        del globals()[each.__name__]
    with pytest.raises(EngineError, match="objects of 300 classes"):
        unpickling.load(tmp_path / "w.pth")
