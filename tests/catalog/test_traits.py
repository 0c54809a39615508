"""What kinds say of themselves, for the rules to ask, is true of PyTorch's layers."""

import pytest
import torch

from explorer.catalog import KINDS
from explorer.engine.model import build
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Wire

PARAMS = {"Linear": {"per_place": True}, "Chunk": {"index": 1}, "Dropout": {"p": 0.3}}
LAYERS = [
    name for name, kind in KINDS.items() if not kind.composite and len(kind.inputs) == 1
]  # fmt: skip
SHAPE = (32, 6, 32)  # its channels may stand first or last


def layer(name):
    graph = Graph(
        "",
        SHAPE,
        {"n": Node("n", name, PARAMS.get(name, {}))},
        (Wire(INPUT, "n"), Wire("n", OUTPUT)),
    )
    torch.manual_seed(1)
    net = build(graph, torch.device("cpu"), 1).net.eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.uniform_(0.2, 0.8)
    return net


def numbers(seed):
    return torch.randn((2, *SHAPE), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_is_linear_if_it_says_so(name):
    """It takes the straight line between two inputs to that between their outputs."""
    net, a, b = layer(name), numbers(1), numbers(2)
    with torch.no_grad():
        between = net(0.3 * a + 0.7 * b)
        straight = torch.allclose(between, 0.3 * net(a) + 0.7 * net(b), atol=1e-4)
    assert straight == KINDS[name].linear


@pytest.mark.parametrize("name", LAYERS)
def test_what_it_gives(name):
    kind, net, x = KINDS[name], layer(name), -10 * numbers(3).abs()
    with torch.no_grad():
        y = net(x)
    assert bool((y >= 0).all()) == (kind.positive or kind.probabilities)
    assert torch.allclose(y.sum(1), torch.ones(())) == kind.probabilities
    view = y.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    assert view == bool(kind.views)
    if kind.views == "resting":
        with torch.no_grad():
            assert net.train()(x).data_ptr() != x.data_ptr()
    if kind.normalises:
        x = 1 + 9 * numbers(4)
        net.train()
        with torch.no_grad():
            for name_, parameter in net.named_parameters():
                parameter.fill_(1.0 if name_.endswith("weight") else 0.0)
            assert abs(net(x).mean()) < 1e-2 and abs(net(x).std() - 1) < 1e-2


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.curve])
def test_an_activation_is_drawn_as_it_is(name):
    curve = KINDS[name].curve
    assert curve is not None
    function, begin, end = curve
    if name == "LeakyReLU":  # its slope is drawn steeper than it is
        begin = 0.0
    x = torch.linspace(begin, end, 2 * 32 * 6 * 32).reshape(2, *SHAPE)
    net = layer(name)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(0.25)  # what PReLU starts with
        y = net(x)
    expected = torch.tensor([function(float(each)) for each in x.flatten()[::97]])
    assert torch.allclose(y.flatten()[::97], expected, atol=1e-5)
