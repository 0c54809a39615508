"""Which tensor of a foreign state dict goes where; nothing is loaded half-way."""

import re
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from explorer.catalog import templates
from explorer.engine import weight_import
from explorer.engine.failure import EngineError
from explorer.engine.model import build
from explorer.engine.weight_import import ForeignWeights, adopt, adopt_file, match
from explorer.engine.weights import Weights

CPU = torch.device("cpu")


def renamed(state: dict, name) -> dict:
    """The state dict under other names; in the same order."""
    return OrderedDict((name(key), value) for key, value in state.items())


def sorted_by_name(state: dict) -> dict:
    """As a safetensors file gives it."""
    return dict(sorted(state.items()))


@pytest.fixture(scope="module")
def model():
    return build(templates.build("cifar_resnet8"), CPU, 0)


@pytest.fixture
def other():
    """The state dict of the same network with other weights and statistics."""
    net = build(templates.build("cifar_resnet8"), CPU, 1).net
    for norm in net.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.normal_(norm.weight)
            nn.init.uniform_(norm.running_var)
    return OrderedDict(net.state_dict())


def copied(model) -> dict:
    return {name: tensor.clone() for name, tensor in model.net.state_dict().items()}


def loaded(model, state, expected, ordered=True):
    """Adopts `state`, and asserts that the network has the weights `expected`; the match."""
    found = adopt(model.net, state, ordered)
    for name, tensor in model.net.state_dict().items():
        if "num_batches" not in name:
            assert torch.equal(tensor, expected[name]), name
    assert found.complete and len(found.lines()) == len(found.pairs)
    return found


@pytest.mark.parametrize("ordered", [True, False])
def test_equal_names(model, other, ordered):
    found = loaded(model, other if ordered else sorted_by_name(other), other, ordered)
    assert not found.ordered and "by name" in found.sentence


def test_old_files_without_counters_of_batches(model, other):
    old = OrderedDict((name, value) for name, value in other.items() if "num_batches" not in name)
    assert "by name" in loaded(model, old, other).sentence


def test_names_behind_a_wrapper(model, other):
    found = loaded(model, renamed(other, lambda name: f"module.net.{name}"), other)
    assert not found.ordered and "module.net." in found.sentence


@pytest.mark.parametrize("ordered", [True, False])
def test_other_names_by_order_and_shape(model, other, ordered):
    modules = list(dict.fromkeys(name.rpartition(".")[0] for name in other))
    state = renamed(
        other,
        lambda name: "layer{}.{}".format(
            modules.index(name.rpartition(".")[0]), name.rpartition(".")[2]
        ),
    )
    found = loaded(model, state if ordered else sorted_by_name(state), other, ordered)
    shaped = sum(how == "shape" for how in found.how.values())
    assert (
        len(found.ordered) + shaped == len(found.pairs) and "by order and shape" in found.sentence
    )
    assert any(
        ("by order" in line and "stem.conv.weight" in line) or "← layer0.weight" in line
        for line in found.lines()
    )


def test_a_few_other_names(model, other):
    state = renamed(
        other, lambda name: name.replace("fc", "classifier").replace("layer2", "block2")
    )
    found = loaded(model, state, other)
    tailed = sum("layer2" in name and "num_batches" not in name for name in other)
    assert found.sentence == (
        f"All {len(found.pairs)} tensors match: {len(found.pairs) - tailed - 2} by "
        f"name, {tailed} by the tail of the name, 2 as the only ones of their shape."
    )
    assert {ours: how for ours, how in found.how.items() if "fc" in ours} == {
        "fc.weight": "shape",
        "fc.bias": "shape",
    }


def chain(*layers: nn.Module, numbers=None) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            (str(number), layer) for number, layer in zip(numbers or range(len(layers)), layers)
        )
    )


def test_numbers_that_agree_by_chance_do_not_cross():
    ours = chain(*(nn.Conv2d(4, 4, 3) for _ in range(4)), numbers=[0, 2, 4, 6])
    theirs = chain(*(nn.Conv2d(4, 4, 3) for _ in range(4)), numbers=[0, 3, 6, 9])
    for ordered in (True, False):
        found = match(ours.state_dict(), theirs.state_dict(), ordered)
        weights = dict(found.pairs)
        assert [weights[f"{number}.weight"] for number in (0, 2, 4, 6)] == [
            f"{number}.weight" for number in (0, 3, 6, 9)
        ]


def test_numbers_are_counted_where_a_file_is_sorted_by_name():
    ours = chain(*(nn.Conv2d(4, 4, 3) for _ in range(12)))
    theirs = sorted_by_name({f"block{name}": tensor for name, tensor in ours.state_dict().items()})
    found = dict(match(ours.state_dict(), theirs, ordered=False).pairs)
    assert found["10.weight"] == "block10.weight" and found["2.bias"] == "block2.bias"


def test_a_bias_is_not_taken_for_another_layers():
    ours = chain(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8))
    theirs = {"bn1": ours[1], "bn2": ours[3], "conv1": ours[0], "conv2": ours[2]}
    state = {
        f"{name}.{key}": value
        for name, layer in theirs.items()
        for key, value in layer.state_dict().items()
    }
    found = dict(match(ours.state_dict(), state, ordered=False).pairs)
    assert found["0.bias"] == "conv1.bias" and found["3.bias"] == "bn2.bias"
    assert found["1.running_mean"] == "bn1.running_mean"


def refused(model, state, ordered=True) -> ForeignWeights:
    """Nothing of `state` is loaded; the fault."""
    before = copied(model)
    with pytest.raises(ForeignWeights) as fault:
        adopt(model.net, state, ordered)
    for name, tensor in model.net.state_dict().items():
        assert torch.equal(tensor, before[name]), f"{name} was loaded"
    assert str(fault.value).startswith("Nothing was loaded") and "\n" not in str(fault.value)
    return fault.value


def test_another_number_of_classes_names_the_layer(model):
    state = build(templates.build("cifar_resnet8", classes=100), CPU, 1).net.state_dict()
    sentence = str(refused(model, state))
    assert "all layers fit but one" in sentence and "fc.weight" in sentence
    assert "10×64" in sentence and "100×64" in sentence


def test_another_network(model):
    fault = refused(model, build(templates.build("cifar_resnet20"), CPU, 1).net.state_dict())
    assert "left over" in str(fault) and "no partner" not in str(fault)
    assert not fault.match.missing and fault.match.unused
    fault = refused(model, build(templates.build("lenet5"), CPU, 1).net.state_dict())
    assert "no partner" in str(fault) and "left over" in str(fault)
    lines = fault.match.lines()
    assert sum(line.startswith("no partner") for line in lines) == len(fault.match.missing)
    assert sum(line.startswith("left over") for line in lines) == len(fault.match.unused)


def test_a_file_that_lacks_one_tensor_or_has_one_too_many(model, other):
    refused(model, {name: value for name, value in other.items() if name != "fc.bias"})
    assert "teacher.bias" in str(refused(model, {**other, "teacher.bias": torch.zeros(3)}))


@pytest.mark.parametrize("prefix", ["", "module."])
def test_auxiliary_heads_are_left_out(model, other, prefix):
    heads = {
        "aux1.conv.bn.weight": torch.zeros(16),
        "AuxLogits.fc.weight": torch.zeros(10, 64),
        "aux1.conv.bn.num_batches_tracked": torch.zeros(()),
    }
    state = renamed({**other, **heads}, lambda name: prefix + name)
    found = adopt(model.net, state, True)
    assert torch.equal(model.net.fc.weight, other["fc.weight"])
    assert found.complete and not found.ordered and len(found.aside) == 2
    assert "2 of auxiliary heads" in found.sentence
    assert ("auxiliary", "", f"{prefix}AuxLogits.fc.weight", "10×64") in found.rows()


def test_the_names_of_old_densenets(model):
    """torchvision's published DenseNets have norm.1 where its source has norm1."""
    first, second = (build(templates.build("densenet121"), CPU, seed).net for seed in (0, 1))
    state = renamed(
        second.state_dict(),
        lambda name: (
            re.sub(r"(norm|conv)([12])\.", r"\1.\2.", name) if "denselayer" in name else name
        ),
    )
    found = adopt(first, state, True)
    assert not found.ordered and sum(how == "tail" for how in found.how.values()) > 400
    for name, tensor in first.state_dict().items():
        if "num_batches" not in name:
            assert torch.equal(tensor, second.state_dict()[name]), name


def test_numbers_of_another_sort_are_not_weights(model, other):
    refused(model, {**other, "fc.bias": other["fc.bias"].to(torch.int64)})


def test_half_precision_is_read_as_single(model, other):
    halves = OrderedDict(
        (name, value.half() if value.is_floating_point() else value)
        for name, value in other.items()
    )
    loaded(model, halves, {name: value.float() for name, value in halves.items()})
    assert next(model.net.parameters()).dtype is torch.float32


# Files whose order says nothing ---------------------------------------------------------------


def test_a_renamed_network_in_a_file_sorted_by_name():
    """The layers of one shape stand in another order there: stem.bn behind all of body."""
    first, second = (build(templates.build("resnet18"), CPU, seed).net for seed in (0, 1))
    for tensor in second.state_dict().values():
        if tensor.is_floating_point():
            nn.init.uniform_(tensor)
    heads = {"conv1": "stem.conv", "bn1": "stem.bn", "fc": "head"}
    state = {
        re.sub(r"^(conv1|bn1|fc)\.", lambda found: heads[found[1]] + ".", name).replace(
            "layer", "body."
        ): tensor
        for name, tensor in second.state_dict().items()
    }
    found = adopt(first, sorted_by_name(state), ordered=False)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]) or "num_batches" in name, name
    assert dict(found.pairs)["layer1.0.bn1.bias"] == "body.1.0.bn1.bias" and not found.ordered
    assert "by the tail of the name" in found.sentence


def alike(ours, theirs, ordered) -> str:
    found = match(ours, theirs, ordered)
    assert not found.complete and found.alike
    assert {row[0] for row in found.rows()} >= {"alike"}
    assert found.sentence.startswith("Nothing was loaded: only their order could tell ")
    return found.sentence


def test_equal_names_that_differ_in_signs_alone():
    ours = {
        name: torch.zeros(4, 4, 3, 3) for name in ("conv_1.weight", "conv1.weight", "conv.1.weight")
    }
    for ordered in (True, False):
        assert all(how == "name" for how in match(ours, sorted_by_name(ours), ordered).how.values())
        assert match(ours, sorted_by_name(ours), ordered).complete


def test_layers_that_only_an_order_tells_apart():
    ours = chain(*(nn.Conv2d(4, 4, 3) for _ in range(5))).state_dict()
    words = ["stem", "body_a", "zeta", "head", "neck"]
    theirs = {
        f"{word}.{key}": ours[f"{number}.{key}"]
        for number, word in enumerate(words)
        for key in ("weight", "bias")
    }
    assert "0, 1, 2 and 2 more apart, and the file is sorted by name" in alike(
        ours, sorted_by_name(theirs), False
    )
    assert dict(match(ours, theirs, True).pairs)["4.bias"] == "neck.bias"
    assert "by order" in match(ours, theirs, True).sentence


def test_an_order_that_is_not_the_networks(model, other):
    state = {
        f"q{number}.{name.rpartition('.')[2]}": value
        for number, (name, value) in enumerate(reversed(other.items()))
    }
    assert "the order of the file is another" in str(refused(model, state))
    refused(
        model, dict(sorted(state.items(), key=lambda item: int(item[0][1:].split(".")[0]))), False
    )


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("named", ["{}", "net.{}", "layers.{}.conv"])
def test_numbers_that_begin_elsewhere_are_no_tails(first, named):
    """Number 1 here is number 2 there: nothing may go by the names, unless all numbers agree."""
    ours = chain(*(nn.Conv2d(4, 4, 3, bias=False) for _ in range(4))).state_dict()
    theirs = {
        named.format(number + first) + ".weight": ours[f"{number}.weight"] for number in range(4)
    }
    for ordered in (True, False):
        found = match(ours, theirs, ordered)
        assert found.complete
        for name, their in found.pairs:
            assert theirs[their] is ours[name], (name, their, found.how[name])
        assert bool(found.ordered) == (first > 0 or "conv" in named)


def test_a_layer_of_another_name_in_the_middle_of_a_sequence():
    """conv3 and stem: which of theirs is which, the equal names do not say."""
    layers = {
        name: torch.zeros(4, 4, 3, 3) for name in ("conv1.weight", "conv2.weight", "conv3.weight")
    }
    theirs = {
        "conv1.weight": torch.ones(4, 4, 3, 3),
        "conv2.weight": torch.ones(4, 4, 3, 3),
        "stem.weight": torch.ones(4, 4, 3, 3),
    }
    assert "conv1, conv2, conv3 apart" in alike(layers, theirs, False)


def test_numbers_that_are_not_finite_are_told(model, other):
    state = OrderedDict(other)
    state["fc.bias"] = torch.full((10,), float("inf"))
    found = adopt(model.net, state, True)
    assert "1 of them has numbers that are not finite (NaN, infinity): fc.bias" in found.sentence
    assert ("not finite", "fc.bias", "fc.bias", "10") in found.rows()
    assert "finite" not in adopt(model.net, other, True).sentence


def test_a_wrong_last_layer_is_told_with_its_own_shape(model):
    state = build(templates.build("cifar_resnet8", classes=100), CPU, 1).net.state_dict()
    for ordered in (True, False):
        sentence = str(refused(model, sorted_by_name(state), ordered))
        assert "fc.weight is 10×64 in this network and 100×64 in the file" in sentence


# What people's checkpoints hold beside the weights ---------------------------------------------


ASIDE = {
    "counter": {"conv1.total_ops": torch.zeros(1, dtype=torch.float64), "steps": torch.tensor(7)},
    "loss": {"criterion.weight": torch.ones(10), "loss_fn.pos_weight": torch.ones(10)},
    "loss ": {"ce.weight": torch.ones(10), "class_weights": torch.ones(10)},
    "in front": {"normalize.mean": torch.zeros(1, 3, 1, 1), "pixel_std": torch.ones(3)},
    "in front ": {"sub_mean.weight": torch.ones(3, 3, 1, 1), "sub_mean.bias": torch.ones(3)},
}


@pytest.mark.parametrize("kind", ASIDE)
@pytest.mark.parametrize("prefix", ["", "module.", "net.model."])
@pytest.mark.parametrize("ordered", [True, False])
def test_what_is_no_weight_is_left_out_and_listed(model, other, kind, prefix, ordered):
    state = {**renamed(other, lambda name: prefix + name), **ASIDE[kind]}
    found = adopt(model.net, state if ordered else sorted_by_name(state), ordered)
    for name, tensor in model.net.named_parameters():
        assert torch.equal(tensor, other[name]), name
    assert {row[2] for row in found.rows() if row[0] == kind.strip()} == set(ASIDE[kind])
    assert "2 " in found.sentence and "left out, first " in found.sentence


def test_the_average_of_weights_of_pytorch(model, other):
    average = torch.optim.swa_utils.AveragedModel(model.net)
    average.module.load_state_dict(other)
    found = loaded_but_counters(model, average.state_dict(), other)
    assert "1 counter was left out, n_averaged." in found.sentence


def loaded_but_counters(model, state, expected):
    found = adopt(model.net, state, True)
    for name, tensor in model.net.state_dict().items():
        assert "num_batches" in name or torch.equal(tensor, expected[name]), name
    return found


STYLES = {
    "slashes": lambda name, _number: name.replace(".", "/"),
    "underscores": lambda name, _number: name.replace(".", "_"),
    "no separator": lambda name, _number: name.replace(".", ""),
    "mixed": lambda name, _number: "net." + name.replace(".", "::"),
    "gamma and beta": lambda name, _number: (
        name.replace("weight", "gamma").replace("bias", "beta") if "bn" in name else name
    ),
    "numbers alone": lambda _name, number: str(number),
    "letters and numbers": lambda _name, number: f"p{number}",
}


@pytest.mark.parametrize("style", STYLES)
def test_names_in_any_style(model, other, style):
    kept = [name for name in other if "num_batches" not in name]
    state = {STYLES[style](name, number): other[name] for number, name in enumerate(kept)}
    found = adopt(model.net, state, True)
    assert found.complete
    for name in kept:
        assert torch.equal(model.net.state_dict()[name], other[name]), name


def test_tensors_that_only_a_number_names_need_the_order(model, other):
    kept = [name for name in other if "num_batches" not in name]
    state = {str(number): other[name] for number, name in enumerate(reversed(kept))}
    refused(model, state)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("renaming", ["fc", "head"])
def test_sides_of_1_do_not_count(model, other, ordered, renaming):
    state = renamed(other, lambda name: name.replace("fc", renaming))
    state[f"{renaming}.weight"] = other["fc.weight"].reshape(10, 64, 1, 1)
    found = adopt(model.net, state if ordered else sorted_by_name(state), ordered)
    assert torch.equal(model.net.fc.weight, other["fc.weight"]) and found.complete


def test_whole_numbers_are_called_so(model, other):
    state = {
        name: (tensor * 100).to(torch.int8) if tensor.dim() > 1 else tensor
        for name, tensor in other.items()
    }
    assert "conv1.weight is of whole numbers (int8) in the file" in str(refused(model, state))
    state["conv1.weight"] = other["conv1.weight"] > 0
    assert "conv1.weight is of whole numbers (bool)" in str(refused(model, state))


# One of several sets in a file ------------------------------------------------------------------


def file_of(*parts: tuple[str, dict], inner=()) -> Weights:
    whole = {prefix + name: value for prefix, state in parts for name, value in state.items()}
    return Weights(Path("w.pth"), whole, inner or ("",), pickled=True)


def test_of_two_sets_the_first_is_taken_and_the_other_can_be(model, other):
    average = {name: value + 1 for name, value in other.items()}
    for inner in (("", "model.", "model_ema."), ("",)):  # as mappings, and as prefixes of one
        file = file_of(("model.", other), ("model_ema.", average), inner=inner)
        found = adopt_file(model.net, file)
        assert torch.equal(model.net.fc.bias, other["fc.bias"]) and found.complete
        assert "those of “model” in the file; “model_ema” would fit too" in found.sentence
        assert not found.aside and len(found.lines()) == len(found.pairs)
        adopt_file(model.net, file, "model_ema")
        assert torch.equal(model.net.fc.bias, average["fc.bias"])
        with pytest.raises(
            EngineError, match=r"no set of tensors “best” in w\.pth; there are: model"
        ):
            adopt_file(model.net, file, "best")


def test_a_set_whose_names_are_not_the_networks_is_chosen(model, other):
    """As LitEma keeps its average: without the dots."""
    average = {name.replace(".", ""): value + 1 for name, value in other.items()}
    file = file_of(("model.", other), ("model_ema.", {**average, "decay": torch.tensor(0.99)}))
    assert "elsewhere in the file were left out" in adopt_file(model.net, file).sentence
    adopt_file(model.net, file, "model_ema")
    assert torch.equal(model.net.fc.bias, other["fc.bias"] + 1)


def test_a_file_with_less_or_more_than_the_network_is_no_other_network(model, other):
    less = {name: value for name, value in other.items() if not name.startswith("fc")}
    assert "the file has only a part of this network's weights" in str(refused(model, less))
    more = {**other, "head.weight": torch.zeros(3, 10)}
    assert "the file has more than this network's weights" in str(refused(model, more))


def test_of_very_many_sets_a_few_are_compared(model, other, monkeypatch):
    """Each layer in a mapping of its own, beside thousands of other mappings."""
    layers = dict.fromkeys(name.rpartition(".")[0] + "." for name in other)
    beside = {f"beside.{number}.": {"weight": torch.zeros(1)} for number in range(3000)}
    parts = ("", "net.", *(f"net.{layer}" for layer in layers), *beside)
    file = file_of(("net.", other), *beside.items(), inner=parts)
    compared = []
    shapes = weight_import._shapes
    monkeypatch.setattr(
        weight_import, "_shapes", lambda *given: compared.append(1) or shapes(*given)
    )
    assert adopt_file(model.net, file).part == "net."
    assert len(compared) <= 25
    assert torch.equal(model.net.fc.bias, other["fc.bias"])


def test_a_file_with_one_set_has_no_choice(model, other):
    with pytest.raises(
        EngineError, match=r"no set of tensors “ema” in w\.pth, which holds only one"
    ):
        adopt_file(model.net, file_of(("", other)), "ema")


def test_a_set_within_a_larger_network(model, other):
    head = {"0.weight": torch.zeros(64, 64), "2.weight": torch.zeros(8, 64)}
    found = adopt_file(model.net, file_of(("encoder.", other), ("projector.", head)))
    assert torch.equal(model.net.fc.bias, other["fc.bias"])
    assert "2 tensors elsewhere in the file were left out, first projector.0.weight" in (
        found.sentence
    )
    assert ("elsewhere", "", "projector.2.weight", "8×64") in found.rows()


# Part of a network ------------------------------------------------------------------------------


@pytest.mark.parametrize("renaming", ["", "net.", "other names"])
def test_a_backbone_gets_a_new_head(model, renaming):
    state = build(templates.build("cifar_resnet8", classes=100), CPU, 1).net.state_dict()
    theirs = renamed(
        state,
        (lambda name: name.replace("layer", "stage").replace("bn", "norm").replace("conv", "c"))
        if renaming == "other names"
        else (lambda name: renaming + name),
    )
    assert len(refused(model, theirs).part.pairs) == 45
    before = copied(model)
    found = adopt(model.net, theirs, True, partial=True)
    for name, tensor in model.net.state_dict().items():
        expected = before[name] if name.startswith("fc") else state[name]
        assert torch.equal(tensor, expected) or "num_batches" in name, name
    assert found.sentence.startswith("45 of 47 tensors were loaded: 45 by ")
    assert "Drawn at random: fc.weight, fc.bias." in found.sentence
    assert "Not used of the file: " in found.sentence
    assert {row[1] for row in found.rows() if row[0] == "random"} == {"fc.weight", "fc.bias"}


def test_a_deeper_network_gets_the_blocks_of_the_same_name(model):
    deeper = build(templates.build("cifar_resnet20"), CPU, 2)
    state = copied(model)
    found = adopt(deeper.net, state, True, partial=True)
    assert len(found.pairs) == 47 and set(found.how.values()) == {"name"}
    for name in state:
        assert torch.equal(deeper.net.state_dict()[name], state[name]) or "num_batches" in name


def test_of_numbers_that_agree_by_chance_no_part_is_loaded():
    ours = chain(*(nn.Conv2d(4, 4, 3) for _ in range(4)), numbers=[0, 2, 4, 6])
    theirs = chain(*(nn.Conv2d(4, 4, 3) for _ in range(5)), numbers=[0, 3, 6, 9, 12])
    with pytest.raises(ForeignWeights) as fault:
        adopt(ours, theirs.state_dict(), True, partial=True)
    assert not fault.value.part.pairs and "Nothing was loaded" in str(fault.value)


def test_where_all_fits_nothing_is_partial(model, other):
    found = adopt(model.net, other, True, partial=True)
    assert not found.partial and found.sentence.startswith("All 47 tensors match by name.")
