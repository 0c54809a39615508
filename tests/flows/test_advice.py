"""A person draws something that runs but that a good colleague would speak about."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QPushButton

from explorer.graph.graph import Wire


def drop_into(person, kind, wire, **params):
    """Drop a kind from the palette onto a wire."""
    person.drop(person.take(kind, **params), person.scene.wires[wire].path.pointAtPercent(0.5))
    person.wait(lambda: person.session.advice.ready)


def test_two_convolutions_in_a_row(person, qtbot):
    """They are one; a click puts a ReLU between them, Ctrl+Z takes it away again."""
    conv = {"out_channels": 32, "padding": 1}
    drop_into(person, "Conv2d", Wire("layer2", "layer3"), **conv)
    first = next(reversed(person.session.graph.nodes))
    assert person.session.advice.shown == (), (
        "one convolution before a block is nothing to speak of"
    )
    drop_into(person, "Conv2d", Wire(first, "layer3"), **conv)
    second = next(reversed(person.session.graph.nodes))
    assert person.session.report.ok, "it runs all the same"
    assert person.scene.cards[second].advice and not person.scene.cards[second].problem
    assert "advice" in person.window.status.state.text()
    dock = person.window.docks["problems"]
    assert dock.windowTitle() == "Problems · advice 1"
    dock.raise_()
    person.wait(lambda: len(person.window.problems.advice) == 1)
    (row,) = person.window.problems.advice
    person.wait(row.isVisible)
    assert f"{second} follows {first}" in row.problem.message
    row.why.click()
    assert row.reason.isVisible()
    fix = next(button for button in row.findChildren(QPushButton) if "Insert ReLU" in button.text())
    qtbot.mouseClick(fix, Qt.MouseButton.LeftButton)
    person.wait(lambda: person.session.advice.ready)
    relu = next(reversed(person.session.graph.nodes))
    assert {Wire(first, relu), Wire(relu, second)} <= person.scene.wires.keys()
    assert not person.scene.cards[second].advice and dock.windowTitle() == "Problems"
    person.undo()
    assert relu not in person.session.graph.nodes
    person.wait(lambda: person.scene.cards[second].advice != "")


def test_advice_is_ignored_and_brought_back(person, qtbot):
    drop_into(person, "Conv2d", Wire("layer2", "layer3"), out_channels=32, kernel_size=1, stride=3)
    node = next(reversed(person.session.graph.nodes))
    person.wait(lambda: person.scene.cards[node].advice != "")
    person.window.docks["problems"].raise_()
    problems = person.window.problems
    person.wait(lambda: len(problems.advice) == 1)
    qtbot.mouseClick(problems.advice[0], Qt.MouseButton.LeftButton, pos=QPointF(20, 8).toPoint())
    assert str(person.session.selected) == node, "a click leads to the node"
    problems.advice[0].ignore.menu().actions()[0].trigger()
    assert not person.scene.cards[node].advice
    assert person.window.problems.advice == []
    assert "advice" not in person.window.status.state.text()
    person.session.advice.bring_back()
    assert len(person.window.problems.advice) == 1


def test_advice_does_not_keep_a_network_from_running(ready):
    person = ready
    drop_into(person, "Conv2d", Wire("layer2", "layer3"), out_channels=32, kernel_size=1, stride=3)
    person.wait(lambda: person.session.advice.shown != ())
    person.wait(lambda: person.session.run.state == "idle")
    assert person.session.report.ok
