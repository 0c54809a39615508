"""The probe looks, and leaves no trace."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from explorer.catalog import KINDS, templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine import data, probes
from explorer.engine.failure import EngineError
from explorer.engine.model import build
from explorer.engine.probes import Budget, Probe, Watch

CPU = torch.device("cpu")


@pytest.fixture
def pictures():
    return data.load("fashion-mnist", CPU)


def test_says_what_the_network_says(pictures):
    model = build(templates.build("cifar_resnet8", (1, 28, 28), 10), CPU)
    message, arrays = Probe(model, pictures).look(Watch("layer2.0.add", 3))
    model.net.eval()
    logits = model.net(pictures.normalised(pictures.test.images[3:4]))
    F.cross_entropy(logits, pictures.test.labels[3:4]).backward()
    assert message["guess"] == logits.argmax().item()
    assert message["confidence"] == pytest.approx(logits.softmax(1).max().item())
    assert message["label"] == pictures.test.labels[3]
    wanted = [model.net.get_submodule(path).weight.grad.norm().item() for path in message["layers"]]
    assert arrays["gradients"].tolist() == pytest.approx(wanted, rel=1e-4)
    assert (arrays["picture"] == pictures.test.images[3, 0].numpy()).all()
    assert message["shape"] == [32, 14, 14]


def test_leaves_no_trace(pictures, tiny):
    model = build(tiny(dropout=0.5), CPU)
    model.net.train()
    F.cross_entropy(
        model.net(pictures.normalised(pictures.train.images[:8])), pictures.train.labels[:8]
    ).backward()
    state = {key: value.clone() for key, value in model.net.state_dict().items()}
    gradients = [weight.grad.clone() for weight in model.net.parameters()]
    random = torch.get_rng_state()
    for path in ("input", "conv1", "relu1", "add", "fc", "output"):
        Probe(model, pictures).look(Watch(path, 0))
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(state[key], value) for key, value in model.net.state_dict().items())
    assert all(
        torch.equal(a, b.grad) for a, b in zip(gradients, model.net.parameters(), strict=True)
    )
    assert model.net.training


def test_shows_composites_and_inlined_layers_by_either_name(pictures):
    model = build(templates.build("cifar_resnet8", (1, 28, 28), 10), CPU)
    probe = Probe(model, pictures)
    for layer in model.report.layers():
        assert probe.look(Watch(layer.path, 0))[0]["shape"] == list(layer.out)
    for id, facts in model.report.facts.items():
        assert probe.look(Watch(id, 0))[0]["shape"] == list(facts.out)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "Group"])
def test_every_kind_shows_its_maps_and_its_gradients(pictures, around, name):
    model = build(around(name), CPU, data=FASHION_MNIST)
    message, arrays = Probe(model, pictures).look(Watch("it", 5))
    facts = model.report.facts["it"]
    assert message["shape"] == list(facts.out) and arrays["mosaic"].size > 0
    assert np.isfinite(message["high"]) and message["low"] <= message["high"]
    learned = {
        layer.path
        for layer in model.report.layers()
        if any(weight.name in ("weight", "") for weight in layer.facts.weights)
    }
    assert set(message["layers"]) == learned
    gradients = dict(zip(message["layers"], arrays["gradients"], strict=True))
    assert all(np.isfinite(size) for size in gradients.values()), gradients
    assert sum(gradients.values()) > 0


def test_what_is_not_there_is_refused(pictures, tiny):
    probe = Probe(build(tiny(), CPU), pictures)
    for watch in (Watch("nowhere", 0), Watch("add", 10_000), Watch("add", True), Watch("add", "0")):
        with pytest.raises(EngineError):
            probe.look(watch)


def test_the_budget_is_kept_over_time_and_starves_nobody(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(probes.time, "perf_counter", lambda: now[0])
    budget, spent, looks = Budget(0.03), 0.0, {0.01: 0, 1.0: 0}
    for step in range(40_000):  # 20 steps a second, and rows after each
        now[0] += 0.05
        budget.spend(0.0002, looked=False)
        spent += 0.0002
        if budget.due:
            cost = 0.01 if step < 20_000 else 1.0
            now[0] += cost
            budget.spend(cost)
            spent, looks[cost] = spent + cost, looks[cost] + 1
            assert step < 1000 or budget.cost < 0.08
    assert 0.025 < spent / now[0] <= 0.0305
    assert looks[0.01] > 2000 and looks[1.0] > 20
