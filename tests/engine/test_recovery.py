"""What the engine does after a step that ran out of memory."""

import weakref
from types import SimpleNamespace

import pytest
import torch

from explorer.engine import device
from explorer.engine.service import Service
from explorer.protocol.messages import Failed


class Answers(list):
    send = list.append


HOLDER = SimpleNamespace(model=SimpleNamespace(device=torch.device("cuda:1")))
"""What holds a model: a session or a probe."""


@pytest.fixture
def released(monkeypatch):
    found = []
    monkeypatch.setattr(device, "release", found.append)
    return found


def test_what_a_failed_step_held_is_gone_when_memory_is_released(monkeypatch):
    """A fault keeps the frames of its step alive, and these the step's tensors."""
    held, alive = [], []
    monkeypatch.setattr(
        device, "release", lambda place: alive.append((place, held[0]() is not None))
    )
    answers = Answers()
    service = Service(None, answers)
    service._session = HOLDER

    def step():
        tensor = torch.zeros(8)
        held.append(weakref.ref(tensor))
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    assert not service._guarded(7, step)
    assert alive == [(torch.device("cuda:1"), False)]
    (failed,) = answers
    assert isinstance(failed, Failed) and "smaller batch size" in failed.sentence


def test_another_fault_releases_nothing(released):
    def step():
        raise ValueError("something else")

    service = Service(None, Answers())
    service._probe = HOLDER
    assert not service._guarded(7, step)
    assert released == []


def test_a_failed_allocation_of_a_library_does_not_end_the_engine(released):
    def step():
        raise RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")

    service = Service(None, Answers())
    service._probe = HOLDER
    assert not service._guarded(7, step)
    assert released == [torch.device("cuda:1")]
