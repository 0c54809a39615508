"""A command line that cannot be used, and what is said of it."""

import os
import subprocess
import sys

import pytest

from explorer import __version__
from explorer.cli.export import SIZE
from explorer.cli.parser import shape
from explorer.cli.predict import TOP
from explorer.runs.recipe import FIELDS
from tests.patience import PATIENCE


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


@pytest.mark.parametrize("command", [["check"], ["export", "--to", "pytorch"]])
@pytest.mark.parametrize(
    ("written", "meant"),
    [("224x224x3", "3x224x224"), ("480×640×4", "4x480x640"), ("28x28x1", "1x28x28")],
)
def test_a_shape_with_its_channels_last_is_questioned(run, refused, command, written, meant):
    name, *options = command
    sentence = refused(run(name, "lenet5", *options, "--input", written))
    assert f"if its channels come last, write {meant};" in sentence


@pytest.mark.parametrize("sound", ["3x224x3", "16x100x1", "3x8x8", "64x32x32"])
def test_a_shape_with_its_channels_first_is_taken(sound):
    assert shape(sound) == tuple(map(int, sound.split("x")))


def test_version_and_help(run):
    assert run("--version") == (0, f"{__version__}\n", "")
    status, out, _err = run("--help")
    assert status == 0 and all(
        word in out for word in ("open", "check", "train", "export", "templates")
    )
    for command in ("check", "train", "export"):
        assert run(command, "--help")[0] == 0


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
def test_a_wrong_command_line(run, words, refused):
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
def test_a_word_that_is_no_command(run, monkeypatch, words, hint, refused):
    """Whether there is a display or not."""
    monkeypatch.delenv("DISPLAY", raising=False)
    sentence = refused(run(*words))
    assert f"no command, template or file {words[0][:300]}" in sentence and hint in sentence


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["export", "lenet5", "--to", "pytorch", "--width", "9"],
            "--width has no effect here; --to pytorch takes no options of its own",
        ),
        (
            ["export", "lenet5", "--to", "table", "--inside", "a"],
            "--inside has no effect here; --to table takes --format",
        ),
        (
            ["export", "lenet5", "--to", "onnx", "-o", "x.onnx", "--theme", "light"],
            "--theme has no effect here; --to onnx takes --weights, --seed",
        ),
        (
            ["check", "lenet5", "--batch", "64"],
            "--batch has no effect here; it is an option of --memory",
        ),
        (["check", "lenet5", "--precision", "float16"], "it is an option of --memory"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(run, words, sentence, refused):
    assert sentence in refused(run(*words))


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
def test_check_refuses_a_shape(run, shape, refused):
    assert "for example 3x224x224" in refused(run("check", "resnet18", f"--input={shape}"))


@pytest.mark.parametrize("shape", ["3x999999x999999", "3x0x224"])
def test_a_shape_out_of_range_is_one_all_the_same(run, shape, refused):
    sentence = refused(run("check", "resnet18", "--input", shape))
    assert "may each be 1 to 65536" in sentence and "is no shape" not in sentence


RANGED = [
    *(
        (["train", "lenet5", f"--{name.replace('_', '-')}"], field)
        for name, field in FIELDS.items()
        if field.high is not None
    ),
    (["check", "lenet5", "--memory", "--batch"], FIELDS["batch_size"]),
    (["export", "lenet5", "--to", "onnx", "-o", "x", "--seed"], FIELDS["seed"]),
    (["export", "lenet5", "--to", "svg", "--scale"], SIZE),
    (["export", "lenet5", "--to", "svg", "--width"], SIZE),
    (["predict", "lenet5", "x.png", "--top"], TOP),
]


@pytest.mark.parametrize(("words", "field"), RANGED)
def test_a_figure_out_of_its_range_is_told_the_range(run, refused, words, field):
    """The one that is declared, wherever the figure is asked for."""
    for value in (field.low - 1, field.high * 2):
        sentence = refused(run(*words[:-1], f"{words[-1]}={value}"))
        low, high = (f"{end:g}" if type(end) is float else end for end in (field.low, field.high))
        assert f"allowed: {low} to {high};" in sentence and words[-1] in sentence
    assert "must be a" in refused(run(*words, "many"))


def test_what_can_be_trained_can_be_forecast(run):
    assert run("check", "lenet5", "--memory", "--batch", FIELDS["batch_size"].high)[0] == 0
