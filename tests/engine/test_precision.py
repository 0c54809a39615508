"""Modes are measured on copies, and the network itself never knows."""

import weakref
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from explorer.catalog import KINDS
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine import data, precision
from explorer.engine.model import build
from explorer.engine.training import choose
from explorer.runs.recipe import AUTO, MODES, Recipe

CPU = torch.device("cpu")


def test_every_sound_mode_is_measured_and_nothing_disturbed(tiny, monkeypatch):
    monkeypatch.setattr(precision, "SECONDS", 0.1)
    model = build(tiny(), CPU, 0, FASHION_MNIST)
    before = {key: value.clone() for key, value in model.net.state_dict().items()}
    *_, measured = choose(model, data.load("fashion-mnist", CPU), Recipe())
    assert {name for name, _ in measured} == {each.name for each in precision.supported(CPU)}
    assert [speed for _, speed in measured] == sorted(
        (speed for _, speed in measured), reverse=True
    )
    assert all(torch.equal(before[key], value) for key, value in model.net.state_dict().items())
    assert all(weight.grad is None for weight in model.net.parameters())


def test_a_mode_without_memory_drops_out(tiny, monkeypatch):
    monkeypatch.setattr(precision, "SECONDS", 0.1)
    step = precision.Trial.step

    def greedy(trial):
        if trial.mode.name == "float32":
            raise torch.OutOfMemoryError("out of memory")
        return step(trial)

    monkeypatch.setattr(precision.Trial, "step", greedy)
    model = build(tiny(), CPU, 0, FASHION_MNIST)
    *_, measured = choose(model, data.load("fashion-mnist", CPU), Recipe())
    assert measured and "float32" not in [name for name, _ in measured]


def test_the_modes_share_one_copy_which_is_released(tiny, monkeypatch):
    """Several copies with gradients and momentum would take memory that the run does not need."""
    monkeypatch.setattr(precision, "SECONDS", 0.1)
    copies, released = [], []
    deepcopy = precision.copy.deepcopy

    def copied(net):
        found = deepcopy(net)
        copies.append(weakref.ref(found))
        return found

    monkeypatch.setattr(precision, "copy", SimpleNamespace(deepcopy=copied))
    monkeypatch.setattr(
        precision, "release", lambda place: released.append((place, copies[0]() is None))
    )
    model = build(tiny(), CPU, 0, FASHION_MNIST)
    images, labels = torch.randn(8, 1, 28, 28), torch.zeros(8, dtype=torch.int64)
    *_, measured = precision.measure(model.net, images, labels)
    assert len(measured) == len(precision.supported(CPU)) and len(copies) == 1
    assert released == [(CPU, True)]

    copies.clear()
    half_way = precision.measure(model.net, images, labels)
    next(half_way)
    half_way.close()  # the run was stopped
    assert released[1:] == [(CPU, True)]


def test_a_mode_without_memory_leaves_nothing_behind(tiny, monkeypatch):
    """Before the next mode is tried, the tensors of the failed step are gone."""
    monkeypatch.setattr(precision, "SECONDS", 0.1)
    step, held, alive = precision.Trial.step, [], []

    def greedy(trial):
        alive.extend(each() is not None for each in held)
        if trial.mode.name == "float32":
            tensor = torch.zeros(8)
            held.append(weakref.ref(tensor))
            raise torch.OutOfMemoryError("out of memory")
        return step(trial)

    monkeypatch.setattr(precision.Trial, "step", greedy)
    model = build(tiny(), CPU, 0, FASHION_MNIST)
    images, labels = torch.randn(8, 1, 28, 28), torch.zeros(8, dtype=torch.int64)
    *_, measured = precision.measure(model.net, images, labels)
    assert measured and alive and not any(alive)


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_whether_16_bits_are_fast_is_asked_of_the_device_of_the_run(kind, monkeypatch):
    """Of two GPUs the second computes bfloat16; torch answers for the current one."""
    backend = getattr(torch, kind)
    current = [torch.device(kind, 0)]

    @contextmanager
    def chosen(place):
        current.append(place)
        yield
        current.pop()

    monkeypatch.setattr(backend, "device", chosen)
    monkeypatch.setattr(
        backend, "is_bf16_supported", lambda **_options: current[-1].index == 1, raising=False
    )
    halves = [
        any(mode.half for mode in precision.supported(torch.device(kind, index)))
        for index in (0, 1)
    ]
    assert halves == [False, True]


def test_every_mode_answers_in_float32(tiny):
    model = build(tiny(), CPU)
    images = torch.randn(4, 1, 28, 28)
    plain = precision.PLAIN.logits(model.net.eval(), images)
    for each in precision.supported(CPU):
        logits = each.logits(each.place(model.net), images)
        assert logits.dtype == torch.float32
        assert torch.allclose(logits, plain, atol=0.05)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "Group"])
def test_every_kind_computes_the_same_in_every_mode(around, name):
    """The answer, and what flows back to the picture."""
    model = build(around(name), CPU)
    images = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    found = []
    for each in precision.supported(CPU):
        pictures = images.clone().requires_grad_()
        logits = each.logits(each.place(model.net).eval(), pictures)
        (logits * torch.arange(10)).sum().backward()
        found.append((logits.detach(), pictures.grad))
    for each, (logits, gradient) in zip(precision.supported(CPU), found, strict=True):
        # A bfloat16 number has 8 bits; where a maximum is taken, two places may change roles.
        most = 0.1 if each.half else 1e-4
        assert (logits - found[0][0]).norm() <= most * found[0][0].norm(), each
        assert (gradient - found[0][1]).norm() <= 4 * most * found[0][1].norm() + 1e-5, each


def test_every_mode_of_a_recipe_is_one_that_the_engine_has():
    assert (AUTO, *precision.PRECISIONS) == MODES
