"""A person looks up which key does what."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from explorer.app.commands import COMMANDS
from explorer.app.shortcut_sheet import KEYS, WORDS, ShortcutSheet


@pytest.fixture
def sheet(person):
    person.key(Qt.Key.Key_Question)
    (found,) = person.window.findChildren(ShortcutSheet)
    person.wait(found.search.hasFocus)
    return found


def shown(sheet):
    """What is listed: (words, keys), no keys for a heading."""
    items = map(sheet.list.topLevelItem, range(sheet.list.topLevelItemCount()))
    return [(item.text(WORDS), item.text(KEYS)) for item in items]


def test_every_command_that_has_a_key_stands_there_once_below_its_menu(sheet):
    rows = shown(sheet)
    commands = [command for command in COMMANDS if command.keys]
    assert sorted(row for row in rows if row[1]) == sorted(
        (command.title, command.keys_text) for command in commands
    )
    headings = [words for words, keys in rows if not keys]
    assert headings == ["File", "Edit", "View", "Run", "Help", "Canvas"]
    run = rows.index(("Run", ""))
    assert rows[run + 1] == ("Run", QKeySequence("F5").toString(QKeySequence.NativeText))


def test_what_is_typed_narrows_the_list(sheet, qtbot):
    qtbot.keyClicks(sheet.search, "shift+f5")
    assert shown(sheet) == [("Run", ""), ("Stop", "Shift+F5")]
    sheet.search.clear()
    qtbot.keyClicks(sheet.search, "gap closes")
    assert [words for words, _keys in shown(sheet)] == ["Edit", "Delete"]
    sheet.search.clear()
    qtbot.keyClicks(sheet.search, "qwerty")
    assert shown(sheet) == [("No command has “qwerty”", "")]


def test_escape_closes_it_and_the_canvas_has_the_keys(person, sheet, qtbot):
    qtbot.keyClicks(sheet.search, "fit")
    qtbot.keyClick(sheet.search, Qt.Key.Key_Escape)
    person.wait(lambda: not person.window.findChildren(ShortcutSheet))
    person.wait(person.canvas.hasFocus)
    person.key(Qt.Key.Key_Question)
    assert person.window.findChild(ShortcutSheet).isVisible()


def test_slash_goes_to_the_search_of_the_palette_though_it_was_closed(person, qtbot):
    person.window.docks["palette"].close()
    person.key(Qt.Key.Key_Slash)
    person.wait(person.window.palette_panel.search.hasFocus)
    qtbot.keyClicks(person.window.palette_panel.search, "a/b")
    assert person.window.palette_panel.search.text() == "a/b"
