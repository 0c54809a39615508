"""A person sets stacked convolutions beside the one layer that sees as much."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel

from explorer.app import theme
from explorer.app.canvas.comparison import named
from explorer.app.panels.layers.layer_table import FIELD, JUMP, PATH


def said(person):
    return {label.text() for label in person.canvas.overlays.comparison.findChildren(QLabel)}


def open_block(person):
    """The inside of the first residual block: two 3×3 convolutions."""
    person.double_click("layer1")
    person.double_click("0")
    assert person.session.view == ("layer1", "0")


def compare(person):
    person.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)


def test_two_3x3_beside_one_5x5(person):
    open_block(person)
    person.session.select({"conv1", "conv2"})
    compare(person)
    card = person.canvas.overlays.comparison
    assert card.isVisible() and card.ratio.text() == "18/25"
    assert card.verdict.text().replace("\N{NO-BREAK SPACE}", " ") == "of the weights: 28 % fewer"
    assert card.figures["Receptive field"] == ("5×5", "5×5")
    assert card.figures["Weights"] == ("4,608", "6,400")
    assert card.figures["Non-linearities"] == ("1", "0")
    assert {"3×3 → 5×5", "5×5", "one 5×5", "One non-linearity more"} <= said(person)
    seen = person.canvas.viewport().rect()
    assert seen.contains(card.geometry().topLeft())
    compare(person)
    assert person.canvas.overlays.comparison is None


def test_the_card_follows_an_edit_and_goes_with_its_nodes(person, qtbot):
    person.click("layer1")
    compare(person)
    assert person.canvas.overlays.comparison.figures["Receptive field"] == ("5×5", "5×5")
    field = person.window.inspector.form.fields["depth"]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "2")
    card = person.canvas.overlays.comparison
    assert card.figures["Receptive field"] == ("9×9", "9×9")
    assert card.ratio.text() == "4/9"
    person.double_click("layer1")
    assert person.canvas.overlays.comparison is None


def test_it_can_be_put_away_by_hand(person, qtbot):
    person.click("layer1")
    person.window.actions_of_canvas.by_name["compare"].trigger()
    card = person.canvas.overlays.comparison
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert person.canvas.overlays.comparison is None


def test_escape_on_the_canvas_puts_it_away_before_all_else(person):
    person.click("layer1")
    compare(person)
    person.key(Qt.Key.Key_Escape)
    assert person.canvas.overlays.comparison is None and person.session.selection == {"layer1"}
    person.key(Qt.Key.Key_Escape)
    assert not person.session.selection


def test_what_does_not_compare_takes_the_old_card_away(person):
    person.click("layer1")
    compare(person)
    person.click("head")
    compare(person)
    assert person.canvas.overlays.comparison is None


def test_names_are_left_out_rather_than_cut(person):
    fits = QFontMetrics(theme.sans(11))
    assert named(("conv1", "relu1", "conv2"), fits) in (
        "conv1 → relu1 → conv2",
        "conv1 → … → conv2",
    )
    assert named(("a", "b", "c"), fits) == "a → b → c"
    long = named(("features_of_the_first_half", "x", "features_of_the_second_half"), fits)
    assert long.count("…") == 3 and fits.horizontalAdvance(long) <= 120


def test_what_does_not_compare_is_said(person, qtbot):
    person.click("head")
    with qtbot.waitSignal(person.session.notified) as told:
        compare(person)
    assert "maps" in told.args[0] and person.canvas.overlays.comparison is None


def test_what_a_node_sees_stands_in_the_table_and_in_the_inspector(person):
    person.window.docks["layers"].raise_()
    person.window.layers.show()
    person.click("layer3")
    table = person.window.layers.table
    row = next(
        row for row in range(table.rowCount()) if table.index(row, PATH).data() == "layer3.0.conv2"
    )
    assert table.index(row, FIELD).data().strip() == "25×25"
    assert table.index(row, JUMP).data() == "4"
    assert person.window.inspector.measured.value_of("Receptive field") == "25×25"
    person.click("head")
    assert person.window.inspector.measured.value_of("Receptive field") == "28×28, clipped"
