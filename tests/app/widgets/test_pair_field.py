"""Fields for two numbers and for words."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from explorer.app.widgets.field import field_for
from explorer.catalog import KINDS
from explorer.catalog.kind import Param

SIZE = Param("kernel_size", 3, "The window.", 1, 255, unit="px", pair=True)
EDGE = Param("padding", 0, "The edge.", 0, 127, unit="px", pair=True, words=("same",))


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
    assert field.reasons == ["kernel_size is 3×999; allowed: 1 to 255"]
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
