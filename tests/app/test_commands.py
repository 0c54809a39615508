"""The table of commands: nothing twice, nothing without words, nothing that cannot be reached."""

from collections import Counter

import pytest

from explorer.app.commands import COMMANDS, CONTEXT, MENUS


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
    in_menus = [id for menu in MENUS for id in menu.ids]
    assert len(in_menus) == len(set(in_menus))
    assert {*in_menus, *CONTEXT.ids} == {command.id for command in COMMANDS}
