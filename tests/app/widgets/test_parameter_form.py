"""Forms of parameters: what they hide, and what they say of a value that cannot be."""

import pytest
from PySide6.QtCore import Qt

from explorer.app.widgets.pair_field import PairField
from explorer.app.widgets.parameter_form import ParameterForm
from explorer.catalog import KINDS
from explorer.catalog.kind import Kind, Param

SIZE = Param("kernel_size", 3, "The window.", 1, 255, unit="px", pair=True, title="Kernel size")
EDGE = Param("padding", 0, "The edge.", 0, 127, unit="px", pair=True, words=("same",))
KIND = Kind(
    "Made",
    "stage",
    "Made for this test.",
    params=(
        Param("block", "BasicBlock", "What is repeated.", choices=("BasicBlock", "Bottleneck")),
        SIZE,
        EDGE,
        Param("groups", 1, "Groups.", 1, 64, of=("Bottleneck",)),
        Param("width", 64, "Channels.", 1, 999, title="Channels"),
    ),
)


def typed(qtbot, field, text):
    field.selectAll()
    qtbot.keyClicks(field, text)
    return field.told[-1] if field.told else None


def test_parameters_of_another_block_are_hidden(session, qtbot):
    form = ParameterForm(KIND.params)
    qtbot.addWidget(form)
    form.show_values(vars(KIND.settings({"groups": 32})))
    form.show()
    low = form.sizeHint().height()
    assert "groups" not in form.fields
    form.show_values(vars(KIND.settings({"block": "Bottleneck", "groups": 32})))
    assert form.fields["groups"].isVisible() and form.resets["groups"].isVisible()
    assert form.sizeHint().height() > low
    form.show_values(vars(KIND.settings({"groups": 32})))
    assert not form.fields["groups"].isVisible() and not form.resets["groups"].isVisible()
    assert form.sizeHint().height() == low


def test_why_a_number_cannot_be_stands_under_its_field(session, qtbot):
    form = ParameterForm(KIND.params)
    qtbot.addWidget(form)
    form.show_values(vars(KIND.settings({})))
    form.show()
    qtbot.waitUntil(form.isActiveWindow)
    field = form.fields["kernel_size"]
    assert isinstance(field, PairField)
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "0")
    reason = form.reasons["kernel_size"]
    assert reason.isVisible() and reason.text() == "Kernel size is 0; allowed: 1 to 255"
    assert field.property("problem")
    form.show_values(vars(KIND.settings({})))
    assert field.property("problem") and field.text() == "0"
    form.fields["width"].setFocus()
    assert not reason.isVisible() and not field.property("problem") and field.text() == "3"


def test_tab_goes_from_row_to_row_though_a_row_was_made_later(session, qtbot):
    form = ParameterForm(KIND.params)
    qtbot.addWidget(form)
    form.show_values(vars(KIND.settings({})))
    assert "groups" not in form.fields
    form.show_values(vars(KIND.settings({"block": "Bottleneck"})))
    form.show()
    qtbot.waitUntil(form.isActiveWindow)
    form.fields["padding"].setFocus()
    qtbot.keyClick(form.fields["padding"], Qt.Key.Key_Tab)
    assert form.fields["groups"].hasFocus()
    qtbot.keyClick(form.fields["groups"], Qt.Key.Key_Tab)
    assert form.fields["width"].hasFocus()


@pytest.mark.parametrize(
    ("name", "kept", "text", "reason"),
    [
        ("out_channels", 64, "-3", "Out channels is -3; allowed: 1 to 65,536"),
        ("out_channels", 10_000, "100000", "Out channels is 100,000; allowed: 1 to 65,536"),
        ("groups", 1, "0", "Groups is 0; allowed: 1 to 65,536"),
    ],
)
def test_a_number_that_cannot_be_taken_says_why(name, kept, text, reason, session, qtbot):
    form = ParameterForm(KINDS["Conv2d"].params)
    qtbot.addWidget(form)
    form.show_values(vars(KINDS["Conv2d"].settings({})))
    form.show()
    field, told = form.fields[name], []
    form.edited.connect(lambda _name, value, _burst: told.append(value))
    field.setFocus()
    typed(qtbot, shown_text(field), text)
    assert field.lineEdit().text() == text
    assert form.reasons[name].text() == reason and form.reasons[name].isVisible()
    assert field.property("problem")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.value() == kept and field.text() == str(kept), "the last that could be taken"
    assert not form.reasons[name].isVisible() and not field.property("problem")
    assert all(1 <= value <= 65_536 for value in told)


def shown_text(field):
    field.told = []
    return field


def test_a_stage_lists_its_blocks_as_the_palette_does(session, qtbot):
    form = ParameterForm(KINDS["Stage"].params)
    qtbot.addWidget(form)
    form.show_values(vars(KINDS["Stage"].settings({"block": "DenseLayer"})))
    block, told = form.fields["block"], []
    form.edited.connect(lambda name, value, _burst: told.append((name, value)))
    assert block.currentText() == "Dense layer"
    texts = [block.itemText(at) for at in range(block.count())]
    assert "Squeeze & excite" in texts and "SqueezeExcitation" not in texts
    block.setCurrentIndex(texts.index("Squeeze & excite"))
    assert told == [("block", "SqueezeExcitation")]


def test_what_a_dense_block_cannot_begin_with_is_not_asked_for(session, qtbot):
    form = ParameterForm(KINDS["Stage"].params)
    qtbot.addWidget(form)
    form.show()
    form.show_values(vars(KINDS["Stage"].settings({"block": "BasicBlock"})))
    assert form.fields["first"].isVisible()
    form.show_values(vars(KINDS["Stage"].settings({"block": "DenseLayer"})))
    assert not form.fields["first"].isVisible()


def test_a_list_of_choices_goes_with_its_form(session, qtbot):
    form = ParameterForm(KIND.params)
    qtbot.addWidget(form)
    form.show_values(vars(KIND.settings({})))
    form.show()
    choices = form.fields["block"]
    choices.showPopup()
    assert choices.view().isVisible()
    form.hide()
    assert not choices.view().isVisible()
