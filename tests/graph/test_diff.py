"""What changed between two graphs."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from explorer.graph import edits
from explorer.graph.diff import diff
from explorer.graph.graph import Graph, Node, Wire

GRAPH = Graph(
    "net",
    (3, 8, 8),
    {"a": Node("a", "ReLU"), "b": Node("b", "ReLU")},
    (Wire("input", "a"), Wire("a", "b"), Wire("b", "output")),
)


def test_nothing():
    found = diff(GRAPH, GRAPH)
    assert found.only_moved and not found.moved


def test_moved_only():
    found = diff(GRAPH, edits.move(GRAPH, {"a": (1.0, 2.0), "b": (0.0, 0.0)}))
    assert found.moved == {"a"} and found.only_moved and not found.revalued


def test_each_change_is_told():
    assert diff(GRAPH, edits.set_params(GRAPH, "a", {"p": 1})).revalued == {"a"}
    assert diff(GRAPH, replace(GRAPH, name="other")).reframed
    assert diff(GRAPH, replace(GRAPH, input=(1, 8, 8))).reframed
    found = diff(GRAPH, edits.insert(GRAPH, Node("c", "ReLU"), Wire("a", "b")))
    assert found.added == {"c"} and found.unwired == {Wire("a", "b")}
    assert found.wired == {Wire("a", "c"), Wire("c", "b")} and not found.only_moved
    found = diff(GRAPH, edits.rename(GRAPH, "a", "c"))
    assert (found.added, found.removed) == ({"c"}, {"a"})
    group = replace(GRAPH.nodes["a"], kind="Group", inner=Graph("", ()))
    assert diff(GRAPH, edits.replace_node(GRAPH, group)).revalued == {"a"}


@given(data=st.data())
def test_the_difference_leads_from_one_to_the_other(data, random_graphs):
    before, after = data.draw(random_graphs), data.draw(random_graphs)
    found = diff(before, after)
    touched = found.added | found.revalued | found.moved
    nodes = {
        id: after.nodes[id] if id in touched else node
        for id, node in before.nodes.items()
        if id not in found.removed
    } | {id: after.nodes[id] for id in found.added}
    assert nodes == dict(after.nodes)
    assert (set(before.wires) - found.unwired) | found.wired == set(after.wires)
    back = diff(after, before)
    assert (found.added, found.removed, found.wired) == (back.removed, back.added, back.unwired)
    assert (found.revalued, found.moved) == (back.revalued, back.moved)
