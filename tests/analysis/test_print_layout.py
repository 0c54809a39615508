"""A network on a page: its groups opened, its rows of one length."""

from collections import Counter
from dataclasses import replace

import pytest

from explorer.analysis.layout import main_path
from explorer.analysis.print_layout import opened, problems_on, roomy_gap, spread
from explorer.analysis.report import analyse
from explorer.analysis.scope import scope
from explorer.catalog import templates
from explorer.graph.graph import ENDS


def whole(name: str):
    return scope(analyse(templates.build(name)))


def test_nothing_is_opened_unasked():
    shown = whole("vgg16")
    assert opened(shown, 0) is shown


@pytest.mark.parametrize(
    "name", ["efficientnet_b0", "squeezenet1_1", "vgg16", "resnet18", "densenet121", "googlenet"]
)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_what_is_opened_is_the_same_network(name, depth):
    """The same parameters and multiply-adds, every wire between nodes that are there."""
    report = analyse(templates.build(name))
    shown = opened(scope(report), depth)
    assert shown.graph.nodes.keys() == shown.facts.keys()
    assert all(id == node.id for id, node in shown.graph.nodes.items())
    assert sum(facts.params for facts in shown.facts.values()) == report.params
    assert sum(facts.macs for facts in shown.facts.values()) == report.macs
    assert {end for wire in shown.graph.wires for end in (wire.source, wire.target)} == {
        *shown.graph.nodes,
        *ENDS,
    }
    assert len({(wire.target, wire.port) for wire in shown.graph.wires}) == len(shown.graph.wires)
    kinds = {facts.kind.name for facts in shown.facts.values()}
    categories = {facts.kind.category for facts in shown.facts.values()}
    assert "Group" not in kinds
    assert depth < 2 or "stage" not in categories
    assert depth < 3 or not any(facts.kind.composite for facts in shown.facts.values())


def test_ids_tell_where_a_node_lies():
    assert list(opened(whole("squeezenet1_1"), 1).graph.nodes)[:4] == [
        "features.0",
        "features.1",
        "features.2",
        "features.3",
    ]
    assert "layer2.1.conv1" in opened(whole("resnet18"), 3).graph.nodes
    assert "layer2.1" in opened(whole("resnet18"), 2).graph.nodes


def test_what_lies_inside_a_node_can_be_opened_too():
    report = analyse(templates.build("efficientnet_b0"))
    assert "2.1" in opened(scope(report, ("features",)), 2).graph.nodes


@pytest.mark.parametrize(
    ("name", "depth", "ids"),
    [
        ("alexnet", 0, ["features"]),
        ("alexnet", 1, ["features.5", "features.12"]),
        ("inception_v3", 1, ["Conv2d_4a_3x3", "maxpool2", "Mixed_6a", "Mixed_7a"]),
    ],
)
def test_a_problem_is_marked_where_it_is_or_around_it(name, depth, ids):
    report = analyse(replace(templates.build(name), input=(3, 16, 16)))
    assert list(problems_on(report, opened(scope(report), depth))) == ids


@pytest.mark.parametrize(
    ("name", "path", "rows"),
    [("googlenet", (), [5, 4, 4, 4, 5]), ("densenet121", ("features", "denseblock1"), [4, 4])],
)
def test_rows_are_even(name, path, rows):
    shown = scope(analyse(templates.build(name)), path)
    shown = spread(shown, roomy_gap(shown))
    counts = Counter(node.position[1] for node in shown.graph.nodes.values())
    found = [counts[row] for row in sorted(counts)]
    found[0] += 1  # the input
    found[-1] += 1  # the output
    assert found == rows


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("googlenet", ("inception3a",)),
        ("resnet50", ("layer2", "0")),
        ("densenet121", ("features", "denseblock1", "denselayer1")),
    ],
)
def test_a_block_of_branches_stays_in_one_row(name, path):
    shown = scope(analyse(templates.build(name)), path)
    shown = spread(shown, roomy_gap(shown))
    assert len({shown.graph.nodes[id].position[1] for id in main_path(shown.graph)}) == 1
