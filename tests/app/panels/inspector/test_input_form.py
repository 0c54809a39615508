"""The shape of the input, in numbers to type."""

from PySide6.QtCore import Qt

from explorer.app.panels.inspector.input_form import InputForm


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
