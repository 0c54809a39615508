"""Composites: what is inside them, and that the inside is sound whatever the parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.facts import needed, sweep
from explorer.analysis.report import analyse
from explorer.catalog import KINDS, check
from explorer.graph import names
from explorer.graph.graph import Graph, Node, Wire

COMPOSITES = [name for name, kind in KINDS.items() if kind.composite and name != "Group"]


def value(param):
    if param.choices:
        return st.sampled_from(param.choices)
    if type(param.default) is bool:
        return st.booleans()
    if type(param.default) is float:
        return st.floats(param.low, param.high)
    numbers = st.integers(int(param.low), min(int(param.high), 9))
    return st.one_of(
        numbers,
        st.sampled_from(param.words) if param.words else st.nothing(),
        st.tuples(numbers, numbers) if param.pair else st.nothing(),
    )


@pytest.mark.parametrize("name", COMPOSITES)
@given(data=st.data())
def test_the_inside_is_sound(name, data):
    """Only known kinds and values, every node wired, in order, and leading to the output; the
    analysis, which takes the steps as they are, finds what a sweep of the graph finds."""
    kind = KINDS[name]
    params = data.draw(st.fixed_dictionaries({}, optional={p.name: value(p) for p in kind.params}))
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 40), st.integers(1, 40)))
    inside = kind.expand(kind.settings(params), (shape,))
    graph = check.graph(inside.graph())
    assert graph.order == tuple(step.id for step in inside.steps) == tuple(graph.nodes)
    assert needed(graph) == {"input", "output", *graph.nodes}
    assert all(names.fault(id) is None for id in graph.nodes)
    report = analyse(
        Graph(
            "net",
            shape,
            {"node": Node("node", name, params)},
            (Wire("input", "node"), Wire("node", "output")),
        )
    )
    found = report.facts["node"]
    assert found.expansion == graph
    for child, swept in zip(found.children, sweep(graph, shape), strict=True):
        assert child.id == swept.id and child.sources == swept.sources
        assert child.facts is swept.facts
    assert found.out == report.output
    assert found.params == sum(child.facts.params for child in found.children)
    assert found.macs == sum(child.facts.macs for child in found.children)


def inside_of(name: str, shape, **params) -> dict[str, Node]:
    kind = KINDS[name]
    return dict(kind.expand(kind.settings(params), (shape,)).graph().nodes)


@pytest.mark.parametrize(
    ("block", "width", "out"), [("BasicBlock", 64, 64), ("Bottleneck", 16, 64)]
)
@pytest.mark.parametrize(
    ("shortcut", "channels", "stride", "wanted"),
    [
        ("automatic", 64, 1, "Identity"),
        ("automatic", 32, 1, "Projection"),
        ("automatic", 64, 2, "Projection"),
        ("projection", 64, 1, "Projection"),
        ("none", 64, 1, None),
        ("none", 32, 2, None),
    ],
)
def test_shortcut_rule(block, width, out, shortcut, channels, stride, wanted):
    nodes = inside_of(block, (channels, 8, 8), width=width, stride=stride, shortcut=shortcut)
    assert (nodes["downsample"].kind if "downsample" in nodes else None) == wanted
    assert ("add" in nodes) == (wanted is not None)
    if wanted == "Projection":
        assert dict(nodes["downsample"].params) == {
            "out_channels": out,
            "stride": stride,
            "norm": "BatchNorm2d",
        }


def test_without_normalisation_the_convolutions_have_a_bias():
    nodes = inside_of("Bottleneck", (8, 8, 8), width=4, norm="none")
    assert not any(node.kind == "BatchNorm2d" for node in nodes.values())
    assert all(node.params["bias"] for node in nodes.values() if node.kind == "Conv2d")
    nodes = inside_of("Bottleneck", (8, 8, 8), width=4)
    assert not any(node.params["bias"] for node in nodes.values() if node.kind == "Conv2d")


def test_stage():
    nodes = inside_of("Stage", (8, 8, 8), depth=3, width=16, stride=2, shortcut="projection")
    assert list(nodes) == ["0", "1", "2"]
    assert [node.params.get("stride", 1) for node in nodes.values()] == [2, 1, 1]
    assert nodes["0"].params["shortcut"] == "projection"
    assert "shortcut" not in nodes["1"].params, "only the first block always projects"
