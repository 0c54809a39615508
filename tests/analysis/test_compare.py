"""Layers in a row beside the one convolution that sees as much."""

from fractions import Fraction

import pytest

from explorer.analysis.compare import Figures, NotComparable, compared
from explorer.analysis.report import analyse
from explorer.catalog import templates


def conv(id, channels=8, kernel=3, **more):
    return (
        id,
        "Conv2d",
        {"out_channels": channels, "kernel_size": kernel, "padding": kernel // 2, **more},
    )


def compare(graph, *ids):
    report = analyse(graph)
    return compared(graph, report.facts, graph.input, ids)


def test_two_3x3_have_18_25_of_the_weights_of_one_5x5(draw):
    """Simonyan and Zisserman 2014, section 2.3: three have 27 C² weights, one 7×7 has 49 C²."""
    graph = draw(
        conv("first"),
        conv("a"),
        ("ra", "ReLU", {}),
        conv("b"),
        ("rb", "ReLU", {}),
        conv("c"),
        ("rc", "ReLU", {}),
        input=(3, 16, 16),
    )
    two = compare(graph, "a", "ra", "b", "rb")
    assert two.nodes == ("a", "ra", "b", "rb") and two.field == (5, 5) and two.stride == (1, 1)
    assert two.growth == ((3, 3), (5, 5)) and two.channels == (8, 8)
    assert two.chain == Figures(2, 2 * 9 * 64, 2 * 9 * 64 * 256, 2)
    assert two.single == Figures(1, 25 * 64, 25 * 64 * 256, 1)
    assert two.ratio == Fraction(18, 25) and two.equal is None
    three = compare(graph, "a", "b", "c", "rc")
    assert three.field == (7, 7) and three.ratio == Fraction(27, 49)
    assert three.growth == ((3, 3), (5, 5), (7, 7))
    assert (three.chain.nonlinearities, three.single.nonlinearities) == (3, 1)


def test_what_lies_between_counts_too(draw):
    graph = draw(conv("a"), ("n", "BatchNorm2d", {}), ("r", "ReLU", {}), conv("b"))
    found = compare(graph, "b", "a")
    assert found.nodes == ("a", "n", "r", "b")
    assert (found.chain.nonlinearities, found.single.nonlinearities) == (1, 0)


def test_unlike_channels_are_told_apart(draw):
    found = compare(draw(conv("a", 16), conv("b", 16), input=(3, 16, 16)), "a", "b")
    assert found.ratio == Fraction(9 * 3 * 16 + 9 * 16 * 16, 25 * 3 * 16)
    assert found.equal == Fraction(18, 25)


def test_depthwise_and_pointwise_beside_one_full_convolution(draw):
    """Howard et al. 2017 (MobileNets), section 3.1: 1/N + 1/K² of the weights."""
    graph = draw(conv("first", 32), conv("depth", 32, 3, groups=32), conv("point", 64, 1))
    found = compare(graph, "depth", "point")
    assert found.field == (3, 3) and found.ratio == Fraction(1, 64) + Fraction(1, 9)
    assert found.equal is None


def test_strides_and_pairs(draw):
    found = compare(
        draw(conv("a", 4, 3, stride=2), conv("b", 4, 3, stride=2), input=(4, 16, 16)), "a", "b"
    )
    assert found.field == (7, 7) and found.stride == (4, 4)
    assert found.single.macs == 49 * 16 * 4 * 4
    wide = compare(
        draw(
            ("a", "Conv2d", {"kernel_size": (1, 7), "padding": (0, 3), "out_channels": 3}),
            ("b", "Conv2d", {"kernel_size": (7, 1), "padding": (3, 0), "out_channels": 3}),
        ),
        "a",
        "b",
    )
    assert wide.field == (7, 7) and wide.growth == ((1, 7), (7, 7))
    assert wide.ratio == Fraction(14, 49)


def test_a_block_and_branches_compare_as_a_whole():
    graph = templates.build("cifar_resnet8")
    found = compare(graph, "layer1")
    assert found.nodes == ("layer1",) and found.field == (5, 5) and found.growth == ((3, 3), (5, 5))
    assert found.ratio == Fraction(18, 25) and found.chain.nonlinearities == 2
    assert compare(graph, "layer1", "layer3").nodes == ("layer1", "layer2", "layer3")


@pytest.mark.parametrize(
    ("ids", "why"),
    [
        ((), "Select the nodes"),
        (("r",), "None of these nodes has a kernel"),
        (("head",), "maps"),
        (("pool",), "sees the whole map"),
        (("up",), "raise the resolution"),
        (("left", "right"), "end at left and right"),
        (("bad",), "fix it first"),
        (("loose",), "have none"),
    ],
)
def test_what_no_convolution_can_do_is_said(draw, ids, why):
    graph = draw(
        conv("a"),
        ("r", "ReLU", {}),
        ("pool", "AdaptiveAvgPool2d", {}),
        ("head", "ClassifierHead", {}),
        ("up", "Upsample", {}),
        conv("left"),
        conv("right"),
        conv("bad", 8, 99, padding=0),
        conv("loose"),
        wires=["input a r pool head output", "a up", "a left", "a right", "a bad"],
    )
    with pytest.raises(NotComparable, match=why):
        compare(graph, *ids)
