"""Every declaration is sound: parametrised over the registry, so a new kind is tested by existing."""

import inspect
import re

import pytest

from explorer.catalog import CATEGORIES, KINDS, Kind, Param, check, templates
from explorer.catalog.check import KindError
from explorer.catalog.datasets import DATASETS
from explorer.catalog.kind import PORTS, Registry
from explorer.graph import names
from explorer.graph.graph import Graph, Node, Wire

WANTED = """Conv2d BatchNorm2d ReLU MaxPool2d AvgPool2d AdaptiveAvgPool2d Flatten Linear Dropout Add
    Concat ImageNetStem CifarStem BasicBlock Bottleneck Stage ClassifierHead""".split()
PARAMS = [pytest.param(kind, param, id=f"{kind.name}-{param.name}")
          for kind in KINDS.values() for param in kind.params]


def sentence(text: str) -> bool:
    """One sentence, or a few, ended as such."""
    return bool(re.fullmatch(r"\S.*\S\.", text)) and "  " not in text


def test_every_wanted_kind_is_there():
    assert set(WANTED) <= set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_kind(name):
    kind = KINDS[name]
    assert kind.name == name and name.isidentifier()
    assert kind.category in CATEGORIES
    assert sentence(kind.doc)
    params = [param.name for param in kind.params]
    assert len(params) == len(set(params))
    assert kind.fault({}) is None
    assert kind.fault({param.name: param.default for param in kind.params}) is None
    assert kind.composite == (kind.shape is None)
    if kind.composite:
        assert not (kind.weights or kind.macs or kind.call or kind.expression)
    else:
        assert (kind.call is None) != (kind.expression is None)
    label = kind.label(kind.settings({}))
    assert label.isprintable() and len(label) <= 24
    for title, preset in kind.presets:
        assert title and kind.fault(preset) is None


@pytest.mark.parametrize("kind, param", PARAMS)
def test_param(kind, param):
    assert param.name.isidentifier() and sentence(param.doc)
    assert param.fault(param.default) is None
    if param.choices:
        assert param.default in param.choices
    elif type(param.default) is not bool:
        assert param.low <= param.default <= param.high
        assert param.fault(param.low) is None and param.fault(param.high) is None
        for wrong in (param.low - 1, param.high + 1):
            reason = param.fault(type(param.default)(wrong))
            assert f"allowed: {param.low:g} to {param.high:g}" in reason
    for wrong in (None, "3", [1], {}, (3,), 3j, b"x", float("nan"), float("inf"), 10**400, object()):
        assert param.fault(wrong), f"takes {wrong!r}"
    if type(param.default) is not bool:
        assert param.fault(True) and param.fault(False)
    else:
        assert param.fault(0) and param.fault(1)
    if type(param.default) is int:
        assert param.fault(float(param.default)), "a whole number has no point"
    assert "no parameter" in kind.fault({param.name + "_": param.default})


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.call])
def test_parameters_bear_the_names_of_pytorch(name):
    """Every parameter is an argument of the constructor of that name, with the same default where
    PyTorch has one; the arguments that are inferred from the wire are not typed."""
    from torch import nn

    kind, constructor = KINDS[name], getattr(nn, name)
    theirs = inspect.signature(constructor).parameters
    for param in kind.params:
        assert param.name in theirs
        default = theirs[param.name].default
        # A pool's stride is None there: as large as the kernel. Ours has to be a number.
        if default not in (inspect.Parameter.empty, None):
            assert param.default == default
    made = kind.call(kind.settings({}), ((8, 9, 9),))
    assert made.function == f"nn.{name}"
    inferred = {argument.name for argument in made.arguments} - {p.name for p in kind.params}
    assert inferred <= {"in_channels", "in_features", "num_features"} & set(theirs)


def test_a_registry_refuses_a_second_kind_of_one_name():
    registry = Registry()
    registry.declare(Kind("A", "shape", "One."))
    with pytest.raises(AssertionError, match="second kind called A"):
        registry.declare(Kind("A", "shape", "Another."))
    with pytest.raises(AssertionError):
        registry.declare(Kind("B", "nonsense", "One."))
    assert list(registry) == ["A"]


def test_declarations_are_frozen():
    with pytest.raises(AttributeError):
        KINDS["ReLU"].doc = "x"
    with pytest.raises(AttributeError):
        KINDS["Conv2d"].params[0].default = 3


def test_ports():
    assert KINDS["Conv2d"].ports() == KINDS["Conv2d"].ports(["x"]) == ("x",)
    add = KINDS["Add"]
    assert add.ports() == ("a", "b")
    assert add.ports(["a", "b"]) == ("a", "b", "c"), "one spare"
    assert add.ports(PORTS) == add.all_ports == PORTS


def test_a_number_may_be_whole():
    assert Param("p", 0.5, "A share.", 0.0, 1.0).fault(1) is None
    assert Param("p", 0.5, "A share.", 0.0, 1.0).fault(2)


def test_check_trusts_what_was_there_and_looks_at_what_is_new():
    bad = Graph("g", (1, 4, 4), {"a": Node("a", "ReLU", {"p": 3})}, ())
    with pytest.raises(KindError, match="a: ReLU has no parameter 'p'; it has: none"):
        check.graph(bad)
    with pytest.raises(KindError):
        check.graph(bad, Graph("g", (1, 4, 4)))
    good = Graph("g", (1, 4, 4), {"a": Node("a", "ReLU")}, (Wire("input", "a"),))
    assert check.graph(good) is good
    for wires in ((Wire("input", "a", "b"),), (Wire("a", "output", "a"),)):
        with pytest.raises(KindError, match="has no input"):
            check.graph(Graph("g", (1, 4, 4), good.nodes, wires), good)


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


def test_templates_are_those_of_the_literature():
    assert set(templates.names()) == {
        "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "plain18", "plain34",
        "cifar_resnet8", "cifar_resnet20", "cifar_resnet32", "cifar_resnet44", "cifar_resnet56",
        "cifar_resnet110", "cifar_plain20", "cifar_plain56", "vgg16", "lenet5"}
    with pytest.raises(KeyError):
        templates.build("resnet19")


def test_data_sets():
    fashion = DATASETS["fashion-mnist"]
    assert fashion.input == (1, 28, 28) and len(fashion.classes) == 10
    assert (fashion.train, fashion.test) == (60_000, 10_000)
    for name, data in DATASETS.items():
        assert data.name == name and sentence(data.doc)
        assert len(data.mean) == len(data.std) == data.input[0]
