"""An edit as plain values: written, read and applied, it makes the same graph."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.graph import edits, file
from explorer.graph.delta import apply, delta
from explorer.graph.file import FileError
from explorer.graph.graph import Graph, Node, Wire

GRAPH = Graph(
    "net",
    (3, 8, 8),
    {"a": Node("a", "ReLU"), "b": Node("b", "ReLU"), "c": Node("c", "ReLU")},
    (Wire("input", "a"), Wire("a", "b"), Wire("b", "c"), Wire("c", "output")),
)
GROUP = replace(
    GRAPH, nodes={**GRAPH.nodes, "b": Node("b", "Group", inner=replace(GRAPH, name="", input=()))}
)


def written(before, after):
    return json.loads(json.dumps(delta(before, after)))


def as_file(graph):
    """In a file positions are rounded to hundredths."""
    return file.dumps(graph)


@given(data=st.data())
def test_applied_it_leads_from_one_graph_to_any_other(data, random_graphs):
    before, after = data.draw(random_graphs), data.draw(random_graphs)
    assert as_file(apply(before, written(before, after))) == as_file(after)
    assert delta(before, before) == {}


@pytest.mark.parametrize(
    "after",
    [
        edits.set_params(GROUP, "a", {"inplace": True}),
        edits.remove(GROUP, ["b"], bridge=True),
        edits.rename(GROUP, "b", "z"),
        edits.move(GROUP, {"a": (3.25, -7.0)}),
        replace(GROUP, nodes=dict(reversed(GROUP.nodes.items()))),
        replace(GROUP, wires=GROUP.wires[::-1]),
        replace(GROUP, wires=()),
        replace(GROUP, name="other", input=(1, 28, 28)),
        edits.inside(("b",), lambda inner: edits.remove(inner, ["c"]))(GROUP),
        edits.replace_node(GROUP, replace(GROUP.nodes["b"], position=(5.0, 5.0))),
    ],
)
def test_each_kind_of_edit(after):
    there, back = written(GROUP, after), written(after, GROUP)
    assert apply(GROUP, there) == after and apply(after, back) == GROUP
    assert list(apply(GROUP, there).nodes) == list(after.nodes)


def test_it_is_as_small_as_the_edit():
    ids = [f"n{number}" for number in range(2000)]
    chain = Graph(
        "chain",
        (1, 8, 8),
        {id: Node(id, "ReLU") for id in ids},
        tuple(map(Wire, ["input", *ids], [*ids, "output"])),
    )
    outer = replace(GROUP, nodes={**GROUP.nodes, "b": replace(GROUP.nodes["b"], inner=chain)})
    after = edits.inside(("b",), lambda inner: edits.remove(inner, ["n7"], bridge=True))(outer)
    assert len(json.dumps(delta(outer, after))) < 120
    assert apply(outer, written(outer, after)) == after


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {"removed": "a"},
        {"removed": ["nobody"]},
        {"removed": [["a"]]},
        {"removed": ["a"]},  # its wires stay
        {"nodes": [None]},
        {"nodes": [{"id": "a b", "kind": "ReLU"}]},
        {"inside": {"a": {}}},
        {"inside": []},
        {"order": ["a", "b"]},
        {"order": ["a", "b", ["c"]]},
        {"order": ["a", "b", "b"]},
        {"wires": [["0"], []]},
        {"wires": [0, 0]},
        {"wires": [[], [["a", "b"]]]},
        {"wires": [[], [[0, ["a", "nobody"]]]]},
        {"wires": [[], [[1, ["a", "b", "y"]], [0, ["a", "b", "z"]]]]},
        {"wires": [[], [[0, ["c", "a", "y"]]]]},  # a circle
        {"name": ""},
        {"input": [3, 8]},
        {"colour": "red"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(FileError):
        apply(GRAPH, wrong)
