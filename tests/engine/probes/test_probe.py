"""The probe looks, and leaves no trace."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from explorer.catalog import KINDS, templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine import data
from explorer.engine.failure import EngineError
from explorer.engine.model import build
from explorer.engine.probes.probe import LOOKS, Probe
from explorer.protocol.looks import all_of

CPU = torch.device("cpu")


@pytest.fixture
def pictures():
    return data.load("fashion-mnist", CPU)


def seen(probe, path, image):
    """The figures and the arrays of all looks."""
    figures, arrays = {}, {}
    for each in probe.look(all_of(path, image)):
        figures |= each.figures
        arrays |= each.arrays
    return figures, arrays


def test_says_what_the_network_says(pictures):
    model = build(templates.build("cifar_resnet8", (1, 28, 28), 10), CPU)
    message, arrays = seen(Probe(model, pictures), "layer2.0.add", 3)
    model.net.eval()
    logits = model.net(pictures.normalised(pictures.test.images[3:4]))
    F.cross_entropy(logits, pictures.test.labels[3:4]).backward()
    assert message["guess"] == logits.argmax().item()
    assert message["confidence"] == pytest.approx(logits.softmax(1).max().item())
    assert message["label"] == pictures.test.labels[3]
    wanted = [model.net.get_submodule(path).weight.grad.norm().item() for path in message["layers"]]
    assert arrays["norms"].tolist() == pytest.approx(wanted, rel=1e-4)
    assert (arrays["picture"] == pictures.test.images[3, 0].numpy()).all()
    assert message["shape"] == [32, 14, 14]


@pytest.mark.parametrize("shown", ["fashion-mnist", "photos"])
def test_a_test_picture_as_a_photo_is_what_it_is_in_training(pictures, shown, tmp_path):
    """Whether the data set is chosen, or photos, where the weights state it."""
    graph = templates.build("lenet5")
    chosen = FASHION_MNIST if shown == FASHION_MNIST.name else None
    about = {} if chosen else {"data": FASHION_MNIST.name}
    model = build(graph, CPU, data=chosen, about=about)
    Image.fromarray(data.picture(FASHION_MNIST.name, 3)).save(tmp_path / "3.png")
    wanted, _arrays = seen(Probe(model, pictures), "fc1", 3)
    found, arrays = seen(Probe(model, data.to_look_at(shown, CPU)), "fc1", str(tmp_path / "3.png"))
    assert found["answers"] == wanted["answers"] and found["title"] == "3"
    assert (arrays["picture"] == pictures.test.images[3, 0].numpy()).all()


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
        Probe(model, pictures).look(all_of(path, 0))
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
        assert seen(probe, layer.path, 0)[0]["shape"] == list(layer.out)
    for id, facts in model.report.facts.items():
        assert seen(probe, id, 0)[0]["shape"] == list(facts.out)


@pytest.mark.parametrize("name", [name for name in KINDS if name != "Group"])
def test_every_kind_shows_its_maps_and_its_gradients(pictures, around, name):
    model = build(around(name), CPU, data=FASHION_MNIST)
    message, arrays = seen(Probe(model, pictures), "it", 5)
    facts = model.report.facts["it"]
    assert message["shape"] == list(facts.out) and arrays["mosaic"].size > 0
    assert np.isfinite(message["high"]) and message["low"] <= message["high"]
    learned = {
        layer.path
        for layer in model.report.layers()
        if any(weight.name in ("weight", "") for weight in layer.facts.weights)
    }
    assert set(message["layers"]) == learned
    gradients = dict(zip(message["layers"], arrays["norms"], strict=True))
    assert all(np.isfinite(size) for size in gradients.values()), gradients
    assert sum(gradients.values()) > 0


def test_what_is_not_there_is_refused(pictures, tiny):
    probe = Probe(build(tiny(), CPU), pictures)
    for watch in (("nowhere", 0), ("add", 10_000), ("add", True), ("add", "0")):
        with pytest.raises(EngineError):
            probe.look(all_of(*watch))


@pytest.mark.parametrize("count", [10, 64, 1000])
def test_the_values_of_a_vector_are_those_of_the_network(pictures, chain, count):
    graph = chain("wide", ("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": count}))
    model = build(graph, CPU)
    _message, arrays = seen(Probe(model, pictures), "fc", 3)
    wanted = model.net.eval()(pictures.normalised(pictures.test.images[3:4]))[0]
    assert len(arrays["values"]) == min(count, 64)
    np.testing.assert_array_equal(arrays["values"], wanted[arrays["order"].tolist()].detach())


def test_a_look_at_a_node_needs_its_class_and_its_file_alone(pictures, tiny, monkeypatch):
    @dataclass(frozen=True)
    class Peak:
        path: str
        image: int

    peak = SimpleNamespace(
        reduce=lambda look, through: {"peak": through.values[look.path].amax()},
        describe=lambda look, through, found: ({"peak": found["peak"].item()}, {}),
    )
    monkeypatch.setitem(LOOKS, Peak, peak)
    probe = Probe(build(tiny(), CPU), pictures)
    answer, maps, *_ = probe.look([Peak("relu1", 0), *all_of("relu1", 0)])
    assert answer.figures == {"peak": maps.figures["high"]}
