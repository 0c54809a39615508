"""How many pictures validation computes at once: what is free decides, and running out is survived
once."""

from dataclasses import replace

import pytest
import torch

from explorer.analysis.memory_forecast import forecast
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine import data, device_memory, validation
from explorer.engine.model import build
from explorer.engine.precision import PLAIN
from explorer.engine.validation import validate

CPU = torch.device("cpu")
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")


@pytest.fixture
def model(tiny):
    return build(tiny(), CPU, 0, FASHION_MNIST)


@pytest.fixture
def pictures():
    """Fashion-MNIST with 2,000 test pictures."""
    whole = data.load("fashion-mnist", CPU)
    return replace(whole, test=data.Split(whole.test.images[:2000], whole.test.labels[:2000]))


@pytest.fixture
def batches(model):
    """The numbers of pictures of each forward pass so far; more than `batches.most` are too many."""

    class Batches(list):
        most = 10**6

    found = Batches()

    def note(_net, given):
        found.append(len(given[0]))
        if len(given[0]) > found.most:
            raise FULL

    model.net.register_forward_pre_hook(note)
    return found


def score(model, pictures, batch=32):
    *_, found = validate(model, pictures, pictures.test, PLAIN, batch)
    return found


def test_batches_grow_to_what_is_free(model, pictures, batches, monkeypatch):
    plan = forecast(model.report, 32, device="cpu")
    standing = plan.parameters + plan.buffers + plan.gradients + plan.optimiser
    each = forecast(model.report, 2).inference - forecast(model.report, 1).inference
    monkeypatch.setattr(device_memory, "free_on", lambda _device: 150 * each)
    found = score(model, pictures)
    assert found.confusion.sum() == 2000
    assert 100 < max(batches) <= 150, standing
    few = max(batches)
    monkeypatch.setattr(device_memory, "free_on", lambda _device: 2**40)
    batches.clear()
    again = score(model, pictures)
    assert max(batches) > few
    assert again.accuracy == found.accuracy and again.loss == pytest.approx(found.loss, rel=1e-5)


def test_a_full_memory_is_tried_again_with_half_once(model, pictures, batches, monkeypatch):
    released = []
    monkeypatch.setattr(validation, "release", released.append)
    whole = score(model, pictures)
    batches.clear()
    batches.most = 200
    found = score(model, pictures)
    assert batches[:2] == [256, 128] and max(batches[1:]) == 128 and released == [CPU]
    assert found.confusion.sum() == 2000
    assert found.accuracy == whole.accuracy and found.loss == pytest.approx(whole.loss, rel=1e-5)
    batches.most = 100
    model.net.train()
    with pytest.raises(torch.OutOfMemoryError):
        score(model, pictures)
    assert model.net.training


def test_another_fault_is_not_tried_again(model, pictures, batches, monkeypatch):
    def broken(*_arguments):
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(validation, "_guessed", broken)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        score(model, pictures)
