"""The commands that need no screen: what they print, what they write, how they end."""

import ast
import csv
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from explorer import __version__
from explorer.catalog import templates
from explorer.graph import edits, file
from explorer.graph.graph import Graph, Node, Wire
from tests.patience import PATIENCE

GOOD = Graph(
    "good",
    (3, 8, 8),
    {"a": Node("a", "Conv2d", {"out_channels": 4})},
    (Wire("input", "a"), Wire("a", "output")),
)
BAD = edits.set_params(GOOD, "a", {"kernel_size": 99})


@pytest.fixture
def good(tmp_path):
    file.write(GOOD, tmp_path / "good.cnn.json")
    return tmp_path / "good.cnn.json"


@pytest.fixture
def bad(tmp_path):
    file.write(BAD, tmp_path / "bad.cnn.json")
    return tmp_path / "bad.cnn.json"


def refused(answer) -> str:
    """Exit status 2 and one sentence; the sentence."""
    status, out, err = answer
    assert status == 2 and out == ""
    assert err.startswith("cnn-explorer: ") and err.count("\n") == 1 and len(err) < 500
    return err


# templates ------------------------------------------------------------------------------------


def test_templates(run):
    status, out, err = run("templates")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == templates.names()
    assert "3×224×224" in out and "He et al. 2015" in out


def test_the_module_is_the_command():
    ran = subprocess.run(
        [sys.executable, "-m", "explorer", "templates"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        timeout=PATIENCE,
    )
    assert ran.returncode == 0 and "cifar_resnet8" in ran.stdout and ran.stderr == ""


def test_a_terminal_that_knows_no_multiplication_sign():
    ran = subprocess.run(
        [sys.executable, "-m", "explorer", "check", "lenet5"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=PATIENCE,
    )
    assert ran.returncode == 0 and ran.stderr == b"" and b"61,706" in ran.stdout


def test_version_and_help(run):
    assert run("--version") == (0, f"{__version__}\n", "")
    status, out, _err = run("--help")
    assert status == 0 and all(
        word in out for word in ("open", "check", "train", "export", "templates")
    )
    for command in ("check", "train", "export"):
        assert run(command, "--help")[0] == 0


# check ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "params", "macs"),
    [
        ("resnet18", 11_689_512, 1_814_073_344),
        ("resnet34", 21_797_672, 3_663_761_408),
        ("resnet50", 25_557_032, 4_089_184_256),
        ("resnet101", 44_549_160, 7_801_405_440),
        ("resnet152", 60_192_808, 11_513_626_624),
        ("vgg16", 138_357_544, 15_470_264_320),
    ],
)
def test_check_prints_exact_totals(run, name, params, macs):
    status, out, err = run("check", name)
    assert (status, err) == (0, "")
    assert f"{params:,}" in out and f"{macs:,}" in out
    status, out, _err = run("check", name, "--json")
    assert status == 0 and (json.loads(out)["params"], json.loads(out)["macs"]) == (params, macs)


def test_check_of_a_file(run, good, bad):
    status, out, err = run("check", good, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["ok"] and found["output"] == [4, 6, 6] and found["name"] == "good"
    status, out, err = run("check", bad)
    assert (status, err) == (1, "")
    assert "✗ a: kernel_size 99 is larger than the padded input 8×8 of a; allowed: 1 to 8" in out
    assert "→ Set kernel size 8" in out
    status, out, _err = run("check", bad, "--json")
    assert status == 1
    assert json.loads(out)["problems"][0]["fixes"] == ["Set padding 46", "Set kernel size 8"]


def test_check_gives_advice_and_goes_well(run):
    """A network that a colleague would speak about is no network with problems."""
    status, out, err = run("check", "vgg16")
    assert status == 0 and "△ features" in out and "section 3.1" in out and err == ""
    status, out, _err = run("check", "vgg16", "--json")
    whole = json.loads(out)
    assert status == 0 and whole["ok"] and [each["rule"] for each in whole["advice"]] == ["plain"]


def test_check_with_another_input(run, good):
    status, out, _err = run("check", "resnet18", "--input", "1x28x28", "--json")
    assert status == 0 and json.loads(out)["input"] == [1, 28, 28]
    status, out, _err = run("check", good, "--input", "5×9X7", "--json")
    assert status == 0 and json.loads(out)["layers"][0]["in"] == [5, 9, 7]
    status, out, _err = run("check", good, "--input", "3x2x8")
    assert status == 1 and "padded input 2×8" in out


def test_check_against_a_data_set(run, good):
    status, out, _err = run("check", "resnet18", "--data", "fashion-mnist", "--json")
    assert status == 0 and json.loads(out)["output"] == [10]
    status, out, _err = run("check", good, "--data", "fashion-mnist", "--json")
    assert status == 1
    assert {problem["rule"] for problem in json.loads(out)["problems"]} == {"input", "classes"}


@pytest.mark.parametrize(
    "shape",
    [
        "",
        "3",
        "3x224",
        "3x224x224x1",
        "0x28x28",
        "-1x28x28",
        "axbxc",
        "1.0x28x28",
        "1x28x28x",
        "65537x1x1",
        "1x²x3",
        "9" * 5000 + "x1x1",
    ],
)
def test_check_refuses_a_shape(run, shape):
    assert "as 3x224x224" in refused(run("check", "resnet18", f"--input={shape}"))


@pytest.mark.parametrize("shape", ["3x999999x999999", "3x0x224"])
def test_a_shape_out_of_range_is_one_all_the_same(run, shape):
    sentence = refused(run("check", "resnet18", "--input", shape))
    assert "may each be 1 to 65536" in sentence and "is no shape" not in sentence


# Bad input ------------------------------------------------------------------------------------


def hostile() -> dict[str, tuple[str, str]]:
    good = json.loads(file.dumps(GOOD))

    def changed(**what):
        return json.dumps(good | what)

    node = good["nodes"][0]
    return {
        "not json": ("{", "not JSON"),
        "empty": ("", "not JSON"),
        "a list": ("[]", '"format"'),
        "deep": ("[" * 100_000, "not JSON"),
        "newer": (changed(version=9), "newer CNN Explorer"),
        "cycle": (changed(wires=[["a", "a"]]), "circle: a → a"),
        "kind": (changed(nodes=[node | {"kind": "Warp"}]), "a is of the unknown kind Warp"),
        "range": (changed(nodes=[node | {"params": {"out_channels": 0}}]), "allowed: 1 to 65536"),
        "bool": (changed(nodes=[node | {"params": {"stride": True}}]), "must be a whole number"),
        "word": (changed(nodes=[node | {"params": {"stride": "2"}}]), "must be a whole number"),
        "name": (changed(nodes=[node | {"id": "__import__('os')"}]), "cannot name a node"),
        "two": (changed(nodes=[node, node]), "Two nodes are called a"),
        "wire": (changed(wires=[["a", "b"]]), "no end at b"),
        "input": (changed(input=[3, 0, 8]), '"input" is [3, 0, 8]'),
        "escape": (changed(nodes=[node | {"kind": "\x1b[2J"}]), "unknown kind"),
        "million": (
            '{"format": "cnn-explorer", "version": 1, "input": [1, 1, 1], "wires": [], '
            '"nodes": [' + ",".join(["{}"] * 1_000_000) + "]}",
            "more than 20,000 nodes",
        ),
    }


@pytest.mark.parametrize("what", hostile())
def test_a_hostile_file_gives_one_sentence(run, tmp_path, what):
    text, words = hostile()[what]
    path = tmp_path / "hostile.cnn.json"
    path.write_text(text, "utf-8")
    for command in (["check"], ["check", "--json"], ["export", "--to", "pytorch"], ["train"]):
        sentence = refused(run(command[0], path, *command[1:]))
        assert words in sentence and "hostile.cnn.json: " in sentence and "\x1b" not in sentence
        if what in ("deep", "million"):
            break


def test_what_is_not_there(run, tmp_path):
    assert "did you mean resnet18" in refused(run("check", "resnet17"))
    assert "cnn-explorer templates lists them" in refused(run("check", "zzz"))
    assert "neither a file nor a template" in refused(run("check", "n" * 300))
    refused(run("check", tmp_path))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    assert "not text" in refused(run("check", tmp_path / "picture.png"))


@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["check", "--nonsense"],
        ["export", "resnet18"],
        ["export", "resnet18", "--to", "onnx"],
        ["templates", "x"],
        ["train", "lenet5", "--epochs", "0"],
        ["train", "lenet5", "--seed", "-1"],
        ["train", "lenet5", "--batch-size", "0"],
        ["train", "lenet5", "--batch-size", "8.5"],
        ["train", "lenet5", "--learning-rate", "nan"],
        ["train", "lenet5", "--weight-decay", "2"],
        ["train", "lenet5", "--mode", "float8"],
        ["train", "lenet5", "--limit", "0"],
        ["--nonsense"],
        ["train", "lenet5", "--epochs", "9" * 5000],
        ["train", "lenet5", "--data", "imagenet"],
    ],
)
def test_a_wrong_command_line(run, words):
    refused(run(*words))


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["chekc", "resnet18"], "did you mean check?"),
        (["exprot"], "did you mean export"),
        (["resnet17"], "did you mean resnet18"),
        (["foo"], "--help lists the commands"),
        (["f" * 5000], "--help lists the commands"),
    ],
)
def test_a_word_that_is_no_command(run, monkeypatch, words, hint):
    """Whether there is a display or not."""
    monkeypatch.delenv("DISPLAY", raising=False)
    sentence = refused(run(*words))
    assert f"no command, template or file {words[0][:300]}" in sentence and hint in sentence


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["export", "lenet5", "--to", "pytorch", "--width", "9"],
            "--width does nothing here; --to pytorch takes no options of its own",
        ),
        (
            ["export", "lenet5", "--to", "table", "--inside", "a"],
            "--inside does nothing here; --to table takes --format",
        ),
        (
            ["export", "lenet5", "--to", "onnx", "-o", "x.onnx", "--theme", "light"],
            "--theme does nothing here; --to onnx takes --weights, --seed",
        ),
        (["check", "lenet5", "--batch", "64"], "--batch does nothing here; it belongs to --memory"),
        (["check", "lenet5", "--precision", "float16"], "it belongs to --memory"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(run, words, sentence):
    assert sentence in refused(run(*words))


# export ---------------------------------------------------------------------------------------


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


def test_export_to_a_place_that_cannot_be_written(run, tmp_path):
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


def test_export_of_what_lies_inside(run, tmp_path):
    sizes = []
    for words in ((), ("--inside", "layer2"), ("--inside", "layer2.0"), ("--scale", "3")):
        status, out, err = run("export", "resnet18", "--to", "svg", *words)
        assert (status, err) == (0, "")
        sizes.append(ElementTree.fromstring(out).get("width"))
    assert len(set(sizes)) == 4 and int(sizes[3]) == 3 * int(sizes[0])
    for path, words in (
        ("layer9", "There is no layer9; the network holds stem, layer1"),
        ("layer2.0.conv1", "layer2.0.conv1 is a Conv2d and has no inside"),
        ("...", "There is no "),
    ):
        assert words in refused(run("export", "resnet18", "--to", "svg", "--inside", path))


def test_export_of_the_diagram_of_a_network_with_problems(run, bad, tmp_path):
    status, out, err = run("export", bad, "--to", "svg", "-o", tmp_path / "bad.svg")
    assert (status, out) == (1, "") and err.startswith("a: kernel_size 99 is larger")
    assert "#e5484d" in (tmp_path / "bad.svg").read_text()


def test_export_of_the_table(run, tmp_path):
    rows = list(csv.DictReader(run("export", "lenet5", "--to", "table")[1].splitlines()))
    assert rows[0]["layer"] == "conv1" and sum(int(row["params"]) for row in rows) == 61_706
    text = run("export", "lenet5", "--to", "table", "--format", "markdown")[1]
    assert "| `conv1` | Conv2d |" in text
    path = tmp_path / "net.MD"
    assert run("export", "lenet5", "--to", "table", "-o", path) == (0, "", "")
    assert path.read_text("utf-8") == text
    path = tmp_path / "net.txt"
    assert ".csv or .md" in refused(run("export", "lenet5", "--to", "table", "-o", path))
    assert run("export", "lenet5", "--to", "table", "--format", "csv", "-o", path)[0] == 0
    assert path.read_text("utf-8").startswith("layer,")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--to", "png"], "needs a file: -o FILE.png"),
        (["--to", "pdf"], "needs a file: -o FILE.pdf"),
        (["--to", "png", "-o", "x.png", "--scale", "1e5"], "would be too large; allowed: 30,000"),
        (["--to", "pdf", "-o", "x.pdf", "--width", "1e6"], "of a PDF may be 14,400"),
        (["--to", "svg", "-o", "no/such/folder.svg"], "No such file"),
        (["--to", "svg", "-o", "null\0.svg"], "null"),
        (["--to", "png", "-o", "/dev/full/x.png"], "/dev/full/x.png: "),
    ],
)
def test_an_export_that_cannot_be(run, tmp_path, monkeypatch, words, sentence):
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
def test_a_wrong_export(run, words):
    sentence = refused(run("export", "lenet5", *words))
    assert sentence.startswith("cnn-explorer: --") and "export --help tells more" in sentence


# Without a screen -----------------------------------------------------------------------------


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always one")
@pytest.mark.parametrize("words", [[], ["open"], ["open", "resnet18"], ["some.cnn.json"]])
def test_no_display(run, monkeypatch, words):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    sentence = refused(run(*words))
    assert "no display" in sentence
    assert all(command in sentence for command in ("check", "train", "export", "templates"))


# train ----------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_told_before_the_first_step(run, tmp_path, monkeypatch):
    from explorer.engine import training_driver

    monkeypatch.setattr(training_driver, "prepare", lambda *_: pytest.fail("it began"))
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full" / "weights.safetensors").mkdir(parents=True)
    for place in ("file", "file/inside", "full"):
        assert "cannot be written" in refused_train(
            run("train", "lenet5", "--epochs", 1, "--out", tmp_path / place)
        )
    assert (tmp_path / "file").read_text() == "mine"
    monkeypatch.setattr(
        training_driver, "prepare", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    assert run("train", "lenet5", "--epochs", 1, "--out", tmp_path / "new" / "run")[0] == 130
    assert not (tmp_path / "new").exists()


def refused_train(answer) -> str:
    """As `refused`; what data the network takes was printed before."""
    status, _out, err = answer
    assert status == 2 and err.startswith("cnn-explorer: ") and err.count("\n") == 1
    return err
