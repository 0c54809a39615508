"""A run: exact for its seed, exact over a checkpoint, and honest in its figures."""

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explorer.catalog import KINDS
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine import checkpoint, data, training
from explorer.engine.failure import EngineError
from explorer.engine.model import build
from explorer.engine.precision import supported
from explorer.engine.probes.probe import Probe
from explorer.engine.training import TrainingRun
from explorer.engine.training_driver import train
from explorer.graph import file
from explorer.protocol.looks import all_of
from explorer.protocol.messages import Train
from explorer.runs.recipe import Recipe

CPU = torch.device("cpu")
RECIPE = Recipe(epochs=3, batch_size=32, learning_rate=0.05, mode="float32", limit=256)


@pytest.fixture
def pictures():
    """Fashion-MNIST with 500 test pictures, so that validation is short."""
    whole = data.load("fashion-mnist", CPU)
    test = data.Split(whole.test.images[:500], whole.test.labels[:500])
    return replace(whole, test=test)


def begin(graph, pictures, recipe=RECIPE) -> TrainingRun:
    return TrainingRun(build(graph, CPU, recipe.seed, FASHION_MNIST), pictures, recipe)


def finish(run: TrainingRun, steps: int | None = None, watch: Probe | None = None) -> np.ndarray:
    """Advances to the end, or by so many steps; all rows so far."""
    while not run.finished and (steps is None or run.step < steps):
        run.advance()
        if watch is not None:
            watch.look(all_of("add", run.step))
    run.fetch()
    return np.concatenate(run.history)


@pytest.mark.parametrize("mode", ["float32", "float32 channels-last", "bfloat16 channels-last"])
def test_a_run_is_the_same_for_its_seed_whether_it_is_watched_or_not(tiny, pictures, mode):
    recipe = replace(RECIPE, mode=mode, epochs=1)
    first = finish(begin(tiny(dropout=0.2), pictures, recipe))
    run = begin(tiny(dropout=0.2), pictures, recipe)
    again = finish(run, watch=Probe(run.model, pictures))
    other = finish(begin(tiny(dropout=0.2), pictures, replace(recipe, seed=1)))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[:, 2], other[:, 2])


@pytest.mark.parametrize("stop", [1, 5, 8, 13, 24])
@pytest.mark.parametrize("mode", ["float32", "bfloat16 channels-last"])
def test_goes_on_from_a_checkpoint_exactly(tiny, pictures, tmp_path, mode, stop):
    recipe = replace(RECIPE, mode=mode)
    graph = tiny(dropout=0.2)
    whole = begin(graph, pictures, recipe)
    wanted = finish(whole)

    part = begin(graph, pictures, recipe)
    finish(part, stop)
    checkpoint.write(tmp_path / "c.safetensors", *part.state())
    rest = begin(graph, pictures, recipe)
    torch.manual_seed(99)
    found = checkpoint.read(tmp_path / "c.safetensors")
    rest.restore(found.tensors, found.about)
    np.testing.assert_array_equal(finish(rest), wanted)
    for key, value in whole.model.net.state_dict().items():
        assert torch.equal(value, rest.model.net.state_dict()[key]), key
    assert [(each.epoch, each.score.accuracy) for each in rest.validated] == [
        (each.epoch, each.score.accuracy) for each in whole.validated
    ]


def test_learns_as_a_loop_written_by_hand(tiny, pictures):
    run = begin(tiny(), pictures, replace(RECIPE, epochs=1))
    net = build(tiny(), CPU, 0).net.train()
    weights = list(net.parameters())
    optimiser = torch.optim.SGD(
        [
            {"params": [w for w in weights if w.ndim > 1], "weight_decay": 5e-4},
            {"params": [w for w in weights if w.ndim == 1]},
        ],
        lr=0.05,
        momentum=0.9,
        nesterov=True,
    )
    order = torch.randperm(60_000, generator=torch.Generator().manual_seed(0))
    losses = []
    for step in range(8):
        chosen = order[step * 32 : step * 32 + 32]
        for group in optimiser.param_groups:
            group["lr"] = RECIPE.settled(True).rate(step, 8) if step else run.recipe.rate(0, 8)
            group["lr"] = run.recipe.rate(step, 8)
        images = (pictures.train.images[chosen] / 255 - 0.2860) / 0.3530
        loss = F.cross_entropy(net(images), pictures.train.labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert finish(run)[:, 2].tolist() == pytest.approx(losses, rel=1e-4)


def test_figures_are_those_of_the_run(tiny, pictures):
    run = begin(tiny(), pictures)
    run.advance()
    gradient = run.model.net.get_submodule("conv2").weight.grad.norm().item()
    found = run.fetch()
    assert found.rows.shape == (1, 5) and found.gradients.shape == (1, 4)
    assert found.gradient_steps.tolist() == [1]
    assert found.gradients[0, 2] == pytest.approx(gradient, rel=1e-5)
    assert (run.step, run.epoch, run.steps, run.steps_per_epoch) == (1, 1, 24, 8)
    assert run.images_per_second > 0 and run.seconds_left > 0
    assert not len(run.fetch().rows)
    rows = finish(run)
    assert rows[:, 0].tolist() == list(range(1, 25))
    assert rows[:, 1].tolist() == [1.0] * 8 + [2.0] * 8 + [3.0] * 8
    assert ((rows[:, 3] >= 0) & (rows[:, 3] <= 1)).all()
    assert [each.step for each in run.validated] == [8, 16, 24]
    for each in run.validated:
        assert each.score.confusion.sum() == 500


def test_validation_is_that_of_the_whole_test_set_in_eval_mode(tiny, pictures):
    run = begin(tiny(dropout=0.5), pictures, replace(RECIPE, epochs=1))
    finish(run)
    assert run.model.net.training
    run.model.net.eval()
    with torch.no_grad():
        logits = run.model.net(pictures.normalised(pictures.test.images))
    score = run.validated[0].score
    assert score.loss == pytest.approx(
        F.cross_entropy(logits, pictures.test.labels).item(), rel=1e-5
    )
    assert score.accuracy == (
        logits.argmax(1) == pictures.test.labels
    ).float().mean().item() or score.accuracy == (
        pytest.approx((logits.argmax(1) == pictures.test.labels).float().mean().item())
    )


def test_the_test_pictures_are_used_once_and_nothing_of_the_held_out_is_learned(tiny, pictures):
    divided = pictures.divided(RECIPE.seed)
    run = begin(tiny(), divided)
    learned = torch.cat([run._indices() for run.step in range(8)])
    assert set(learned.tolist()) <= set(divided.learned.tolist())
    run = begin(tiny(), divided)
    while not run.finished:
        if validated := run.advance():
            assert validated.score.confusion.sum() == len(divided.validation)
            assert run.tested is None
    assert len(run.validated) == RECIPE.epochs and run.tested.confusion.sum() == 500
    tensors, about = run.state()
    again = begin(tiny(), divided)
    again.restore({key: value.clone() for key, value in tensors.items()}, about)
    assert not again.finished, "it is tested once more"
    while not again.finished:
        again.advance()
    assert again.tested.accuracy == run.tested.accuracy


def test_work_that_the_device_does_later_is_time_of_training(tiny, pictures, monkeypatch):
    """A GPU returns from a step at once; what it takes shows where somebody waits for it."""
    run = begin(tiny(), pictures)
    monkeypatch.setattr(training, "synchronise", lambda _device: time.sleep(0.05))
    for _step in range(8):
        run.advance()
        run.wait()
        run.fetch()
    assert 0 < run.images_per_second <= RECIPE.batch_size / 0.05


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mps"])
def test_the_random_state_of_a_device_is_kept(tiny, pictures, monkeypatch, kind):
    kept, state = [], torch.arange(4, dtype=torch.uint8)
    stand_in = SimpleNamespace(
        get_rng_state=lambda _place: state, set_rng_state=lambda given, _place: kept.append(given)
    )
    monkeypatch.setitem(training._RANDOM, kind, stand_in)
    run, again = begin(tiny(), pictures), begin(tiny(), pictures)
    run.model.device = again.model.device = SimpleNamespace(type=kind)
    again.restore(*run.state())
    assert len(kept) == 1 and torch.equal(kept[0], state)


def test_anothers_checkpoint_changes_nothing(tiny, pictures):
    run = begin(tiny(), pictures)
    finish(run, 2)
    tensors, about = run.state()
    tensors = {key: value.clone() for key, value in tensors.items()}
    wider = begin(tiny(channels=8), pictures)
    before = {key: value.clone() for key, value in wider.model.net.state_dict().items()}
    with pytest.raises(
        EngineError, match=r"conv1\.weight is 4×1×3×3, but the network needs 8×1×3×3"
    ):
        wider.restore(tensors, about)
    with pytest.raises(EngineError, match="missing"):
        wider.restore({}, about)
    assert all(
        torch.equal(before[key], value) for key, value in wider.model.net.state_dict().items()
    )
    same = begin(tiny(), pictures)
    for wrong in ({}, {**about, "step": -1}, {**about, "step": "2"}, {**about, "validated": [1]}):
        with pytest.raises(EngineError, match="damaged"):
            same.restore(tensors, wrong)


def test_a_network_without_weights_is_refused(chain, pictures):
    graph = chain("none", ("pool", "AdaptiveAvgPool2d", {}), ("flatten", "Flatten", {}))
    with pytest.raises(EngineError, match="no weights"):
        TrainingRun(build(graph, CPU), pictures, RECIPE)


def test_train_does_it_all(tiny, tmp_path):
    shown = []
    result = train(
        Train(
            graph=file.to_dict(tiny()),
            recipe=Recipe(epochs=2, limit=256, mode="float32"),
            device="cpu",
            out=str(tmp_path),
        ),
        lambda run, validated: shown.append((run.step, validated)),
    )
    assert result.steps == 4 and 0 <= result.accuracy <= 1 and result.finished
    assert result.folder == tmp_path
    assert [path.name for path in result.files] == [
        "weights.safetensors",
        "metrics.csv",
        "network.cnn.json",
    ]
    assert all(path.is_file() for path in result.files)
    assert [validated.epoch for _, validated in shown if validated] == [1, 2]
    net = build(tiny(), CPU).net
    checkpoint.load(net, checkpoint.read(result.files[0]).tensors)
    assert isinstance(net, nn.Module)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "Group"])
def test_every_kind_trains_in_every_mode(pictures, around, name):
    """Forward and backward, in each layout and precision that this machine computes soundly."""
    for mode in supported(CPU):
        recipe = replace(RECIPE, mode=mode.name, batch_size=8, limit=32, epochs=1)
        run = begin(around(name), pictures, recipe)
        before = {key: weight.clone() for key, weight in run.model.net.named_parameters()}
        while run.step < 2:
            run.advance()
        assert np.isfinite(run.fetch().rows).all(), mode
        for key, weight in run.model.net.named_parameters():
            assert weight.dtype == torch.float32 and weight.isfinite().all()
            assert key.endswith("bias") or not torch.equal(weight, before[key]), (mode, key)
