"""Weights of others, matched to a network and written under its names."""

import os
import re

import torch
from safetensors.torch import load_file, save_file

from explorer import resource
from explorer.catalog import templates
from explorer.engine.model import build

PUBLISHED = resource.path("squeezenet1_1") / "squeezenet1_1.safetensors"
CAT = resource.path("photos") / "chelsea.png"


def test_import_writes_the_weights_under_our_names(run, tmp_path):
    model = build(templates.build("cifar_resnet8"), torch.device("cpu"), 5)
    state = model.net.state_dict()
    torch.save(
        {name.replace("layer", "group"): value for name, value in state.items()},
        tmp_path / "theirs.pth",
    )
    out_file = tmp_path / "ours.safetensors"
    status, out, err = run("import", "cifar_resnet8", tmp_path / "theirs.pth", "-o", out_file)
    assert (status, err) == (0, "")
    assert re.match(r"All \d+ tensors match: \d+ by name, \d+ by the tail of the name\.", out)
    assert "--report" in out and out.splitlines()[-1] == str(out_file)
    found = load_file(out_file)
    assert set(found) == set(state)
    assert all(torch.equal(found[name], state[name]) for name in state)
    status, out, err = run("import", "cifar_resnet8", out_file, "--report")
    assert (status, err) == (0, "") and out.splitlines()[-1].endswith("match by name.")
    assert sum(line.startswith("by name") for line in out.splitlines()) == len(state) - sum(
        "num_batches" in name for name in state
    )


def test_import_of_another_networks_weights(run, tmp_path, refused):
    out_file = tmp_path / "ours.safetensors"
    sentence = refused(run("import", "resnet18", PUBLISHED, "-o", out_file))
    assert "Nothing was loaded" in sentence and not out_file.exists()
    status, out, err = run("import", "resnet18", PUBLISHED, "--report")
    assert status == 2 and "Nothing was loaded" in err
    assert "no partner" in out and "left over" in out and "fc.weight" in out


def test_import_refuses(run, bad, tmp_path, refused):
    (tmp_path / "text.pth").write_text("no weights")
    (tmp_path / "torn.safetensors").write_bytes(PUBLISHED.read_bytes()[:100_000])
    for name, words in (
        ("text.pth", "holds no weights"),
        ("torn.safetensors", "not a complete"),
        ("none.pth", "no file"),
        ("", "folder"),
    ):
        assert words in refused(run("import", "squeezenet1_1", tmp_path / name))
    for place in (tmp_path, CAT / "x", tmp_path / "none" / "x.safetensors"):
        refused(run("import", "squeezenet1_1", PUBLISHED, "-o", place))
    assert not (tmp_path / "none").exists()
    assert run("import", bad, PUBLISHED)[0] == 1
    assert run("import", "squeezenet1_1")[0] == 2


def test_import_of_a_sorted_file_whose_layers_are_alike(run, tmp_path, refused):
    state = build(templates.build("cifar_resnet8"), torch.device("cpu"), 5).net.state_dict()
    modules = list(dict.fromkeys(name.rpartition(".")[0] for name in state))
    words = {
        module: f"{'zyxwvutsrqponmlkjihgfedcba'[number]}_part"
        for number, module in enumerate(modules)
    }
    theirs = {
        f"{words[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": value
        for name, value in state.items()
    }
    save_file(theirs, tmp_path / "theirs.safetensors")
    torch.save(load_file(tmp_path / "theirs.safetensors"), tmp_path / "again.pth")
    torch.save(theirs, tmp_path / "theirs.pth")
    for name in ("theirs.safetensors", "again.pth"):
        sentence = refused(run("import", "cifar_resnet8", tmp_path / name))
        assert "only their order could tell bn1, layer1.0.conv1, layer1.0.bn1 and" in sentence
    out_file = tmp_path / "ours.safetensors"
    out = run("import", "cifar_resnet8", tmp_path / "theirs.pth", "-o", out_file)[1]
    assert "by order and shape" in out
    assert all(torch.equal(value, state[name]) for name, value in load_file(out_file).items())


def test_what_a_file_is_its_bytes_say(run, tmp_path):
    state = build(templates.build("lenet5"), torch.device("cpu"), 5).net.state_dict()
    torch.save(state, tmp_path / "torch.safetensors")
    save_file(state, tmp_path / "safe.pth")
    for name in ("torch.safetensors", "safe.pth"):
        assert run("import", "lenet5", tmp_path / name)[1] == "All 10 tensors match by name.\n"


def test_numbers_that_are_not_finite_are_told(run, tmp_path, refused):
    state = build(templates.build("lenet5"), torch.device("cpu"), 5).net.state_dict()
    state["conv1.bias"][0] = float("nan")
    torch.save(state, tmp_path / "nan.pth")
    status, out, _err = run("import", "lenet5", tmp_path / "nan.pth", "--report")
    assert (
        status == 0
        and "1 of them has numbers that are not finite (NaN, infinity): conv1.bias" in out
    )
    assert sum(line.startswith("not finite") for line in out.splitlines()) == 1
    sentence = refused(
        run(
            "export",
            "lenet5",
            "--to",
            "onnx",
            "--weights",
            tmp_path / "nan.pth",
            "-o",
            tmp_path / "x.onnx",
        )
    )
    assert "With these weights the outputs are not finite" in sentence
    assert not (tmp_path / "x.onnx").exists()


def test_import_of_a_pickle_that_would_run_code(run, tmp_path, refused):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "it-ran"),)

    torch.save({"conv1.weight": torch.zeros(1), "x": Hostile()}, tmp_path / "hostile.pth")
    assert "nothing of it was run" in refused(run("import", "lenet5", tmp_path / "hostile.pth"))
    assert not (tmp_path / "it-ran").exists()


def test_one_of_two_sets_is_chosen(run, tmp_path, refused):
    state = build(templates.build("lenet5"), torch.device("cpu"), 5).net.state_dict()
    average = {name: value + 1 for name, value in state.items()}
    torch.save({"epoch": 1, "model": state, "model_ema": average}, tmp_path / "both.ckpt")
    out_file = tmp_path / "ours.safetensors"
    for chosen, expected in ((), state), (("--set", "model_ema"), average):
        status, out, _err = run("import", "lenet5", tmp_path / "both.ckpt", "-o", out_file, *chosen)
        assert status == 0 and ("“model_ema” would fit too" in out) == (not chosen)
        assert torch.equal(load_file(out_file)["fc3.bias"], expected["fc3.bias"])
    sentence = refused(run("import", "lenet5", tmp_path / "both.ckpt", "--set", "best"))
    assert "there are: model, model_ema" in sentence


def test_a_part_is_loaded_if_one_says_so(run, tmp_path, refused):
    net = build(templates.build("cifar_resnet8", classes=100), torch.device("cpu"), 5).net
    torch.save({"state_dict": net.state_dict()}, tmp_path / "hundred.pth.tar")
    out_file = tmp_path / "ours.safetensors"
    given = ("import", "cifar_resnet8", tmp_path / "hundred.pth.tar", "-o", out_file)
    sentence = refused(run(*given))
    assert "fc.weight is 10×64 in this network and 100×64" in sentence
    assert "With --partial, the 45 tensors that fit are loaded." in sentence
    assert not out_file.exists()
    status, out, _err = run(*given, "--partial", "--report")
    assert status == 0 and "Drawn at random: fc.weight, fc.bias." in out
    assert {line.split()[1] for line in out.splitlines() if line.startswith("random")} == {
        "fc.weight",
        "fc.bias",
    }
    found = load_file(out_file)
    assert torch.equal(found["layer3.0.conv2.weight"], net.state_dict()["layer3.0.conv2.weight"])
    assert found["fc.weight"].shape == (10, 64)
    assert run("import", "cifar_resnet8", out_file)[0] == 0  # it is whole


def test_a_file_that_is_no_network_is_called_what_it_is(run, tmp_path, refused):
    torch.save({"w": torch.zeros(2)}, tmp_path / "w.pth")
    (tmp_path / "net.py").write_text("import torch\n")
    assert "holds weights, not a network" in refused(run("check", tmp_path / "w.pth"))
    assert "Python source" in refused(run("check", tmp_path / "net.py"))
    assert "Python source" in refused(run("import", "lenet5", tmp_path / "net.py"))
