"""Graphs in a line, and a walk through the layers of a network by hand."""

import itertools

import pytest
import torch

from explorer.catalog import KINDS, check
from explorer.graph.graph import Graph, Node, Wire


def _graph(*nodes, wires=None, input=(3, 8, 8), name="net") -> Graph:
    """nodes: (id, kind, parameters) in a row from input to output, unless `wires` says otherwise:
    "a b c.a" are the wires a → b and b → port a of c."""
    found = {id: Node(id, kind, params) for id, kind, params in nodes}
    made = []
    for way in wires if wires is not None else [" ".join(["input", *found, "output"])]:
        ids = way.split()
        for source_, target in itertools.pairwise(ids):
            made.append(Wire(source_.split(".")[0], *target.split(".")))
    return check.graph(Graph(name, tuple(input), found, tuple(made)))


@pytest.fixture(scope="session")
def draw():
    """draw((id, kind, params), …, wires=[…], input=…) -> Graph"""
    return _graph


@pytest.fixture(scope="session")
def walk():
    """(report, module, pictures) -> every value, by path: layer after layer as the report says."""

    def values(report, network, pictures):
        found = {"input": pictures}
        for layer in report.layers():
            given = [found[path] for path in layer.sources]
            kind = KINDS[layer.kind]
            if kind.expression:
                names = [f"v{number}" for number in range(len(given))]
                if kind.call:
                    names.append("own")
                    given.append(network.get_parameter(layer.path))
                found[layer.path] = eval(
                    kind.expression(layer.facts.settings, names),
                    dict(zip(names, given)) | {"torch": torch},
                )
            else:
                found[layer.path] = network.get_submodule(layer.path)(*given)
        return found

    return values
