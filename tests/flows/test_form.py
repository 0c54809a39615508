"""A person fills the form, keeps blocks for later, and finds templates by the keyboard."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from explorer.app import settings
from explorer.graph.graph import Wire
from explorer.graph.path import NodePath


def typed(person, name: str, text: str) -> None:
    field = person.window.inspector.form.fields[name]
    field.setFocus()
    field.selectAll()
    person.qtbot.keyClicks(field, text)


def test_a_kernel_of_two_numbers_and_same_padding_are_typed_and_undone(person):
    person.click("layer1")
    person.window.palette_panel.placed.emit("Conv2d", {"out_channels": 16, "padding": 1})
    before = person.session.graph
    typed(person, "kernel_size", "3x5")
    conv = person.session.graph.nodes["conv2"]
    assert conv.params["kernel_size"] == (3, 5)
    assert person.session.facts_of(NodePath.of("conv2")).out == (16, 28, 26)
    assert person.scene.cards["conv2"].subtitle == "3×5, 16"
    assert person.session.document.undo.undoText() == "Set kernel size of conv2"
    typed(person, "padding", "same")
    assert person.session.graph.nodes["conv2"].params["padding"] == "same"
    assert person.session.facts_of(NodePath.of("conv2")).out == (16, 28, 28)
    assert person.session.report.ok
    person.undo()
    assert person.session.graph.nodes["conv2"].params["padding"] == 1
    person.undo()
    assert person.session.graph == before
    assert person.window.inspector.form.fields["kernel_size"].text() == "3"


def test_a_group_is_kept_in_the_palette_and_used_in_another_network(person, qtbot):
    palette = person.window.palette_panel
    person.click("layer2")
    person.key(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    person.drop(
        person.take("BasicBlock", width=32),
        person.scene.wires[Wire("0", "output")].path.pointAtPercent(0.5),
    )
    inner = person.session.graph.nodes["layer2"].inner
    person.session.open(())
    person.click("layer2")
    person.key(
        Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert "in the palette now" in person.window.notice.text()

    person.session.new("cifar_resnet20")
    person.session.select({"layer3"})
    qtbot.keyClicks(palette.search, "layer2")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    graph = person.session.graph
    assert Wire("layer3", "layer4") in graph.wires and Wire("layer4", "head") in graph.wires
    assert graph.nodes["layer4"].kind == "Group" and graph.nodes["layer4"].inner == inner
    assert person.session.report.ok and person.session.facts_of(NodePath.of("layer4")).out == (
        32,
        4,
        4,
    )
    assert person.session.document.undo.undoText() == "Add layer2"

    palette.search.clear()
    entry = palette.rows.index(palette.rows.row_of_own("layer2")).data(Qt.ItemDataRole.UserRole)
    wire = person.scene.wires[Wire("layer4", "head")]
    person.drop(palette.list.drag_data(entry), wire.path.pointAtPercent(0.5))
    assert person.session.graph.nodes["layer5"].inner == inner
    assert person.session.report.ok
    person.undo()
    person.undo()
    assert not {"layer4", "layer5"} & set(person.session.graph.nodes)


def test_templates_are_found_in_the_menu_by_the_keyboard(person, qtbot):
    menu = person.window.tabs.new_menu(person.window)
    families = {action.text(): action.menu() for action in menu.actions()}
    assert families["lenet5"] is None and len(menu.actions()) <= 30
    menu.popup(person.window.mapToGlobal(person.window.rect().center()))
    qtbot.waitUntil(menu.isVisible)
    menu.setActiveAction(families["VGG"].menuAction())
    qtbot.keyClick(menu, Qt.Key.Key_Right)
    inside = families["VGG"]
    qtbot.waitUntil(inside.isVisible)
    while inside.activeAction() is None or inside.activeAction().text() != "vgg13":
        qtbot.keyClick(inside, Qt.Key.Key_Down)
    qtbot.keyClick(inside, Qt.Key.Key_Return)
    assert person.session.graph.name == "vgg13"
    QApplication.processEvents()


def test_a_search_opens_a_template(person, qtbot):
    palette = person.window.palette_panel
    qtbot.keyClicks(palette.search, "resnet 50")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert person.session.graph.name == "resnet50"


def test_the_figures_of_the_next_run_are_typed_as_those_of_a_node(person, qtbot):
    run, form = person.session.run, person.window.run_bar.settings
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    person.key(Qt.Key.Key_R, both)
    person.wait(form.fields["epochs"].hasFocus)
    assert run.recipe.learning_rate is None  # automatic
    for _step in range(2):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    rate = form.fields["learning_rate"]
    assert rate.hasFocus()
    qtbot.keyClicks(rate, "0.05")
    assert run.recipe.learning_rate == 0.05
    rate.selectAll()
    qtbot.keyClicks(rate, "500")
    assert form.reasons["learning_rate"].text() == "Learning rate is 500; allowed: 1e-08 to 100"
    qtbot.keyClick(rate, Qt.Key.Key_Return)
    assert rate.text() == "50" and not form.reasons["learning_rate"].isVisible()
    qtbot.mouseClick(form.resets["learning_rate"], Qt.MouseButton.LeftButton)
    assert run.recipe.learning_rate is None and settings.RECIPE.get() == run.recipe
    assert person.window.run_bar.settings_menu.isVisible(), "it closes with Escape alone"
