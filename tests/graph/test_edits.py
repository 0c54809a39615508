"""Edits: each does what it says or raises EditError, and none breaks a graph."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.graph import edits
from explorer.graph.edits import EditError
from explorer.graph.graph import CycleError, Graph, Node, Wire


def chain(*ids: str) -> Graph:
    """input → ids → output."""
    ends = ["input", *ids, "output"]
    return Graph(
        "chain",
        (3, 8, 8),
        {id: Node(id, "ReLU") for id in ids},
        tuple(Wire(a, b) for a, b in itertools.pairwise(ends)),
    )


def wires(graph: Graph) -> set[tuple[str, str, str]]:
    return {(wire.source, wire.target, wire.port) for wire in graph.wires}


@given(data=st.data())
def test_no_sequence_of_edits_breaks_a_graph(data, random_graphs, random_edit, invariants):
    graph = data.draw(random_graphs)
    invariants(graph)
    change = data.draw(random_edit(graph))
    before = (graph.name, graph.input, dict(graph.nodes), graph.wires)
    try:
        after = change(graph)
    except EditError as error:
        assert str(error).strip() and "\n" not in str(error)
    else:
        invariants(after)
    assert before == (graph.name, graph.input, dict(graph.nodes), graph.wires), "it was changed"


@given(data=st.data())
def test_copies_do_not_depend_on_what_they_were_copied_from(data, random_graphs, invariants):
    graph = data.draw(random_graphs)
    part = edits.excerpt(graph, data.draw(st.sets(st.sampled_from([*graph.nodes, "output"]))))
    invariants(part)
    pasted = edits.paste(graph, part, (10, 20))
    invariants(pasted)
    assert len(pasted.nodes) == len(graph.nodes) + len(part.nodes)
    assert {id: pasted.nodes[id] for id in graph.nodes} == graph.nodes
    fresh = list(pasted.nodes.values())[len(graph.nodes) :]
    assert [node.meaning for node in fresh] == [node.meaning for node in part.nodes.values()]
    assert len(pasted.wires) == len(graph.wires) + len(part.wires)


def test_add_refuses_a_taken_id_and_a_bad_name():
    graph = edits.add(Graph(), Node("a", "ReLU"))
    assert list(graph.nodes) == ["a"]
    for id in ("a", "forward", "input", "", "a b"):
        with pytest.raises(EditError, match="a node"):
            edits.add(graph, Node(id, "ReLU"))


def test_connect_takes_the_place_of_the_wire_before():
    graph = edits.connect(chain("a", "b"), "input", "b")
    assert wires(graph) == {("input", "a", "x"), ("input", "b", "x"), ("b", "output", "x")}


def test_connect_refuses_a_cycle_and_names_it():
    with pytest.raises(EditError, match="cycle: a → b → c → a"):
        edits.connect(chain("a", "b", "c"), "c", "a", "b")
    with pytest.raises(EditError, match="cycle: a → a"):
        edits.connect(chain("a"), "a", "a")


@pytest.mark.parametrize(
    ("source", "target", "word"),
    [
        ("output", "a", "No wire can start at output"),
        ("nobody", "a", "No wire can start at nobody"),
        ("a", "input", "No wire can end at input"),
        ("a", "nobody", "No wire can end at nobody"),
    ],
)
def test_connect_refuses_what_is_no_end(source, target, word):
    with pytest.raises(EditError, match=word):
        edits.connect(chain("a"), source, target)
    assert word in edits.refusal(chain("a"), source, target)


def test_disconnect():
    graph = edits.disconnect(chain("a"), "a")
    assert wires(graph) == {("a", "output", "x")}
    with pytest.raises(EditError, match="No wire is connected to input x of a"):
        edits.disconnect(graph, "a")


def test_remove_takes_the_wires_along():
    assert wires(edits.remove(chain("a", "b", "c"), ["b"])) == {
        ("input", "a", "x"),
        ("c", "output", "x"),
    }
    with pytest.raises(EditError, match="no node z"):
        edits.remove(chain("a"), ["z"])


def test_remove_bridges_over_several():
    assert wires(edits.remove(chain("a", "b", "c"), ["a", "b"], bridge=True)) == {
        ("input", "c", "x"),
        ("c", "output", "x"),
    }


def test_remove_bridges_from_the_first_port():
    """Not from the wire that was drawn first."""
    graph = chain("a", "b")
    graph = edits.add(graph, Node("add", "Add"))
    for source, target, port in (("b", "add", "b"), ("a", "add", "a"), ("add", "output", "x")):
        graph = edits.connect(graph, source, target, port)
    assert ("a", "output", "x") in wires(edits.remove(graph, ["add"], bridge=True))


def test_insert_splits_a_wire():
    graph = edits.insert(chain("a"), Node("n", "ReLU"), Wire("input", "a"), "b")
    assert wires(graph) == {("input", "n", "b"), ("n", "a", "x"), ("a", "output", "x")}
    with pytest.raises(EditError, match="no wire from a to input"):
        edits.insert(graph, Node("m", "ReLU"), Wire("a", "input"))


def test_rename_takes_wires_and_place_along():
    graph = edits.rename(chain("a", "b"), "a", "c")
    assert list(graph.nodes) == ["c", "b"] and graph.nodes["c"].id == "c"
    assert wires(graph) == {("input", "c", "x"), ("c", "b", "x"), ("b", "output", "x")}
    assert edits.rename(graph, "c", "c") is graph
    for new in ("b", "self", "input"):
        with pytest.raises(EditError):
            edits.rename(graph, "c", new)


def test_set_params_leaves_the_others():
    graph = edits.set_params(chain("a"), "a", {"p": 1, "q": 2})
    graph = edits.set_params(graph, "a", {"p": 3})
    assert dict(graph.nodes["a"].params) == {"p": 3, "q": 2}
    with pytest.raises(TypeError):
        graph.nodes["a"].params["p"] = 4
    with pytest.raises(TypeError):
        graph.nodes["b"] = graph.nodes["a"]


def test_order_follows_the_wires_and_else_the_nodes():
    assert chain("c", "a", "b").order == ("c", "a", "b")
    turned = Graph("", (), {id: Node(id, "ReLU") for id in "cab"}, (Wire("a", "b"), Wire("b", "c")))
    assert turned.order == ("a", "b", "c")
    circle = Graph(
        "",
        (),
        {id: Node(id, "ReLU") for id in "cab"},
        (Wire("a", "b"), Wire("b", "c"), Wire("c", "b", "y")),
    )
    with pytest.raises(CycleError) as caught:
        circle.order
    assert caught.value.path in (["b", "c", "b"], ["c", "b", "c"])


def test_equal_graphs_hash_alike():
    assert chain("a", "b") == chain("a", "b") and hash(chain("a")) == hash(chain("a"))
    assert chain("a") != edits.move(chain("a"), {"a": (1.0, 2.0)})
