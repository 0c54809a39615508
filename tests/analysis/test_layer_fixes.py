"""Fixes within one layer: each, applied, makes the network run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.fixes import fixes
from explorer.analysis.problem import problems
from explorer.analysis.report import analyse
from explorer.catalog import KINDS, check
from explorer.catalog.kind import Param


def mended(report) -> list[str]:
    """Apply each fix of the only problem: the network then runs; their labels."""
    [problem] = problems(report)
    for fix in fixes(report, problem):
        after = analyse(check.graph(fix.edit(report.graph)))
        assert after.ok, (fix.label, [each.message for each in problems(after)])
        assert fix.label.isprintable() and len(fix.label) < 80
    return [fix.label for fix in fixes(report, problem)]


@pytest.mark.parametrize(
    ("kind", "params", "input", "words", "labels"),
    [
        (
            "Conv2d",
            {"kernel_size": 9},
            (3, 7, 7),
            "kernel_size 9 is larger than the padded input 7×7 of node; allowed: 1 to 7",
            ["Set padding 1", "Set kernel size 7"],
        ),
        (
            "Conv2d",
            {"kernel_size": 3, "dilation": 4, "padding": 1},
            (3, 5, 9),
            "7×11",
            ["Set padding 2", "Set kernel size 2"],
        ),
        (
            "Conv2d",
            {"kernel_size": (3, 9)},
            (3, 7, 7),
            "allowed: up to 7×7",
            ["Set padding 0×1", "Set kernel size 3×7"],
        ),
        (
            "Conv2d",
            {"kernel_size": 9, "padding": (3, 0)},
            (3, 7, 7),
            "padded input 13×7",
            ["Set padding 3×1", "Set kernel size 7"],
        ),
        (
            "Conv2d",
            {"kernel_size": 255, "dilation": 2},
            (3, 7, 7),
            "(509 pixels)",
            ["Set kernel size 4"],
        ),
        (
            "MaxPool2d",
            {},
            (3, 1, 1),
            "padded input 1×1",
            ["Set padding 1", "Set kernel size 1", "Remove node"],
        ),
        (
            "AvgPool2d",
            {"kernel_size": 9},
            (3, 4, 4),
            "allowed: 1 to 4",
            ["Set padding 3", "Set kernel size 4", "Remove node"],
        ),
        (
            "MaxPool2d",
            {"kernel_size": (1, 8), "stride": 1},
            (3, 4, 2),
            "kernel_size 1×8",
            ["Set padding 0×3", "Set kernel size 1×2", "Remove node"],
        ),
        (
            "MaxPool2d",
            {"kernel_size": 4, "ceil_mode": True},
            (3, 2, 2),
            "allowed: 1 to 3",
            ["Set padding 1", "Set kernel size 3", "Remove node"],
        ),
        (
            "AvgPool2d",
            {"kernel_size": 3, "padding": 2},
            (3, 4, 4),
            "padding 2 of node is more than half of kernel_size 3; allowed: 0 to 1",
            ["Set padding 1"],
        ),
        (
            "AvgPool2d",
            {"kernel_size": (2, 5), "padding": (2, 1)},
            (3, 4, 4),
            "padding 2×1 of node is more than half of kernel_size 2×5; allowed: up to 1×2",
            ["Set padding 1×1"],
        ),
        (
            "Conv2d",
            {"padding": "same", "stride": 2},
            (3, 8, 8),
            "needs stride 1, but stride is 2",
            ["Set padding 1", "Set stride 1"],
        ),
        (
            "Conv2d",
            {"padding": "same", "stride": (1, 2), "kernel_size": (1, 4), "dilation": 3},
            (3, 8, 8),
            "but stride is 1×2",
            ["Set padding 0×5", "Set stride 1"],
        ),
        (
            "ConvTranspose2d",
            {"output_padding": 2},
            (3, 8, 8),
            "output_padding 2 of node",
            ["Set output padding 1", "Set stride 3"],
        ),
        (
            "ConvTranspose2d",
            {"output_padding": (1, 3), "stride": (2, 1)},
            (3, 8, 8),
            "up to 1×0",
            ["Set output padding 1×0", "Set stride 2×4"],
        ),
        (
            "ConvTranspose2d",
            {"padding": 9, "kernel_size": 3},
            (3, 2, 8),
            "a map of -13×-1",
            ["Set padding 2×8", "Set kernel size 17×5"],
        ),
        (
            "Conv2d",
            {"groups": 4, "out_channels": 6},
            (8, 5, 5),
            "groups 4 of node does not divide its 6 output channels; allowed: 1, 2",
            ["Set groups 2", "Set out channels 8"],
        ),
        (
            "Conv2d",
            {"groups": 3, "out_channels": 6},
            (8, 5, 5),
            "its 8 input channels; allowed: 1, 2",
            ["Set groups 2"],
        ),
        (
            "Conv2d",
            {"groups": 1000, "out_channels": 65_500, "kernel_size": 1},
            (1000, 1, 1),
            "65500 output channels",
            ["Set groups 500"],
        ),
        (
            "ConvTranspose2d",
            {"groups": 4, "out_channels": 6},
            (8, 5, 5),
            "its 6 output channels",
            ["Set groups 2", "Set out channels 8"],
        ),
        (
            "GroupNorm",
            {},
            (48, 5, 5),
            "num_groups 32 of node does not divide its 48 channels",
            ["Set groups 24"],
        ),
        ("GroupNorm", {"num_groups": 5}, (6, 5, 5), "allowed: 1, 2, 3, 6", ["Set groups 6"]),
        ("GroupNorm", {"num_groups": 6}, (6, 1, 1), "one number in each group", ["Set groups 3"]),
        ("GroupNorm", {"num_groups": 1}, (1, 1, 1), "allowed: none", ["Remove node"]),
        ("ChannelShuffle", {"groups": 4}, (6, 5, 5), "divide its 6 channels", ["Set groups 3"]),
        ("Chunk", {"chunks": 4}, (6, 5, 5), "does not divide its 6 channels", ["Set chunks 3"]),
        (
            "Chunk",
            {"chunks": 4, "index": 3},
            (6, 5, 5),
            "does not divide",
            ["Set chunks 3, index 2"],
        ),
        ("Chunk", {"index": 2}, (6, 5, 5), "allowed: 0 to 1", ["Set index 1", "Set chunks 3"]),
        ("Chunk", {"index": 3}, (6, 5, 5), "allowed: 0 to 1", ["Set index 1"]),
    ],
)
def test_one_layer(draw, kind, params, input, words, labels):
    report = analyse(draw(("node", kind, params), ("after", "ReLU", {}), input=input))
    [problem] = problems(report)
    assert words in problem.message and str(problem.path) == "node"
    assert report.facts["after"].out is not None, "the sweep goes on"
    assert mended(report) == labels


def values(param: Param):
    """Values small enough that windows fit now and then."""
    if param.choices:
        return st.sampled_from(param.choices)
    if type(param.default) is bool:
        return st.booleans()
    if type(param.default) is float:
        return st.just(param.default)
    numbers = st.integers(int(param.low), min(int(param.high), 9))
    pairs = st.tuples(numbers, numbers) if param.pair else st.nothing()
    return st.one_of(numbers, pairs, *map(st.just, param.words))


@pytest.mark.parametrize(
    "kind",
    [
        name
        for name, kind in KINDS.items()
        if kind.params and not kind.composite and len(kind.inputs) == 1 and name != "Linear"
    ],
)
@given(data=st.data())
def test_whatever_is_wrong_with_a_layer_can_be_mended(draw, kind, data):
    """Every fix removes the fault that it is for, and what is left has fixes of its own."""
    params = data.draw(
        st.fixed_dictionaries(
            {}, optional={param.name: values(param) for param in KINDS[kind].params}
        )
    )
    shape = data.draw(st.tuples(st.integers(1, 12), st.integers(1, 9), st.integers(1, 9)))
    report = analyse(draw(("node", kind, params), input=shape))
    for problem in problems(report):
        assert fixes(report, problem), problem.message
        for fix in fixes(report, problem):
            after = analyse(check.graph(fix.edit(report.graph)))
            assert all(
                fixes(after, each) and each.rule != problem.rule for each in problems(after)
            ), fix.label
