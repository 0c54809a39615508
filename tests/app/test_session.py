"""The state of a window: what is selected is in view."""

from explorer.app.session import Session
from explorer.graph.path import NodePath


def test_only_what_is_drawn_can_be_selected(qapp):
    session = Session()
    session.select({"layer1", "nobody"})
    assert session.selection == {"layer1"}
    session.lead_to(NodePath(("layer2", "nobody")))  # a link to what was just undone
    assert session.selection == {"layer1"} and session.view == ()
    session.lead_to(NodePath(("layer2", "0")))
    assert session.selection == {"0"} and session.view == ("layer2",)
