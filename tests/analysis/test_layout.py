"""Where the cards stand: from left to right, none on another."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.layout import (
    FULL_CHAIN,
    ROW,
    card_reach,
    card_size,
    layout,
    main_path,
    placed,
    placed_inside,
)
from explorer.analysis.report import analyse
from explorer.analysis.scope import scope
from explorer.catalog import KINDS, templates
from explorer.catalog.graph_builder import GraphBuilder
from explorer.graph import edits
from explorer.graph.graph import ENDS, Graph, Node


def kinds(graph: Graph) -> dict[str, str]:
    return {id: id for id in ENDS} | {id: node.kind for id, node in graph.nodes.items()}


def well_laid(graph: Graph, **how) -> None:
    places = layout(graph, **how)
    kind = kinds(graph)
    assert set(places) == set(kind)
    for a, b in itertools.combinations(places, 2):
        (ax, ay), (bx, by) = places[a], places[b]
        if ax > bx:
            a, b, ax, ay, bx, by = b, a, bx, by, ax, ay
        wide = (card_reach(kind[a]) if ax != bx else card_size(kind[a])[0] / 2) + card_size(
            kind[b]
        )[0] / 2
        high = (card_size(kind[a])[1] + card_size(kind[b])[1]) / 2
        assert bx - ax >= wide or abs(ay - by) >= high, f"{a} and {b} overlap"
    for wire in graph.wires:
        (sx, sy), (tx, ty) = places[wire.source], places[wire.target]
        assert sx < tx or sy < ty, f"{wire.source} → {wire.target} leads back within its row"


@pytest.mark.parametrize("name", templates.names())
def test_templates(name):
    well_laid(templates.build(name))


@pytest.mark.parametrize("name", ["resnet50", "cifar_resnet110", "vgg16"])
def test_insides(name):
    report = analyse(templates.build(name))
    for facts in report.facts.values():
        if facts.expansion is not None:
            well_laid(facts.expansion)
            well_laid(facts.expansion, full=1700.0)


@st.composite
def networks(draw) -> Graph:
    graph = Graph("net", (3, 8, 8))
    for number in range(draw(st.integers(0, 20))):
        id = f"n{number}"
        graph = edits.add(graph, Node(id, draw(st.sampled_from(sorted(KINDS)))))
        for port in draw(st.sets(st.sampled_from("abc"))):
            source = draw(st.sampled_from(["input", *graph.nodes]))
            if source != id:
                graph = edits.connect(graph, source, id, port)
    return edits.connect(graph, draw(st.sampled_from(["input", *graph.nodes])), "output")


@given(networks())
def test_any_network(graph):
    well_laid(graph)
    moved = placed(graph)
    places = layout(graph)
    assert {id: node.position for id, node in moved.nodes.items()} == {
        id: places[id] for id in graph.nodes
    }
    assert moved.wires == graph.wires


def test_a_chain_stands_in_one_lane():
    graph = templates.build("cifar_resnet8")
    rows = {y for _x, y in layout(graph, full=1e9).values()}
    assert len(rows) == 1
    lefts = [layout(graph, full=1e9)[id][0] for id in ("input", *graph.order, "output")]
    assert lefts == sorted(lefts)


def lanes(*rows: str) -> dict[str, int]:
    """Rows "id Kind source …", the last gives the output; the lane of each in one long row."""
    inside = GraphBuilder()
    for row in rows:
        id, kind, *sources = row.split()
        inside.add(id, kind, *sources)
    return {id: round(y / ROW) for id, (_x, y) in layout(inside.graph(), full=1e9).items()}


def test_the_longer_branch_of_a_sum_is_the_main_path():
    assert lanes("short Conv2d input", "a ReLU input", "b ReLU a", "sum Add short b") == {
        "input": 0,
        "a": 0,
        "b": 0,
        "sum": 0,
        "output": 0,
        "short": 1,
    }
    found = lanes("down Projection input", "conv Conv2d input", "sum Add down conv")
    assert (found["conv"], found["down"]) == (0, 1), "a shortcut is never the main way"


def test_what_is_weighed_is_the_main_path_and_its_gate_below():
    found = lanes(
        "conv Conv2d input",
        "pool AdaptiveAvgPool2d conv",
        "fc Conv2d pool",
        "gate Sigmoid fc",
        "scale Multiply gate conv",
        "last Conv2d scale",
    )
    assert [id for id, lane in found.items() if lane] == ["pool", "fc", "gate"]


def test_the_branches_of_a_concatenation_stand_in_its_order():
    found = lanes(
        "a Conv2d input", "b1 Conv2d input", "b2 Conv2d b1", "c Conv2d input", "all Concat a b2 c"
    )
    assert [found[id] for id in ("a", "b1", "b2", "c", "all")] == [0, 1, 1, 2, 0]
    dense = lanes("conv Conv2d input", "all Concat input conv")
    assert set(dense.values()) == {0}, "what is new is on the main way, what is kept passes over it"


def test_the_main_path_of_a_network():
    graph = templates.build("resnet18")
    assert main_path(graph) == list(graph.order)
    assert main_path(edits.disconnect(graph, "output", "x")) == []


def inside(name: str, *path: str) -> Graph:
    return scope(analyse(placed(templates.build(name))), path).graph


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("squeezenet1_1", ["features"]),
        ("alexnet", ["features"]),
        ("densenet121", ["features"]),
        ("mobilenet_v2", ["features"]),
        ("resnet101", ["layer3"]),
        ("vgg16_bn", ["features", "group3"]),
    ],
)
def test_a_long_row_inside_a_block_is_folded_to_natural_size(name, path):
    found = inside(name, *path)
    assert max(x for x, _y in (node.position for node in found.nodes.values())) <= FULL_CHAIN
    assert placed_inside(found) == found  # tidying up finds nothing to do


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("resnet18", ["layer2", "0"]),
        ("resnet18", ["layer1"]),
        ("cifar_preact_resnet110", ["layer1", "1"]),
        ("googlenet", ["inception3a"]),
        ("squeezenet1_1", ["features", "3"]),
        ("densenet121", ["features", "denseblock1", "denselayer1"]),
    ],
)
def test_a_block_of_branches_stays_in_one_row(name, path):
    found = inside(name, *path)
    assert len({found.nodes[id].position[1] for id in main_path(found)}) == 1
