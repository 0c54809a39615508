"""Every primitive against PyTorch: shapes, weights, parameters, MACs, and what is refused."""

import math

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from explorer.analysis.constructor import written
from explorer.catalog import KINDS, Mismatch
from explorer.catalog.kind import Kind, Param

PRIMITIVES = [name for name, kind in KINDS.items() if not kind.composite]

# Rules of ours that PyTorch does not have, because what it does there is hardly what is meant:
# Linear on a map works on its last axis; a map's layer on a vector takes it for a map without
# batch; tensors of shapes that broadcast are added.
STRICTER = {"vector", "map", "add"}


def module(kind: Kind, params: dict, ins) -> nn.Module:
    """The layer that the kind's own call makes, as the source writes it."""
    text = "".join(written(kind.call(kind.settings(params), ins), 0))
    return eval(text, {"nn": nn, "__builtins__": {}})


def computed(kind: Kind, params: dict, ins) -> tuple[int, ...]:
    """The shape that PyTorch gives."""
    given_ = [torch.zeros((2, *shape)) for shape in ins]
    with torch.no_grad():
        if kind.expression:
            names = [f"v{number}" for number in range(len(ins))]
            space = dict(zip(names, given_)) | {"torch": torch, "__builtins__": {}}
            out = eval(kind.expression(kind.settings(params), names), space)
        else:
            out = module(kind, params, ins).eval()(*given_)
    return tuple(out.shape[1:])


def agrees(name: str, params: dict, ins) -> bool:
    """Assert that kind and PyTorch say the same; whether they accept."""
    kind = KINDS[name]
    settings = kind.settings(params)
    try:
        stated = kind.shape(settings, ins)
    except Mismatch as mismatch:
        sentence = mismatch.message.replace("{node}", "conv5")
        assert "{" not in sentence and sentence.isprintable() and sentence.strip()
        assert mismatch.intended is None or all(side >= 1 for side in mismatch.intended)
        if mismatch.rule not in STRICTER:
            with pytest.raises((RuntimeError, ValueError)):
                computed(kind, params, ins)
        return False
    assert stated == computed(kind, params, ins)
    weights = kind.weights(settings, ins) if kind.weights else ()
    if kind.call:
        layer = module(kind, params, ins)
        assert {w.name: w.shape for w in weights} == {
            key: tuple(tensor.shape) for key, tensor in layer.state_dict().items()}
        assert {w.name for w in weights if w.learned} == {key for key, _ in layer.named_parameters()}
        assert sum(w.size for w in weights if w.learned) == sum(
            tensor.numel() for tensor in layer.parameters())
    else:
        assert not weights
    return True


CASES = [
    ("Conv2d", {}, [(3, 9, 7)]),
    ("Conv2d", {"kernel_size": 1, "out_channels": 1}, [(1, 1, 1)]),
    ("Conv2d", {"kernel_size": 3, "stride": 2, "padding": 1}, [(4, 7, 8)]),
    ("Conv2d", {"kernel_size": 3, "stride": 2}, [(4, 8, 7)]),
    ("Conv2d", {"kernel_size": 7, "stride": 2, "padding": 3, "bias": False}, [(3, 225, 223)]),
    ("Conv2d", {"dilation": 3, "padding": 3}, [(4, 7, 9)]),
    ("Conv2d", {"dilation": 2, "stride": 3, "kernel_size": 4, "padding": 2}, [(4, 11, 13)]),
    ("Conv2d", {"groups": 4, "out_channels": 8}, [(4, 5, 5)]),
    ("Conv2d", {"groups": 6, "out_channels": 6, "bias": False}, [(6, 5, 5)]),
    ("Conv2d", {"kernel_size": 5, "stride": 9}, [(1, 5, 30)]),
    ("BatchNorm2d", {}, [(5, 3, 4)]), ("BatchNorm2d", {"eps": 0, "momentum": 1}, [(1, 1, 1)]),
    ("BatchNorm2d", {"eps": 1e-3, "momentum": 0.01}, [(64, 2, 2)]),
    ("ReLU", {}, [(3, 4, 5)]), ("ReLU", {}, [(7,)]),
    *[(pool, params, [shape]) for pool in ("MaxPool2d", "AvgPool2d") for params, shape in (
        ({}, (3, 8, 8)), ({}, (3, 7, 9)), ({"kernel_size": 3, "stride": 2, "padding": 1}, (3, 7, 8)),
        ({"kernel_size": 3, "stride": 3}, (2, 8, 10)), ({"kernel_size": 1, "stride": 1}, (1, 1, 1)),
        ({"kernel_size": 3, "stride": 1, "padding": 1}, (1, 1, 1)),
        ({"kernel_size": 2, "stride": 2, "padding": 1}, (1, 1, 5)))],
    ("AdaptiveAvgPool2d", {}, [(5, 7, 9)]), ("AdaptiveAvgPool2d", {"output_size": 7}, [(5, 3, 9)]),
    ("Flatten", {}, [(5, 7, 9)]), ("Flatten", {}, [(5,)]),
    ("Dropout", {}, [(3, 4, 5)]), ("Dropout", {"p": 0}, [(9,)]), ("Dropout", {"p": 1}, [(9,)]),
    ("Identity", {}, [(3, 4, 5)]), ("Identity", {}, [(5,)]),
    ("Linear", {}, [(12,)]), ("Linear", {"out_features": 1, "bias": False}, [(1,)]),
    ("Add", {}, [(3, 4, 5)] * 2), ("Add", {}, [(7,)] * 3), ("Add", {}, [(1, 1, 1)] * 26),
    ("Concat", {}, [(3, 4, 5), (9, 4, 5)]), ("Concat", {}, [(1, 2, 3)] * 5),
    ("Concat", {}, [(3,), (4,)]),
]


@pytest.mark.parametrize("name, params, ins", CASES)
def test_accepted(name, params, ins):
    assert agrees(name, params, tuple(ins))


def test_every_primitive_has_a_case():
    assert {name for name, _params, _ins in CASES} == set(PRIMITIVES)


@pytest.mark.parametrize("name, params, ins, rule, words", [
    ("Conv2d", {"kernel_size": 9}, [(3, 7, 7)], "kernel",
     "kernel_size 9 is larger than the padded input 7×7 of conv5; allowed: 1 to 7"),
    ("Conv2d", {"kernel_size": 5, "padding": 1}, [(3, 2, 9)], "kernel", "4×11 of conv5; allowed: 1 to 4"),
    ("Conv2d", {"kernel_size": 3, "dilation": 4}, [(3, 8, 8)], "kernel",
     "kernel_size 3 with dilation 4 (9 pixels) is larger than the padded input 8×8"),
    ("Conv2d", {"groups": 3, "out_channels": 6}, [(4, 5, 5)], "groups",
     "groups 3 of conv5 does not divide its 4 input channels; allowed: 1, 2"),
    ("Conv2d", {"groups": 4, "out_channels": 6}, [(4, 5, 5)], "groups",
     "does not divide its 6 output channels; allowed: 1, 2"),
    ("Conv2d", {}, [(12,)], "map", "a vector of 12"),
    ("BatchNorm2d", {}, [(12,)], "map", "a vector of 12"),
    ("MaxPool2d", {"padding": 2, "kernel_size": 3}, [(3, 8, 8)], "padding",
     "padding 2 of conv5 is more than half of kernel_size 3; allowed: 0 to 1"),
    ("AvgPool2d", {"padding": 1, "kernel_size": 1}, [(3, 8, 8)], "padding", "allowed: 0 to 0"),
    ("MaxPool2d", {}, [(3, 1, 8)], "kernel", "padded input 1×8"),
    ("MaxPool2d", {}, [(12,)], "map", "a vector of 12"),
    ("AdaptiveAvgPool2d", {}, [(12,)], "map", "a vector of 12"),
    ("Linear", {}, [(3, 4, 5)], "vector", "a map of 3×4×5"),
    ("Add", {}, [(64, 28, 28), (128, 14, 14)], "add",
     "64×28×28 and 128×14×14; channels 64 ≠ 128, size 28×28 ≠ 14×14"),
    ("Add", {}, [(64, 28, 28), (64,)], "add", "a map and a vector never add"),
    ("Concat", {}, [(3, 4, 5), (3, 4, 6)], "concat", "3×4×5 and 3×4×6; size 4×5 ≠ 4×6"),
    ("Concat", {}, [(3, 4, 5), (3,)], "concat", "3×4×5 and 3"),
])
def test_refused(name, params, ins, rule, words):
    kind = KINDS[name]
    with pytest.raises(Mismatch) as caught:
        kind.shape(kind.settings(params), tuple(ins))
    assert caught.value.rule == rule
    assert words in caught.value.message.replace("{node}", "conv5")
    assert not agrees(name, params, tuple(ins))


def small(param: Param):
    """Values of a parameter that a small picture can bear, and a few that it cannot."""
    if param.choices:
        return st.sampled_from(param.choices)
    if type(param.default) is bool:
        return st.booleans()
    if type(param.default) is float:
        return st.floats(param.low, param.high)
    return st.integers(int(param.low), min(int(param.high), 7))


maps = st.tuples(st.integers(1, 8), st.integers(1, 12), st.integers(1, 12))
vectors = st.tuples(st.integers(1, 12))


@pytest.mark.parametrize("name", PRIMITIVES)
@given(data=st.data())
def test_any_settings_on_any_shape(name, data):
    """What the kind accepts PyTorch accepts, with the same result; what it refuses, PyTorch too."""
    kind = KINDS[name]
    params = data.draw(st.fixed_dictionaries(
        {}, optional={param.name: small(param) for param in kind.params}))
    assert kind.fault(params) is None
    first = data.draw(maps | vectors)
    if kind.variadic:
        rest = st.just(first) | maps | vectors | st.just((5, *first[1:]))
        ins = (first, *data.draw(st.lists(rest, min_size=1, max_size=3)))
    else:
        ins = (first,)
    agrees(name, params, ins)


@given(data=st.data())
def test_the_limits_of_a_window(data):
    """Just fits, and just does not: the figures that a fix is given are right."""
    kind = KINDS["Conv2d"]
    side, padding, dilation = (data.draw(st.integers(low, 9)) for low in (1, 0, 1))
    kernel = data.draw(st.integers(1, 12))
    params = {"kernel_size": kernel, "padding": padding, "dilation": dilation, "out_channels": 1}
    try:
        kind.shape(kind.settings(params), ((1, side, side + 1),))
        assume(False)
    except Mismatch as mismatch:
        allowed = mismatch.allowed
    for better in ({"kernel_size": allowed["largest"]}, {"padding": allowed["padding"]}):
        assert agrees("Conv2d", params | better, ((1, side, side + 1),))
    assert not agrees("Conv2d", params | {"kernel_size": allowed["largest"] + 1}, ((1, side, side + 1),))
    assert not agrees("Conv2d", params | {"padding": allowed["padding"] - 1}, ((1, side, side + 1),))


def counted(layer: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiply-adds by a count of its own: each output number of a convolution or a linear layer
    is a sum over one row of the weight."""
    outs = []
    hook = layer.register_forward_hook(lambda _layer, _given, out: outs.append(out))
    with torch.no_grad():
        layer(torch.zeros((1, *shape)))
    hook.remove()
    return outs[0].numel() * math.prod(layer.weight.shape[1:])


@pytest.mark.parametrize("name, params, shape", [
    ("Conv2d", {}, (3, 9, 7)), ("Conv2d", {"stride": 2, "padding": 1}, (4, 7, 8)),
    ("Conv2d", {"groups": 4, "out_channels": 8}, (4, 6, 5)),
    ("Conv2d", {"dilation": 2, "kernel_size": 5, "padding": 4}, (2, 9, 9)),
    ("Conv2d", {"groups": 6, "out_channels": 6, "bias": False}, (6, 5, 5)),
    ("Linear", {}, (12,)), ("Linear", {"out_features": 1000, "bias": False}, (512,))])
def test_macs(name, params, shape):
    kind = KINDS[name]
    settings = kind.settings(params)
    stated = kind.macs(settings, (shape,), kind.shape(settings, (shape,)))
    assert stated == counted(module(kind, params, (shape,)), shape)


@pytest.mark.parametrize("name", sorted(set(PRIMITIVES) - {"Conv2d", "Linear"}))
def test_what_multiplies_by_no_weight_has_no_macs(name):
    assert KINDS[name].macs is None
