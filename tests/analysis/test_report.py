"""The report on the templates: against the literature, against torchvision, against PyTorch."""

import json
from pathlib import Path

import pytest
import torch

from explorer.analysis import facts
from explorer.analysis.report import analyse
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Wire

REFERENCE = json.loads((Path(__file__).parent / "torchvision.json").read_text())

# torchvision.json for the ResNets and VGG, at 3×224×224; MACs are those of the convolutions and
# linear layers (fvcore's convention: a fused multiply-add is one).
TOTALS = {
    "resnet18": (11_689_512, 1_814_073_344), "resnet34": (21_797_672, 3_663_761_408),
    "resnet50": (25_557_032, 4_089_184_256), "resnet101": (44_549_160, 7_801_405_440),
    "resnet152": (60_192_808, 11_513_626_624), "vgg16": (138_357_544, 15_470_264_320),
    # resnet18 without its three 1×1 projections: 64·128 + 2·128 and so on
    "plain18": (11_689_512 - 8_448 - 33_280 - 132_096, None),
    # LeCun et al. 1998, section II.B, with every map of C3 connected: 156 + 2416 + …
    "lenet5": (156 + 2_416 + 48_120 + 10_164 + 850, None),
}
# He et al. 2015, table 6, in millions; option A's shortcuts have no parameters, as none have.
MILLIONS = {20: 0.27, 32: 0.46, 44: 0.66, 56: 0.85, 110: 1.7}
PROJECTIONS = (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)
ALL = [pytest.param(name, fit, id=f"{name}-{'fashion' if fit else 'paper'}")
       for name in templates.names() for fit in (False, True)]


def cifar(depth: int) -> int:
    """Parameters of He et al. 2015, section 4.2, with 3 × 2n convolutions of 16, 32, 64 channels,
    each followed by a BatchNorm2d; without shortcuts."""
    n, count = (depth - 2) // 6, 3 * 16 * 9 + 2 * 16 + 64 * 10 + 10
    for before, width in ((16, 16), (16, 32), (32, 64)):
        count += 9 * before * width + 9 * width * width * (2 * n - 1) + 2 * width * 2 * n
    return count


@pytest.mark.parametrize("name", TOTALS)
def test_totals(name):
    report = analyse(templates.build(name))
    params, macs = TOTALS[name]
    assert report.ok and report.params == params
    if macs is not None:
        assert report.macs == macs


@pytest.mark.parametrize("depth", MILLIONS)
def test_parameters_of_the_cifar_nets(depth):
    report = analyse(templates.build(f"cifar_resnet{depth}"))
    assert report.params == cifar(depth) + PROJECTIONS
    assert abs(cifar(depth) / 1e6 - MILLIONS[depth]) < (0.05 if depth == 110 else 0.006)
    if depth in (20, 56):
        assert analyse(templates.build(f"cifar_plain{depth}")).params == cifar(depth)


@pytest.mark.parametrize("name, fit", ALL)
def test_rows_add_up_to_the_totals(name, fit):
    graph = (templates.build(name, FASHION_MNIST.input, 10) if fit else templates.build(name))
    report = analyse(graph, FASHION_MNIST if fit else None)
    layers = report.layers()
    assert report.ok and not report.problems
    assert sum(layer.params for layer in layers) == report.params
    assert sum(layer.macs for layer in layers) == report.macs
    assert sum(layer.facts.activations for layer in layers) == report.activations
    assert sum(each.params for each in report.facts.values()) == report.params
    assert report.output == (10 if fit else templates.template(name).classes,)
    paths = [layer.path for layer in layers]
    assert len(paths) == len(set(paths))
    known = {"input"}
    for layer in layers:
        assert set(layer.sources) <= known
        known.add(layer.path)
    assert report.producer("output") == paths[-1]


@pytest.mark.parametrize("name", REFERENCE)
def test_layers_are_torchvisions(name):
    """Names, shapes and parameters of every convolution and linear layer, in torchvision's order."""
    theirs = REFERENCE[name]
    report = analyse(templates.build(name))
    found = [[layer.path, list(layer.out), layer.params] for layer in report.layers()
             if layer.kind in ("Conv2d", "Linear")]
    # torchvision's list is in order of declaration: a projection stands behind its block's layers
    assert sorted(found) == sorted(theirs["layers"])
    assert (report.params, report.macs) == (theirs["params"], theirs["macs"])


@pytest.mark.parametrize("name", REFERENCE)
def test_state_dict_is_torchvisions(name, module):
    theirs = {key: tuple(shape) for key, shape in REFERENCE[name]["state"]}
    report = analyse(templates.build(name))
    stated = {f"{layer.path}.{weight.name}": weight.shape
              for layer in report.layers() for weight in layer.facts.weights}
    assert stated == theirs
    with torch.device("meta"):
        network = module(report)
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == theirs
    published = {key: torch.empty(shape, device="meta") for key, shape in theirs.items()}
    network.load_state_dict(published, strict=True, assign=True)


@pytest.mark.parametrize("name, fit", ALL)
def test_every_shape_is_what_pytorch_computes(name, fit, module, walk):
    graph = templates.build(name, FASHION_MNIST.input, 10) if fit else templates.build(name)
    report = analyse(graph)
    with torch.device("meta"), torch.no_grad():
        network = module(report).eval()
        pictures = torch.zeros((2, *graph.input))
        values = walk(report, network, pictures)
        out = network(pictures)
    for layer in report.layers():
        assert tuple(values[layer.path].shape[1:]) == layer.out, layer.path
        assert tuple(tuple(values[path].shape[1:]) for path in layer.sources) == layer.ins
    assert tuple(out.shape[1:]) == report.output
    assert sum(p.numel() for p in network.parameters()) == report.params


def test_first_blocks_of_the_second_stage():
    """Identity in the shallow nets, a projection of the depth alone in the deep ones."""
    shallow = {layer.path: layer for layer in analyse(templates.build("resnet34")).layers()}
    assert shallow["layer1.0.downsample"].kind == "Identity"
    deep = {layer.path: layer for layer in analyse(templates.build("resnet50")).layers()}
    first = deep["layer1.0.downsample.0"]
    assert (first.ins, first.out) == (((64, 56, 56),), (256, 56, 56))
    assert first.settings["stride"] == 1
    assert deep["layer1.1.downsample"].kind == "Identity"
    assert deep["layer2.0.conv2"].settings["stride"] == 2, "the stride is on the 3×3"


@pytest.mark.parametrize("path, producer", [
    ("input", "input"), ("output", "fc"), ("stem", "maxpool"), ("stem.conv1", "conv1"),
    ("layer1", "layer1.1.relu2"), ("layer1.0", "layer1.0.relu2"), ("layer1.0.conv1", "layer1.0.conv1"),
    ("layer1.0.add", "layer1.0.add"), ("layer2.0.downsample", "layer2.0.downsample.1"),
    ("layer2.0.downsample.0", "layer2.0.downsample.0"), ("head", "fc"), ("head.flatten", "flatten")])
def test_producer(path, producer):
    assert analyse(templates.build("resnet18")).producer(path) == producer


def test_producer_of_nothing():
    with pytest.raises(KeyError):
        analyse(templates.build("resnet18")).producer("layer9")


def test_a_layer_says_what_feeds_it():
    layers = {layer.path: layer for layer in analyse(templates.build("resnet18")).layers()}
    assert layers["conv1"].sources == ("input",)
    assert layers["layer1.0.conv1"].sources == ("maxpool",)
    assert layers["layer2.0.add"].sources == ("layer2.0.bn2", "layer2.0.downsample.1")
    assert layers["layer2.0.conv1"].settings == {
        "out_channels": 128, "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1, "groups": 1,
        "bias": False}


def test_equal_blocks_cost_one():
    """A stage of 200 equal blocks is computed as two: the first, and all the others."""
    graph = templates.build("cifar_resnet8")
    facts.forget()
    analyse(graph)
    before = facts._facts.cache_info().misses
    report = analyse(edits.set_params(graph, "layer2", {"depth": 200}))
    assert facts._facts.cache_info().misses - before <= 16
    assert len({id(child.facts) for child in report.facts["layer2"].children}) == 2


def test_a_network_of_nothing(draw):
    report = analyse(draw(input=(3, 4, 5)))
    assert report.ok and report.output == (3, 4, 5) and report.layers() == []
    assert (report.params, report.macs, report.activations) == (0, 0, 0)
    assert report.producer("output") == "input"


def test_what_leads_nowhere_is_not_counted(draw):
    report = analyse(draw(("a", "Conv2d", {}), ("b", "Conv2d", {}),
                          wires=["input a output", "input b"]))
    assert report.ok and [layer.path for layer in report.layers()] == ["a"]
    assert report.params == report.facts["a"].params
    assert report.facts["b"].out == (64, 6, 6), "but its shape is known"
    with pytest.raises(KeyError):
        report.producer("b")


def test_a_network_too_large_to_list_is_one_problem():
    nodes = {f"s{number}": Node(f"s{number}", "Stage", {"depth": 1000}) for number in range(20)}
    ids = ["input", *nodes, "output"]
    report = analyse(Graph("net", (3, 8, 8), nodes, tuple(map(Wire, ids, ids[1:]))))
    (problem,) = report.problems
    assert problem.rule == "size" and "160,001 layers" in problem.message
    assert report.layers() == [] and not report.ok
