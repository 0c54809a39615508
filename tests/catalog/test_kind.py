"""Every declaration is sound: parametrised over the registry, so a new kind is tested by existing."""

import inspect
import re

import pytest

from explorer.catalog import CATEGORIES, KINDS, Kind, Param
from explorer.catalog.kind import PORTS, REQUIRED, Registry
from explorer.graph import names

WANTED = """Conv2d BatchNorm2d ReLU MaxPool2d AvgPool2d AdaptiveAvgPool2d Flatten Linear Dropout Add
    Concat ImageNetStem CifarStem BasicBlock Bottleneck Stage ClassifierHead""".split()
PARAMS = [
    pytest.param(kind, param, id=f"{kind.name}-{param.name}")
    for kind in KINDS.values()
    for param in kind.params
]


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
        assert not (
            kind.weights
            or kind.macs
            or kind.call
            or kind.expression
            or kind.module
            or kind.window
            or kind.keeps
            or kind.extra
        )
    else:
        assert kind.call or kind.expression
        if kind.call and kind.expression:  # an attribute that is no module
            assert [weight.name for weight in kind.weights(kind.settings({}), ((8, 9, 9),))] == [""]
        assert callable(kind.keeps) or set(kind.keeps) <= {"input", "output"}
    label = kind.label(kind.settings({}))
    assert label.isprintable() and len(label) <= 24
    for title, preset in kind.presets:
        assert title and kind.fault(preset) is None


@pytest.mark.parametrize(("kind", "param"), PARAMS)
def test_param(kind, param):
    assert param.name.isidentifier() and sentence(param.doc)
    assert param.fault(param.default) is None
    if param.choices:
        assert param.default in param.choices
    elif type(param.default) is not bool:
        numbers = [param.low, param.high]
        assert all(param.fault(number) is None for number in numbers)
        if type(param.default) is not float:
            assert all(type(number) is int for number in numbers)
        for wrong in (param.low - 1, param.high + 1):
            reason = param.fault(wrong)
            ends = re.search(r"allowed: (\S+) to (\S+)", reason).groups()
            assert tuple(map(float, ends)) == (param.low, param.high)
            if param.pair:
                assert param.fault((param.low, wrong)) and param.fault((wrong, param.high))
        assert (param.fault((param.low, param.high)) is None) == param.pair
    for wrong in ((1, 1, 1), (1, "1"), (True, 1), (1, None), ((1, 1), 1), (), [1, 1], "same!"):
        assert param.fault(wrong), f"takes {wrong!r}"
    for word in ("same", "auto"):
        assert (param.fault(word) is None) == (word in param.words + param.choices)
    for wrong in (
        None,
        "3",
        [1],
        {},
        (3,),
        3j,
        b"x",
        float("nan"),
        float("inf"),
        10**400,
        object(),
    ):
        assert param.fault(wrong), f"takes {wrong!r}"
    assert not param.words or not param.choices
    if type(param.default) is not bool:
        assert param.fault(True) and param.fault(False)
    else:
        assert param.fault(0) and param.fault(1)
    if type(param.default) is int:
        assert param.fault(float(param.default)), "a whole number has no point"
    assert "no parameter" in kind.fault({param.name + "_": param.default})


# Where our parameters are not PyTorch's, and why.
OURS = {
    ("Linear", "per_place"): "nn.Linear takes any tensor; we ask whether a map is meant",
    ("ZeroPad2d", "left"): "PyTorch takes four numbers in a row",
    ("ZeroPad2d", "right"): "as left",
    ("ZeroPad2d", "top"): "as left",
    ("ZeroPad2d", "bottom"): "as left",
    ("ChannelPad", "before"): "nn.ZeroPad3d takes six numbers in a row",
    ("ChannelPad", "behind"): "as before",
    ("Permute", "channels"): "two orders of the axes out of 24 are of use to a CNN",
    ("PReLU", "per_channel"): "num_parameters is 1 or the number of channels, which the wire tells",
    ("LayerScale", "value"): "a parameter, not a module: PyTorch has no name for it",
}
# Where a default is not PyTorch's.
DEFAULTS = {("ConvTranspose2d", "stride"): 2, ("Upsample", "scale_factor"): 2}
# Arguments that are no parameters: inferred from the wire, or the same for every map.
INFERRED = {"in_channels", "in_features", "num_features", "num_channels", "normalized_shape", "dim"}
ANOTHER_NAME = {"ChannelPad": "nn.ZeroPad3d", "LayerScale": "nn.Parameter"}


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.call])
def test_parameters_bear_the_names_of_pytorch(name):
    """Every parameter is an argument of the constructor of that name, with the same default where
    PyTorch has one; the arguments that are inferred from the wire are not typed."""
    from torch import nn

    kind = KINDS[name]
    made = kind.call(kind.settings({}), ((32, 9, 9),))
    space = {"nn": nn}
    exec(kind.module, space)
    assert made.function == (name if kind.module else ANOTHER_NAME.get(name, f"nn.{name}"))
    assert not (kind.module and hasattr(nn, name)), "PyTorch has one of its own"
    theirs = inspect.signature(eval(made.function, space)).parameters
    if theirs.keys() == {"args", "kwargs"}:  # one of ours that only passes them on
        theirs = inspect.signature(eval(made.function, space).__mro__[1]).parameters
    for param in kind.params:
        if (name, param.name) in OURS:
            assert param.name not in theirs
            continue
        assert param.name in theirs
        default = theirs[param.name].default
        # A pool's stride is None there: as large as the kernel. Ours has to be a number.
        if default not in (inspect.Parameter.empty, None):
            assert param.default == DEFAULTS.get((name, param.name), default)
    for argument in made.arguments:
        assert argument.name in theirs
        if argument.default is not REQUIRED:
            assert theirs[argument.name].default in (
                argument.default,
                inspect.Parameter.empty,
                None,
            )
    if not any(key == name for key, _param in OURS):
        written = {argument.name for argument in made.arguments}
        params = {param.name for param in kind.params}
        assert params <= written, "every parameter windows the layer"
        assert written - params <= INFERRED


def test_no_exception_is_left_over():
    for name, param in [*OURS, *DEFAULTS]:
        assert param in {each.name for each in KINDS[name].params}
    assert ANOTHER_NAME.keys() <= KINDS.keys()


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


@pytest.mark.parametrize("name", [name for name in KINDS if name != "Group"])
def test_every_kind_names_its_source(name):
    """A paper with its year, a table of one, or PyTorch's own page."""
    assert re.search(r"\b(19|20)\d\d\b|torch\.nn\.", KINDS[name].doc)


@pytest.mark.parametrize("name", KINDS)
def test_no_form_shows_the_names_of_files(name):
    for param in KINDS[name].params:
        assert param.title or len(param.name) == 1
        assert not re.search(
            r"\dx\d|red$|^(Bn|Se|Num)\b|^Ch\d|^(Inline|First|Expanded|Eps)$", param.called
        )


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("Conv2d", "conv1"),
        ("BatchNorm2d", "bn1"),
        ("ReLU", "relu1"),
        ("MaxPool2d", "maxpool1"),
        ("AvgPool2d", "avgpool1"),
        ("Linear", "fc1"),
        ("Add", "add1"),
        ("BasicBlock", "block1"),
        ("Bottleneck", "bottleneck1"),
        ("Stage", "stage1"),
        ("ImageNetStem", "stem1"),
        ("CifarStem", "stem1"),
        ("ClassifierHead", "head1"),
        ("Flatten", "flatten1"),
        ("ReLU6", "relu1"),
        ("SiLU", "silu1"),
        ("ConvNeXtBlock", "block1"),
        ("DeepStem", "stem1"),
        ("PreActBottleneck", "bottleneck1"),
        ("LocalResponseNorm", "lrn1"),
        ("VGGGroup", "convs1"),
        ("LayerScale", "layer_scale1"),
        ("ZeroPad2d", "pad1"),
    ],
)
def test_an_id_follows_from_the_kind(kind, first):
    assert KINDS[kind].next_id({}) == first
    assert KINDS[kind].next_id({first}) == first[:-1] + "2"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_an_id(kind):
    assert names.fault(KINDS[kind].next_id({})) is None
