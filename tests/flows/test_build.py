"""A person builds: drags kinds, wires them, moves, deletes, undoes."""

import pytest
from PySide6.QtCore import QPointF, Qt

from explorer.analysis.problem import problems
from explorer.graph.graph import Wire


def test_a_block_dropped_on_a_wire_is_put_into_it(person):
    before = person.session.graph
    wire = person.scene.wires[Wire("layer1", "layer2")]
    person.drop(person.take("BasicBlock", width=16), wire.path.pointAtPercent(0.5))
    graph = person.session.graph
    assert Wire("layer1", "block1") in graph.wires and Wire("block1", "layer2") in graph.wires
    assert person.session.report.ok
    assert str(person.session.selected) == "block1"
    assert person.scene.cards["block1"].shape_out == (16, 28, 28)
    person.undo()
    assert person.session.graph == before and "block1" not in person.scene.cards
    person.redo()
    assert "block1" in person.scene.cards


def test_no_two_cards_overlap_after_an_insertion(person):
    wire = person.scene.wires[Wire("stem", "layer1")]
    person.drop(person.take("Conv2d", out_channels=16, padding=1), wire.path.pointAtPercent(0.5))
    cards = list(person.scene.cards.values())
    for number, card in enumerate(cards):
        body = card.body.translated(card.pos())
        assert not any(
            body.intersects(other.body.translated(other.pos())) for other in cards[number + 1 :]
        )


def test_a_wire_is_drawn_from_port_to_port(person):
    place = person.centre("layer2") + QPointF(0, 200)
    person.drop(person.take("Conv2d", out_channels=32, padding=1, stride=2), place)
    assert problems(person.session.report)[0].rule == "unconnected"
    assert person.scene.cards["conv2"].problem
    person.wire("layer1", "conv2")
    assert Wire("layer1", "conv2") in person.session.graph.wires
    assert person.session.report.ok
    assert person.scene.cards["conv2"].shape_out == (32, 14, 14)
    assert person.session.document.undo.undoText() == "Connect layer1 to conv2"


def test_a_wire_can_be_dropped_on_the_card_itself_and_pulled_off(person):
    person.drop(person.take("Add"), person.centre("layer2") + QPointF(180, 200))
    person.drag(person.scene.cards["layer1"].out_port(), person.centre("add1"))
    assert Wire("layer1", "add1", "a") in person.session.graph.wires
    end = person.scene.cards["add1"].in_port("a")
    person.drag(end, end + QPointF(-60, 120))
    assert Wire("layer1", "add1", "a") not in person.session.graph.wires
    assert person.session.document.undo.undoText() == "Disconnect layer1 from add1"


def test_a_circle_is_refused_while_the_wire_is_dragged(person, qtbot):
    before = person.session.graph
    person.press(person.scene.cards["layer3"].out_port())
    person.move(person.scene.cards["layer1"].in_port("x"))
    assert "layer1 → layer2 → layer3 → layer1" in person.canvas.gesture.refused
    assert person.canvas.gesture.item.problem
    with qtbot.waitSignal(person.session.notified) as said:
        person.release(person.scene.cards["layer1"].in_port("x"))
    assert "cycle" in said.args[0]
    assert person.session.graph == before


def test_escape_in_the_middle_of_a_gesture_changes_nothing(person):
    before, place = person.session.graph, person.centre("layer1")
    person.press(place + QPointF(0, 12))
    person.move(place + QPointF(50, 80))
    assert person.centre("layer1") != place
    person.key(Qt.Key.Key_Escape)
    person.release(place + QPointF(50, 80))
    assert person.centre("layer1") == place and person.session.graph == before


def test_moving_is_one_undo_step_and_builds_nothing_anew(person):
    place = person.centre("head")
    person.drag(place + QPointF(0, 12), place + QPointF(200, 92))
    moved = person.centre("head") - place - QPointF(200, 80)
    assert moved.manhattanLength() < 4  # pixels of the screen are coarser than the scene
    assert person.session.document.undo.undoText() == "Move head"
    person.undo()
    assert person.centre("head") == place


def test_delete_closes_the_gap_and_shift_delete_leaves_it(person):
    person.click("layer2")
    person.key(Qt.Key.Key_Delete)
    assert Wire("layer1", "layer3") in person.session.graph.wires
    assert person.session.report.ok
    person.undo()
    person.click("layer2")
    person.key(Qt.Key.Key_Delete, Qt.KeyboardModifier.ShiftModifier)
    assert not person.session.graph.into("layer3")
    person.undo()
    assert person.session.report.ok


def test_a_wire_is_selected_and_deleted(person):
    place = person.scene.wires[Wire("layer1", "layer2")].path.pointAtPercent(0.5)
    person.press(place)
    person.release(place)
    assert person.canvas.selected_wire == Wire("layer1", "layer2")
    person.key(Qt.Key.Key_Delete)
    assert not person.session.graph.into("layer2")


def test_copy_paste_and_duplicate(person):
    person.click("layer1")
    person.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    person.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "layer4" in person.session.graph.nodes
    assert person.session.graph.nodes["layer4"].params == (
        person.session.graph.nodes["layer1"].params
    )
    person.key(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert "layer5" in person.session.graph.nodes and str(person.session.selected) == "layer5"
    person.undo()
    person.undo()
    assert set(person.session.graph.nodes) == {"stem", "layer1", "layer2", "layer3", "head"}


def test_all_of_it_works_from_the_keyboard(person):
    person.click("layer1")
    person.key(Qt.Key.Key_Right)
    assert str(person.session.selected) == "layer2"
    person.key(Qt.Key.Key_Return)
    assert person.session.view == ("layer2",)
    person.key(Qt.Key.Key_Escape)
    assert person.session.view == ()
    person.click("layer2")
    before = person.centre("layer2")
    person.key(Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert person.centre("layer2") == before + QPointF(0, 8)
    person.window.palette_panel.placed.emit("ReLU", {})
    assert Wire("layer2", "relu1") in person.session.graph.wires
    person.session.select({"relu1", "layer1"})
    person.key(Qt.Key.Key_C)
    assert Wire("layer1", "relu1") in person.session.graph.wires


def test_a_stage_opens_and_its_inside_can_be_made_ones_own(person):
    person.double_click("layer2")
    assert person.session.view == ("layer2",)
    assert person.scene.cards["0"].shape_out == (32, 14, 14)
    person.double_click("0")
    assert person.session.view == ("layer2", "0")
    dashed = {wire for wire, item in person.scene.wires.items() if item.dashed}
    assert Wire("downsample", "add", "b") in dashed and Wire("input", "downsample") in dashed
    assert not person.session.editable
    person.key(Qt.Key.Key_Delete)
    person.session.open(())
    person.click("layer2")
    person.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert person.session.graph.nodes["layer2"].kind == "Group"
    assert person.session.view == ("layer2",) and person.session.editable
    totals = person.session.report.params
    wire = person.scene.wires[Wire("0", "output")]
    person.drop(person.take("BasicBlock", width=32), wire.path.pointAtPercent(0.5))
    assert person.session.report.ok and person.session.report.params > totals
    person.undo()
    person.undo()
    assert person.session.graph.nodes["layer2"].kind == "Stage"


def test_a_stem_made_ones_own_keeps_its_layers_names(person):
    names = [layer.path for layer in person.session.report.layers()]
    person.click("stem")
    person.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    assert person.session.view == ("stem",) and person.session.editable
    assert [layer.path for layer in person.session.report.layers()] == names
    person.click("relu")
    person.key(Qt.Key.Key_Delete)
    assert [layer.path for layer in person.session.report.layers()][:3] == [
        "conv1",
        "bn1",
        "layer1.0.conv1",
    ]


def test_a_wrong_add_inside_a_group_is_mended_there(person):
    person.click("layer2")
    person.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    person.drop(
        person.take("Add"), person.scene.wires[Wire("0", "output")].path.pointAtPercent(0.5)
    )
    person.wire("input", "add1", "b")
    assert person.scene.cards["add1"].problem == "≠"
    card = person.canvas.overlays.mismatch
    assert "Project" in card.buttons[0].text()
    card.buttons[0].click()
    assert person.session.report.ok
    assert "projection1" in person.session.graph.nodes["layer2"].inner.nodes


@pytest.mark.parametrize("name", ["resnet50", "vgg16", "lenet5", "cifar_plain20"])
def test_a_template_opens_fitted_to_the_data(person, name):
    person.session.new(name)
    assert person.session.report.ok
    assert person.session.graph.input == (1, 28, 28) and person.session.report.output == (10,)
    assert "10 classes" in person.window.notice.text()


def test_undo_works_while_a_field_of_the_inspector_has_the_focus(person, qtbot):
    person.click("layer2")
    field = person.window.inspector.form.fields["width"]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "48")
    assert person.session.graph.nodes["layer2"].params["width"] == 48
    qtbot.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert person.session.graph.nodes["layer2"].params["width"] == 32
    qtbot.keyClick(field, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert person.session.graph.nodes["layer2"].params["width"] == 48


def test_edit_inside_from_inside_makes_all_around_it_ones_own(person):
    person.double_click("layer2")
    person.double_click("0")
    person.canvas.overlays.path.linkActivated.emit("edit")
    assert person.session.view == ("layer2", "0") and person.session.editable
    assert person.session.graph.nodes["layer2"].inner.nodes["0"].kind == "Group"
    person.undo()
    assert person.session.graph.nodes["layer2"].kind == "Stage"


def test_edit_inside_applies_to_the_open_block_if_nothing_is_selected(person):
    person.double_click("layer2")
    person.session.select([])
    action = person.window.menus.actions["edit_inside"]
    assert action.isEnabled() and not person.session.editable
    action.trigger()
    assert person.session.view == ("layer2",) and person.session.editable
    assert not action.isEnabled()


def test_alt_up_leaves_a_block(person, qtbot):
    person.double_click("layer2")
    person.click("0")
    person.key(Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert person.session.view == () and str(person.session.selected) == "layer2"


def test_all_of_the_network_stays_in_sight_until_one_moves_the_view(person):
    def in_sight() -> bool:
        seen = person.canvas.mapToScene(person.canvas.viewport().rect()).boundingRect()
        return seen.contains(person.scene.content())

    person.wait(in_sight)
    person.window.resize(1250, 700)
    person.wait(in_sight)
    person.canvas.zoom(2.0)
    person.window.resize(1300, 720)
    assert not in_sight()


def test_the_inside_of_a_long_group_opens_as_tidying_up_lays_it_out(person):
    person.session.new("squeezenet1_1")
    person.double_click("features")
    assert person.session.view == ("features",)
    opened = person.canvas.transform().m11()
    assert opened > 0.6, "at a size that can be read"
    before = person.session.graph
    person.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert person.session.graph == before and person.canvas.transform().m11() == opened
