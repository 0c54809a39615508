"""Faults: the rule, a sentence with expected and actual shapes, everything else as it was, and
fixes of which each, applied, removes its problem."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.fixes import blamed, fixes
from explorer.analysis.misfits import misfits
from explorer.analysis.problem import Fix, Problem, problems
from explorer.analysis.report import Report, analyse
from explorer.catalog import KINDS, check, templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Wire
from explorer.graph.path import NodePath
from explorer.text import listed
from tests.planted import check_mended, planted

CONV = {"kernel_size": 3, "padding": 1, "out_channels": 8}


def only(report: Report) -> Problem:
    assert [problem.rule for problem in problems(report)] == [problems(report)[0].rule]
    assert not report.ok
    return problems(report)[0]


def misfit(report: Report) -> Problem:
    assert report.ok
    (found,) = misfits(report, report.data)
    return found


def mended(report: Report, problem: Problem, costs: bool = True) -> list[str]:
    """Apply each fix: it removes the problem and makes a graph that is sound; their labels."""
    for fix in fixes(report, problem):
        after = fix.edit(report.graph)
        check.graph(after)
        again = analyse(after, report.data)
        left = [
            (each.path, each.rule, each.message)
            for each in (*problems(again), *misfits(again, again.data))
        ]
        assert (str(problem.path), problem.rule, problem.message) not in left, fix.label
        assert not any(each[:2] == (problem.path, problem.rule) for each in left), fix.label
        counted = costs and problem.path[0] in report.alive
        if fix.added is not None and counted and len(problems(report)) == 1 and again.ok:
            assert fix.cost == stated(again.params - report.params, again.macs - report.macs, fix)
        assert fix.label.isprintable() and len(fix.label) < 80
    return [fix.label for fix in fixes(report, problem)]


def stated(params: int, macs: int, fix: Fix) -> str:
    """What a fix costs, as it is written."""
    counts = [
        f"{count:+,} {one if abs(count) == 1 else one + 's'}"
        for count, one in ((params, "parameter"), (macs, "MAC"))
        if count
    ]
    return ", ".join([*counts, *filter(None, [fix.loss])])


# Joins ----------------------------------------------------------------------------------------


def residual(draw, left: dict, right: dict, join="Add", **more):
    return draw(
        ("a", "Conv2d", {**CONV, **left}),
        ("b", "Conv2d", {**CONV, **right}),
        ("join", join, {}),
        ("after", "ReLU", {}),
        wires=["input a join.a", "input b join.b", "join after output"],
        **more,
    )


def test_add_of_unequal_channels_and_size(draw):
    report = analyse(
        residual(draw, {"out_channels": 64}, {"out_channels": 128, "stride": 2}, input=(64, 28, 28))
    )
    problem = only(report)
    assert (str(problem.path), problem.rule, problem.path[0]) == ("join", "add", "join")
    for words in ("join", "64×28×28", "128×14×14", "channels 64 ≠ 128", "28×28 ≠ 14×14"):
        assert words in problem.message
    assert report.facts["after"].out == (64, 28, 28), "the sweep goes on as the main branch intends"
    assert mended(report, problem) == [
        "Project a: 1×1, stride 2",
        "Match b: out channels 64, stride 1",
        "Match a: out channels 128, stride 2",
    ]


def test_the_wrong_add_of_a_hand_made_block(draw):
    """A strided block whose shortcut is the input itself: the projection mends it."""
    report = analyse(
        draw(
            ("conv1", "Conv2d", {**CONV, "stride": 2}),
            ("bn1", "BatchNorm2d", {}),
            ("add", "Add", {}),
            ("fc", "ClassifierHead", {}),
            wires=["input conv1 bn1 add.a", "input add.b", "add fc output"],
            input=(3, 9, 9),
        )
    )
    problem = only(report)
    labels = mended(report, problem)
    assert labels[0] == "Project input: 1×1, stride 2"
    after = analyse(fixes(report, problem)[0].edit(report.graph))
    assert after.ok and after.facts["projection1"].out == (8, 5, 5)
    assert fixes(report, problem)[0].cost == "+40 parameters, +600 MACs"


def test_fixes_of_an_add_with_a_common_source(draw):
    """Changing what both branches come from would change both: that is no fix."""
    report = analyse(
        draw(
            ("conv", "Conv2d", CONV),
            ("pool", "MaxPool2d", {}),
            ("add", "Add", {}),
            wires=["input conv pool add.a", "conv add.b", "add output"],
        )
    )
    assert mended(report, only(report)) == ["Project conv: 1×1, stride 2"]


def test_add_of_a_map_and_a_vector(draw):
    report = analyse(
        draw(
            ("flat", "Flatten", {}),
            ("add", "Add", {}),
            wires=["input flat add.a", "input add.b", "add output"],
        )
    )
    problem = only(report)
    assert "192, 3×8×8" in problem.message
    assert mended(report, problem) == ["Take the map before flat", "Fit input to 192: Flatten"]


def test_add_of_three(draw):
    report = analyse(
        draw(
            ("a", "Conv2d", CONV),
            ("add", "Add", {}),
            wires=["input a add.a", "input add.b", "a add.c", "add output"],
        )
    )
    assert "8×8×8, 3×8×8, 8×8×8" in only(report).message
    assert mended(report, only(report)) == [
        "Project input: 1×1",
        "Project a: 1×1",
        "Match a: out channels 3",
    ]
    assert len(fixes(report, only(report))[1].edit(report.graph).nodes) == 3, (
        "one projection for both"
    )


def test_add_of_three_shapes(draw):
    """One click brings all branches to one shape, whichever it is."""
    graph = draw(
        ("a", "Conv2d", CONV),
        ("b", "Conv2d", {**CONV, "stride": 2}),
        ("c", "Conv2d", {**CONV, "out_channels": 16}),
        ("add", "Add", {}),
        wires=["input a add.a", "input b add.b", "input c add.c", "add output"],
        input=(3, 16, 16),
    )
    report = analyse(graph)
    problem = only(report)
    labels = mended(report, problem)
    assert labels == [
        "Project a and c: 1×1, stride 2",
        "Match b (stride 1) and c (out channels 8)",
        "Match a (stride 2) and c (out channels 8, stride 2)",
        "Match a (out channels 16) and b (out channels 16, stride 1)",
    ]
    for fix in fixes(report, problem):
        assert analyse(fix.edit(graph)).ok


def test_a_block_that_gets_a_vector_is_one_fault(draw):
    """Not one for its convolutions and another for its projection."""
    for block in ("BasicBlock", "Bottleneck", "PreActivationBlock", "Stage"):
        if block in KINDS:
            report = analyse(draw(("flat", "Flatten", {}), ("block", block, {})))
            assert len(problems(report)) == 1, block


@pytest.mark.parametrize(
    ("gate", "labels"),
    [
        (
            {"out_channels": 4},
            [
                "Project b: 1×1",
                "Match b: out channels 8",
                "Project a: 1×1",
                "Match a: out channels 4",
            ],
        ),
        (
            {"out_channels": 16, "stride": (1, 2)},
            ["Match b: out channels 8, stride 1", "Match a: out channels 16, stride 1×2"],
        ),
        (
            {"out_channels": 4, "kernel_size": 8, "padding": 0},  # one number a channel, 1×1
            [
                "Project b: 1×1",
                "Match b: out channels 8",
                "Project a: 1×1",
                "Match a: out channels 4",
            ],
        ),
    ],
)
def test_multiply(draw, gate, labels):
    """A gate keeps its size of 1×1: only its channels have to fit."""
    report = analyse(residual(draw, {}, gate, "Multiply"))
    problem = only(report)
    assert problem.rule == "multiply" and report.facts["after"].out is not None
    assert mended(report, problem) == labels


def test_concat(draw):
    report = analyse(residual(draw, {"stride": 2}, {}, "Concat"))
    problem = only(report)
    assert problem.rule == "concat"
    assert "8×4×4, 8×8×8; size 4×4 ≠ 8×8" in problem.message
    assert report.facts["after"].out == (16, 4, 4)
    assert mended(report, problem) == ["Match a: stride 1", "Match b: stride 2"]


def test_concat_of_three_mends_the_odd_one(draw):
    graph = draw(
        *(
            (id, "Conv2d", CONV | {"stride": stride})
            for id, stride in (("a", 2), ("b", 2), ("c", 1))
        ),
        ("cat", "Concat", {}),
        wires=["input a cat.a", "input b cat.b", "input c cat.c", "cat output"],
    )
    report = analyse(graph)
    assert mended(report, only(report)) == ["Match c: stride 2", "Match a and b: stride 1"]


# Sizes that no stride relates ------------------------------------------------------------------


def sound_sizes(report: Report, id: str) -> dict[str, tuple[int, ...]]:
    """Of each fix of the only problem that leaves none, its label and what then comes out of a node."""
    after = {fix.label: analyse(fix.edit(report.graph)) for fix in fixes(report, only(report))}
    return {label: each.facts[id].out for label, each in after.items() if each.ok}


def u_net(draw, side, up, **more):
    return draw(
        ("a", "Conv2d", CONV),
        ("p", "MaxPool2d", {}),
        ("b", "Conv2d", {**CONV, "out_channels": 16}),
        ("up", *up),
        ("cat", "Concat", {}),
        ("c", "Conv2d", {**CONV, "out_channels": 4}),
        ("head", "ClassifierHead", {}),
        wires=["input a p b up cat.a", "a cat.b", "cat c head output"],
        input=(1, side, side),
    )


def test_an_odd_size_that_comes_back_even(draw):
    """A U-Net on pictures of 25×25: 25 is halved to 12 and doubled to 24."""
    report = analyse(u_net(draw, 25, ("Upsample", {})))
    mended(report, only(report))
    assert sound_sizes(report, "cat") == {
        "Pad up to 25×25": (24, 25, 25),
        "Crop a to 24×24": (24, 24, 24),
        "Set the input to 1×24×24": (24, 24, 24),
        "Set the input to 1×26×26": (24, 26, 26),
    }
    assert [fix.loss for fix in fixes(report, only(report))] == [
        "a border of zeros",
        "rows and columns at the edges are lost",
        "pictures are resized",
        "pictures are resized",
    ]


def test_an_odd_size_after_a_transposed_convolution(draw):
    """One more row and column come out of it, if it is told so."""
    up = ("ConvTranspose2d", {"out_channels": 8, "kernel_size": 2, "stride": 2})
    report = analyse(u_net(draw, 25, up))
    problem = only(report)
    assert mended(report, problem)[0] == "Match up: output padding 1"
    assert blamed(report, problem) == (NodePath.of("up"),)
    assert sound_sizes(report, "cat")["Match up: output padding 1"] == (16, 25, 25)


def test_the_data_set_decides_the_size_of_the_input(draw):
    """Another input would not fit the pictures: that is no fix."""
    graph = replace(u_net(draw, 28, ("Upsample", {"scale_factor": 3})), input=FASHION_MNIST.input)
    report = analyse(graph, FASHION_MNIST)
    assert "Match up: scale factor 2" in mended(report, only(report))
    assert not any("input" in fix.label for fix in fixes(report, only(report)))


def test_a_concat_after_pooling(draw):
    report = analyse(
        draw(
            ("a", "Conv2d", CONV),
            ("p", "MaxPool2d", {}),
            ("cat", "Concat", {}),
            wires=["input a p cat.a", "a cat.b", "cat output"],
        )
    )
    mended(report, only(report))
    assert sound_sizes(report, "cat") == {
        "Upsample p to 8×8": (16, 8, 8),
        "Pool a to 4×4": (16, 4, 4),
    }


@pytest.mark.parametrize("count", [2, 3])
def test_convolutions_that_do_not_pad_are_to_blame(draw, count):
    """And not the input, which is as it is."""
    ids = [f"c{number}" for number in range(count)]
    report = analyse(
        draw(
            *((id, "Conv2d", {"out_channels": 16, "kernel_size": 3}) for id in ids),
            ("add", "Add", {}),
            wires=[" ".join(["input", *ids, "add.a"]), "input add.b", "add output"],
            input=(16, 28, 28),
        )
    )
    side = 28 - 2 * count
    mended(report, only(report))
    assert blamed(report, only(report)) == tuple(map(NodePath.of, ids))
    assert sound_sizes(report, "add") == {
        f"Match {listed(ids)}: padding 1": (16, 28, 28),
        f"Crop input to {side}×{side}": (16, side, side),
        f"Pad {ids[-1]} to 28×28": (16, 28, 28),
    }


def test_channels_and_a_size_that_no_stride_relates(draw):
    report = analyse(
        draw(
            ("a", "Conv2d", {"kernel_size": 5, "out_channels": 32}),
            ("add", "Add", {}),
            wires=["input a add.a", "input add.b", "add output"],
            input=(16, 28, 28),
        )
    )
    assert mended(report, only(report)) == [
        "Match a: out channels 16, padding 2",
        "Match a: out channels 16, kernel size 1",
        "Fit input to 32×24×24: ZeroPad2d -2 -2 -2 -2, Projection 1×1, 32",
        "Fit a to 16×28×28: ZeroPad2d 2 2 2 2, Projection 1×1, 16",
    ]


def test_a_fix_that_makes_a_new_fault_is_not_offered(draw):
    """With stride 2, `c` would fit the Concat and no longer the Add."""
    graph = draw(
        *(
            (id, "Conv2d", CONV | {"stride": stride})
            for id, stride in (("a", 2), ("c", 1), ("d", 1))
        ),
        ("cat", "Concat", {}),
        ("add", "Add", {}),
        ("pool", "AdaptiveAvgPool2d", {"output_size": 4}),
        ("end", "Concat", {}),
        wires=[
            "input a cat.a",
            "input c cat.b",
            "c add.a",
            "input d add.b",
            "add pool end.a",
            "cat end.b",
            "end output",
        ],
    )
    labels = mended(analyse(graph), only(analyse(graph)))
    assert labels and not any(label.startswith("Match c") for label in labels)


def test_the_node_to_blame_is_found_inside_a_group(draw):
    inner = draw(("one", "Conv2d", {**CONV, "padding": 0}), ("two", "ReLU", {}), input=(8, 8, 8))
    nodes = {
        "g": Node("g", "Group", inner=Graph("", (), inner.nodes, inner.wires)),
        "add": Node("add", "Add"),
    }
    wires = (Wire("input", "g"), Wire("g", "add", "a"), Wire("input", "add", "b"))
    report = analyse(Graph("net", (8, 8, 8), nodes, (*wires, Wire("add", "output"))))
    assert mended(report, only(report))[0] == "Match g.one: padding 1"
    assert blamed(report, only(report)) == (NodePath.of("g.one"),)


# Maps and vectors -----------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
def test_linear_on_a_map(draw, bias):
    report = analyse(draw(("conv", "Conv2d", CONV), ("fc", "Linear", {"bias": bias})))
    problem = only(report)
    assert problem.rule == "vector" and "a map of 8×8×8" in problem.message
    assert report.output == (10,)
    assert mended(report, problem) == [
        "Insert global average pooling and Flatten",
        "Insert Flatten",
    ]
    cost = f"+{10 * (512 + bias):,} parameters, +5,120 MACs"
    assert fixes(report, problems(report)[0])[1].cost == cost


def test_convolution_on_a_vector(draw):
    report = analyse(
        draw(
            ("flat", "Flatten", {}),
            ("conv", "Conv2d", {}),
            ("relu", "ReLU", {}),
            ("pool", "MaxPool2d", {}),
        )
    )
    problem = only(report)
    assert problem.rule == "map" and "a vector of 192" in problem.message
    assert report.facts["pool"].out is None and report.output is None, "unknown is not guessed"
    assert mended(report, problem)[0] == "Take the map before flat"
    assert analyse(fixes(report, problem)[0].edit(report.graph)).ok


def test_batch_normalisation_of_a_vector(draw):
    report = analyse(draw(("flat", "Flatten", {}), ("fc", "Linear", {}), ("bn", "BatchNorm2d", {})))
    assert mended(report, only(report)) == [
        "Use LayerNorm instead of bn",
        "Connect input to bn",
        "Remove bn",
    ]
    assert analyse(fixes(report, only(report))[0].edit(report.graph)).ok


@pytest.mark.parametrize("kind", ["MaxPool2d", "Conv2d", "BasicBlock", "Upsample"])
def test_a_map_is_needed_after_the_scores(draw, kind):
    report = analyse(
        draw(
            ("conv", "Conv2d", CONV),
            ("flat", "Flatten", {}),
            ("fc", "Linear", {}),
            ("late", kind, {}),
            input=(8, 8, 8),
        )
    )
    assert "Connect conv to late" in mended(report, only(report))


def test_a_flatten_too_early_moves_to_where_it_is_needed(draw):
    report = analyse(
        draw(
            ("flat", "Flatten", {}),
            ("conv", "Conv2d", CONV),
            ("relu", "ReLU", {}),
            ("fc", "Linear", {}),
        )
    )
    problem = only(report)
    assert mended(report, problem)[0] == "Move flat to before fc"
    after = fixes(report, problem)[0].edit(report.graph)
    assert after.order == ("conv", "relu", "flat", "fc") and analyse(after).ok


def test_vectors_of_unequal_length(draw):
    report = analyse(
        draw(
            ("flat", "Flatten", {}),
            ("a", "Linear", {"out_features": 8}),
            ("b", "Linear", {"out_features": 5}),
            ("add", "Add", {}),
            wires=["input flat a add.a", "flat b add.b", "add output"],
        )
    )
    assert mended(report, only(report)) == [
        "Match b: out features 8",
        "Match a: out features 5",
        "Fit b to 8: Linear 8",
        "Fit a to 5: Linear 5",
    ]


# The ends -------------------------------------------------------------------------------------


def test_unconnected_input(draw):
    report = analyse(draw(("a", "ReLU", {}), ("b", "ReLU", {}), wires=["input a", "b output"]))
    problem = only(report)
    assert (str(problem.path), problem.rule) == ("b", "unconnected")
    assert problem.message == "The input of b is not connected"
    assert mended(report, problem) == ["Connect a to b"]


def test_unconnected_output(draw):
    report = analyse(draw(("a", "ReLU", {}), wires=["input a"]))
    problem = only(report)
    assert (str(problem.path), problem.rule) == ("output", "unconnected")
    assert mended(report, problem) == ["Connect a to output"]


def test_a_loose_node_can_go(draw):
    report = analyse(draw(("a", "ReLU", {}), ("b", "ReLU", {}), wires=["input a output"]))
    assert mended(report, only(report)) == ["Remove b"]


def test_an_add_of_one_wire_gets_the_shortcut(draw):
    """From where its branch starts, though that feeds something already."""
    report = analyse(
        draw(
            ("c1", "Conv2d", CONV),
            ("c2", "Conv2d", CONV),
            ("add", "Add", {}),
            wires=["input c1 c2 add.a", "add output"],
            input=(8, 8, 8),
        )
    )
    assert mended(report, only(report))[0] == "Connect input to add"
    assert analyse(fixes(report, only(report))[0].edit(report.graph)).ok


def test_an_input_that_is_cut_off_where_the_source_feeds_a_shortcut_too(draw):
    report = analyse(
        draw(
            ("a", "Conv2d", CONV),
            ("b", "Conv2d", CONV),
            ("add", "Add", {}),
            wires=["input a add.a", "b add.b", "add output"],
        )
    )
    assert mended(report, only(report))[0] == "Connect a to b"


@pytest.mark.parametrize("port", ["a", "b", "c"])
def test_half_an_add_keeps_the_wire_it_has(draw, port):
    report = analyse(
        draw(
            ("a", "ReLU", {}),
            ("b", "ReLU", {}),
            ("add", "Add", {}),
            wires=[f"input a add.{port}", "input b", "add output"],
        )
    )
    problem = only(report)
    assert problem.message == "add joins at least two branches, but only one is connected"
    assert mended(report, problem) == ["Connect b to add"]
    assert analyse(fixes(report, problem)[0].edit(report.graph)).ok
    assert report.output == (3, 8, 8)


def test_an_add_of_nothing(draw):
    report = analyse(draw(("a", "ReLU", {}), ("add", "Add", {}), wires=["input a", "add output"]))
    assert "but none is connected" in only(report).message
    mended(report, only(report))


def test_classes(draw):
    report = analyse(templates.build("cifar_resnet8", (1, 28, 28), 7), FASHION_MNIST)
    problem = misfit(report)
    assert (str(problem.path), problem.rule) == ("head", "classes")
    assert (
        problem.message
        == "head outputs 7, but Fashion-MNIST has 10 classes; expected: a vector of 10"
    )
    assert mended(report, problem) == ["Set classes 10, as Fashion-MNIST has"]


def test_classes_of_a_linear_layer_inside_a_group():
    report = analyse(templates.build("vgg16", (1, 28, 28), 1000), FASHION_MNIST)
    assert mended(report, misfit(report)) == ["Set out features 10 in classifier.6"]


@pytest.mark.parametrize(
    ("nodes", "label"),
    [
        ([("conv", "Conv2d", CONV)], "Append a classifier head for 10 classes"),
        (
            [("conv", "Conv2d", CONV), ("avgpool", "AdaptiveAvgPool2d", {})],
            "Append a classifier head for 10 classes",
        ),
        ([("flatten", "Flatten", {})], "Append a classifier head for 10 classes"),
        (
            [("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": 3})],
            "Set out features 10, as Fashion-MNIST has",
        ),
        ([], "Append a classifier head for 10 classes"),
    ],
)
def test_no_classes_yet(draw, nodes, label):
    report = analyse(draw(*nodes, input=(1, 28, 28)), FASHION_MNIST)
    problem = misfit(report)
    assert problem.rule == "classes" and mended(report, problem) == [label]
    after = analyse(fixes(report, problem)[0].edit(report.graph), FASHION_MNIST)
    assert after.ok and misfits(after, after.data) == ()


def test_input():
    report = analyse(templates.build("cifar_resnet8"), FASHION_MNIST)
    problem = misfit(report)
    assert (str(problem.path), problem.rule) == ("input", "input")
    assert "3×32×32" in problem.message and "1×28×28" in problem.message
    assert mended(report, problem) == ["Set the input to 1×28×28, as Fashion-MNIST has"]


# Names ----------------------------------------------------------------------------------------


def test_two_inline_stems(draw):
    report = analyse(draw(("s", "CifarStem", {}), ("t", "CifarStem", {})))
    problem = only(report)
    assert problem.rule == "names" and "s and t both put a layer called conv1" in problem.message
    assert mended(report, problem) == ["Keep the layers of t under its name"]


@pytest.mark.parametrize("order", [("stem", "bn1"), ("bn1", "stem")])
def test_a_node_of_the_name_of_an_inline_layer(draw, order):
    kinds = {"stem": "CifarStem", "bn1": "BatchNorm2d"}
    report = analyse(draw(*((id, kinds[id], {}) for id in order)))
    assert mended(report, only(report)) == [
        "Keep the layers of stem under its name",
        "Rename bn1 to bn2",
    ]


def group(draw, *nodes, **more):
    inner = draw(*nodes, **more)
    outer = Graph(
        "net",
        (3, 8, 8),
        {
            "conv1": Node("conv1", "Conv2d", CONV),
            "g": Node("g", "Group", inner=Graph("", (), inner.nodes, inner.wires)),
        },
        (Wire("input", "conv1"), Wire("conv1", "g"), Wire("g", "output")),
    )
    return check.graph(outer)


def test_names_inside_a_group(draw):
    """Two layers of one name would be one layer, used twice."""
    report = analyse(group(draw, ("s", "CifarStem", {}), ("t", "CifarStem", {})))
    problem = only(report)
    assert (str(problem.path), problem.rule, problem.path[0]) == ("g.t", "names", "g")
    assert mended(report, problem) == ["Keep the layers of t under its name"]
    assert analyse(fixes(report, problem)[0].edit(report.graph)).ok


def test_a_group_that_leads_nowhere(draw):
    report = analyse(group(draw, ("a", "ReLU", {}), wires=["input a"]))
    problem = only(report)
    assert (str(problem.path), problem.path[0]) == ("g.output", "g")
    assert mended(report, problem) == ["Connect a to output"]
    assert analyse(fixes(report, problem)[0].edit(report.graph)).ok


def test_a_fault_inside_a_group_has_its_path(draw):
    report = analyse(group(draw, ("a", "Conv2d", {"kernel_size": 9}), ("b", "ReLU", {})))
    problem = only(report)
    assert (str(problem.path), problem.rule, problem.path[0]) == ("g.a", "kernel", "g")
    assert "8×8 of g.a" in problem.message
    assert report.output == (64, 8, 8)


def test_a_stray_inside_a_group_is_told_but_not_listed(draw):
    report = analyse(
        group(
            draw,
            ("a", "ReLU", {}),
            ("b", "Stage", {}),
            ("c", "Conv2d", {"groups": 7}),
            wires=["input a output", "input b c"],
        )
    )
    assert [str(problem.path) for problem in problems(report)] == ["g.c"]
    assert [layer.path for layer in report.layers()] == ["conv1", "g.a"]
    assert sum(layer.params for layer in report.layers()) == report.params


# One fault, one problem -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "unaffected"),
    [
        ({"layer2": {"stride": 64}}, ["stem", "layer1"]),
        ({"stem": {"out_channels": 3}}, []),
    ],
)
def test_an_edit_that_is_allowed_is_no_fault(spoil, unaffected):
    graph = templates.build("resnet18")
    for id, params in spoil.items():
        graph = edits.set_params(graph, id, params)
    assert analyse(graph).ok


def test_one_fault_does_not_blank_the_rest():
    graph = templates.build("alexnet")
    features = graph.nodes["features"]
    inner = edits.set_params(features.inner, "3", {"groups": 7})
    report = analyse(edits.replace_node(graph, replace(features, inner=inner)))
    assert str(only(report).path) == "features.3"
    good = {layer.path: layer.out for layer in analyse(graph).layers()}
    assert {layer.path: layer.out for layer in report.layers()} == good
    assert report.output == (1000,)


def test_one_fault_in_a_resnet_is_one_problem():
    graph = edits.disconnect(templates.build("resnet50"), "layer3")
    report, before = analyse(graph), analyse(templates.build("resnet50"))
    assert [str(problem.path) for problem in problems(report)] == ["layer3"]
    for id in ("stem", "layer1", "layer2"):
        assert report.facts[id].out == before.facts[id].out


SHAPES = st.sampled_from([(3, 8, 8), (1, 28, 28), (2, 1, 1), (4, 5, 7)])
KINDS_DRAWN = [
    ("Conv2d", {}),
    ("Conv2d", {"kernel_size": 9}),
    ("Conv2d", CONV),
    ("ReLU", {}),
    ("Conv2d", CONV | {"stride": 2}),
    ("Conv2d", {"groups": 3, "out_channels": 4}),
    ("MaxPool2d", {}),
    ("MaxPool2d", {"padding": 2}),
    ("AvgPool2d", {}),
    ("Flatten", {}),
    ("Linear", {}),
    ("Linear", {"out_features": 8, "bias": False}),
    ("Add", {}),
    ("Add", {}),
    ("Concat", {}),
    ("Concat", {}),
    ("CifarStem", {}),
    ("BasicBlock", {}),
    ("ClassifierHead", {}),
    ("Projection", {"out_channels": 8}),
    ("BatchNorm2d", {}),
    ("Stage", {"width": 8, "depth": 1, "stride": 2}),
    ("Identity", {}),
]


@st.composite
def drawn(draw):
    """A graph as a beginner leaves it: anything wired to anything."""
    graph = Graph("net", draw(SHAPES))
    for number in range(draw(st.integers(0, 7))):
        kind, params = draw(st.sampled_from(KINDS_DRAWN))
        id = draw(st.sampled_from([f"n{number}", f"n{number}", f"conv{number}", f"bn{number}"]))
        sources = st.sampled_from(["input", *graph.nodes])
        graph = edits.add(graph, Node(id, kind, params))
        ports = ["a", "b", "c", "d"] if kind in ("Add", "Concat") else ["x"]
        for port in ports[: draw(st.integers(0 if draw(st.booleans()) else 1, len(ports)))]:
            source = draw(sources)
            if source != id:
                graph = edits.connect(graph, source, id, port)
    if (graph.nodes and draw(st.booleans())) or draw(st.booleans()):
        graph = edits.connect(graph, draw(st.sampled_from(["input", *graph.nodes])), "output")
    return check.graph(graph)


@given(drawn(), st.sampled_from([None, FASHION_MNIST]))
def test_every_fix_of_any_network_mends(graph, data):
    report = analyse(graph, data)
    assert report.ok == (not problems(report))
    assert len({(p.path, p.rule, p.message) for p in problems(report)}) == len(problems(report))
    for problem in problems(report):
        assert problem.message.isprintable() and "{" not in problem.message
        assert problem.path[0] in graph.nodes or problem.path[0] in ("input", "output")
        mended(report, problem)
    assert report.params == sum(layer.params for layer in report.layers())
    assert report.macs == sum(layer.macs for layer in report.layers())


@given(drawn(), st.integers(1, 2))
def test_every_fix_inside_a_group_mends(inner, depth):
    """And says what it says outside of one, with the path from the whole network inward."""
    alone = analyse(inner)
    graph = inner
    for _ in range(depth):
        wires = (Wire("input", "g"), Wire("g", "output"))
        graph = Graph(
            "net",
            inner.input,
            {"g": Node("g", "Group", inner=replace(graph, name="", input=()))},
            wires,
        )
    report = analyse(check.graph(graph))
    assert report.ok == alone.ok
    within = [
        problem for problem in problems(report) if problem.rule not in ("names", "unconnected")
    ]
    assert [(problem.path[depth:], problem.rule) for problem in within] == [
        (problem.path, problem.rule)
        for problem in problems(alone)
        if problem.rule not in ("names", "unconnected")
    ]
    assert len({(p.path, p.rule, p.message) for p in problems(report)}) == len(problems(report))
    for problem in problems(report):
        assert problem.path[0] == "g"
        mended(report, problem, costs=False)  # what leads nowhere inside is not counted


def test_classes_behind_a_softmax_are_set_in_the_layer_before_it(draw):
    report = analyse(
        draw(
            ("flat", "Flatten", {}),
            ("fc", "Linear", {"out_features": 12}),
            ("prob", "Softmax", {}),
            input=FASHION_MNIST.input,
        ),
        FASHION_MNIST,
    )
    assert str(misfit(report).path) == "prob"
    assert fixes(report, misfit(report))[0].edit(report.graph).nodes["fc"].params == {
        "out_features": 10
    }
    mended(report, misfit(report))


# Planted faults -------------------------------------------------------------------------------


@pytest.mark.parametrize("family", templates.families())
def test_one_fault_is_mended_with_one_click(family):
    name = templates.families()[family][0]
    faults = list(planted(name, 1))
    assert len(faults) >= 3
    for fault in faults:
        check_mended(fault)
