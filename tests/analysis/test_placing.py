"""New cards in wires: one after another, and many at once."""

from explorer.analysis import placing
from explorer.analysis.layout import placed
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Wire

CONV = {"kernel_size": 3, "padding": 1, "out_channels": 8}


def one_by_one(graph: Graph, ids: list[str]) -> Graph:
    for id in ids:
        leaving = graph.out_of(id)
        graph = placing.into_wire(graph, leaving[0], "BatchNorm2d", {})
        new = next(reversed(graph.nodes))
        for wire in leaving[1:]:
            graph = edits.connect(graph, new, wire.target, wire.port)
    return graph


def test_many_at_once_are_as_one_after_another(draw):
    ids = [f"conv{n}" for n in range(1, 25)]
    graph = draw(*((id, "Conv2d", CONV) for id in ids), ("bn2", "BatchNorm2d", {}))
    graph = placed(graph)
    at_once = placing.after_each(graph, ids, "BatchNorm2d")
    in_turn = one_by_one(graph, ids)
    assert list(at_once.nodes) == list(in_turn.nodes)
    assert {id: node.position for id, node in at_once.nodes.items()} == {
        id: node.position for id, node in in_turn.nodes.items()
    }
    assert set(at_once.wires) == set(in_turn.wires)


def test_all_that_a_node_fed_the_new_one_feeds(draw):
    graph = draw(
        ("a", "Conv2d", CONV),
        ("b", "Conv2d", CONV),
        ("add", "Add", {}),
        ("end", "Conv2d", CONV),
        wires=["input a b add.a output", "a add.b", "b end"],
    )
    at_once = placing.after_each(graph, ["a", "b", "end"], "BatchNorm2d")
    assert set(at_once.wires) == set(one_by_one(graph, ["a", "b"]).wires)
    assert list(at_once.nodes)[-2:] == ["bn1", "bn2"], "end feeds nothing"
    assert Wire("bn1", "add", "b") in at_once.wires
    assert at_once.nodes["bn1"] == Node("bn1", "BatchNorm2d", {}, at_once.nodes["bn1"].position)
