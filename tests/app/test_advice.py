"""The advice on the current network: looked for without waiting, set aside and brought back."""

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from explorer.app import settings
from explorer.app.canvas.scene import NetworkScene
from explorer.app.panels.inspector.inspector import Inspector
from explorer.app.panels.problems.problems import Problems
from explorer.app.status import Status
from explorer.graph import edits
from explorer.graph.graph import Node, Wire
from tests.app.conftest import Drawn


def two_convolutions(graph):
    """conv_a and conv_b between the first stage and the second, with nothing between them."""
    for number, id in enumerate(("conv_a", "conv_b")):
        node = Node(id, "Conv2d", {"out_channels": 16, "padding": 1}, (900, 90 * number))
        wire = next(wire for wire in graph.wires if wire.target == "layer2")
        graph = edits.insert(graph, node, wire)
    return graph


def words(widget):
    if isinstance(widget, Drawn):
        widget.redraw.settle()
    QApplication.processEvents()
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


@pytest.fixture
def edit(session, qtbot):
    """edit(label, edit): an edit of the session's network, and the advice on it found."""

    def done(label, edit):
        assert session.edit(label, edit)
        settle()

    def settle():
        qtbot.waitUntil(lambda: session.advice.ready)
        QApplication.processEvents()

    done.settled = settle
    return done


@pytest.fixture
def panel(session, qtbot):
    panel = Problems(session)
    panel.resize(930, 500)
    qtbot.addWidget(panel)
    panel.show()
    return Drawn(panel)


def test_there_is_none_on_the_first_network(session, panel):
    assert session.advice.shown == () and panel.advice == []
    assert panel.empty.isVisible()


def test_it_is_there_with_the_edit_and_gone_with_the_undo(session, panel, edit):
    edit("Two", two_convolutions)
    assert session.advice.ready
    assert [advice.rule for advice in session.advice.shown] == ["linear"]
    (row,) = panel.advice
    assert "conv_b follows conv_a" in words(row) and "ADVICE 1" in words(panel)
    assert "No problems: the network can run" in words(panel)
    session.document.step_back()
    edit.settled()
    assert session.advice.shown == () and panel.empty.isVisible()


def test_a_fix_is_one_undo_step(session, panel, qtbot, edit):
    edit("Two", two_convolutions)
    button = panel.advice[0].buttons[0]
    assert button.text() == "Insert ReLU before conv_b"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    edit.settled()
    assert session.advice.shown == () and "relu1" in session.graph.nodes
    assert session.document.undo.undoText() == "Insert ReLU before conv_b"
    session.document.step_back()
    edit.settled()
    assert len(panel.advice) == 1


def test_problems_stand_above_the_advice(session, panel, edit):
    edit("Two", two_convolutions)
    edit("Wrong", partial(edits.set_params, id="head", params={"classes": 7}))
    assert len(panel.unfit) == 1 and len(panel.advice) == 1
    assert "DOES NOT FIT THE RUN 1" in words(panel) and not panel.empty.isVisible()
    assert panel.unfit[0].y() < panel.advice[0].y()
    edit("Lone", lambda graph: edits.add(graph, Node("lone", "ReLU")))
    assert len(panel.rows) == 1 and "PROBLEMS 1" in words(panel)
    assert panel.rows[0].y() < panel.advice[0].y()


def test_the_reason_unfolds(session, panel, qtbot, edit):
    edit("Two", two_convolutions)
    row = panel.advice[0]
    assert not row.reason.isVisible()
    qtbot.mouseClick(row.why, Qt.MouseButton.LeftButton)
    assert row.reason.isVisible() and "Goodfellow" in words(row)


def test_ignored_here_it_can_be_brought_back(session, panel, qtbot, edit):
    edit("Two", two_convolutions)
    row = panel.advice[0]
    row.setFocus()
    qtbot.keyClick(row, Qt.Key.Key_Delete)
    assert session.advice.shown == () and session.advice.aside == 1
    assert "1 piece of advice is ignored here" in words(panel)
    edit("Again", partial(edits.set_params, id="conv_a", params={"bias": False}))
    assert session.advice.shown == (), "another edit does not bring it back"
    session.advice.bring_back()
    assert len(panel.advice) == 1


def test_a_rule_is_ignored_in_every_network(session, panel, edit):
    edit("Two", two_convolutions)
    here, everywhere = panel.advice[0].ignore.menu().actions()
    assert here.text() == "Here: conv_b" and "Two linear layers" in everywhere.text()
    everywhere.trigger()
    assert session.advice.shown == () and session.advice.rules_aside == {"linear"}
    session.new("lenet5")
    edit("Cut", partial(edits.remove, ids=["relu3"], bridge=True))
    assert session.advice.shown == () and session.advice.aside == 1
    session.advice.bring_back()
    assert [str(advice.path) for advice in session.advice.shown] == ["fc2"]


def test_what_was_ignored_is_remembered_with_the_file(session, tmp_path, edit):
    edit("Two", two_convolutions)
    session.advice.ignore_here(session.advice.shown[0])
    session.save(tmp_path / "mine.cnn.json")
    session.close(0)
    edit.settled()
    assert session.advice.shown == () and session.advice.aside == 0
    session.read(tmp_path / "mine.cnn.json")
    edit.settled()
    assert session.advice.shown == () and session.advice.aside == 1
    session.advice.bring_back()
    session.close(len(session.documents) - 1)
    session.read(tmp_path / "mine.cnn.json")
    edit.settled()
    assert len(session.advice.shown) == 1


def test_settings_that_make_no_sense_are_no_matter(session, edit):
    settings.store().setValue("advice/rules", "linear nonsense")
    edit("Two", two_convolutions)
    assert session.advice.rules_aside == {"linear"} and session.advice.shown == ()


def test_a_large_network_is_looked_at_later(session, qtbot, monkeypatch, edit):
    edit("Two", two_convolutions)
    monkeypatch.setattr("explorer.app.advice.AT_ONCE", 0)
    with qtbot.waitSignal(session.advice.changed):
        session.edit("Cut", partial(edits.remove, ids=["conv_b"], bridge=True))
        assert not session.advice.ready
    assert session.advice.ready and session.advice.shown == ()


def test_the_card_bears_a_mark_and_the_tip_says_why(session, qtbot, edit):
    scene = NetworkScene(session)
    assert not any(card.advice for card in scene.cards.values())
    edit("Two", two_convolutions)
    assert [id for id, card in scene.cards.items() if card.advice] == ["conv_b"]
    assert "conv_b follows conv_a" in scene.cards["conv_b"].toolTip()
    session.advice.ignore_here(session.advice.shown[0])
    assert not scene.cards["conv_b"].advice
    assert "follows" not in scene.cards["conv_b"].toolTip()


def test_advice_inside_a_block_marks_the_block(session, qtbot, edit):
    scene = NetworkScene(session)
    edit("Stride", partial(edits.set_params, id="layer2", params={"stride": 5}))
    assert [id for id, card in scene.cards.items() if card.advice] == ["layer2"]
    session.open(("layer2",))
    assert [id for id, card in scene.cards.items() if card.advice] == ["0"]


def test_the_inspector_shows_what_concerns_the_node(session, qtbot, edit):
    panel = Inspector(session)
    qtbot.addWidget(panel)
    panel.show()
    inspector = Drawn(panel)
    edit("Two", two_convolutions)
    session.select({"conv_b"})
    assert "conv_b follows conv_a" in words(inspector) and "ADVICE" in words(inspector)
    session.select({"layer1"})
    assert "conv_b follows" not in words(inspector) and "ADVICE" not in words(inspector)
    session.select(())
    assert "conv_b follows" in words(inspector)


def test_the_status_line_counts_both_grades(session, qtbot, edit):
    from PySide6.QtWidgets import QStatusBar

    bar = QStatusBar()
    qtbot.addWidget(bar)
    status = Status(session, bar)
    assert "advice" not in status.state.text()
    edit("Two", two_convolutions)
    assert "no problems" in status.state.text() and "1 piece of advice" in status.state.text()


def test_a_wire_of_the_inserted_kind_carries_the_fix(session, edit):
    edit("Two", two_convolutions)
    edit("Fix", session.advice.shown[0].tried[0].edit)
    assert {Wire("conv_a", "relu1"), Wire("relu1", "conv_b")} <= set(session.graph.wires)
