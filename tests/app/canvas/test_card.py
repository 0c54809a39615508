"""What a card draws of the node's inside."""

import pytest

from explorer.app.canvas.card import shortcut
from explorer.app.session import Session
from explorer.graph import edits
from explorer.graph.graph import Node
from explorer.graph.path import NodePath


@pytest.mark.parametrize(
    ("kind", "params", "dashed"),
    [
        ("BasicBlock", {}, False),
        ("BasicBlock", {"width": 128}, True),
        ("BasicBlock", {"shortcut": "none"}, None),
        ("BasicBlock", {"width": 128, "shortcut": "zeros"}, True),
        ("PreActBasicBlock", {"width": 128, "stride": 2}, True),
        ("Fire", {}, None),
        ("MBConv", {"out_channels": 16}, False),
        ("MBConv", {"out_channels": 16, "stride": 2}, None),
    ],
)
def test_a_shortcut_is_drawn_as_it_computes(kind, params, dashed, session: Session):
    session.edit("Put", lambda graph: _with(graph, kind, params))
    assert shortcut(session.facts_of(NodePath.of("made"))) is dashed


def _with(graph, kind, params):
    return edits.insert(
        graph,
        Node(
            "made",
            kind,
            params | ({"width": 16} if "width" not in params and "Basic" in kind else {}),
        ),
        graph.into("layer2")["x"],
    )
