"""What export writes. Source, in one interpreter that knows nothing of this program: each file computes
what the engine's model computes, bit for bit. One network of each family, and of each form of block
that the family's first has not; the campaign does all."""

import ast
import csv
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from safetensors.torch import load_file

from explorer import resource
from explorer.catalog import templates
from explorer.engine.model import build
from tests import exports
from tests.patience import PATIENCE

PUBLISHED = resource.path("squeezenet1_1") / "squeezenet1_1.safetensors"


FIRST = {templates.template(name).family: name for name in reversed(templates.names())}
NAMES = [
    *FIRST.values(),
    "cifar_preact_resnet110",
    "cifar_resnet20_a",
    "inception_v3",
    "mobilenet_v3_small",
    "efficientnet_v2_s",
    "regnet_y_400mf",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where they were loaded, and what they computed lies."""
    folder = tmp_path_factory.mktemp("exports")
    exports.run_alone(NAMES, folder)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_it_computes_what_the_engine_computes(name, folder):
    exports.compare(name, folder)


def test_export(run, tmp_path):
    status, out, err = run("export", "cifar_resnet8", "--to", "pytorch")
    assert (status, err) == (0, "") and ast.parse(out)
    path = tmp_path / "net.py"
    assert run("export", "cifar_resnet8", "--to", "pytorch", "-o", path) == (0, "", "")
    assert path.read_text("utf-8") == out and os.listdir(tmp_path) == ["net.py"]


def test_export_of_a_file_and_another_input(run, good):
    assert "class Good(nn.Module):" in run("export", good, "--to", "pytorch")[1]
    assert (
        "torch.zeros(1, 1, 28, 28)"
        in run("export", "resnet18", "--input", "1x28x28", "--to", "pytorch")[1]
    )


def test_export_of_a_network_with_problems(run, bad, tmp_path):
    status, out, err = run("export", bad, "--to", "pytorch", "-o", tmp_path / "net.py")
    assert (status, out) == (1, "") and err.startswith("a: kernel_size 99 is larger")
    assert not (tmp_path / "net.py").exists()


def test_export_to_a_place_that_cannot_be_written(run, tmp_path, refused):
    for path in (tmp_path / "none" / "net.py", tmp_path):
        sentence = refused(run("export", "lenet5", "--to", "pytorch", "-o", path))
        assert str(path) in sentence
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_export_of_the_diagram_needs_no_screen(tmp_path, form, start):
    path = tmp_path / f"net.{form}"
    path.write_text("what was there before")
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "explorer",
            "export",
            "resnet18",
            "--to",
            form,
            "-o",
            path,
            "--width",
            "700",
        ],
        capture_output=True,
        timeout=PATIENCE,
        env=bare,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    assert path.read_bytes().startswith(start) and os.listdir(tmp_path) == [path.name]


def test_export_of_what_lies_inside(run, tmp_path, refused):
    sizes = []
    for words in ((), ("--inside", "layer2"), ("--inside", "layer2.0"), ("--scale", "3")):
        status, out, err = run("export", "resnet18", "--to", "svg", *words)
        assert (status, err) == (0, "")
        sizes.append(ElementTree.fromstring(out).get("width"))
    assert len(set(sizes)) == 4 and int(sizes[3]) == 3 * int(sizes[0])
    for path, words in (
        ("layer9", "There is no layer9; the network contains stem, layer1"),
        ("layer2.0.conv1", "layer2.0.conv1 is a Conv2d and has no inside"),
        ("...", "There is no "),
    ):
        assert words in refused(run("export", "resnet18", "--to", "svg", "--inside", path))


def test_export_of_the_diagram_of_a_network_with_problems(run, bad, tmp_path):
    status, out, err = run("export", bad, "--to", "svg", "-o", tmp_path / "bad.svg")
    assert (status, out) == (1, "") and err.startswith("a: kernel_size 99 is larger")
    assert "#e5484d" in (tmp_path / "bad.svg").read_text()


def test_export_of_the_table(run, tmp_path, refused):
    rows = list(csv.DictReader(run("export", "lenet5", "--to", "table")[1].splitlines()))
    assert rows[0]["layer"] == "conv1" and sum(int(row["params"]) for row in rows) == 61_706
    text = run("export", "lenet5", "--to", "table", "--format", "markdown")[1]
    assert "| `conv1` | Conv2d |" in text
    path = tmp_path / "net.MD"
    assert run("export", "lenet5", "--to", "table", "-o", path) == (0, "", "")
    assert path.read_text("utf-8") == text
    path = tmp_path / "net.txt"
    assert ".csv, .md" in refused(run("export", "lenet5", "--to", "table", "-o", path))
    assert run("export", "lenet5", "--to", "table", "--format", "csv", "-o", path)[0] == 0
    assert path.read_text("utf-8").startswith("layer,")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--to", "png"], "needs a file: -o FILE.png"),
        (["--to", "pdf"], "needs a file: -o FILE.pdf"),
        (["--to", "png", "-o", "x.png", "--scale", "1e5"], "would be too large; allowed: 30,000"),
        (
            ["--to", "pdf", "-o", "x.pdf", "--width", "1e6"],
            "points would be too large; allowed: 14,400 a side",
        ),
        (["--to", "svg", "-o", "no/such/folder.svg"], "No such file"),
        (["--to", "svg", "-o", "null\0.svg"], "null"),
        (["--to", "png", "-o", "/dev/full/x.png"], "/dev/full/x.png: "),
    ],
)
def test_an_export_that_cannot_be(run, tmp_path, monkeypatch, words, sentence, refused):
    monkeypatch.chdir(tmp_path)
    assert sentence in refused(run("export", "lenet5", *words))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "words",
    [
        ["--to", "tiff"],
        ["--to", "png", "--scale", "0"],
        ["--to", "png", "--scale", "nan"],
        ["--to", "png", "--width", "x"],
        ["--to", "png", "--scale", "2", "--width", "9"],
        ["--to", "svg", "--theme", "blue"],
    ],
)
def test_a_wrong_export(run, words, refused):
    sentence = refused(run("export", "lenet5", *words))
    assert sentence.startswith("cnn-explorer: --") and "export --help" in sentence


# Weights ----


def test_export_to_safetensors_of_drawn_weights(run, tmp_path):
    files = []
    for seed in (0, 0, 1):
        files.append(tmp_path / f"{len(files)}.safetensors")
        assert run("export", "lenet5", "--to", "safetensors", "--seed", seed, "-o", files[-1]) == (
            0,
            f"{files[-1]}\nwith random weights from seed {seed}\n",
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
        "random weights from seed 3"
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
def test_export_of_weights_refuses(run, form, bad, tmp_path, refused):
    assert "-o FILE" in refused(run("export", "lenet5", "--to", form))
    out_file = tmp_path / f"out.{form}"
    refused(run("export", "lenet5", "--to", form, "--weights", PUBLISHED, "-o", out_file))
    assert run("export", bad, "--to", form, "-o", out_file)[0] == 1
    refused(run("export", "lenet5", "--to", form, "-o", tmp_path))
    assert run("export", "lenet5", "--to", form, "-o", out_file, "--seed", "-1")[0] == 2
    assert not out_file.exists()
