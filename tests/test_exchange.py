"""The commands that carry weights in and out: import, predict, export to safetensors and ONNX."""

import os
import re

import pytest
import torch
from safetensors.torch import load_file, save_file

from explorer import resource
from explorer.catalog import templates
from explorer.engine.model import build
from explorer.graph import edits, file

PUBLISHED = resource.path("squeezenet1_1") / "squeezenet1_1.safetensors"
CAT = resource.path("photos") / "chelsea.png"


def refused(answer) -> str:
    """Exit status 2 and one sentence; the sentence."""
    status, out, err = answer
    assert status == 2 and out == ""
    assert err.startswith("cnn-explorer: ") and err.count("\n") == 1 and len(err) < 500
    return err


@pytest.fixture
def bad(tmp_path):
    graph = edits.set_params(templates.build("lenet5"), "conv1", {"kernel_size": 99})
    file.write(graph, tmp_path / "bad.cnn.json")
    return tmp_path / "bad.cnn.json"


# predict --------------------------------------------------------------------------------------


def test_predict_names_the_cat_and_the_coffee(run):
    status, out, err = run("predict", "squeezenet1_1", CAT)
    assert (status, err) == (0, "")
    assert out.splitlines()[:3] == ["0.39  Egyptian cat", "0.34  tiger cat", "0.25  tabby"]
    assert len(out.splitlines()) == 5
    status, out, _err = run(
        "predict", "squeezenet1_1", resource.path("photos") / "coffee.png", "--top", 1
    )
    assert (status, out) == (0, "0.97  espresso\n")


def test_predict_with_weights_of_ones_own(run, tmp_path):
    graph = templates.build("squeezenet1_1")
    torch.save(
        {"state_dict": {f"module.{name}": value for name, value in load_file(PUBLISHED).items()}},
        tmp_path / "w.pth",
    )
    assert run("predict", "squeezenet1_1", CAT, "--weights", tmp_path / "w.pth")[1].startswith(
        "0.39  Egyptian cat\n"
    )
    file.write(graph, tmp_path / "mine.cnn.json")
    assert "Egyptian cat" in run("predict", tmp_path / "mine.cnn.json", CAT)[1]


def test_predict_refuses(run, bad, tmp_path):
    assert "--weights" in refused(run("predict", "lenet5", CAT))
    assert "no photo" in refused(run("predict", "squeezenet1_1", PUBLISHED))
    assert "no file" in refused(run("predict", "squeezenet1_1", tmp_path / "none.png"))
    assert "another network's" in refused(run("predict", "lenet5", CAT, "--weights", PUBLISHED))
    status, out, err = run("predict", bad, CAT)
    assert (status, out) == (1, "") and "kernel_size 99" in err
    assert run("predict", "squeezenet1_1", CAT, "--top", 0)[0] == 2


# import ---------------------------------------------------------------------------------------


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


def test_import_of_another_networks_weights(run, tmp_path):
    out_file = tmp_path / "ours.safetensors"
    sentence = refused(run("import", "resnet18", PUBLISHED, "-o", out_file))
    assert "Nothing was loaded" in sentence and not out_file.exists()
    status, out, err = run("import", "resnet18", PUBLISHED, "--report")
    assert status == 2 and "Nothing was loaded" in err
    assert "no partner" in out and "left over" in out and "fc.weight" in out


def test_import_refuses(run, bad, tmp_path):
    (tmp_path / "text.pth").write_text("no weights")
    (tmp_path / "torn.safetensors").write_bytes(PUBLISHED.read_bytes()[:100_000])
    for name, words in (
        ("text.pth", "holds no weights"),
        ("torn.safetensors", "no whole"),
        ("none.pth", "no file"),
        ("", "folder"),
    ):
        assert words in refused(run("import", "squeezenet1_1", tmp_path / name))
    for place in (tmp_path, CAT / "x", tmp_path / "none" / "x.safetensors"):
        refused(run("import", "squeezenet1_1", PUBLISHED, "-o", place))
    assert not (tmp_path / "none").exists()
    assert run("import", bad, PUBLISHED)[0] == 1
    assert run("import", "squeezenet1_1")[0] == 2


def test_import_of_a_sorted_file_whose_layers_are_alike(run, tmp_path):
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


def test_numbers_that_are_not_finite_are_told(run, tmp_path):
    state = build(templates.build("lenet5"), torch.device("cpu"), 5).net.state_dict()
    state["conv1.bias"][0] = float("nan")
    torch.save(state, tmp_path / "nan.pth")
    status, out, _err = run("import", "lenet5", tmp_path / "nan.pth", "--report")
    assert status == 0 and "not finite (NaN, infinity) stand in 1 of them, first conv1.bias" in out
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


def test_import_of_a_pickle_that_would_run_code(run, tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "it-ran"),)

    torch.save({"conv1.weight": torch.zeros(1), "x": Hostile()}, tmp_path / "hostile.pth")
    assert "nothing of it was run" in refused(run("import", "lenet5", tmp_path / "hostile.pth"))
    assert not (tmp_path / "it-ran").exists()


# export ---------------------------------------------------------------------------------------


def test_export_to_safetensors_of_drawn_weights(run, tmp_path):
    files = []
    for seed in (0, 0, 1):
        files.append(tmp_path / f"{len(files)}.safetensors")
        assert run("export", "lenet5", "--to", "safetensors", "--seed", seed, "-o", files[-1]) == (
            0,
            f"{files[-1]}\nwith weights drawn from seed {seed}\n",
            "",
        )
    first, same, other = map(load_file, files)
    assert list(first) and all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])
    build(templates.build("lenet5"), torch.device("cpu")).net.load_state_dict(first, strict=True)


def test_export_takes_the_published_weights(run, tmp_path):
    out_file = tmp_path / "out.safetensors"
    assert run("export", "squeezenet1_1", "--to", "safetensors", "-o", out_file)[1] == (
        f"{out_file}\nwith its published weights\n"
    )
    before, after = load_file(PUBLISHED), load_file(out_file)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert (
        "drawn from seed 3"
        in run("export", "squeezenet1_1", "--to", "safetensors", "--seed", 3, "-o", out_file)[1]
    )
    assert not torch.equal(load_file(out_file)["features.0.weight"], before["features.0.weight"])


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_what_is_exported_others_may_read_as_the_user_has_it(run, tmp_path):
    (tmp_path / "plain").write_text("")
    mode = (tmp_path / "plain").stat().st_mode
    for form in ("pytorch", "safetensors", "onnx"):
        run("export", "lenet5", "--to", form, "-o", tmp_path / "x")
        assert (tmp_path / "x").stat().st_mode == mode, form
        (tmp_path / "x").unlink()


def test_export_to_safetensors_of_given_weights(run, tmp_path):
    out_file = tmp_path / "out.safetensors"
    assert (
        run(
            "export", "squeezenet1_1", "--to", "safetensors", "--weights", PUBLISHED, "-o", out_file
        )[0]
        == 0
    )
    before, after = load_file(PUBLISHED), load_file(out_file)
    assert set(before) == set(after) and all(torch.equal(before[n], after[n]) for n in before)


def test_export_to_onnx_prints_the_difference(run, tmp_path):
    out_file, weights = tmp_path / "net.onnx", tmp_path / "lenet5.safetensors"
    run("export", "lenet5", "--to", "safetensors", "--seed", 5, "-o", weights)
    status, out, err = run("export", "lenet5", "--to", "onnx", "--weights", weights, "-o", out_file)
    assert (status, err) == (0, "")
    where, which, what = out.splitlines()
    assert which.startswith("with the weights of lenet5.safetensors: All 10 tensors match by name")
    assert where == str(out_file) and "any number of pictures" in what
    assert float(re.search(r"differ by at most (\S+),", what)[1]) < 1e-4


@pytest.mark.parametrize("form", ["safetensors", "onnx"])
def test_export_of_weights_refuses(run, form, bad, tmp_path):
    assert "-o FILE" in refused(run("export", "lenet5", "--to", form))
    out_file = tmp_path / f"out.{form}"
    refused(run("export", "lenet5", "--to", form, "--weights", PUBLISHED, "-o", out_file))
    assert run("export", bad, "--to", form, "-o", out_file)[0] == 1
    refused(run("export", "lenet5", "--to", form, "-o", tmp_path))
    assert run("export", "lenet5", "--to", form, "-o", out_file, "--seed", "-1")[0] == 2
    assert not out_file.exists()
