"""The forecast of memory against what autograd really keeps and what is really alive, on the CPU.

On a GPU the same tensors are kept, but for a Dropout's mask (one byte a number instead of four).
The indices of a max pool are int64 on both.
"""

import runpy
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.footprint import HALF as HALF_WIDTH
from explorer.analysis.footprint import envelope, footprint
from explorer.analysis.memory_forecast import FULL, forecast, largest_batch
from explorer.analysis.problem import problems
from explorer.analysis.report import analyse
from explorer.catalog import KINDS, templates
from explorer.engine.precision import PRECISIONS
from explorer.graph import edits
from explorer.runs.recipe import FIELDS, MOST_PICTURES, MOST_VALIDATED

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "memory.py"
PRIMITIVES = [name for name, kind in KINDS.items() if not kind.composite]
CPU = torch.device("cpu")
PLAIN, HALF = PRECISIONS["float32"], PRECISIONS["bfloat16 channels-last"]

# Parameters beside the default ones with which a kind keeps something else, or that it needs here.
CASES = {
    "Conv2d": [
        {},
        {"padding": "same", "kernel_size": 2},
        {"padding": "same", "kernel_size": 3},
        {"groups": 8, "out_channels": 8},
        {"padding": "same", "kernel_size": 2, "groups": 8, "out_channels": 8},
        {"padding": "same", "kernel_size": (2, 3), "dilation": (3, 1)},
    ],
    "Linear": [{"per_place": True}, {"per_place": True, "bias": False}],
    "GroupNorm": [{"num_groups": 2}],
    "LocalResponseNorm": [{}, {"size": 4}, {"size": 64}],
    "AdaptiveAvgPool2d": [{}, {"output_size": 3}, {"output_size": (1, 3)}],
    "AdaptiveMaxPool2d": [{}, {"output_size": 2}],
    "Dropout": [{}, {"p": 0.0}],
    "DropPath": [{}, {"p": 0.0}],
    "ChannelPad": [{"behind": 3}],
    "Upsample": [{}, {"mode": "bilinear"}],
}
# Small pictures where the network is made for large ones; what is kept does not depend on it.
NETWORKS = [
    ("lenet5", None),
    ("cifar_resnet8", None),
    ("cifar_resnet20_a", (3, 16, 16)),
    ("resnet18", (3, 64, 64)),
    ("alexnet", (3, 96, 96)),
    ("squeezenet1_1", (3, 64, 64)),
    ("googlenet", (3, 64, 64)),
    pytest.param("densenet121", (3, 32, 32), marks=pytest.mark.campaign),
    ("mobilenet_v3_large", (3, 64, 64)),
    ("shufflenet_v2_x1_0", (3, 64, 64)),
    ("se_resnet18", (3, 64, 64)),
    ("efficientnet_b0", (3, 64, 64)),
    ("convnext_tiny", (3, 64, 64)),
    ("cifar_preact_resnet110", (3, 8, 8)),
]


@pytest.fixture(scope="module")
def really():
    """really(report, batch, mode) -> bytes kept, and the peaks of training and inference."""
    measured = runpy.run_path(str(BENCHMARK))["measured"]
    return lambda report, batch, mode=PLAIN: measured(report, batch, CPU, mode)


def network(draw, kind: str, params: dict):
    """The kind behind convolutions, and before a head that scores its maps."""
    first = ("first", "Conv2d", {"out_channels": 8, "kernel_size": 1})
    second = ("second", "Conv2d", {"out_channels": 8, "kernel_size": 1})
    end = [("pool", "AdaptiveMaxPool2d", {}), ("flatten", "Flatten", {})][: 2 * (kind != "Flatten")]
    end.append(("fc", "Linear", {"out_features": 5}))
    tail = " ".join([id for id, _kind, _params in end] + ["output"])
    node = ("node", kind, params)
    if len(KINDS[kind].inputs) == 2:
        return draw(
            first,
            second,
            node,
            *end,
            wires=["input first node.a", "input second node.b", f"node {tail}"],
        )
    return draw(first, node, *end, wires=[f"input first node {tail}"])


@pytest.mark.parametrize("kind", PRIMITIVES)
def test_what_a_layer_keeps_is_what_autograd_saves(kind, draw, really):
    for params in CASES.get(kind, [{}]):
        report = analyse(network(draw, kind, params))
        assert report.ok, [problem.message for problem in problems(report)]
        assert forecast(report, 3, device="cpu").activations == really(report, 3)["kept"], params


@pytest.mark.parametrize(("name", "input"), NETWORKS)
def test_the_forecast_of_a_network_is_what_is_alive(name, input, really):
    report = analyse(templates.build(name, input))
    said, found = forecast(report, 2, device="cpu"), really(report, 2)
    assert said.activations == found["kept"]
    assert said.training == pytest.approx(found["training"], rel=0.02)
    assert said.inference == pytest.approx(found["inference"], rel=0.02)


@pytest.mark.parametrize(
    ("name", "input"),
    [("cifar_resnet8", None), ("squeezenet1_1", (3, 64, 64)), ("mobilenet_v3_small", (3, 64, 64))],
)
def test_half_precision_keeps_half_the_maps_and_copies_of_the_weights(name, input, really):
    report = analyse(templates.build(name, input))
    full, half = (forecast(report, 4, each, device="cpu") for each in ("float32", "bfloat16"))
    found = really(report, 4, HALF)
    assert half.activations + half.copies == found["kept"]
    assert half.training == pytest.approx(found["training"], rel=0.05)
    assert half.inference == pytest.approx(found["inference"], rel=0.05)
    assert half.parameters == full.parameters and half.gradients == full.gradients
    assert 0 < half.copies < half.parameters / 2 and half.activations < 0.8 * full.activations
    assert forecast(report, 4, "float16", device="cpu").training == half.training


# Linear is left out: what it takes of a map that is not contiguous depends on the layout.
@pytest.mark.parametrize("kind", [name for name in PRIMITIVES if name != "Linear"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_peak_of_a_layer_is_what_is_alive(kind, precision, draw, really):
    for params in CASES.get(kind, [{}]):
        report = analyse(network(draw, kind, params))
        said = forecast(report, 16, precision, device="cpu")
        found = really(report, 16, PLAIN if precision == "float32" else HALF)
        assert said.activations + said.copies == pytest.approx(found["kept"], rel=0.01), params
        assert said.training == pytest.approx(found["training"], rel=0.01), params
        assert said.inference == pytest.approx(found["inference"], rel=0.01), params


def test_even_kernels_with_same_padding_in_16_bits(draw):
    """Measured with tests/benchmarks/memory.py."""
    even = {"out_channels": 16, "padding": "same"}
    graph = draw(
        ("a", "Conv2d", {**even, "kernel_size": 4}),
        ("r", "LeakyReLU", {}),
        ("b", "Conv2d", {**even, "kernel_size": (2, 3), "dilation": (3, 1)}),
        ("gap", "AdaptiveAvgPool2d", {}),
        ("fl", "Flatten", {}),
        ("fc", "Linear", {}),
        input=(3, 40, 40),
    )
    said = forecast(analyse(graph), 128, "bfloat16", device="cpu")
    assert said.activations + said.copies == pytest.approx(14_571_072, rel=0.01)
    assert said.training == pytest.approx(32_624_312, rel=0.01)
    assert said.inference == pytest.approx(24_755_560, rel=0.01)


@pytest.mark.parametrize("join", ["Add", "Concat", "Multiply"])
def test_branches_of_16_and_32_bits_meet(join, draw, really):
    graph = draw(
        ("conv", "Conv2d", {"out_channels": 8, "kernel_size": 3}),
        ("lrn", "LocalResponseNorm", {}),
        ("act", "Hardsigmoid", {}),
        ("join", join, {}),
        ("pool", "AdaptiveMaxPool2d", {}),
        ("flatten", "Flatten", {}),
        ("fc", "Linear", {}),
        wires=["input conv lrn act join.a", "conv join.b", "join pool flatten fc output"],
        input=(3, 16, 16),
    )
    report = analyse(graph)
    said, found = forecast(report, 8, "bfloat16", device="cpu"), really(report, 8, HALF)
    assert said.activations + said.copies == found["kept"]
    assert said.training == pytest.approx(found["training"], rel=0.01)
    assert said.inference == pytest.approx(found["inference"], rel=0.01)


def test_on_a_gpu_only_the_power_of_an_lrn_is_float32_under_autocast(draw):
    """The squares are averaged in 16 bits there (torch.amp, "Autocast Op Reference")."""
    report = analyse(network(draw, "LocalResponseNorm", {}))
    cpu, gpu = (forecast(report, 10, "bfloat16", device=each) for each in ("cpu", "cuda"))
    assert cpu.activations - gpu.activations == 10 * HALF_WIDTH * (8 + 4) * 8 * 8


def test_a_tensor_is_kept_once_however_many_layers_read_it(draw):
    maps = [
        (f"conv{number}", "Conv2d", {"out_channels": 2, "kernel_size": 1}) for number in range(3)
    ]
    wires = (
        ["input stem"]
        + [f"stem {id} join.{port}" for (id, _, _), port in zip(maps, "abc")]
        + ["join output"]
    )
    graph = draw(("stem", "ReLU", {}), *maps, ("join", "Add", {}), wires=wires, input=(3, 4, 4))
    # The ReLU of a picture has no gradient, so it keeps nothing; its output is kept for three.
    assert forecast(analyse(graph), 1).activations == FULL * 3 * 4 * 4


@pytest.mark.parametrize(
    "wires",
    [
        ["input stem a join.a", "stem b join.b", "join pool flatten fc output"],
        ["input stem a join.a", "stem join.b", "join pool flatten fc output"],
        ["input stem a join.a", "a join.b", "join b pool flatten fc output"],
    ],
)
@pytest.mark.parametrize("join", ["Add", "Concat", "Multiply"])
def test_gradients_that_meet_are_alive_as_long_as_they_are_needed(join, wires, draw, really):
    maps = {"out_channels": 16, "kernel_size": 3, "padding": 1}
    graph = draw(
        ("stem", "Conv2d", maps),
        ("a", "Tanh", {}),
        ("b", "Sigmoid", {}),
        ("join", join, {}),
        ("pool", "AvgPool2d", {}),
        ("flatten", "Flatten", {}),
        ("fc", "Linear", {}),
        wires=wires,
        input=(3, 32, 32),
    )
    if "b" not in " ".join(wires).split():
        graph = edits.remove(graph, ["b"])
    report = analyse(graph)
    said, found = forecast(report, 8, device="cpu"), really(report, 8)
    assert said.activations == found["kept"]
    assert said.training == pytest.approx(found["training"], rel=0.02)
    assert said.inference == pytest.approx(found["inference"], rel=0.02)


def test_the_parts_of_a_training_step(draw):
    report = analyse(templates.build("resnet18"))
    found = forecast(report, 64)
    assert found.parameters == found.gradients == found.optimiser == FULL * 11_689_512
    assert found.buffers == FULL * 9_600 + 8 * 20  # means and variances; 20 counters
    assert sum(found.parts.values()) == found.training and found.transient >= 0
    assert forecast(report, 64, optimiser="sgd").optimiser == 0
    for name in ("adam", "adamw"):
        assert forecast(report, 64, optimiser=name).optimiser == 2 * found.parameters


def test_a_dropout_keeps_a_byte_a_number_on_a_gpu_and_four_on_the_cpu(draw):
    report = analyse(
        draw(
            ("conv", "Conv2d", {"out_channels": 1, "kernel_size": 1}),
            ("drop", "Dropout", {}),
            ("flatten", "Flatten", {}),
        )
    )
    cpu, gpu = (forecast(report, 10, device=each).activations for each in ("cpu", "cuda"))
    assert cpu - gpu == 10 * 3 * 8 * 8


def test_a_network_that_cannot_run_has_no_forecast(draw):
    report = analyse(draw(("conv", "Conv2d", {"kernel_size": 9})))
    assert forecast(report) is None and largest_batch(report, 2**40) == 0


def test_unknown_words_are_refused(draw):
    report = analyse(templates.build("lenet5"))
    with pytest.raises(ValueError):
        forecast(report, precision="int8")
    with pytest.raises(KeyError):
        forecast(report, optimiser="lion")


@given(
    st.sampled_from(["lenet5", "cifar_resnet56", "vgg16"]),
    st.integers(0, 2**36),
    st.sampled_from(["float32", "bfloat16"]),
    st.booleans(),
)
def test_the_largest_batch_fits_and_one_more_does_not(name, room, precision, training):
    report = analyse(templates.build(name))
    most = largest_batch(report, room, precision, training=training)

    def taken(batch):
        found = forecast(report, batch, precision)
        return found.training if training else found.inference

    assert most == 0 or taken(most) <= room
    assert taken(most + 1) > room or (training and most == MOST_PICTURES)


def test_the_largest_batch_is_one_that_a_run_may_have():
    report = analyse(templates.build("lenet5"))
    assert largest_batch(report, 2**40) == MOST_PICTURES == FIELDS["batch_size"].high
    assert largest_batch(report, 2**40, training=False) > MOST_PICTURES


@given(
    st.sampled_from(["lenet5", "cifar_resnet56", "vgg16"]),
    st.integers(1, 512),
    st.sampled_from([None, 2**26, 2**30, 2**33]),
)
def test_validation_takes_no_more_than_there_is_room_for(name, batch, room):
    """And no more than a training step, but for networks that take little anyway."""
    report = analyse(templates.build(name))
    said = forecast(report, batch, room=room)
    standing = said.parameters + said.buffers + said.gradients + said.optimiser
    assert 1 <= said.validated <= MOST_VALIDATED and said.validation > standing
    assert said.validated == 1 or said.validation <= max(said.training, 2**28)
    assert said.validated == 1 or room is None or said.validation <= room
    assert said.peak == max(said.training, said.validation)


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=1))
def test_the_envelope_is_the_highest_line_everywhere(lines):
    found = envelope(lines)
    assert set(found) <= set(lines) and len(found) <= len(lines)
    for batch in range(120):
        assert max(a + b * batch for a, b in found) == max(a + b * batch for a, b in lines)


def test_equal_blocks_cost_one():
    def sizes(name):
        footprint.cache_clear()
        assert forecast(analyse(templates.build(name)), 8)
        return footprint.cache_info().currsize

    assert sizes("cifar_resnet1202") == sizes("cifar_resnet110")
