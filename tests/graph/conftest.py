"""Random graphs: whatever a sequence of edits can make."""

import contextlib

import pytest
from hypothesis import strategies as st

from explorer.graph import edits
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node

IDS = ["a", "b", "c", "d", "e", "conv1", "layer_2", "0", "17"]
PORTS = ["x", "a", "b"]


def check(graph: Graph) -> None:
    """What holds for every graph, whatever was done to it."""
    for id, node in graph.nodes.items():
        assert id == node.id and id not in (INPUT, OUTPUT)
    ends = [(wire.target, wire.port) for wire in graph.wires]
    assert len(ends) == len(set(ends)), "two wires end at one port"
    for wire in graph.wires:
        assert wire.source == INPUT or wire.source in graph.nodes, "a wire begins nowhere"
        assert wire.target == OUTPUT or wire.target in graph.nodes, "a wire ends nowhere"
    order = graph.order  # raises CycleError
    assert sorted(order) == sorted(graph.nodes)
    place = {id: number for number, id in enumerate((INPUT, *order, OUTPUT))}
    assert all(place[wire.source] < place[wire.target] for wire in graph.wires)


ids = st.sampled_from(IDS)
values = st.one_of(
    st.integers(-5, 5), st.booleans(), st.sampled_from(["none", "é", '"\\']), st.floats(-1, 1)
)
places = st.tuples(st.integers(-9999, 9999), st.integers(-9999, 9999)).map(
    lambda both: (both[0] / 4, both[1] / 4)
)


def node_of(id: str, inner: Graph | None = None):
    return st.builds(
        lambda params, position: Node(id, "Group" if inner else "Conv2d", params, position, inner),
        st.dictionaries(st.sampled_from(["out_channels", "bias", "p"]), values, max_size=3),
        places,
    )


@st.composite
def edit(draw, graph: Graph):
    """One edit, sensible or not, as a function of the graph."""
    known = st.sampled_from([*IDS, INPUT, OUTPUT, "nobody"])
    what = draw(
        st.sampled_from(
            [
                "add",
                "group",
                "remove",
                "bridge",
                "connect",
                "connect",
                "connect",
                "disconnect",
                "insert",
                "set",
                "move",
                "rename",
                "paste",
                "paste all",
            ]
        )
    )
    if what == "add":
        node = draw(ids.flatmap(node_of))
        return lambda g: edits.add(g, node)
    if what == "group":
        inner = edits.connect(graph, INPUT, OUTPUT)
        node = draw(ids.flatmap(lambda id: node_of(id, Graph("", (), inner.nodes, inner.wires))))
        return lambda g: edits.add(g, node)
    if what in ("remove", "bridge"):
        gone = draw(st.sets(known, max_size=3))
        return lambda g: edits.remove(g, gone, what == "bridge")
    if what == "connect":
        source, target, port = draw(known), draw(known), draw(st.sampled_from(PORTS))
        return lambda g: edits.connect(g, source, target, port)
    if what == "disconnect":
        target, port = draw(known), draw(st.sampled_from(PORTS))
        return lambda g: edits.disconnect(g, target, port)
    if what == "insert" and graph.wires:
        wire, node = draw(st.sampled_from(graph.wires)), draw(ids.flatmap(node_of))
        return lambda g: edits.insert(g, node, wire)
    if what == "set":
        id, value = draw(known), draw(values)
        return lambda g: edits.set_params(g, id, {"p": value})
    if what == "move":
        id, place = draw(known), draw(places)
        return lambda g: edits.move(g, {id: place})
    if what == "rename":
        old, new = draw(known), draw(known)
        return lambda g: edits.rename(g, old, new)
    if what == "paste":
        copied = draw(st.sets(known, max_size=4))
        return lambda g: edits.paste(g, edits.excerpt(g, copied))
    return lambda g: edits.paste(g, edits.excerpt(g, g.nodes)) if len(g.nodes) < 30 else g


@st.composite
def graphs(draw, most: int = 18):
    """A graph that a person could have drawn."""
    graph = Graph(draw(st.sampled_from(["network", "héllo «x»", '"""\\'])), (3, 8, 8))
    for _ in range(draw(st.integers(0, most))):
        with contextlib.suppress(edits.EditError):
            graph = draw(edit(graph))(graph)
    return graph


@pytest.fixture(scope="session")
def invariants():
    """Asserts what holds for every graph."""
    return check


@pytest.fixture(scope="session")
def random_edit():
    """graph -> strategy of edits."""
    return edit


@pytest.fixture(scope="session")
def random_graphs():
    """Strategy of graphs."""
    return graphs()
