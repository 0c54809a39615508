"""The forecast as a person and a program read it."""

import json
from itertools import product

import pytest

from explorer import cli
from explorer.analysis.memory_forecast import forecast, largest_batch
from explorer.analysis.memory_table import as_dict, as_lines, bytes_of, bytes_text
from explorer.analysis.report import analyse
from explorer.catalog import templates
from explorer.runs.recipe import OPTIMISERS, PRECISIONS, Recipe


@pytest.fixture(scope="module")
def report():
    return analyse(templates.build("resnet18"))


def test_figures_are_bytes_and_add_up(report):
    found = as_dict(report, forecast(report, 64), 24 * 2**30)
    parts = (
        "parameters",
        "buffers",
        "gradients",
        "optimiser_state",
        "weight_copies",
        "activations_kept",
        "transient",
    )
    assert found["unit"] == "bytes" and found["parameters"] == 4 * 11_689_512
    assert sum(found[part] for part in parts) == found["training_peak"]
    assert found["largest_training_batch"] == largest_batch(report, 24 * 2**30)
    assert found["largest_training_batch"] < found["largest_inference_batch"]
    assert found["validation_peak"] <= max(found["training_peak"], 2**28)
    assert found["validation_batch"] > 64


def test_lines_for_a_person(report):
    lines = as_lines(report, forecast(report, 64), 24 * 2**30)
    assert lines[0] == "memory at batch 64, float32, momentum"
    assert "  activations kept    1.3 GiB" in lines
    assert lines[-1].startswith("  24 GiB holds a batch of 1,")
    assert len({len(line) for line in lines[1:-1]}) == 1, "figures stand below one another"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("24GB", 24 * 2**30),
        ("512 MB", 2**29),
        ("1.5g", 3 * 2**29),
        ("8GiB", 2**33),
        ("1000", None),
        ("1000 B", 1000),
        ("2k", 2048),
        ("cuda:0", None),
        ("GB", None),
        ("", None),
        ("1e9", None),
        ("-1", None),
    ],
)
def test_amounts_that_a_person_writes(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("count", [0, 999, 2**20, 24 * 2**30])
def test_what_is_shown_is_what_may_be_written(count):
    assert bytes_of(bytes_text(count)) == count


def test_check_prints_the_block_when_asked(capsys):
    assert cli.main(["check", "lenet5"]) == 0
    assert "peak of training" not in capsys.readouterr().out
    assert cli.main(["check", "lenet5", "--memory", "--batch", "8", "--optimiser", "adam"]) == 0
    out = capsys.readouterr().out
    assert "memory at batch 8, float32, adam" in out and "hold a batch" not in out
    assert cli.main(["check", "lenet5", "--device", "1 GB"]) == 0
    assert "  1 GiB holds a batch of " in capsys.readouterr().out


def test_the_command_line_offers_what_there_is():
    given = cli.command_line("check").parse_args(["check", "lenet5"])
    assert given.batch == Recipe.batch_size and given.precision == PRECISIONS[0]
    for precision, optimiser in product(PRECISIONS, OPTIMISERS):
        words = ["--precision", precision, "--optimiser", optimiser]
        assert cli.main(["check", "lenet5", "--memory", *words]) == 0


def test_check_json_has_the_object(capsys):
    assert cli.main(["check", "lenet5", "--json", "--device", "cpu"]) == 0
    memory = json.loads(capsys.readouterr().out)["memory"]
    assert memory["device_type"] == "cpu" and memory["room"] > 0 < memory["largest_training_batch"]
    assert memory["assumed_device_type"] is None
    assert cli.main(["check", "lenet5", "--json", "--input", "1x4x4"]) == 1
    assert json.loads(capsys.readouterr().out)["memory"] is None


@pytest.mark.parametrize("more", [[], ["--device", "24GB"]])
def test_a_device_that_nobody_named_is_not_told_as_found(capsys, more):
    assert cli.main(["check", "lenet5", "--json", *more]) == 0
    memory = json.loads(capsys.readouterr().out)["memory"]
    assert memory["device_type"] is None and memory["assumed_device_type"] == "cuda"


@pytest.mark.parametrize("number", ["0", "24", "1.5"])
def test_an_amount_without_a_unit_is_refused(capsys, number):
    assert cli.main(["check", "lenet5", "--memory", "--device", number]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert f"--device {number} has no unit; write {number}GB" in err and "cuda:0" in err


def test_every_amount_is_in_one_unit(capsys):
    """The table's activations and the forecast's parts."""
    assert cli.main(["check", "resnet18", "--memory", "--device", "24GB"]) == 0
    out = capsys.readouterr().out
    assert "activations: 31.4 MiB per picture" in out and "  24 GiB holds a batch" in out
    assert " MB" not in out and " GB" not in out


def test_a_device_that_is_not_here_is_one_sentence(capsys):
    assert cli.main(["check", "lenet5", "--device", "cuda:77"]) == 2
    assert "There is no device “cuda:77” here" in capsys.readouterr().err
