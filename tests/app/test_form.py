"""Fields for two numbers and for words, and forms that hide what is not read."""

import re

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from explorer.analysis.problem import Fix
from explorer.app.panels.field import field_for
from explorer.app.panels.fix_button import FixButton
from explorer.app.panels.input_form import InputForm
from explorer.app.panels.pair_field import PairField
from explorer.app.panels.parameter_form import ParameterForm
from explorer.app.panels.run_settings import RunSettings
from explorer.catalog import KINDS
from explorer.catalog.kind import Kind, Param

SIZE = Param("kernel_size", 3, "The window.", 1, 255, unit="px", pair=True)
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


@pytest.fixture
def field(session, qtbot):
    """A field for a kernel size, with what it told."""
    return shown(qtbot, field_for(SIZE))


@pytest.fixture
def edge(session, qtbot):
    return shown(qtbot, field_for(EDGE))


def shown(qtbot, field):
    field.told, field.reasons = [], []
    field.edited.connect(field.told.append)
    field.faulted.connect(field.reasons.append)
    field.setFixedWidth(122)
    qtbot.addWidget(field)
    field.show()
    field.setFocus()
    return field


def typed(qtbot, field, text):
    field.selectAll()
    qtbot.keyClicks(field, text)
    return field.told[-1] if field.told else None


@pytest.mark.parametrize("name", KINDS)
def test_every_pair_and_word_of_the_catalogue_can_be_typed(name, session, qtbot):
    for param in KINDS[name].params:
        if not (param.pair or param.words):
            continue
        field = shown(qtbot, field_for(param))
        if param.pair:
            pair = int(param.low), int(param.low) + 1
            assert typed(qtbot, field, f"{pair[0]}x{pair[1]}") == pair
        for word in param.words:
            assert typed(qtbot, field, word) == word
            assert word in field.words


@pytest.mark.parametrize("text", ["3×5", "3x5", "3 5", "3, 5", "3,5", " 3 × 5 ", "3;5"])
def test_two_numbers_are_typed_in_any_way(field, qtbot, text):
    assert typed(qtbot, field, text) == (3, 5)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "3×5"


def test_two_equal_numbers_are_one(field, qtbot):
    assert typed(qtbot, field, "5x5") == 5
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "5" and field.value() == 5


def test_arrows_step_the_number_under_the_caret(field, qtbot):
    field.show_value((3, 5))
    field.lineEdit().setCursorPosition(0)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.value() == (4, 5) and field.lineEdit().selectedText() == "4"
    field.lineEdit().setCursorPosition(3)
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.value() == 4 and field.text() == "4×4"
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.value() == (4, 3)
    field.selectAll()
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.value() == (5, 4)
    assert field.told == [(4, 5), 4, (4, 3), (5, 4)]


def test_one_number_is_stepped_as_one_by_key_and_wheel_within_its_range(field, qtbot):
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.value() == 4
    place = QPointF(field.rect().center())
    QApplication.sendEvent(
        field,
        QWheelEvent(
            place,
            field.mapToGlobal(place),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )
    assert field.value() == 3
    for _time in range(4):
        qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.value() == 1 and field.told == [4, 3, 2, 1]


def test_what_is_not_allowed_is_told_and_given_up_at_the_end(field, qtbot):
    typed(qtbot, field, "3x999")
    assert field.reasons == ["is 3×999; allowed: 1 to 255"]
    assert field.value() == (3, 99)
    qtbot.keyClick(field, Qt.Key.Key_Backspace)
    assert field.reasons[-1] == "" and field.value() == (3, 99)
    typed(qtbot, field, "3x")
    assert field.value() == 3
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.text() == "3"
    qtbot.keyClicks(field, "q")
    assert field.text() == "3"


def test_a_word_is_completed_and_is_a_button_too(edge, qtbot):
    assert typed(qtbot, edge, "s") == "same" and edge.text() == "same"
    assert edge.lineEdit().selectedText() == "ame"
    assert edge.words["same"].isChecked()
    assert edge.words["same"].text() == "×", "the word is read once, in the field"
    qtbot.keyClicks(edge, "ame")
    assert edge.text() == "same"
    qtbot.mouseClick(edge.words["same"], Qt.MouseButton.LeftButton)
    assert edge.value() == 0 and edge.text() == "0" and not edge.words["same"].isChecked()
    qtbot.mouseClick(edge.words["same"], Qt.MouseButton.LeftButton)
    assert edge.told == ["same", 0, "same"]
    qtbot.keyClick(edge, Qt.Key.Key_Up)
    assert edge.value() == 1
    for _time in range(3):
        qtbot.keyClick(edge, Qt.Key.Key_Backspace)
    assert edge.value() == 1


def test_a_word_that_a_parameter_lacks_is_refused(field, qtbot):
    typed(qtbot, field, "same")
    assert field.told == [] and "s" not in field.text()


def test_mixed_values_are_not_shown_and_the_hidden_one_can_be_typed(field, qtbot):
    field.show_value(3, mixed=True)
    assert field.text() == "" and field.lineEdit().placeholderText() == "mixed"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.told == []
    assert typed(qtbot, field, "3") == 3
    assert field.text() == "3"


def test_a_value_shown_while_typing_leaves_the_text(field, qtbot):
    typed(qtbot, field, "3×")
    field.show_value(3)
    assert field.text() == "3×"
    field.show_value(7)
    assert field.text() == "7"


def test_parameters_of_another_block_are_hidden(session, qtbot):
    form = ParameterForm(KIND)
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
    form = ParameterForm(KIND)
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
    form = ParameterForm(KIND)
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
    "name,kept,text,reason",
    [
        ("out_channels", 64, "-3", "Out channels is -3; allowed: 1 to 65,536"),
        ("out_channels", 10_000, "100000", "Out channels is 100,000; allowed: 1 to 65,536"),
        ("groups", 1, "0", "Groups is 0; allowed: 1 to 65,536"),
    ],
)
def test_a_number_that_cannot_be_taken_says_why(name, kept, text, reason, session, qtbot):
    form = ParameterForm(KINDS["Conv2d"])
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


def test_a_batch_that_is_too_large_says_so(qtbot, session):
    settings = RunSettings()
    qtbot.addWidget(settings)
    settings.show()
    box = settings.boxes["batch_size"]
    box.setFocus()
    for text, said in (
        ("100000", "Batch size is 100,000; allowed: 1 to 65,536"),
        ("-5", "Batch size is -5; allowed: 1 to 65,536"),
        ("256", ""),
    ):
        box.selectAll()
        qtbot.keyClicks(box, text)
        assert settings.reasons["batch_size"].text() == said
        assert settings.reasons["batch_size"].isVisible() is bool(said)
    assert settings.figures()["batch_size"] == 256


def test_a_stage_lists_its_blocks_as_the_palette_does(session, qtbot):
    form = ParameterForm(KINDS["Stage"])
    qtbot.addWidget(form)
    form.show_values(vars(KINDS["Stage"].settings({"block": "DenseLayer"})))
    block, told = form.fields["block"], []
    form.edited.connect(lambda name, value, _burst: told.append((name, value)))
    assert block.currentText() == "Dense layer"
    texts = [block.itemText(at) for at in range(block.count())]
    assert "Squeeze & excite" in texts and "SqueezeExcitation" not in texts
    block.setCurrentIndex(texts.index("Squeeze & excite"))
    assert told == [("block", "SqueezeExcitation")]


@pytest.mark.parametrize("name", KINDS)
def test_no_form_shows_the_names_of_files(name):
    for param in KINDS[name].params:
        assert not re.search(
            r"\dx\d|red$|^(Bn|Se|Num)\b|^Ch\d|^(Inline|First|Expanded|Eps)$", param.called
        )


def test_what_a_dense_block_cannot_begin_with_is_not_asked_for(session, qtbot):
    form = ParameterForm(KINDS["Stage"])
    qtbot.addWidget(form)
    form.show()
    form.show_values(vars(KINDS["Stage"].settings({"block": "BasicBlock"})))
    assert form.fields["first"].isVisible()
    form.show_values(vars(KINDS["Stage"].settings({"block": "DenseLayer"})))
    assert not form.fields["first"].isVisible()


def test_a_side_of_the_input_that_cannot_be_says_so(session, qtbot):
    form = InputForm(session)
    qtbot.addWidget(form)
    form.refresh()
    form.show()
    field, before = form.fields[0], session.graph.input
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "-3")
    assert form.reason.text() == "Channels is -3; allowed: 1 to 65,536" and form.reason.isVisible()
    assert session.graph.input == before
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not form.reason.isVisible() and field.value() == before[0]


def test_a_fix_that_has_too_little_room_is_cut_at_its_end(session, qtbot):
    label = "Append a classifier for 10 classes"
    button = FixButton(session, Fix(label, lambda graph: graph, 650), size=11)
    qtbot.addWidget(button)
    button.show()
    button.resize(button.sizeHint())
    assert button.shown == f"{label}  +650"
    button.resize(150, 28)
    read, _dots, cost = button.shown.partition("…")
    assert label.startswith(read) and len(read) > 8 and cost == "  +650"
    assert label in button.toolTip()
