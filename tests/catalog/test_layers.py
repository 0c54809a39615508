"""Every primitive against PyTorch: shapes, weights, parameters, MACs, and what is refused."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from explorer.catalog import KINDS, Mismatch
from explorer.catalog.kind import Param
from explorer.catalog.layers.window import pair
from explorer.engine.model import build
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Wire

# PyTorch says that an even kernel with "same" costs it a copy; the shape is what it is.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")

PRIMITIVES = [name for name, kind in KINDS.items() if not kind.composite]

# Rules of ours that PyTorch does not have, because what it does there is hardly what is meant.
STRICTER = {
    "vector": "a Linear on a map works on its last axis, the width",
    "map": "a map's layer takes a vector for a map without a batch",
    "add": "tensors of shapes that broadcast are added",
    "chunks": "the parts are unequal, or fewer than asked for",
    "vanishes": "a map of no places comes out, and falls into the next layer",
    "multiply": "of a map and a vector: the vector counts for the last axis, the width",
}


def stricter(rule: str, ins) -> bool:
    return rule in STRICTER and (rule != "multiply" or len({len(shape) for shape in ins}) > 1)


def computed(layer, name: str, params: dict, ins, pictures: int) -> tuple[int, ...]:
    """The shape that PyTorch gives."""
    made = layer.made(name, params, ins)
    if isinstance(made, nn.Module):
        made.eval()
    with torch.no_grad():
        out = layer.run(name, params, made, *(torch.zeros((pictures, *shape)) for shape in ins))
    return tuple(out.shape[1:])


def agrees(layer, name: str, params: dict, ins) -> bool:
    """Assert that kind and PyTorch say the same; whether they accept. Of one picture and of a
    batch: the engine asks for both."""
    kind = KINDS[name]
    settings = kind.settings(params)
    assert kind.fault(params) is None
    try:
        stated = kind.shape(settings, ins)
    except Mismatch as mismatch:
        sentence = mismatch.message.replace("{node}", "conv5")
        assert "{" not in sentence and sentence.isprintable() and sentence.strip()
        assert mismatch.intended is None or all(side >= 1 for side in mismatch.intended)
        if not stricter(mismatch.rule, ins):
            with pytest.raises((RuntimeError, ValueError, IndexError)):
                computed(layer, name, params, ins, 1)
                computed(layer, name, params, ins, 2)
        return False
    assert stated == computed(layer, name, params, ins, 1) == computed(layer, name, params, ins, 2)
    weights = kind.weights(settings, ins) if kind.weights else ()
    made = layer.made(name, params, ins)
    if isinstance(made, nn.Parameter):
        assert weights == (("", tuple(made.shape), True),), "its key is the path of the node itself"
    elif made is not None:
        assert {w.name: w.shape for w in weights} == {
            key: tuple(tensor.shape) for key, tensor in made.state_dict().items()
        }
        assert {w.name for w in weights if w.learned} == {key for key, _ in made.named_parameters()}
        assert sum(w.size for w in weights if w.learned) == sum(
            tensor.numel() for tensor in made.parameters()
        )
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
    ("BatchNorm2d", {}, [(5, 3, 4)]),
    ("BatchNorm2d", {"eps": 0, "momentum": 1}, [(1, 1, 1)]),
    ("BatchNorm2d", {"eps": 1e-3, "momentum": 0.01}, [(64, 2, 2)]),
    ("ReLU", {}, [(3, 4, 5)]),
    ("ReLU", {}, [(7,)]),
    ("PReLU", {}, [(3, 4, 5)]),
    ("PReLU", {"per_channel": False, "init": 0.1}, [(7,)]),
    *[
        (pool, params, [shape])
        for pool in ("MaxPool2d", "AvgPool2d")
        for params, shape in (
            ({}, (3, 8, 8)),
            ({}, (3, 7, 9)),
            ({"kernel_size": 3, "stride": 2, "padding": 1}, (3, 7, 8)),
            ({"kernel_size": 3, "stride": 3}, (2, 8, 10)),
            ({"kernel_size": 1, "stride": 1}, (1, 1, 1)),
            ({"kernel_size": 3, "stride": 1, "padding": 1}, (1, 1, 1)),
            ({"kernel_size": 2, "stride": 2, "padding": 1}, (1, 1, 5)),
        )
    ],
    ("AdaptiveAvgPool2d", {}, [(5, 7, 9)]),
    ("AdaptiveAvgPool2d", {"output_size": 7}, [(5, 3, 9)]),
    ("Flatten", {}, [(5, 7, 9)]),
    ("Flatten", {}, [(5,)]),
    ("Dropout", {}, [(3, 4, 5)]),
    ("Dropout", {"p": 0}, [(9,)]),
    ("Dropout", {"p": 1}, [(9,)]),
    ("Identity", {}, [(3, 4, 5)]),
    ("Identity", {}, [(5,)]),
    ("Linear", {}, [(12,)]),
    ("Linear", {"out_features": 1, "bias": False}, [(1,)]),
    ("Add", {}, [(3, 4, 5)] * 2),
    ("Add", {}, [(7,)] * 3),
    ("Add", {}, [(1, 1, 1)] * 26),
    ("Concat", {}, [(3, 4, 5), (9, 4, 5)]),
    ("Concat", {}, [(1, 2, 3)] * 5),
    ("Concat", {}, [(3,), (4,)]),
    # Pairs, words, and what the newer kinds bring.
    *[
        ("Conv2d", {"padding": "same", "out_channels": 4} | params, [(2, 6, 5)])
        for params in (
            {},
            {"kernel_size": 1},
            {"kernel_size": 2},
            {"kernel_size": 4, "dilation": 3},
            {"kernel_size": (3, 2)},
            {"kernel_size": (7, 1), "dilation": (1, 5)},
            {"kernel_size": 9, "dilation": 4, "groups": 2},
        )
    ],
    ("Conv2d", {"kernel_size": (1, 7), "padding": (0, 3)}, [(3, 9, 7)]),
    ("Conv2d", {"stride": (2, 1), "dilation": (1, 2), "kernel_size": (3, 2)}, [(3, 9, 7)]),
    *[
        ("ConvTranspose2d", {"out_channels": 6} | params, [(4, 5, 3)])
        for params in (
            {},
            {"kernel_size": 3, "padding": 1, "output_padding": 1},
            {"kernel_size": 4, "padding": 1},
            {"kernel_size": 1, "stride": 3, "output_padding": 2},
            {"groups": 2, "bias": False},
            {"kernel_size": (2, 3), "stride": (1, 4), "padding": (0, 1), "output_padding": (0, 3)},
            {"kernel_size": 3, "stride": 1, "dilation": 3, "output_padding": 2},
            {"kernel_size": 5, "stride": 1, "padding": 3},
        )
    ],
    ("GroupNorm", {}, [(64, 3, 4)]),
    ("GroupNorm", {"num_groups": 1, "eps": 1e-3}, [(5, 1, 1)]),
    ("GroupNorm", {"num_groups": 6}, [(6, 2, 1)]),
    ("GroupNorm", {"num_groups": 3}, [(6, 1, 1)]),
    ("LayerNorm2d", {}, [(5, 3, 4)]),
    ("LayerNorm2d", {"eps": 1e-6}, [(1, 1, 1)]),
    ("LayerNorm", {}, [(5, 3, 4)]),
    ("LayerNorm", {"eps": 1e-6}, [(7,)]),
    ("LayerNorm", {}, [(1,)]),
    ("LocalResponseNorm", {}, [(7, 3, 4)]),
    ("LocalResponseNorm", {"size": 1, "k": 2}, [(1, 1, 1)]),
    ("LocalResponseNorm", {"size": 9, "alpha": 1, "beta": 0.5}, [(4, 2, 2)]),
    *[
        (name, {}, [shape])
        for name in (
            "ReLU6",
            "LeakyReLU",
            "GELU",
            "SiLU",
            "Hardswish",
            "Sigmoid",
            "Hardsigmoid",
            "Tanh",
            "Softmax",
        )
        for shape in ((3, 4, 5), (7,))
    ],
    ("LeakyReLU", {"negative_slope": 0.2}, [(3, 4, 5)]),
    *[
        (pool, params, [shape])
        for pool in ("MaxPool2d", "AvgPool2d")
        for params, shape in (
            ({"ceil_mode": True}, (3, 7, 8)),
            ({"ceil_mode": True, "kernel_size": 3}, (2, 7, 8)),
            # The last window would begin in the padding behind the map, so it is left out.
            ({"ceil_mode": True, "padding": 1}, (2, 5, 4)),
            ({"ceil_mode": True, "stride": 5}, (1, 6, 7)),
            # A window larger than the map hangs over its end.
            ({"ceil_mode": True, "kernel_size": 4, "stride": 5}, (1, 1, 2)),
            ({"ceil_mode": True, "kernel_size": 3, "padding": 1}, (1, 1, 1)),
            ({"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0)}, (2, 7, 8)),
            ({"kernel_size": (3, 1), "stride": 2, "ceil_mode": True}, (2, 2, 8)),
        )
    ],
    *[
        ("AvgPool2d", {"count_include_pad": False, "padding": 1, "ceil_mode": ceil}, [(2, 5, 6)])
        for ceil in (False, True)
    ],
    ("AdaptiveAvgPool2d", {"output_size": (1, 7)}, [(5, 3, 9)]),
    ("AdaptiveMaxPool2d", {}, [(5, 7, 9)]),
    ("AdaptiveMaxPool2d", {"output_size": (4, 1)}, [(5, 3, 9)]),
    ("Linear", {"per_place": True, "out_features": 5}, [(3, 4, 7)]),
    ("Linear", {"per_place": True}, [(7,)]),
    ("DropPath", {}, [(3, 4, 5)]),
    ("DropPath", {"p": 0}, [(9,)]),
    ("Upsample", {}, [(3, 4, 5)]),
    ("Upsample", {"scale_factor": 3, "mode": "bilinear"}, [(1, 1, 5)]),
    ("Upsample", {"scale_factor": 1, "mode": "bilinear"}, [(2, 1, 1)]),
    ("ZeroPad2d", {}, [(3, 4, 5)]),
    ("ZeroPad2d", {"left": 0, "right": 1, "top": 2, "bottom": 5}, [(3, 1, 1)]),
    ("ZeroPad2d", {"left": -1, "right": 2, "top": -1, "bottom": -2}, [(3, 4, 5)]),
    ("ChannelPad", {}, [(3, 4, 5)]),
    ("ChannelPad", {"before": 2, "behind": 3}, [(3, 4, 5)]),
    ("ChannelShuffle", {}, [(6, 4, 5)]),
    ("ChannelShuffle", {"groups": 6}, [(6, 1, 1)]),
    ("Chunk", {}, [(6, 4, 5)]),
    ("Chunk", {"chunks": 3, "index": 2}, [(6, 4, 5)]),
    ("Permute", {}, [(3, 4, 5)]),
    ("Permute", {"channels": "first"}, [(4, 5, 3)]),
    ("Multiply", {}, [(3, 4, 5), (3, 4, 5)]),
    ("Multiply", {}, [(3, 4, 5), (3, 1, 1)]),
    ("Multiply", {}, [(1, 4, 1), (3, 1, 5)]),
    ("Multiply", {}, [(7,), (7,)]),
    ("Multiply", {}, [(1,), (7,)]),
    ("LayerScale", {}, [(3, 4, 5)]),
    ("LayerScale", {"value": 1}, [(7,)]),
]


@pytest.mark.parametrize(("name", "params", "ins"), CASES)
def test_accepted(layer, name, params, ins):
    assert agrees(layer, name, params, tuple(ins))


def test_every_primitive_has_a_case():
    assert {name for name, _params, _ins in CASES} == set(PRIMITIVES)


@pytest.mark.parametrize(
    ("name", "params", "ins", "rule", "words"),
    [
        (
            "Conv2d",
            {"kernel_size": 9},
            [(3, 7, 7)],
            "kernel",
            "kernel_size 9 is larger than the padded input 7×7 of conv5; allowed: 1 to 7",
        ),
        (
            "Conv2d",
            {"kernel_size": 5, "padding": 1},
            [(3, 2, 9)],
            "kernel",
            "4×11 of conv5; allowed: 1 to 4",
        ),
        (
            "Conv2d",
            {"kernel_size": 3, "dilation": 4},
            [(3, 8, 8)],
            "kernel",
            "kernel_size 3 with dilation 4 (9 pixels) is larger than the padded input 8×8",
        ),
        (
            "Conv2d",
            {"groups": 3, "out_channels": 6},
            [(4, 5, 5)],
            "groups",
            "groups 3 of conv5 does not divide its 4 input channels; allowed: 1, 2",
        ),
        (
            "Conv2d",
            {"groups": 4, "out_channels": 6},
            [(4, 5, 5)],
            "groups",
            "does not divide its 6 output channels; allowed: 1, 2",
        ),
        ("Conv2d", {}, [(12,)], "map", "a vector of 12"),
        ("BatchNorm2d", {}, [(12,)], "map", "a vector of 12"),
        (
            "MaxPool2d",
            {"padding": 2, "kernel_size": 3},
            [(3, 8, 8)],
            "padding",
            "padding 2 of conv5 is more than half of kernel_size 3; allowed: 0 to 1",
        ),
        ("AvgPool2d", {"padding": 1, "kernel_size": 1}, [(3, 8, 8)], "padding", "allowed: 0 to 0"),
        ("MaxPool2d", {}, [(3, 1, 8)], "kernel", "padded input 1×8"),
        ("MaxPool2d", {}, [(12,)], "map", "a vector of 12"),
        ("AdaptiveAvgPool2d", {}, [(12,)], "map", "a vector of 12"),
        ("Linear", {}, [(3, 4, 5)], "vector", "a map of 3×4×5"),
        (
            "Add",
            {},
            [(64, 28, 28), (128, 14, 14)],
            "add",
            "64×28×28, 128×14×14; channels 64 ≠ 128, size 28×28 ≠ 14×14",
        ),
        ("Add", {}, [(64, 28, 28), (64,)], "add", "one is a map, another a vector"),
        ("Concat", {}, [(3, 4, 5), (3, 4, 6)], "concat", "3×4×5, 3×4×6; size 4×5 ≠ 4×6"),
        ("Concat", {}, [(3, 4, 5), (3,)], "concat", "3×4×5, 3"),
        (
            "Conv2d",
            {"kernel_size": (3, 9)},
            [(3, 7, 7)],
            "kernel",
            "kernel_size 3×9 is larger than the padded input 7×7 of conv5; allowed: up to 7×7",
        ),
        (
            "Conv2d",
            {"dilation": (1, 4)},
            [(3, 8, 8)],
            "kernel",
            "kernel_size 3 with dilation 1×4 (3×9 pixels) is larger than the padded input 8×8",
        ),
        (
            "Conv2d",
            {"padding": "same", "stride": 2},
            [(3, 7, 7)],
            "same",
            'padding "same" of conv5 needs stride 1, but stride is 2',
        ),
        ("Conv2d", {"padding": "same", "stride": (1, 2)}, [(3, 7, 7)], "same", "but stride is 1×2"),
        (
            "ConvTranspose2d",
            {"output_padding": 2},
            [(3, 7, 7)],
            "output_padding",
            "output_padding 2 of conv5 must be smaller than stride or dilation; allowed: 0 to 1",
        ),
        (
            "ConvTranspose2d",
            {"output_padding": (1, 3), "stride": (2, 1), "dilation": (1, 3)},
            [(3, 7, 7)],
            "output_padding",
            "1×3 of conv5 must be smaller than stride or dilation; allowed: up to 1×2",
        ),
        (
            "ConvTranspose2d",
            {"padding": 2},
            [(3, 2, 7)],
            "vanishes",
            "conv5 would give a map of 0×10; allowed: at least 1×1",
        ),
        (
            "ConvTranspose2d",
            {"groups": 2, "out_channels": 3},
            [(4, 5, 5)],
            "groups",
            "its 3 output channels; allowed: 1",
        ),
        (
            "GroupNorm",
            {"num_groups": 4},
            [(6, 5, 5)],
            "num_groups",
            "num_groups 4 of conv5 does not divide its 6 channels; allowed: 1, 2, 3, 6",
        ),
        (
            "GroupNorm",
            {"num_groups": 6},
            [(6, 1, 1)],
            "num_groups",
            "leaves one number in each group of 1×1 maps, and nothing to normalise; allowed: 1, 2, 3",
        ),
        ("GroupNorm", {"num_groups": 1}, [(1, 1, 1)], "num_groups", "allowed: none"),
        (
            "MaxPool2d",
            {"ceil_mode": True, "kernel_size": 4},
            [(3, 2, 8)],
            "kernel",
            "allowed: 1 to 3",
        ),
        (
            "MaxPool2d",
            {"padding": (1, 2), "kernel_size": (2, 3)},
            [(3, 8, 8)],
            "padding",
            "padding 1×2 of conv5 is more than half of kernel_size 2×3; allowed: up to 1×1",
        ),
        ("ChannelShuffle", {"groups": 4}, [(6, 5, 5)], "groups", "does not divide its 6 channels"),
        ("Chunk", {"chunks": 4}, [(6, 5, 5)], "chunks", "chunks 4 of conv5 does not divide its 6"),
        (
            "Chunk",
            {"index": 2},
            [(6, 5, 5)],
            "index",
            "index 2 of conv5: there are 2 parts; allowed: 0 to 1",
        ),
        ("Permute", {}, [(12,)], "map", "a vector of 12"),
        ("Multiply", {}, [(3, 4, 5), (2, 4, 5)], "multiply", "but gets 3×4×5, 2×4×5"),
        ("Multiply", {}, [(3, 4, 5), (3,)], "multiply", "but gets 3×4×5, 3"),
    ],
)
def test_refused(layer, name, params, ins, rule, words):
    kind = KINDS[name]
    with pytest.raises(Mismatch) as caught:
        kind.shape(kind.settings(params), tuple(ins))
    assert caught.value.rule == rule
    assert words in caught.value.message.replace("{node}", "conv5")
    assert not agrees(layer, name, params, tuple(ins))


def small(param: Param):
    """Values of a parameter that a small picture can bear, and a few that it cannot."""
    if param.choices:
        return st.sampled_from(param.choices)
    if type(param.default) is bool:
        return st.booleans()
    if type(param.default) is float:
        return st.floats(param.low, param.high)
    numbers = st.integers(int(param.low), min(int(param.high), 7))
    pairs = st.tuples(numbers, numbers) if param.pair else st.nothing()
    return st.one_of(numbers, pairs, *map(st.just, param.words))


maps = st.tuples(st.integers(1, 8), st.integers(1, 12), st.integers(1, 12))
vectors = st.tuples(st.integers(1, 12))


@pytest.mark.parametrize("name", PRIMITIVES)
@given(data=st.data())
def test_any_settings_on_any_shape(layer, name, data):
    """What the kind accepts PyTorch accepts, with the same result; what it refuses, PyTorch too."""
    kind = KINDS[name]
    params = data.draw(
        st.fixed_dictionaries({}, optional={param.name: small(param) for param in kind.params})
    )
    first = data.draw(maps | vectors)
    alike = st.just(first) | maps | vectors | st.just((5, *first[1:]))
    ins = (first,)
    if kind.variadic:
        ins += tuple(data.draw(st.lists(alike, min_size=1, max_size=3)))
    elif len(kind.inputs) > 1:
        gates = st.tuples(*(st.sampled_from([1, side]) for side in first))
        ins += tuple(data.draw(alike | gates) for _port in kind.inputs[1:])
    agrees(layer, name, params, ins)


@pytest.mark.parametrize("name", ["Conv2d", "MaxPool2d", "AvgPool2d"])
@given(data=st.data())
def test_the_limits_of_a_window(layer, name, data):
    """Just fits, and just does not: the figures that a fix is given are right."""
    kind = KINDS[name]
    side, padding, stride = (data.draw(st.integers(low, 9)) for low in (1, 0, 1))
    kernel = data.draw(st.integers(max(side, 2 * padding), 20))
    params = {"kernel_size": kernel, "padding": padding, "stride": stride} | (
        {"dilation": data.draw(st.integers(1, 9)), "out_channels": 1}
        if name == "Conv2d"
        else {"ceil_mode": data.draw(st.booleans())}
    )
    shape = ((1, side, side + 1),)
    if agrees(layer, name, params, shape):
        return
    with pytest.raises(Mismatch) as caught:
        kind.shape(kind.settings(params), shape)
    assert caught.value.rule == "kernel"
    largest, padding = (caught.value.allowed[key] for key in ("largest", "padding"))
    assert agrees(layer, name, params | {"kernel_size": largest}, shape)
    assert not agrees(layer, name, params | {"kernel_size": largest + 1}, shape)
    if name == "Conv2d" or 2 * padding <= kernel:  # a pool's is at most half its kernel
        assert agrees(layer, name, params | {"padding": padding}, shape)
    assert not agrees(layer, name, params | {"padding": padding - 1}, shape)


@given(data=st.data())
def test_the_limits_of_a_window_of_unequal_sides(layer, data):
    pairs = st.tuples(st.integers(1, 9), st.integers(1, 9))
    params = {key: data.draw(pairs) for key in ("kernel_size", "dilation", "padding")}
    shape = ((1, *data.draw(pairs)),)
    if agrees(layer, "Conv2d", params, shape):
        return
    with pytest.raises(Mismatch) as caught:
        KINDS["Conv2d"].shape(KINDS["Conv2d"].settings(params), shape)
    for key, value in (
        ("kernel_size", caught.value.allowed["largest"]),
        ("padding", caught.value.allowed["padding"]),
    ):
        assert agrees(layer, "Conv2d", params | {key: value}, shape)
        assert key == "kernel_size" or all(map(int.__ge__, pair(value), params[key])), (
            "no side loses the padding that it has"
        )


def counted(made: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiply-adds by a count of its own: each output number of a convolution or a linear layer
    is a sum over one row of the weight; each input number of a transposed one goes to as many."""
    outs = []
    hook = made.register_forward_hook(lambda _layer, _given, out: outs.append(out))
    with torch.no_grad():
        made(torch.zeros((1, *shape)))
    hook.remove()
    numbers = math.prod(shape) if isinstance(made, nn.ConvTranspose2d) else outs[0].numel()
    return numbers * math.prod(made.weight.shape[1:])


@pytest.mark.parametrize(
    ("name", "params", "shape"),
    [
        ("Conv2d", {}, (3, 9, 7)),
        ("Conv2d", {"stride": 2, "padding": 1}, (4, 7, 8)),
        ("Conv2d", {"groups": 4, "out_channels": 8}, (4, 6, 5)),
        ("Conv2d", {"dilation": 2, "kernel_size": 5, "padding": 4}, (2, 9, 9)),
        ("Conv2d", {"groups": 6, "out_channels": 6, "bias": False}, (6, 5, 5)),
        ("Conv2d", {"kernel_size": (7, 1), "stride": (2, 3), "padding": (3, 0)}, (3, 9, 7)),
        ("Conv2d", {"kernel_size": (4, 3), "padding": "same"}, (3, 9, 7)),
        ("ConvTranspose2d", {}, (3, 9, 7)),
        (
            "ConvTranspose2d",
            {"groups": 2, "kernel_size": (4, 3), "padding": 1, "out_channels": 6},
            (4, 5, 6),
        ),
        ("Linear", {}, (12,)),
        ("Linear", {"out_features": 1000, "bias": False}, (512,)),
        ("Linear", {"per_place": True}, (4, 5, 12)),
    ],
)
def test_macs(layer, name, params, shape):
    kind = KINDS[name]
    settings = kind.settings(params)
    stated = kind.macs(settings, (shape,), kind.shape(settings, (shape,)))
    assert stated == counted(layer.made(name, params, (shape,)), shape)


@pytest.mark.parametrize("name", sorted(set(PRIMITIVES) - {"Conv2d", "ConvTranspose2d", "Linear"}))
def test_what_multiplies_by_no_weight_has_no_macs(name):
    """A scale for each channel is none by convention, as in BatchNorm2d."""
    assert KINDS[name].macs is None


# Traits: what kinds say of themselves, for the rules to ask ------------------------------

TRAIT_PARAMS = {"Linear": {"per_place": True}, "Chunk": {"index": 1}, "Dropout": {"p": 0.3}}
ONE_INPUT = [
    name for name, kind in KINDS.items() if not kind.composite and len(kind.inputs) == 1
]  # fmt: skip
TRAIT_SHAPE = (32, 6, 32)  # its channels may stand first or last


def trait_net(name):
    graph = Graph(
        "",
        TRAIT_SHAPE,
        {"n": Node("n", name, TRAIT_PARAMS.get(name, {}))},
        (Wire(INPUT, "n"), Wire("n", OUTPUT)),
    )
    torch.manual_seed(1)
    net = build(graph, torch.device("cpu"), 1).net.eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.uniform_(0.2, 0.8)
    return net


def numbers(seed):
    return torch.randn((2, *TRAIT_SHAPE), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("name", ONE_INPUT)
def test_a_layer_is_linear_if_it_says_so(name):
    """It takes the straight line between two inputs to that between their outputs."""
    net, a, b = trait_net(name), numbers(1), numbers(2)
    with torch.no_grad():
        between = net(0.3 * a + 0.7 * b)
        straight = torch.allclose(between, 0.3 * net(a) + 0.7 * net(b), atol=1e-4)
    assert straight == KINDS[name].linear


@pytest.mark.parametrize("name", ONE_INPUT)
def test_what_it_gives(name):
    kind, net, x = KINDS[name], trait_net(name), -10 * numbers(3).abs()
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
    x = torch.linspace(begin, end, 2 * 32 * 6 * 32).reshape(2, *TRAIT_SHAPE)
    net = trait_net(name)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(0.25)  # what PReLU starts with
        y = net(x)
    expected = torch.tensor([function(float(each)) for each in x.flatten()[::97]])
    assert torch.allclose(y.flatten()[::97], expected, atol=1e-5)
