"""What runs: weights drawn, kept over an edit, statistics that mean something."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine import data
from explorer.engine.failure import EngineError
from explorer.engine.model import build, calibrate
from explorer.graph import edits
from explorer.graph.graph import Node

CPU = torch.device("cpu")


def test_weights_follow_the_seed_and_he(tiny):
    first, again, other = (build(tiny(64), CPU, seed).net.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["conv2.weight"], other["conv2.weight"])
    assert first["conv2.weight"].std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.03)


@pytest.mark.parametrize(
    "params",
    [{}, {"kernel_size": 4, "padding": 1}, {"kernel_size": (3, 6), "stride": (1, 3), "groups": 2}],
)
def test_a_transposed_convolution_keeps_the_size_of_its_input(chain, params):
    """He et al. 2015, equation 10: twice the variance, for a ReLU behind it that halves it."""
    up = {"out_channels": 64, **params}
    graph = chain(
        "x", ("up", "ConvTranspose2d", up), ("head", "ClassifierHead", {}), input=(64, 12, 12)
    )
    layer = build(graph, CPU).net.up
    assert (layer.bias == 0).all()
    pictures = torch.randn(2, 64, 12, 12, generator=torch.Generator().manual_seed(1))
    inner = layer(pictures)[:, :, 6:-6, 6:-6]
    assert inner.var().item() == pytest.approx(2, rel=0.1)


def test_building_draws_no_number_of_a_run_that_goes_on(tiny):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    build(tiny(), CPU, 5)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_edit_keeps_what_has_the_same_path_and_shape(tiny):
    before = build(tiny(), CPU, 0)
    wider = tiny()
    wider = replace(
        wider,
        nodes={
            **wider.nodes,
            "conv2": Node("conv2", "Conv2d", {"out_channels": 4, "kernel_size": 5, "padding": 2}),
        },
    )
    after = build(wider, CPU, 1, keep=[before.net.state_dict()])
    old, new = before.net.state_dict(), after.net.state_dict()
    assert (after.kept, len(after.drawn)) == (len(new) - 1, 1)
    assert all(torch.equal(old[key], new[key]) for key in new if key != "conv2.weight")
    assert new["conv1.weight"].data_ptr() != old["conv1.weight"].data_ptr()


def test_calibration_gives_every_batch_norm_its_true_statistics():
    model = build(templates.build("cifar_resnet20", (1, 28, 28), 10), CPU)
    pictures = data.load("fashion-mnist", CPU)
    seed = torch.get_rng_state()
    calibrate(model, pictures)
    assert torch.equal(torch.get_rng_state(), seed)
    norms = [module for module in model.net.modules() if isinstance(module, nn.BatchNorm2d)]
    assert all(norm.momentum == 0.1 and not norm.training for norm in norms)
    seen = []
    for norm in norms:
        norm.register_forward_hook(lambda _module, _given, value: seen.append(value))
    with torch.no_grad():
        model.net(pictures.normalised(pictures.train.images[:64]))
    assert len(seen) == len(norms)
    for value in seen:
        assert value.mean().abs() < 0.05 and abs(value.std() - 1) < 0.1


def test_calibration_begins_at_the_first_layer_that_was_drawn_anew():
    graph = templates.build("cifar_resnet8", (1, 28, 28), 10)
    first = build(graph, CPU)
    for norm in (module for module in first.net.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_mean.fill_(7)
    learned = first.net.state_dict()
    model = build(edits.set_params(graph, "layer3", {"width": 48}), CPU, keep=[learned])
    assert model.drawn and all(name.startswith(("layer3.", "fc.")) for name in model.drawn)
    calibrate(model, data.load("fashion-mnist", CPU))
    for path, module in model.net.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            assert bool((module.running_mean == 7).all()) == (not path.startswith("layer3."))


def test_below_an_edit_that_draws_nothing_the_statistics_are_settled_anew():
    """The network without shortcuts, reached from the one with them, shows what it shows when its
    weights come from a file: no BatchNorm remembers what its input was."""
    pictures = data.load("fashion-mnist", CPU)
    residual = build(templates.build("cifar_resnet20", (1, 28, 28), 10), CPU)
    calibrate(residual, pictures)
    settled = residual.net.state_dict()
    graph = residual.graph
    for stage in ("layer2", "layer3"):
        graph = edits.set_params(graph, stage, {"shortcut": "none"})
    model = build(graph, CPU, keep=[settled])
    assert not model.drawn
    calibrate(model, pictures, residual)
    whole = build(graph, CPU, keep=[{key: settled[key] for key in settled if "mean" not in key}])
    calibrate(whole, pictures)
    for key, value in model.net.state_dict().items():
        torch.testing.assert_close(value, whole.net.state_dict()[key], rtol=1e-3, atol=1e-3)
    above, below = "layer1.2.bn2.running_var", "layer2.1.bn1.running_var"
    assert torch.equal(model.net.state_dict()[above], settled[above])
    assert not torch.allclose(model.net.state_dict()[below], settled[below], rtol=0.1)


def test_of_two_sources_the_first_that_fits_is_kept(tiny):
    learned = build(tiny(8), CPU, 1).net.state_dict()
    file = build(tiny(), CPU, 2).net.state_dict()
    model = build(tiny(), CPU, 3, keep=[learned, file])
    assert not model.drawn
    assert torch.equal(model.net.fc.bias, learned["fc.bias"])
    assert torch.equal(model.net.conv1.weight, file["conv1.weight"])


def test_a_network_with_problems_is_refused_in_one_sentence(tiny, chain):
    graph = chain("x", ("conv", "Conv2d", {"kernel_size": 99}), ("fc", "Linear", {}))
    with pytest.raises(EngineError, match="kernel_size 99") as fault:
        build(graph, CPU)
    assert "\n" not in str(fault.value)
    with pytest.raises(EngineError, match="3×32×32"):
        build(templates.build("cifar_resnet8"), CPU, data=FASHION_MNIST)
