"""The inspector: forms made from the declarations, edits, names, problems, figures, bars."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from explorer.app.number import bytes_text
from explorer.app.panels.inspector.inspector import Inspector
from explorer.app.widgets.field import ChoiceField, NumberField, SwitchField, WholeField
from explorer.app.widgets.fix_button import FixButton
from explorer.app.widgets.pair_field import PairField
from explorer.app.widgets.parameter_form import ParameterForm
from explorer.catalog import KINDS
from explorer.graph import edits
from explorer.graph.graph import Node
from explorer.graph.path import NodePath
from tests.app.conftest import Drawn


@pytest.fixture
def inspector(session, qtbot):
    panel = Inspector(session)
    panel.resize(276, 800)
    qtbot.addWidget(panel)
    panel.show()
    return Drawn(panel)


def typed(qtbot, field, text):
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)


def texts(inspector):
    inspector.redraw.settle()
    QApplication.processEvents()  # a layout shows what is new in it with the next event
    return [label.text() for label in inspector.findChildren(QLabel) if label.isVisible()]


def fixes(inspector):
    inspector.redraw.settle()
    QApplication.processEvents()
    return [button for button in inspector.findChildren(FixButton) if button.isVisible()]


@pytest.mark.parametrize("name", KINDS)
def test_form_is_that_of_the_declaration(name, qtbot, session):
    kind = KINDS[name]
    form = ParameterForm(kind.params)
    qtbot.addWidget(form)
    blocks = [choice for param in kind.params if param.name == "block" for choice in param.choices]
    for block in blocks:
        form.show_values(vars(kind.settings({"block": block})))
    form.show_values(vars(kind.settings({})))
    assert set(form.fields) == {param.name for param in kind.params}
    for param in kind.params:
        field = form.fields[param.name]
        assert param.doc in field.toolTip() and param.name in field.toolTip()
        assert form.resets[param.name].isHidden()
        if param.choices:
            assert isinstance(field, ChoiceField) and field.currentData() == param.default
        elif isinstance(param.default, bool):
            assert isinstance(field, SwitchField) and field.isChecked() == param.default
        else:
            wanted = (
                PairField
                if param.pair or param.words
                else WholeField
                if isinstance(param.default, int)
                else NumberField
            )
            assert type(field) is wanted and field.value() == pytest.approx(param.default)
            assert (field.minimum(), field.maximum()) == (param.low, param.high)


def test_typing_edits_live_and_undoes_as_one(inspector, session, qtbot):
    session.select({"layer2"})
    before = session.graph
    width = inspector.form.fields["width"]
    typed(qtbot, width, "48")
    assert session.graph.nodes["layer2"].params["width"] == 48
    assert session.facts_of(NodePath.of("layer2")).out == (48, 14, 14)
    assert inspector.measured.value_of("Out") == "48×14×14"
    assert session.document.undo.undoText() == "Set channels of layer2"
    session.document.step_back()
    assert session.graph == before and inspector.form.fields["width"].value() == 32
    session.document.step_forward()
    assert inspector.form.fields["width"].value() == 48 and width.hasFocus()


def test_coming_back_to_a_field_is_another_step(inspector, session, qtbot):
    session.select({"layer2"})
    width = inspector.form.fields["width"]
    typed(qtbot, width, "48")
    inspector.form.fields["depth"].setFocus()
    typed(qtbot, width, "96")
    session.document.step_back()
    assert session.graph.nodes["layer2"].params["width"] == 48


def test_choice_and_switch_edit(inspector, session, qtbot):
    session.select({"layer3"})
    qtbot.keyClicks(inspector.form.fields["block"], "Bottle")
    assert session.graph.nodes["layer3"].params["block"] == "Bottleneck"
    assert session.facts_of(NodePath.of("layer3")).out == (256, 7, 7)
    session.select({"stem"})
    inline = inspector.form.fields["inline"]
    QTest.mouseClick(inline, Qt.MouseButton.LeftButton, pos=QPoint(8, inline.height() // 2))
    assert session.graph.nodes["stem"].params["inline"] is False
    assert session.document.undo.undoText() == "Set bare names of stem"


def test_reset_takes_the_parameter_back(inspector, session, qtbot):
    session.select({"layer2"})
    back = inspector.form.resets["stride"]
    assert back.isVisible() and "1" in back.toolTip()
    qtbot.mouseClick(back, Qt.MouseButton.LeftButton)
    assert "stride" not in session.graph.nodes["layer2"].params
    assert inspector.form.fields["stride"].value() == 1 and not back.isVisible()
    assert session.document.undo.undoText() == "Reset first stride of layer2"


def test_foreign_change_keeps_the_caret(inspector, session, qtbot):
    session.select({"layer2"})
    width = inspector.form.fields["width"]
    typed(qtbot, width, "48")
    width.lineEdit().setCursorPosition(1)
    session.edit("Move", lambda graph: edits.move(graph, {"layer2": (5.0, 5.0)}))
    assert width.hasFocus() and width.lineEdit().cursorPosition() == 1


def test_wheel_over_a_field_without_focus_scrolls_the_form(inspector, session):
    session.select({"layer2"})
    inspector.name.setFocus()
    before = session.graph
    field = inspector.form.fields["width"]
    QTest.mouseMove(field)
    place = QPointF(field.rect().center())
    QApplication.sendEvent(
        field,
        QWheelEvent(
            place,
            field.mapToGlobal(place),
            QPoint(),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )
    assert session.graph is before


def test_rename_by_double_click_keeps_wires_and_selection(inspector, session, qtbot):
    session.select({"layer1"})
    QTest.mouseDClick(inspector.name, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(inspector.name, "first")
    qtbot.keyClick(inspector.name, Qt.Key.Key_Return)
    assert "first" in session.graph.nodes and session.report.ok
    assert session.selection == {"first"} and inspector.name.text() == "first"
    assert session.document.undo.undoText() == "Rename layer1 to first"


def test_rename_to_what_cannot_be_is_refused_with_a_sentence(inspector, session, qtbot):
    session.select({"layer1"})
    with qtbot.waitSignal(session.notified) as said:
        qtbot.keyClick(inspector.name, Qt.Key.Key_F2)
        qtbot.keyClicks(inspector.name, "forward")
        qtbot.keyClick(inspector.name, Qt.Key.Key_Return)
    assert "forward" in said.args[0]
    assert inspector.name.text() == "layer1" and inspector.name.isReadOnly()
    inspector.rename()
    qtbot.keyClicks(inspector.name, "other")
    qtbot.keyClick(inspector.name, Qt.Key.Key_Escape)
    assert inspector.name.text() == "layer1" and "layer1" in session.graph.nodes


def test_nothing_selected_shows_the_network(inspector, session, qtbot):
    assert inspector.name.text() == "cifar_resnet8"
    assert inspector.measured.value_of("Parameters") == "77,754"
    assert any("Ankle boot" in text for text in texts(inspector))
    typed(qtbot, inspector.input.fields[0], "3")
    assert session.graph.input == (3, 28, 28)
    assert session.document.undo.undoText() == "Set the input to 3×28×28"
    assert "but those of Fashion-MNIST are 1×28×28" in " ".join(texts(inspector))
    qtbot.mouseClick(fixes(inspector)[0], Qt.MouseButton.LeftButton)
    assert session.graph.input == (1, 28, 28) and fixes(inspector) == []
    inspector.rename()
    qtbot.keyClicks(inspector.name, "mine")
    qtbot.keyClick(inspector.name, Qt.Key.Key_Return)
    assert session.graph.name == "mine"


def test_problem_shows_its_sentence_and_its_fix_mends_it(inspector, session, qtbot):
    session.edit(
        "Add",
        lambda graph: edits.insert(
            graph,
            Node("conv", "Conv2d", {"out_channels": 16, "padding": 1, "groups": 3}),
            graph.into("layer2")["x"],
        ),
    )
    session.select({"conv"})
    assert any(text.startswith("groups 3 of conv does not divide") for text in texts(inspector))
    assert inspector.form.fields["groups"].property("problem")
    assert inspector.measured.value_of("Parameters") == "?"
    qtbot.mouseClick(fixes(inspector)[0], Qt.MouseButton.LeftButton)
    assert session.report.ok and session.document.undo.undoText() == "Set groups 2"
    assert fixes(inspector) == [] and not inspector.form.fields["groups"].property("problem")


def test_inside_of_a_declared_block_is_read_only_until_it_is_ones_own(inspector, session):
    session.lead_to(NodePath.of("layer2.0"))
    assert not inspector.form.fields["width"].isEnabled()
    assert inspector.reason.isVisible() and "layer2" in inspector.reason.text()
    inspector.reason.linkActivated.emit("own")
    assert session.graph.nodes["layer2"].kind == "Group" and session.view == ("layer2",)
    session.select({"0"})
    assert inspector.form.fields["width"].isEnabled()
    inspector.form.fields["width"].setValue(40)
    assert session.graph.nodes["layer2"].inner.nodes["0"].params["width"] == 40
    assert session.facts_of(NodePath.of("layer2")).out == (40, 14, 14)


def test_links_open_and_edit_inside(inspector, session):
    session.select({"layer2"})
    inspector.links.linkActivated.emit("open")
    assert session.view == ("layer2",) and inspector.name.text() == "layer2"
    session.open(())
    session.select({"layer3"})
    inspector.links.linkActivated.emit("inside")
    assert session.graph.nodes["layer3"].kind == "Group" and session.view == ("layer3",)


def test_several_of_one_kind_are_edited_together(inspector, session, qtbot):
    session.select({"layer1", "layer2"})
    assert inspector.name.text() == "2 nodes"
    assert inspector.measured.value_of("Parameters") == f"{4672 + 14528:,}"
    width = inspector.form.fields["width"]
    assert width.lineEdit().text() == "" and width.lineEdit().placeholderText() == "mixed"
    typed(qtbot, width, "24")
    assert {session.graph.nodes[id].params["width"] for id in ("layer1", "layer2")} == {24}
    assert session.document.undo.undoText() == "Set channels of 2 nodes"
    session.select({"layer1", "stem"})
    assert inspector.form is None


def test_typing_the_hidden_value_of_a_mixed_field_sets_it(inspector, session, qtbot):
    session.select({"layer2", "layer3"})
    typed(qtbot, inspector.form.fields["width"], "32")
    assert session.graph.nodes["layer3"].params["width"] == 32


def test_an_arrow_in_a_mixed_field_sets_and_shows_the_next_value(inspector, session, qtbot):
    session.select({"layer2", "layer3"})
    field = inspector.form.fields["width"]
    hidden = field.value()
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.lineEdit().text() == str(hidden + 1)
    assert {session.graph.nodes[id].params["width"] for id in ("layer2", "layer3")} == {hidden + 1}


def test_bars_follow_and_select(inspector, session, qtbot):
    assert [(bar.id, bar.params) for bar in inspector.bars.bars] == [
        ("stem", 176),
        ("layer1", 4672),
        ("layer2", 14528),
        ("layer3", 57728),
        ("head", 650),
    ]
    session.edit("Set", lambda graph: edits.set_params(graph, "head", {"classes": 20}))
    assert inspector.bars.bars[-1].params == 65 * 20
    qtbot.mouseClick(inspector.bars, Qt.MouseButton.LeftButton, pos=QPoint(20, 18 * 3 + 9))
    assert session.selection == {"layer3"}
    qtbot.keyClick(inspector.bars, Qt.Key.Key_Up)
    assert session.selection == {"layer2"}
    session.open(("layer2", "0"))
    assert inspector.bars.bars[0].id == "conv1"


def test_hidden_it_waits_and_catches_up(inspector, session):
    inspector.hide()
    session.select({"layer3"})
    assert inspector.name.text() == "cifar_resnet8"
    inspector.show()
    assert inspector.name.text() == "layer3"


def test_small_numbers_are_written_short(inspector, session, qtbot):
    session.edit(
        "Add",
        lambda graph: edits.insert(graph, Node("bn", "BatchNorm2d"), graph.into("layer2")["x"]),
    )
    session.select({"bn"})
    eps = inspector.form.fields["eps"]
    assert eps.text() == "1e-05"
    typed(qtbot, eps, "1e-3")
    assert session.graph.nodes["bn"].params["eps"] == 0.001


def test_undo_keys_go_past_the_field(inspector, session, qtbot, qapp):
    undo = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), inspector.panel)
    undo.activated.connect(session.document.step_back)
    session.select({"layer2"})
    width = inspector.form.fields["width"]
    typed(qtbot, width, "48")
    qtbot.keyClick(width.lineEdit(), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.graph.nodes["layer2"].params["width"] == 32
    assert inspector.form.fields["width"].value() == 32


def test_a_foreign_file_of_any_kind_is_shown(inspector, session):
    """Every template's nodes and their insides can be inspected."""
    for name in ("vgg16", "lenet5", "resnet50"):
        session.new(name)
        for id in session.graph.nodes:
            session.select({id})
            assert inspector.name.text() == id


def test_the_receptive_field_of_a_node_and_what_sharing_saves(inspector, session):
    session.select({"layer2"})

    def value(name: str) -> str:
        return inspector.measured.value_of(name)

    assert value("Receptive field") == "13×13"
    assert value("Jump") == "2" and value("Centre of the first") == "0"
    with pytest.raises(KeyError):
        value("Against unshared")
    session.select({"head"})
    assert value("Receptive field") == "28×28, clipped"
    session.open(("stem",))
    session.select({"conv1"})
    assert value("Receptive field") == "3×3"
    assert value("Against unshared") == "784× fewer"
    assert value("Against fully connected") == "68.3k× fewer"


def test_the_receptive_field_behind_a_fault_is_unknown(inspector, session):
    session.edit(
        "Set",
        lambda graph: edits.insert(
            graph,
            Node("conv", "Conv2d", {"out_channels": 16, "groups": 3}),
            graph.into("layer2")["x"],
        ),
    )
    session.select({"layer3"})
    assert inspector.measured.value_of("Receptive field") == "?"


def test_what_a_run_keeps_is_what_the_forecast_says(inspector, session, qtbot):
    memory = session.memory
    qtbot.waitUntil(lambda: memory.ready and memory.forecast is not None)
    shown = inspector.measured.value_of("Activations, batch 128")
    assert shown == bytes_text(memory.forecast.activations)
    session.run.change_recipe({"batch_size": 64})
    qtbot.waitUntil(lambda: memory.forecast.batch == 64)
    assert inspector.measured.value_of("Activations, batch 64") == bytes_text(
        memory.forecast.activations
    )
    session.edit("Set", lambda graph: edits.set_params(graph, "layer3", {"width": 48}))
    qtbot.waitUntil(
        lambda: inspector.measured.value_of("Activations, batch 64") not in (shown, "…"),
    )
    assert inspector.measured.value_of("Activations, batch 64") == bytes_text(
        memory.forecast.activations
    )
    session.run.change_recipe({"batch_size": 128})
