"""Advice: each rule where it has something to say and where it must not, each fix followed, and
the networks of the literature, of which only what is known of them is said."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.advice import RULES, advise, steps
from explorer.analysis.fixes import fixes
from explorer.analysis.misfits import misfits
from explorer.analysis.problem import Problem, problems
from explorer.analysis.report import Report, analyse
from explorer.catalog import KINDS, check, templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Wire

CONV = {"kernel_size": 3, "padding": 1, "out_channels": 8}
RELU, NORM = ("relu", "ReLU", {}), ("bn", "BatchNorm2d", {})


def rules(graph: Graph, data=None) -> list[str]:
    report = analyse(graph, data)
    assert report.ok
    return [advice.rule for advice in advise(report)]


def only(report: Report, rule: str) -> Problem:
    found = [advice for advice in advise(report) if advice.rule == rule]
    assert len(found) == 1, [advice.rule for advice in advise(report)]
    return found[0]


def followed(report: Report, advice: Problem) -> list[str]:
    """Follow each fix: the network still runs, and the advice is gone; the fixes' labels."""
    for fix in advice.tried:
        after = check.graph(fix.edit(report.graph))
        again = analyse(after, report.data)
        assert again.ok, fix.label
        left = {(each.rule, each.message) for each in advise(again)}
        assert (advice.rule, advice.message) not in left, fix.label
        if fix.cost:
            assert fix.cost == f"{again.params - report.params:+,} parameters", fix.label
        assert fix.label.isprintable() and len(fix.label) < 80
    return [fix.label for fix in advice.tried]


def test_advice_is_no_fault(draw):
    report = analyse(draw(("a", "Conv2d", CONV), ("b", "Conv2d", CONV)))
    assert report.ok and problems(report) == ()
    advice = only(report, "linear")
    assert advice.grade == "advice" and advice.path == ("b",)
    assert "(Goodfellow" in advice.reason


def test_every_rule_says_why_and_names_a_source():
    for rule in RULES.values():
        assert rule.title and (any(map(str.isdigit, rule.reason)) or rule.name in ("last", "dead"))
        assert rule.about is None or any(map(rule.about, KINDS.values()))


# Two linear layers ----------------------------------------------------------------------------


def test_two_convolutions_in_a_row_are_one(draw):
    report = analyse(draw(("a", "Conv2d", CONV), ("b", "Conv2d", CONV)))
    advice = only(report, "linear")
    assert "b follows a with no non-linearity" in advice.message and "5×5" in advice.message
    assert followed(report, advice) == ["Insert ReLU before b", "Remove a"]
    after = advice.tried[0].edit(report.graph)
    assert list(after.nodes) == ["a", "b", "relu1"] and advise(analyse(after)) == ()


@pytest.mark.parametrize(
    "between", [[NORM], [("drop", "Dropout", {})], [NORM, ("pool", "AvgPool2d", {})]]
)
def test_what_is_linear_itself_does_not_help(draw, between):
    report = analyse(draw(("a", "Conv2d", CONV), *between, ("b", "Conv2d", CONV)))
    assert followed(report, only(report, "linear"))[0] == "Insert ReLU before b"


@pytest.mark.parametrize(
    "between",
    [
        [RELU],
        [NORM, RELU],
        [("gelu", "GELU", {})],
        [("pool", "MaxPool2d", {})],
        [("norm", "LayerNorm2d", {})],
        [("lrn", "LocalResponseNorm", {})],
    ],
)
def test_what_is_not_linear_does(draw, between):
    assert "linear" not in rules(
        draw(("a", "Conv2d", CONV | {"bias": False}), *between, ("b", "Conv2d", CONV))
    )


@pytest.mark.parametrize(
    ("first", "second", "input"),
    [
        ({"groups": 8}, {"kernel_size": 1, "padding": 0}, (8, 8, 8)),  # separable (Sifre 2014)
        (
            {"kernel_size": 1, "padding": 0, "out_channels": 4},
            {"out_channels": 32},
            (16, 8, 8),
        ),  # of low rank
        (
            {"kernel_size": (1, 3), "padding": (0, 1)},
            {"kernel_size": (3, 1), "padding": (1, 0)},
            (3, 8, 8),
        ),  # a row and a column
    ],
)
def test_a_factorised_convolution_is_meant(draw, first, second, input):
    assert (
        rules(draw(("a", "Conv2d", CONV | first), ("b", "Conv2d", CONV | second), input=input))
        == []
    )


def test_linear_layers_across_flatten(draw):
    report = analyse(
        draw(
            ("conv", "Conv2d", CONV),
            ("flat", "Flatten", {}),
            ("fc1", "Linear", {"out_features": 64}),
            RELU,
            ("fc2", "Linear", {}),
            ("fc3", "Linear", {"out_features": 9}),
        )
    )
    assert [(each.rule, str(each.path)) for each in advise(report)] == [
        ("linear", "fc1"),
        ("linear", "fc3"),
    ]
    assert followed(report, advise(report)[1]) == ["Insert ReLU before fc3", "Remove fc2"]
    assert followed(report, advise(report)[0]) == ["Insert ReLU before fc1"]


def test_a_low_rank_pair_of_linear_layers_is_meant(draw):
    assert (
        rules(
            draw(
                ("flat", "Flatten", {}),
                ("fc1", "Linear", {"out_features": 5}),
                ("fc2", "Linear", {"out_features": 100}),
            )
        )
        == []
    )


def test_what_feeds_a_second_branch_too_cannot_be_merged(draw):
    assert (
        rules(
            draw(
                ("a", "Conv2d", CONV),
                ("b", "Conv2d", CONV),
                ("add", "Add", {}),
                wires=["input a b add.a", "a add.b", "add output"],
            )
        )
        == []
    )


def test_a_block_without_activation_before_another(draw):
    if "ConvNormAct" not in KINDS:
        pytest.skip("no such block")
    report = analyse(draw(("a", "ConvNormAct", {"activation": "none"}), ("b", "ConvNormAct", {})))
    advice = only(report, "linear")
    assert str(advice.path) == "b.0"
    assert followed(report, advice) == ["Set activation ReLU in a", "Insert ReLU before b"]


def test_inside_a_group_the_fix_is_made_inside(draw):
    inner = draw(("0", "Conv2d", CONV), ("1", "Conv2d", CONV), input=())
    graph = Graph(
        "net",
        (3, 8, 8),
        {"body": Node("body", "Group", inner=inner)},
        (Wire("input", "body"), Wire("body", "output")),
    )
    report = analyse(graph)
    advice = only(report, "linear")
    assert (str(advice.path), advice.path[0]) == ("body.1", "body")
    assert followed(report, advice) == ["Insert ReLU before body.1", "Remove body.0"]
    assert set(advice.tried[0].edit(graph).nodes["body"].inner.nodes) == {"0", "1", "relu1"}


# A bias before BatchNorm ----------------------------------------------------------------------


def test_a_bias_before_batch_norm(draw):
    report = analyse(draw(("conv", "Conv2d", CONV), NORM, RELU))
    advice = only(report, "bias")
    assert str(advice.path) == "conv" and followed(report, advice) == ["Turn off the bias of conv"]
    assert advice.tried[0].cost == "-8 parameters"


def test_all_biases_at_once(draw):
    graph = draw(
        *(
            each
            for number in (1, 2, 3)
            for each in (
                (f"conv{number}", "Conv2d", CONV),
                (f"bn{number}", "BatchNorm2d", {}),
                (f"relu{number}", "ReLU", {}),
            )
        )
    )
    report = analyse(graph)
    assert [str(advice.path) for advice in advise(report)] == ["conv1", "conv2", "conv3"]
    assert followed(report, advise(report)[1]) == [
        "Turn off the bias of conv2",
        "Turn off all 3 biases before BatchNorm2d",
    ]
    assert rules(advise(report)[0].tried[-1].edit(graph)) == []


@pytest.mark.parametrize(
    "nodes",
    [
        [("conv", "Conv2d", CONV | {"bias": False}), NORM, RELU],
        [("conv", "Conv2d", CONV), RELU, NORM],
        [("conv", "Conv2d", CONV), ("gn", "GroupNorm", {"num_groups": 4}), RELU],
    ],
)
def test_a_bias_that_does_something_or_is_not_there(draw, nodes):
    assert rules(draw(*nodes)) == []


# A deep plain stack ---------------------------------------------------------------------------


def stack(draw, depth: int, between=(), **more):
    nodes = [
        each
        for number in range(depth)
        for each in (
            (f"conv{number}", "Conv2d", CONV | {"bias": False}),
            *((f"{id}{number}", kind, params) for id, kind, params in between),
            (f"relu{number}", "ReLU", {}),
        )
    ]
    return draw(*nodes, input=(3, 64, 64), **more)


def test_a_deep_plain_stack(draw):
    assert "plain" not in rules(stack(draw, 11))
    report = analyse(stack(draw, 12))
    advice = only(report, "plain")
    assert "12 layers" in advice.message and "section 3.1" in advice.reason
    assert followed(report, advice) == ["Insert BatchNorm2d after 12 convolutions"]
    after = advice.tried[0].edit(report.graph)
    assert advise(analyse(after)) == (), "nor has it a bias before BatchNorm2d now"
    order = [after.nodes[id].kind for id in after.order]
    assert order == ["Conv2d", "BatchNorm2d", "ReLU"] * 12


def test_normalised_or_led_around_it_may_be_deep(draw):
    assert rules(stack(draw, 20, [NORM])) == []
    graph = stack(draw, 20)
    graph = edits.add(graph, Node("add", "Add"))
    graph = edits.connect(graph, "relu5", "add", "a")
    graph = edits.connect(graph, "relu9", "add", "b")
    graph = edits.connect(graph, "add", "conv10")
    assert "plain" not in rules(graph)


def test_blocks_are_normalised_by_their_parameter():
    graph = edits.set_params(templates.build("cifar_plain20"), "layer1", {"norm": "none"})
    graph = edits.set_params(graph, "layer2", {"norm": "none"})
    report = analyse(graph)
    advice = only(report, "plain")
    assert followed(report, advice) == ["Insert BatchNorm2d everywhere"]
    after = advice.tried[0].edit(graph)
    assert {after.nodes[id].params["norm"] for id in ("layer1", "layer2")} == {"BatchNorm2d"}


# A residual sum -------------------------------------------------------------------------------


def residual(draw, *branch, projection=False, after=RELU):
    """stem, then F(x) + x, then `after`."""
    ids = " ".join(id for id, _kind, _params in branch)
    path = "stem start proj add.b" if projection else "start add.b"
    nodes = [("stem", "Conv2d", CONV), ("start", "ReLU", {}), *branch, ("add", "Add", {})]
    wires = ["input stem start", f"start {ids} add.a"]
    if projection:
        nodes.append(("proj", "Conv2d", CONV | {"kernel_size": 1, "padding": 0}))
        wires.append("start proj add.b")
    else:
        wires.append(path)
    nodes.append(after)
    return draw(*nodes, wires=[*wires, f"add {after[0]} output"])


BRANCH = (("c1", "Conv2d", CONV), ("r1", "ReLU", {}), ("c2", "Conv2d", CONV))


@pytest.mark.parametrize("projection", [False, True])
def test_an_activation_before_the_sum(draw, projection):
    graph = residual(
        draw, *BRANCH, ("r2", "ReLU", {}), projection=projection, after=("out", "MaxPool2d", {})
    )
    report = analyse(graph)
    advice = only(report, "sum")
    assert str(advice.path) == "add" and "adds the output of r2" in advice.message
    assert followed(report, advice) == ["Move r2 after add"]
    after = advice.tried[0].edit(graph)
    assert after.into("r2")["x"].source == "add" and after.into("out")["x"].source == "r2"
    assert after.into("add")["a"].source == "c2"


def test_where_an_activation_follows_the_sum_the_other_goes(draw):
    report = analyse(residual(draw, *BRANCH, ("r2", "ReLU", {})))
    assert followed(report, only(report, "sum")) == ["Remove r2"]


@pytest.mark.parametrize("projection", [False, True])
def test_a_residual_sum_as_published(draw, projection):
    assert rules(residual(draw, *BRANCH, projection=projection)) == []


def test_a_sum_of_two_activated_branches_is_no_residual(draw):
    graph = draw(
        ("a", "Conv2d", CONV),
        ("ra", "ReLU", {}),
        ("b", "Conv2d", CONV),
        ("rb", "ReLU", {}),
        ("add", "Add", {}),
        wires=["input a ra add.a", "input b rb add.b", "add output"],
    )
    assert rules(graph) == []


# Windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "params", "unseen", "labels"),
    [
        (
            "Conv2d",
            {"kernel_size": 1, "stride": 2, "out_channels": 4},
            "3 of 4",
            ["Set kernel size 2 in node", "Set stride 1 in node"],
        ),
        (
            "Conv2d",
            {"kernel_size": 3, "stride": 4, "out_channels": 4, "padding": 1},
            "7 of 16",
            ["Set kernel size 4, padding 0 in node", "Set stride 3 in node"],
        ),
        (
            "MaxPool2d",
            {"kernel_size": 2, "stride": 3},
            "5 of 9",
            ["Set kernel size 3 in node", "Set stride 2 in node"],
        ),
        (
            "Conv2d",
            {"kernel_size": (3, 1), "stride": (3, 2), "out_channels": 4},
            "1 of 2",
            ["Set kernel size 3×2 in node", "Set stride 3×1 in node"],
        ),
    ],
)
def test_pixels_that_are_never_seen(draw, kind, params, unseen, labels):
    report = analyse(draw(("node", kind, params), ("after", "ReLU", {}), input=(3, 16, 16)))
    advice = only(report, "stride")
    assert f"{unseen} pixels are never seen" in advice.message
    assert followed(report, advice) == labels
    assert analyse(advice.tried[0].edit(report.graph)).output == report.output


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("Conv2d", {"kernel_size": 2, "stride": 2}),
        ("Conv2d", {"kernel_size": 3, "stride": 2}),
        ("MaxPool2d", {}),
        ("AvgPool2d", {"kernel_size": 4, "stride": 7}),
    ],
)
def test_windows_that_see_all(draw, kind, params):
    """The last one is a single window: there is no other that leaves anything out."""
    assert rules(draw(("node", kind, params), ("after", "ReLU", {}), input=(3, 4, 4))) == []


def test_a_strided_projection_is_a_shortcut(draw):
    """Option B, drawn by hand: the other branch sees every pixel."""
    graph = draw(
        ("c1", "Conv2d", CONV | {"stride": 2, "bias": False}),
        ("down", "Conv2d", {"out_channels": 8, "kernel_size": 1, "stride": 2, "bias": False}),
        ("bn", "BatchNorm2d", {}),
        ("add", "Add", {}),
        RELU,
        wires=["input c1 add.a", "input down bn add.b", "add relu output"],
    )
    assert rules(graph) == []


def test_a_stage_that_steps_over_pixels_is_told_once():
    graph = edits.set_params(templates.build("cifar_resnet20"), "layer2", {"stride": 5})
    report = analyse(graph)
    advice = only(report, "stride")
    assert (str(advice.path), advice.path[0]) == ("layer2.0.conv1", "layer2")
    assert followed(report, advice) == ["Set first stride 3 in layer2"]


def test_one_weight_that_sees_data(draw):
    report = analyse(
        draw(
            ("a", "Conv2d", CONV | {"stride": 2}),
            RELU,
            ("b", "Conv2d", CONV),
            ("end", "ReLU", {}),
            input=(3, 2, 2),
        )
    )
    advice = only(report, "small")
    assert str(advice.path) == "b" and "one weight of 9" in advice.message
    assert followed(report, advice) == ["Set stride 1 in a", "Set kernel size 1 in b"]


def test_dilation_as_large_as_the_map(draw):
    """Chen et al. 2017, section 3.3: a dilated 3×3 becomes a 1×1."""
    wide = {"out_channels": 8, "dilation": 8, "padding": 8}
    assert rules(draw(("a", "Conv2d", wide), RELU, input=(3, 8, 8))) == ["small"]
    assert (
        rules(draw(("a", "Conv2d", wide | {"dilation": 7, "padding": 7}), RELU, input=(3, 8, 8)))
        == []
    )


def test_a_pooling_of_a_group_can_go():
    report = analyse(templates.build("vgg16", FASHION_MNIST.input, 10), FASHION_MNIST)
    assert followed(report, only(report, "small")) == ["Turn off the pooling of features.group4"]


def test_a_network_too_deep_for_the_picture_is_told_once():
    report = analyse(templates.build("resnet18", FASHION_MNIST.input, 10), FASHION_MNIST)
    advice = only(report, "small")
    assert str(advice.path) == "layer4.0.conv2" and "in 3 layers" in advice.message
    assert followed(report, advice) == ["Set first stride 1 in layer4"]


# Receptive fields -----------------------------------------------------------------------------


def test_a_field_smaller_than_the_object(draw):
    graph = draw(
        ("stem", "CifarStem", {}),
        ("stage", "Stage", {"width": 16}),
        ("head", "ClassifierHead", {}),
        input=FASHION_MNIST.input,
    )
    report = analyse(graph, FASHION_MNIST)
    advice = only(report, "narrow")
    assert (str(advice.path), advice.path[0]) == ("head.avgpool", "head")
    assert "11×11" in advice.message and "23×23" in advice.message
    assert followed(report, advice) == []
    deeper = edits.set_params(graph, "stage", {"depth": 6})
    assert rules(deeper, FASHION_MNIST) == []


def test_a_pooling_mends_a_small_field(draw):
    graph = draw(
        ("stem", "CifarStem", {}),
        ("a", "Stage", {"width": 16}),
        ("b", "Stage", {"width": 16}),
        ("head", "ClassifierHead", {}),
        input=FASHION_MNIST.input,
    )
    report = analyse(graph, FASHION_MNIST)
    assert followed(report, only(report, "narrow")) == ["Insert MaxPool2d 2×2 after a"]


def test_a_gate_may_average_anything(draw):
    graph = draw(
        ("conv", "Conv2d", CONV),
        ("se", "SqueezeExcitation", {}),
        RELU,
        ("flat", "Flatten", {}),
        ("fc", "Linear", {}),
        input=(3, 64, 64),
    )
    assert "narrow" not in rules(graph)


def test_a_field_far_larger_than_the_picture():
    report = analyse(templates.build("cifar_plain56"))
    advice = only(report, "wide")
    assert str(advice.path) == "layer3.1.conv2" and "129×129 pixels" in advice.message
    assert rules(templates.build("cifar_resnet1202")) == [], "a shortcut leads around"
    assert rules(templates.build("cifar_plain56", (3, 64, 64))) == []


# The ends -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Softmax", "ReLU", "Sigmoid", "Tanh", "Dropout"])
def test_a_last_layer_that_hinders_the_loss(draw, kind):
    report = analyse(draw(("flat", "Flatten", {}), ("fc", "Linear", {}), ("end", kind, {})))
    advice = only(report, "last")
    assert str(advice.path) == "end" and followed(report, advice) == ["Remove end"]
    assert ("softmax" in advice.message) == (kind == "Softmax")


def test_scores_as_they_are(draw):
    assert rules(draw(("flat", "Flatten", {}), ("fc", "Linear", {}))) == []
    assert rules(draw(("conv", "Conv2d", CONV), ("end", "Sigmoid", {}))) == [], "a map, no scores"


def test_a_wrong_number_of_classes_is_a_misfit_and_no_advice(draw):
    report = analyse(
        draw(("flat", "Flatten", {}), ("fc", "Linear", {"out_features": 7}), input=(1, 28, 28)),
        FASHION_MNIST,
    )
    assert report.ok and problems(report) == () and advise(report) == ()
    assert [each.rule for each in misfits(report, FASHION_MNIST)] == ["classes"]


def test_dead_ends(draw):
    graph = draw(
        ("conv", "Conv2d", CONV),
        RELU,
        ("a", "Conv2d", CONV),
        ("b", "ReLU", {}),
        wires=["input conv relu output", "relu a b"],
    )
    report = analyse(graph)
    advice = only(report, "dead")
    assert str(advice.path) == "b" and "1 nodes" not in advice.message.replace("the 1 nodes", "")
    assert followed(report, advice) == ["Remove these 2 nodes"]
    assert set(advice.tried[0].edit(graph).nodes) == {"conv", "relu"}


def test_a_dead_end_that_fits_a_sum_is_connected(draw):
    graph = draw(
        ("a", "Conv2d", CONV),
        ("b", "Conv2d", CONV),
        ("c", "Conv2d", CONV),
        ("add", "Add", {}),
        RELU,
        wires=["input a add.a", "input b add.b", "input c", "add relu output"],
    )
    report = analyse(graph)
    assert followed(report, only(report, "dead")) == ["Connect c to add", "Remove c"]


def test_a_dead_end_inside_a_group(draw):
    inner = draw(
        ("0", "Conv2d", CONV), ("1", "ReLU", {}), wires=["input 0 output", "0 1"], input=()
    )
    graph = Graph(
        "net",
        (3, 8, 8),
        {"body": Node("body", "Group", inner=inner)},
        (Wire("input", "body"), Wire("body", "output")),
    )
    report = analyse(graph)
    advice = only(report, "dead")
    assert str(advice.path) == "body.1" and followed(report, advice) == ["Remove body.1"]


def test_a_node_that_nothing_feeds_is_a_fault_only(draw):
    report = analyse(
        draw(("conv", "Conv2d", CONV), ("loose", "ReLU", {}), wires=["input conv output"])
    )
    assert [problem.rule for problem in problems(report)] == ["unconnected"]
    assert advise(report) == ()


# The literature -------------------------------------------------------------------------------


def published(name: str) -> list[str]:
    """What may be said of a network of the literature, for its own pictures, and why."""
    if name in ("vgg13", "vgg16", "vgg19"):
        return ["plain"]  # their authors began them with the weights of vgg11 (section 3.1)
    if name in ("cifar_plain32", "cifar_plain44", "cifar_plain56"):
        return ["wide"]  # deeper is worse here (He et al. 2015, figure 6): all is seen long before
    return []


@pytest.mark.parametrize("name", templates.names())
def test_published_networks_get_no_false_advice(name):
    assert rules(templates.build(name)) == published(name)


@pytest.mark.parametrize("name", templates.names())
def test_on_small_pictures_only_size_is_a_matter(name):
    report = analyse(templates.build(name, FASHION_MNIST.input, 10), FASHION_MNIST)
    assert {advice.rule for advice in advise(report)} <= {"small", "wide", *published(name)}
    if report.ok:
        for advice in advise(report):
            followed(report, advice)


# Any network ----------------------------------------------------------------------------------


@given(data=st.data())
def test_advice_on_any_row_of_layers_can_be_followed(draw, data):
    """Whatever is drawn: no rule fails, the paths exist, and after each fix the network runs."""
    kinds = [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "MaxPool2d",
        "Softmax",
        "Dropout",
        "CifarStem",
        "BasicBlock",
        "Projection",
        "Identity",
    ]
    nodes = []
    for number in range(data.draw(st.integers(1, 7))):
        kind = data.draw(st.sampled_from(kinds))
        params = {
            "Conv2d": {
                "out_channels": data.draw(st.sampled_from([4, 8])),
                "stride": data.draw(st.sampled_from([1, 2, 3])),
                "kernel_size": data.draw(st.sampled_from([1, 2, 3])),
                "padding": data.draw(st.sampled_from([0, 1])),
            },
            "CifarStem": {"inline": False},
        }.get(kind, {})
        nodes.append((f"n{number}", kind, params))
    wires = [" ".join(["input", *(id for id, _kind, _params in nodes), "output"])]
    report = analyse(draw(*nodes, wires=wires, input=(3, 24, 24)))
    for advice in advise(report):
        assert advice.path[0] in report.graph.nodes and "{" not in advice.message
        if report.ok:
            followed(report, advice)


def test_advice_on_a_faulty_network(draw):
    """A fault does not silence what is no matter of shapes."""
    report = analyse(
        draw(
            ("a", "Conv2d", CONV),
            ("b", "Conv2d", CONV),
            ("fc", "Linear", {}),
            ("flat", "Flatten", {}),
        )
    )
    assert not report.ok and advise(report)[0].rule == "linear"


def test_the_work_can_be_done_in_steps():
    report = analyse(templates.build("cifar_resnet110"))
    work, count = steps(report), 0
    while True:
        try:
            next(work)
            count += 1
        except StopIteration as done:
            assert done.value == advise(report)
            break
    assert count > 5


def test_an_empty_network_gets_none():
    assert advise(analyse(Graph("net", (3, 8, 8)))) == ()
    assert advise(analyse(replace(templates.build("lenet5"), wires=()))) == ()


# Any network ----------------------------------------------------------------------------------


def test_two_layers_of_one_name_get_no_advice_until_one_is_renamed():
    graph = templates.build("vgg11")
    features = graph.nodes["features"]
    inner = edits.set_params(features.inner, "group2", {"depth": 2})
    report = analyse(edits.replace_node(graph, replace(features, inner=inner)))
    assert [problem.rule for problem in problems(report)] == ["names"]
    paths = [layer.path for layer in report.layers()]
    assert len(set(paths)) < len(paths) and advise(report) == ()
    mended = fixes(report, problems(report)[0])[0].edit(report.graph)
    assert [advice.rule for advice in advise(analyse(mended))] == ["plain"]


def chain(count: int) -> Graph:
    """Convolutions and ReLUs in turn."""
    nodes = [
        Node(f"conv{n}", "Conv2d", CONV) if n % 2 else Node(f"relu{n}", "ReLU")
        for n in range(1, count + 1)
    ]
    ids = ["input", *(node.id for node in nodes), "output"]
    return Graph(
        "chain", (8, 8, 8), {node.id: node for node in nodes}, tuple(map(Wire, ids, ids[1:]))
    )


def test_a_plain_stack_takes_no_more_work_than_it_has_layers(operations):
    half, whole = [operations(lambda: advise(analyse(chain(count)))) for count in (500, 1000)]
    assert whole < 2.3 * half


def test_all_of_a_very_deep_stack_is_normalised_at_once():
    report = analyse(chain(2000))
    advice = only(report, "plain")
    assert "1000 layers with weights" in advice.message
    assert followed(report, advice) == ["Insert BatchNorm2d after 1000 convolutions"]


@pytest.mark.parametrize("dead", [False, True])
def test_no_piece_of_the_work_grows_with_the_network(dead, operations):
    def largest(count: int) -> int:
        graph = chain(count)
        if dead:  # all behind the first convolution leads nowhere
            graph = replace(graph, wires=(*graph.wires[:-1], Wire("conv1", "output")))
        report = analyse(graph)
        assert report.layers() and report.ok and graph.out_of("input")
        work, tries, most, got = steps(report), False, 0, [False]
        while got != ["end"]:
            tries, got = bool(got[0]), []
            calls = operations(lambda: got.append(next(work, "end")))
            most = most if tries else max(most, calls)
        return most

    assert largest(4000) < 1.2 * largest(2000)
