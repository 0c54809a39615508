"""What lies at a way of ids: the whole network, the inside of a block, the inside of that."""

import pytest

from explorer.analysis.layout import layout, placed
from explorer.analysis.problem import problems
from explorer.analysis.report import analyse
from explorer.analysis.scope import NoInside, first_problems, scope
from explorer.catalog import templates
from explorer.catalog.graph_builder import GraphBuilder
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Wire


@pytest.fixture(scope="module")
def report():
    return analyse(placed(templates.build("resnet18")))


def test_the_whole(report):
    whole = scope(report)
    assert whole.graph is report.graph and whole.own and whole.input == (3, 224, 224)
    assert whole.facts == report.facts


def test_a_block_in_a_stage(report):
    block = scope(report, ("layer2", "0"))
    assert not block.own and block.input == (64, 56, 56)
    assert block.facts["conv2"].out == (128, 28, 28)
    assert len({node.position for node in block.graph.nodes.values()}) == len(block.graph.nodes)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (("x",), "There is no x; the network contains stem, layer1"),
        (("layer1", "9"), "There is no layer1.9; layer1 contains 0, 1"),
        (("layer1", "0", "conv1"), "layer1.0.conv1 is a Conv2d and has no inside"),
        (("layer1", "0", "conv1", "x"), "layer1.0.conv1 is a Conv2d and has no inside"),
    ],
)
def test_where_nothing_lies(report, path, sentence):
    with pytest.raises(NoInside, match=sentence):
        scope(report, path)


def test_a_block_of_unknown_input_has_no_known_inside():
    graph = edits.add(Graph("net", (3, 8, 8)), Node("block", "BasicBlock", {"channels": 8}))
    with pytest.raises(NoInside, match="The inside of block is unknown"):
        scope(analyse(graph), ("block",))


def test_groups_that_nobody_placed_are_laid_out():
    inner = GraphBuilder()
    for name in "ab":
        inner.add(name, "ReLU")
    group = Node("group", "Group", inner=inner.graph())
    graph = placed(
        Graph("net", (3, 8, 8), {"group": group}, (Wire("input", "group"), Wire("group", "output")))
    )
    found = scope(analyse(graph), ("group",))
    assert found.own
    places = layout(inner.graph())
    assert {id: node.position for id, node in found.graph.nodes.items()} == {
        id: places[id] for id in "ab"
    }


def test_problems_are_told_at_every_level():
    inner = GraphBuilder()
    inner.add("wide", "Conv2d", kernel_size=99)
    outer = GraphBuilder()
    outer.add("relu", "ReLU")
    outer.group("inner", inner)
    graph = Graph(
        "net",
        (3, 8, 8),
        {"outer": Node("outer", "Group", inner=outer.graph())},
        (Wire("input", "outer"), Wire("outer", "output")),
    )
    report = analyse(graph)
    (problem,) = problems(report)
    assert str(problem.path) == "outer.inner.wide"
    for path, id in (((), "outer"), (("outer",), "inner"), (("outer", "inner"), "wide")):
        assert first_problems(report, path) == {id: problem}
        assert scope(report, path).facts[id].faults
