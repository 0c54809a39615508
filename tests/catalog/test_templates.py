"""The networks of the literature: equal to torchvision's, and to the tables of their papers."""

import hashlib
import json
from pathlib import Path

import pytest
import torch

from explorer.analysis.report import Report, analyse
from explorer.analysis.source import class_name, source
from explorer.catalog import check, templates
from explorer.catalog.templates.template import CIFAR
from explorer.graph import names
from tests.undrawn import undrawn

FOLDER = Path(__file__).parent
REFERENCE = json.loads((FOLDER / "torchvision.json").read_text())
FIGURES = json.loads((FOLDER / "torchvision_figures.json").read_text())
# Parameters of networks that torchvision lacks, as their papers or reference code count them.
PAPERS = {
    # LeCun et al. 1998, section II.B, with every map of C3 connected: 156 + 2416 + …
    "lenet5": 156 + 2_416 + 48_120 + 10_164 + 850,
    # resnet18 without its three 1×1 projections: 64·128 + 2·128 and so on
    "plain18": 11_689_512 - 8_448 - 33_280 - 132_096,
    # a gate of c/16 channels, with biases, in every block: 2·c·c/16 + c/16 + c
    "se_resnet50": 25_557_032
    + sum(
        depth * (2 * c * c // 16 + c // 16 + c)
        for depth, c in zip((3, 4, 6, 3), (256, 512, 1024, 2048))
    ),
}
# In millions, with the digits that the papers print: He et al. 2015, table 6 (option A);
# He et al. 2016, table 4; Zagoruyko and Komodakis 2016, table 4; Hu, Shen, Sun 2017, table 2 has
# none, so their reference code's 28.1; Iandola et al. 2016: fifty times less than AlexNet's 61.
MILLIONS = {
    "cifar_resnet20_a": "0.27",
    "cifar_resnet32_a": "0.46",
    "cifar_resnet44_a": "0.66",
    "cifar_resnet56_a": "0.85",
    "cifar_resnet110_a": "1.7",
    "cifar_resnet1202_a": "19.4",
    "cifar_preact_resnet110": "1.7",
    "cifar_preact_resnet164": "1.7",
    "cifar_preact_resnet1001": "10.3",
    "wrn_28_10": "36.5",
    "wrn_16_8": "11.0",
    "wrn_40_4": "8.9",
    "se_resnet50": "28.1",
    "squeezenet1_0": "1.2",
    "densenet121": "8.0",
    "mobilenet_v2": "3.5",
}


def cifar(depth: int) -> int:
    """Parameters of He et al. 2015, section 4.2, with 3 × 2n convolutions of 16, 32, 64 channels,
    each followed by a BatchNorm2d; without shortcuts, or with option A's, which have none."""
    n, count = (depth - 2) // 6, 3 * 16 * 9 + 2 * 16 + 64 * 10 + 10
    for before, width in ((16, 16), (16, 32), (32, 64)):
        count += 9 * before * width + 9 * width * width * (2 * n - 1) + 2 * width * 2 * n
    return count


PROJECTIONS = (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)  # option B's two


def rows(report: Report) -> list:
    return sorted(
        [layer.path, list(layer.out)]
        for layer in report.layers()
        if layer.kind in ("Conv2d", "Linear")
    )


def state(report: Report) -> dict:
    """Every key of the state dict with its shape, as the kinds declare them."""
    return {
        ".".join(filter(None, (layer.path, weight.name))): list(weight.shape)
        for layer in report.layers()
        for weight in layer.facts.weights
    }


def digest(found: list) -> str:
    return hashlib.sha256(json.dumps(found, separators=(",", ":")).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", REFERENCE)
def test_torchvisions_layers_and_state(name):
    """Names, shapes and parameters of every convolution and linear layer; every key of the state
    dict. torchvision's list is in order of declaration, ours in order of execution."""
    theirs, report = REFERENCE[name], analyse(templates.build(name))
    assert report.ok and list(report.graph.input) == theirs["input"]
    assert (report.params, report.macs) == (theirs["params"], theirs["macs"])
    found = [
        [layer.path, list(layer.out), layer.params]
        for layer in report.layers()
        if layer.kind in ("Conv2d", "Linear")
    ]
    assert sorted(found) == sorted(theirs["layers"])
    assert state(report) == dict(theirs["state"])


@pytest.mark.parametrize("name", FIGURES)
def test_torchvisions_figures(name):
    theirs, report = FIGURES[name], analyse(templates.build(name))
    assert list(report.graph.input) == theirs["input"]
    assert (report.params, report.macs) == (theirs["params"], theirs["macs"])
    found = rows(report)
    assert (len(found), digest(found)) == (theirs["layers"], theirs["layers_digest"])
    found = [list(item) for item in sorted(state(report).items())]
    assert (len(found), digest(found)) == (theirs["state"], theirs["state_digest"])


def depth(name: str) -> int:
    """How many layers a network has."""
    return sum(each.layers for each in analyse(templates.build(name)).facts.values())


@pytest.mark.parametrize("name", [name for name in templates.names() if depth(name) <= 1000])
def test_published_weights_fit_the_written_network(name):
    """The module that the source makes has the state that the kinds declare, and takes a state
    dict of torchvision strictly. (The state of deeper ones is compared in the campaign.)"""
    graph = templates.build(name)
    report = analyse(graph)
    space = {"__name__": "exported"}
    exec(compile(source(report).text, "exported.py", "exec"), space)
    with undrawn():
        network = space[class_name(graph)]()
    declared = state(report)
    assert {key: list(value.shape) for key, value in network.state_dict().items()} == declared
    theirs = dict(REFERENCE[name]["state"]) if name in REFERENCE else declared
    network.load_state_dict(
        {key: torch.empty(shape, device="meta") for key, shape in theirs.items()},
        strict=True,
        assign=True,
    )


@pytest.mark.parametrize("name", PAPERS)
def test_counted_by_hand(name):
    assert analyse(templates.build(name)).params == PAPERS[name]


@pytest.mark.parametrize(("name", "printed"), MILLIONS.items())
def test_the_papers_tables(name, printed):
    digits = len(printed.partition(".")[2])
    assert abs(analyse(templates.build(name)).params / 1e6 - float(printed)) <= 0.6 * 10**-digits


@pytest.mark.parametrize("depth", [20, 32, 44, 56, 110, 1202])
def test_the_cifar_nets_with_both_options(depth):
    assert analyse(templates.build(f"cifar_resnet{depth}_a")).params == cifar(depth)
    assert analyse(templates.build(f"cifar_resnet{depth}")).params == cifar(depth) + PROJECTIONS
    if depth <= 56:
        assert analyse(templates.build(f"cifar_plain{depth}")).params == cifar(depth)


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        *((f"cifar_resnet{n}_a", n) for n in (20, 56, 110, 1202)),
        ("cifar_preact_resnet110", 110),
        ("cifar_preact_resnet164", 164),
        ("cifar_preact_resnet1001", 1001),
        ("densenet121", 121),
        ("densenet169", 169),
        ("vgg19", 19),
        ("resnet152", 152),
        ("alexnet", 8),
    ],
)
def test_as_many_layers_as_its_name_says(name, layers):
    """Counted as the papers do: convolutions and linear layers on the main path."""
    found = [
        layer
        for layer in analyse(templates.build(name)).layers()
        if layer.kind in ("Conv2d", "Linear") and "downsample" not in layer.path
    ]
    assert len(found) == layers


@pytest.mark.parametrize("name", templates.names())
def test_it_fits_small_pictures_too(name):
    for side in (28, 32):
        report = analyse(templates.build(name, (1, side, side), 10))
        assert report.ok and report.output == (10,)


@pytest.mark.parametrize("name", templates.names())
def test_it_is_declared_in_order_and_described(name):
    graph, found = templates.build(name), templates.template(name)
    assert graph.order == tuple(graph.nodes)
    assert found.family and found.doc
    assert found.classes == (10 if found.input in (CIFAR, (1, 28, 28)) else 1000)


@pytest.mark.parametrize("name", templates.names())
def test_template(name):
    found = templates.template(name)
    assert found.doc and found.doc.isprintable()
    graph = templates.build(name)
    assert graph.name == name and graph.input == found.input and len(found.input) == 3
    check.graph(graph)
    assert all(names.fault(id) is None for id in graph.nodes)
    small = templates.build(name, (1, 28, 28), 7)
    assert small.input == (1, 28, 28)
    check.graph(small)


def test_the_first_templates_stay():
    assert set(templates.names()) >= {
        "resnet18",
        "resnet34",
        "resnet50",
        "resnet101",
        "resnet152",
        "plain18",
        "plain34",
        "cifar_resnet8",
        "cifar_resnet20",
        "cifar_resnet32",
        "cifar_resnet44",
        "cifar_resnet56",
        "cifar_resnet110",
        "cifar_plain20",
        "cifar_plain56",
        "vgg16",
        "lenet5",
    }
    with pytest.raises(KeyError):
        templates.build("resnet19")


def test_the_first_of_each_family_stand_in_the_order_in_which_people_meet_them():
    names = templates.names()
    firsts = ["lenet5", "alexnet", "vgg11", "resnet18", "cifar_resnet8", "squeezenet1_0"]
    firsts += ["googlenet", "densenet121", "mobilenet_v2", "efficientnet_b0", "regnet_x_400mf"]
    assert [name for name in names if name in firsts] == firsts
