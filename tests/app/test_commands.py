"""The table of commands: nothing twice, nothing without words, nothing that cannot be reached."""

from collections import Counter

import pytest

from explorer.app.command import Menu
from explorer.app.commands import COMMANDS, CONTEXT, MENUS


def ids(menu: Menu) -> list[str]:
    """The ids of a menu's commands and of those in its menus."""
    return [
        id
        for entry in menu.entries
        for id in (ids(entry) if isinstance(entry, Menu) else [entry])
        if isinstance(id, str)
    ]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_each_has_words_and_a_tip(command):
    assert command.title and command.tip
    assert "{" not in command.title and "&" not in command.title


def test_no_two_share_a_name_or_a_shortcut(qapp):
    # Those of the canvas too: where it has the focus, one key for two would do neither.
    names = Counter(command.id for command in COMMANDS)
    keys = Counter(key.toString() for command in COMMANDS for key in command.shortcuts)
    assert {*names.values()} == {1} and {*keys.values()} == {1}


def test_each_stands_in_one_menu_or_that_of_the_canvas():
    in_menus = [id for menu in MENUS for id in ids(menu)]
    assert len(in_menus) == len(set(in_menus))
    assert {*in_menus, *ids(CONTEXT)} == {command.id for command in COMMANDS}
