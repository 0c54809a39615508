"""A person shows and hides the panels around the canvas."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from explorer.app.docks import PANELS


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.id)
def test_its_key_brings_a_panel_into_view_and_closes_it_there(person, panel):
    dock, action = person.window.docks[panel.id], person.window.menus.actions[panel.id]
    at_first = not isinstance(panel.place, str)  # else it is behind another
    assert person.canvas.hasFocus()
    for in_view in (not at_first, at_first, not at_first):
        person.key(Qt.Key(Qt.Key.Key_0 + int(panel.keys[-1])), Qt.KeyboardModifier.ControlModifier)
        person.wait(lambda: dock.visibleRegion().isEmpty() is not in_view)
        assert action.isChecked() is in_view and dock.isHidden() is not in_view


def test_the_menu_marks_what_is_in_view(person):
    person.window.docks["layers"].raise_()
    actions = person.window.menus.actions
    person.wait(lambda: actions["layers"].isChecked() and not actions["training"].isChecked())
    person.window.reset_layout()
    person.wait(lambda: actions["training"].isChecked() and not actions["layers"].isChecked())


@pytest.mark.parametrize("id", ["palette", "inspector", "training"])
def test_who_closes_the_panel_that_has_the_keys_is_back_on_the_canvas(person, qtbot, id):
    dock, field = person.window.docks[id], person.window.palette_panel.search
    field.setFocus()
    person.window.menus.actions[id].trigger()
    assert dock.isHidden()
    assert (person.canvas if id == "palette" else field).hasFocus()


def test_the_layout_is_not_reset_while_a_panel_may_be_dragged(person, monkeypatch):
    """Qt 6.11 ends the process when it restores a layout in the middle of that."""
    palette = person.window.docks["palette"]
    palette.hide()
    with monkeypatch.context() as held:
        held.setattr(QApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
        person.window.reset_layout()
    assert palette.isHidden()
    person.window.reset_layout()
    assert not palette.isHidden()
