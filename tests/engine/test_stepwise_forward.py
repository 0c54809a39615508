"""The walk computes what the network computes, and shows what lies in between."""

import pytest
import torch

from explorer.catalog import KINDS, templates
from explorer.engine.model import build
from explorer.engine.stepwise_forward import StepwiseForward

CPU = torch.device("cpu")
NAMES = [
    "lenet5",
    "vgg16",
    "cifar_resnet8",
    "cifar_resnet20",
    "cifar_plain20",
    "resnet18",
    "resnet50",
    "plain18",
]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_equals_the_network_bit_for_bit(name, training):
    side = 64 if "vgg" in name or name.startswith(("resnet", "plain")) else 32
    channels = 1 if name == "lenet5" else 3
    model = build(templates.build(name, (channels, side, side), 10), CPU)
    model.net.train(training)
    images = torch.randn(2, channels, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.manual_seed(2)
        wanted = model.net(images)
        torch.manual_seed(2)
        found, values = StepwiseForward(model.report, model.net).run(
            images, {model.report.outputs["output"]}
        )
    assert torch.equal(found, wanted)
    [value] = values.values()
    assert torch.equal(value, wanted)


def test_shows_every_layer_as_a_hook_would():
    model = build(templates.build("cifar_resnet8", (1, 28, 28), 10), CPU)
    model.net.eval()
    images = torch.randn(1, 1, 28, 28)
    layers = model.report.layers()
    seen = {}
    for layer in layers:
        if layer.path in dict(model.net.named_modules()):
            model.net.get_submodule(layer.path).register_forward_hook(
                lambda _module, _given, value, path=layer.path: seen.update({path: value.clone()})
            )
    with torch.no_grad():
        model.net(images)
        _, values = StepwiseForward(model.report, model.net).run(
            images, {layer.path for layer in layers}
        )
    assert len(seen) > 20
    for path, value in seen.items():
        assert torch.equal(values[path], value), path  # in-place layers do not reach back
    for layer in layers:
        assert values[layer.path].shape[1:] == layer.out


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", [name for name in KINDS if name != "Group"])
def test_every_kind(around, name, training):
    """Bit for bit what the network computes, in the shapes that the analysis states."""
    model = build(around(name), CPU)
    model.net.train(training)
    images = torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    layers = model.report.layers()
    with torch.no_grad():
        torch.manual_seed(2)
        wanted = model.net(images)
        torch.manual_seed(2)
        found, values = StepwiseForward(model.report, model.net).run(
            images, {layer.path for layer in layers}
        )
    assert torch.equal(found, wanted) and wanted.isfinite().all()
    for layer in layers:
        assert tuple(values[layer.path].shape[1:]) == layer.out, layer.path
