"""What check prints, and how it ends."""

import json

import pytest


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
