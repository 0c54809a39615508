"""The button of a fix."""

from explorer.analysis.problem import Fix
from explorer.app.widgets.fix_button import FixButton


def test_a_fix_that_has_too_little_room_is_cut_at_its_end(session, qtbot):
    label = "Append a classifier for 10 classes"
    button = FixButton(session, Fix(label, lambda graph: graph, 650), size=11)
    qtbot.addWidget(button)
    button.show()
    button.resize(button.sizeHint())
    assert button.painted_text == f"{label}  +650"
    button.resize(150, 28)
    read, _dots, cost = button.painted_text.partition("…")
    assert label.startswith(read) and len(read) > 8 and cost == "  +650"
    assert label in button.toolTip()
