"""Where the wires run: past the cards, the main one straight, no two across one another."""

import itertools

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPathStroker

from explorer.analysis.layout import placed
from explorer.analysis.report import analyse
from explorer.analysis.scope import scope
from explorer.app.canvas.diagram import Diagram
from explorer.app.canvas.routing import Obstacles, route
from explorer.catalog import KINDS, templates
from explorer.catalog.graph_builder import GraphBuilder
from explorer.graph.graph import INPUT, Graph, Node, Wire

COMPOSITES = sorted(kind.name for kind in KINDS.values() if kind.composite and kind.name != "Group")


def drawn(graph: Graph, path: tuple[str, ...] = ()) -> Diagram:
    diagram = Diagram(still=True)
    diagram.draw(scope(analyse(placed(graph)), path), {})
    return diagram


def inside_of(kind: str, **params) -> Diagram:
    return drawn(
        Graph(
            "net",
            (64, 56, 56),
            {"block": Node("block", kind, params)},
            (Wire("input", "block"), Wire("block", "output")),
        ),
        ("block",),
    )


def by_hand(*rows: str, channels: int = 8) -> Diagram:
    """Rows "id Kind source source…"; the last one gives the output."""
    inside = GraphBuilder()
    for row in rows:
        id, kind, *sources = row.split()
        params = {"out_channels": channels, "kernel_size": 1} if kind == "Conv2d" else {}
        inside.add(id, kind, *sources, **params)
    graph = inside.graph()
    return drawn(Graph("net", (channels, 8, 8), graph.nodes, graph.wires))


def stroke(item):
    stroker = QPainterPathStroker()
    stroker.setWidth(1)
    return stroker.createStroke(item.path)


def crossings(diagram: Diagram) -> list[tuple]:
    """Wires that run over cards."""
    return [
        (wire.source, wire.target, id)
        for wire, item in diagram.wires.items()
        for id, card in diagram.cards.items()
        if id not in (wire.source, wire.target)
        and stroke(item).intersects(card.body.translated(card.pos()))
    ]


def tangles(diagram: Diagram) -> list[tuple]:
    """Wires that cross, but for those that leave the same card."""
    return [
        (a.wire, b.wire)
        for a, b in itertools.combinations(diagram.wires.values(), 2)
        if a.wire.source != b.wire.source and stroke(a).intersects(stroke(b))
    ]


def is_straight(diagram: Diagram, *ids: str) -> bool:
    return len({diagram.cards[id].pos().y() for id in ids}) == 1 and all(
        item.path.boundingRect().height() < 0.5
        for wire, item in diagram.wires.items()
        if (wire.source, wire.target) in itertools.pairwise(ids)
    )


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kind", COMPOSITES)
def test_no_block_has_a_wire_over_a_card_or_another_wire(qapp, kind, stride):
    strided = "stride" in {param.name for param in KINDS[kind].params}
    if stride == 2 and not strided:
        pytest.skip("it has no stride")
    diagram = inside_of(kind, **({"stride": stride} if strided else {}))
    assert crossings(diagram) == [] and tangles(diagram) == []
    clear = [item.label() for item in diagram.wires.values() if item.route.label_at is not None]
    bodies = [card.body.translated(card.pos()) for card in diagram.cards.values()]
    assert not [
        1 for label in clear for body in bodies if body.intersects(label.adjusted(3, 0, -3, 0))
    ]


@pytest.mark.parametrize("name", templates.names())
def test_templates(qapp, name):
    diagram = drawn(templates.build(name))
    assert crossings(diagram) == []


def test_the_main_path_is_straight(qapp):
    assert is_straight(
        inside_of("BasicBlock", stride=2),
        "input",
        "conv1",
        "bn1",
        "relu1",
        "conv2",
        "bn2",
        "add",
        "relu2",
        "output",
    )
    assert is_straight(inside_of("SqueezeExcitation"), "input", "scale", "output")
    gate = inside_of("SqueezeExcitation")
    assert gate.cards["fc1"].pos().y() > gate.cards["scale"].pos().y(), "the branch is below"
    inception = inside_of("Inception")
    heights = [inception.cards[f"branch{number}"].pos().y() for number in (1, 2, 3, 4)]
    assert heights == sorted(set(heights)) and heights[0] == inception.cards["input"].pos().y()


def test_shortcuts_in_shortcuts_pass_over_one_another(qapp):
    diagram = by_hand(
        "a Conv2d input",
        "b Conv2d a",
        "inner Add a b",
        "c Conv2d inner",
        "outer Add input c",
        "far Add input outer",
    )
    assert crossings(diagram) == [] and tangles(diagram) == []
    ways = {(wire.source, wire.target): item.route for wire, item in diagram.wires.items()}
    assert ways["input", "far"].over < ways["input", "outer"].over < ways["a", "inner"].over


def test_a_dense_block_by_hand(qapp):
    rows, known = [], [INPUT]
    for number in range(4):
        rows += [f"cat{number} Concat {' '.join(known)}"] * (len(known) > 1)
        rows.append(f"conv{number} Conv2d {f'cat{number}' if len(known) > 1 else INPUT}")
        known.append(f"conv{number}")
    diagram = by_hand(*rows, "all Concat " + " ".join(known))
    assert crossings(diagram) == []


def test_branches_in_branches(qapp):
    diagram = by_hand(
        "a Conv2d input",
        "b1 Conv2d a",
        "b2 Conv2d a",
        "b Add b1 b2",
        "c Conv2d input",
        "d1 Conv2d c",
        "d2 Conv2d d1",
        "d3 Conv2d c",
        "d Add d2 d3",
        "end Concat b d input",
    )
    assert crossings(diagram) == [] and tangles(diagram) == []


def test_a_network_folds_where_one_wire_leads_on(qapp):
    rows, last = [], INPUT
    for block in "abcdef":
        rows += [
            f"{block}1 Conv2d {last}",
            f"{block}2 Conv2d {block}1",
            f"{block}_ Add {last} {block}2",
        ]
        last = f"{block}_"
    diagram = by_hand(*rows)
    assert crossings(diagram) == [] and tangles(diagram) == []
    back = [item for item in diagram.wires.values() if item.route.folds]
    leaving = {item.wire.source for item in back}
    assert leaving and all(id.endswith("_") for id in leaving)
    assert len({card.pos().y() for card in diagram.cards.values()}) == len(leaving) + 1
    assert sum(item.route.label_at is not None for item in back) == len(leaving)


def test_moving_a_card_leads_its_wires_along(qapp):
    diagram = inside_of("BasicBlock", stride=2)
    card = diagram.cards["downsample"]
    card.setPos(card.pos() + QPointF(200, 300))
    diagram.lay_around({"downsample"})
    for wire, item in diagram.wires.items():
        start, end = (
            diagram.cards[wire.source].out_port(),
            diagram.cards[wire.target].in_port(wire.port),
        )
        assert item.path.pointAtPercent(0) == start and item.path.pointAtPercent(1) == end
    assert crossings(diagram) == []


def test_a_wire_goes_round_a_card_in_either_lane(qapp):
    for top in (-40.0, 160.0):
        obstacles = Obstacles({"card": QRectF(100, top, 100, 80)})
        routed = route(QPointF(0, 0), QPointF(300, 200), obstacles=obstacles)
        assert not routed.path.intersects(QRectF(100, top, 100, 80))
    both = Obstacles({"a": QRectF(100, -40, 100, 80), "b": QRectF(100, 160, 100, 80)})
    routed = route(QPointF(0, 0), QPointF(300, 200), obstacles=both)
    assert not any(routed.path.intersects(QRectF(100, top, 100, 80)) for top in (-40, 160))
