"""What a graph may not hold, however it came to be, and files with values that no parameter may have:
`check` refuses each in one sentence that names the node, the parameter, the value and what is
allowed."""

import contextlib
import io
import json
from pathlib import Path

import pytest

from explorer.catalog import KINDS, check
from explorer.catalog.check import KindError
from explorer.cli import main
from explorer.graph import file
from explorer.graph.file import FileError
from explorer.graph.graph import Graph, Node, Wire

# Of parameters that take the same values one stands for all.
ONCE = {
    (type(param.default), param.low, param.high, param.choices, param.pair, param.words): (
        kind,
        param,
    )
    for kind in KINDS.values()
    for param in kind.params
    if kind.name != "Group"
}
PARAMS = [
    pytest.param(kind, param, id=f"{kind.name}-{param.name}") for kind, param in ONCE.values()
]


def written(tmp_path, kind: str, params: dict, input=(6, 9, 9)) -> Path:
    """A file with one node of that kind."""
    nodes = [{"id": "conv5", "kind": kind, "params": params}]
    wires = [["input", "conv5", port] for port in KINDS[kind].inputs] + [["conv5", "output"]]
    path = tmp_path / "wrong.cnn.json"
    path.write_text(
        json.dumps(
            {
                "format": "cnn-explorer",
                "version": 1,
                "name": "net",
                "input": input,
                "nodes": nodes,
                "wires": wires,
            }
        )
    )
    return path


def checked(tmp_path, kind: str, params: dict) -> tuple[int, str, str]:
    """The exit status of `check`, what it prints, and what it complains of."""
    path = written(tmp_path, kind, params)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["check", str(path)])
    out.seek(0)
    err.seek(0)
    return status, out.read(), err.read()


def refused(tmp_path, kind, param, value) -> str:
    """The sentence; one line, short, without a trace of Python."""
    with pytest.raises(FileError) as error:
        check.read(written(tmp_path, kind.name, {param.name: value}))
    sentence = str(error.value)
    assert sentence.isprintable() and len(sentence) < 480
    assert f"conv5: {param.name} is " in sentence and "<" not in sentence
    return sentence


@pytest.mark.parametrize(("kind", "param"), PARAMS)
def test_the_command_line_prints_the_sentence(tmp_path, kind, param):
    status, out, err = checked(tmp_path, kind.name, {param.name: []})
    assert (status, out) == (2, "")
    assert err == f"cnn-explorer: {refused(tmp_path, kind, param, [])}\n"


@pytest.mark.parametrize(("kind", "param"), PARAMS)
def test_what_no_parameter_takes(tmp_path, kind, param):
    for value in (
        None,
        [],
        [1, 2, 3],
        [[1, 1], 1],
        [1, "1"],
        [True, 1],
        [1.0, 1.0],
        {},
        "",
        "x" * 500,
        "3",
        float("inf"),
        float("nan"),
    ):
        refused(tmp_path, kind, param, value)


@pytest.mark.parametrize(("kind", "param"), PARAMS)
def test_what_this_parameter_does_not_take(tmp_path, kind, param):
    if not param.pair:
        refused(tmp_path, kind, param, [1, 1])
    for word in ("same", "auto", "nearest"):
        if word not in param.words + param.choices:
            refused(tmp_path, kind, param, word)
    if param.choices:
        assert ", ".join(param.choices) in refused(tmp_path, kind, param, 3)
        return
    if type(param.default) is bool:
        assert "true or false" in refused(tmp_path, kind, param, 1)
        return
    refused(tmp_path, kind, param, True)
    low, high = (f"{end:g}" if type(end) is float else end for end in (param.low, param.high))
    allowed = f"allowed: {low} to {high}"
    wrong = [param.low - 1, param.high + 1, min(-1, param.low - 1), -(10**30), 10**30]
    for value in wrong + [[value, int(param.low)] for value in wrong if param.pair]:
        assert allowed in refused(tmp_path, kind, param, value)
    if type(param.default) is not float:
        assert "whole number" in refused(tmp_path, kind, param, param.low + 0.5)


@pytest.mark.parametrize(
    ("kind", "params", "sentence"),
    [
        (
            "Conv2d",
            {"groups": 4, "out_channels": 8},
            "groups 4 of conv5 does not divide its 6 input channels; allowed: 1, 2",
        ),
        (
            "Conv2d",
            {"groups": 65_536, "out_channels": 65_536},
            "groups 65536 of conv5 does not divide",
        ),
        (
            "GroupNorm",
            {"num_groups": 4},
            "num_groups 4 of conv5 does not divide its 6 channels; allowed: 1, 2, 3, 6",
        ),
        (
            "ChannelShuffle",
            {"groups": 5},
            "groups 5 of conv5 does not divide its 6 channels; allowed: 1, 2, 3, 6",
        ),
        ("Chunk", {"chunks": 4}, "chunks 4 of conv5 does not divide its 6 channels"),
        (
            "Chunk",
            {"chunks": 3, "index": 3},
            "index 3 of conv5: there are 3 parts; allowed: 0 to 2",
        ),
        (
            "Conv2d",
            {"kernel_size": [3, 11]},
            "kernel_size 3×11 is larger than the padded input 9×9 of conv5; allowed: up to 9×9",
        ),
        (
            "Conv2d",
            {"padding": "same", "stride": [2, 1]},
            'padding "same" of conv5 needs stride 1, but stride is 2×1',
        ),
        (
            "MaxPool2d",
            {"kernel_size": [2, 4], "padding": [2, 2]},
            "padding 2×2 of conv5 is more than half of kernel_size 2×4; allowed: up to 1×2",
        ),
        (
            "ConvTranspose2d",
            {"output_padding": 2},
            "output_padding 2 of conv5 must be smaller than stride or dilation; allowed: 0 to 1",
        ),
        (
            "ConvTranspose2d",
            {"padding": [9, 1]},
            "conv5 would give a map of 0×16; allowed: at least",
        ),
        ("LayerScale", {"value": 0}, ""),
        ("Conv2d", {"kernel_size": [9, 1], "padding": [0, 4]}, ""),
    ],
)
def test_values_that_do_not_fit_together(tmp_path, kind, params, sentence):
    status, out, err = checked(tmp_path, kind, params)
    assert err == "" and sentence in out
    assert (status, "✗" in out) == ((1, True) if sentence else (0, False))


def test_check_trusts_what_was_there_and_looks_at_what_is_new():
    bad = Graph("g", (1, 4, 4), {"a": Node("a", "ReLU", {"p": 3})}, ())
    with pytest.raises(KindError, match="a: ReLU has no parameter 'p'; it has: none"):
        check.graph(bad)
    with pytest.raises(KindError):
        check.graph(bad, Graph("g", (1, 4, 4)))
    good = Graph("g", (1, 4, 4), {"a": Node("a", "ReLU")}, (Wire("input", "a"),))
    assert check.graph(good) is good
    for wires in ((Wire("input", "a", "b"),), (Wire("a", "output", "a"),)):
        with pytest.raises(KindError, match="has no input"):
            check.graph(Graph("g", (1, 4, 4), good.nodes, wires), good)


def nested(depth: int) -> Graph:
    node = Node("relu", "ReLU")
    for _depth in range(depth):
        wires = (Wire("input", node.id), Wire(node.id, "output"))
        node = Node("group", "Group", inner=Graph("", (), {node.id: node}, wires))
    wires = (Wire("input", node.id), Wire(node.id, "output"))
    return Graph("net", (8, 8, 8), {node.id: node}, wires)


def test_groups_are_no_deeper_than_a_file_can_be_read_again():
    deepest = check.graph(nested(file.DEEPEST))
    assert check.from_dict(file.to_dict(deepest)) == deepest
    with pytest.raises(KindError, match="nested up to 16 deep"):
        check.graph(nested(file.DEEPEST + 1))
    with pytest.raises(KindError, match="nested up to 16 deep"):
        check.graph(nested(500), deepest)
