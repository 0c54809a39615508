"""Names of nodes: they become attributes, variables and classes of the written source."""

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.graph import names


@pytest.mark.parametrize("name", ["a", "conv1", "0", "12", "layer_2", "A", "x1", "out", "block"])
def test_good_names(name):
    assert names.fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "a.b",
        "1a",
        "_a",
        "__import__",
        "__class__",
        "é",
        "ａ",
        "a\n",
        "a-b",
        "a" * 65,
        "input",
        "output",
        "x",
        "self",
        "torch",
        "nn",
        "forward",
        "training",
        "parameters",
        "class",
        "lambda",
        "match",
        "None",
        "True",
        None,
        3,
        ["a"],
        {"a": 1},
        1.5,
        True,
    ],
)
def test_bad_names(name):
    sentence = names.fault(name)
    assert "cannot name a node" in sentence and "\n" not in sentence and len(sentence) < 250


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x", "the generated source uses it for the tensor of its forward pass"),
        ("range", "the generated source uses this name itself"),
        ("input", "every network has an end of this name"),
        ("forward", "a module of PyTorch has an attribute of this name"),
        ("lambda", "it is a keyword of Python"),
    ],
)
def test_the_reason_is_the_true_one(name, reason):
    assert names.fault(name) == f"{name!r} cannot name a node: {reason}"


def test_no_name_hides_an_attribute_of_a_module_or_a_word_of_the_language():
    """Whatever torch version is installed."""
    from torch import nn

    attributes = {
        name for name in dir(nn.Sequential()) + list(vars(nn.Module())) if not name.startswith("_")
    } - {"append", "extend", "insert", "pop"}
    taken = attributes | set(keyword.kwlist) | set(keyword.softkwlist)
    assert {name for name in taken if names.fault(name) is None} == set()


@given(st.text(max_size=80))
def test_fault_judges_any_text(name):
    reason = names.fault(name)
    if reason is None:
        assert name.isascii() and (name.isidentifier() or name.isdigit())


good = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,63}|[0-9]{1,3}", fullmatch=True).filter(
    lambda name: names.fault(name) is None
)


@given(good, st.sets(good, max_size=5), st.integers(0, 12))
def test_free_is_free(wanted, others, count):
    taken = {wanted: None} | dict.fromkeys(others)
    for _ in range(count):
        found = names.free(wanted, taken)
        assert found not in taken and names.fault(found) is None
        taken[found] = None
    assert names.free(wanted, {}) == wanted


@pytest.mark.parametrize("wanted", ["a" * 64, "a" * 60 + "9999", "input", "x", "a b", "", "9", "é"])
def test_free_always_finds_one(wanted):
    found = names.free(wanted, {wanted})
    assert names.fault(found) is None and found != wanted
