"""The manual in the window: its pages, the search over them, and the way from one to another."""

import re

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAction, QKeySequence, QShortcut, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from explorer.app import theme
from explorer.app.manual_window import CONTENTS, ManualWindow, pages
from explorer.app.session import Session
from explorer.app.window import Window
from explorer.catalog import KINDS
from tests.flows.test_manual import TEXTS

KEY = re.compile(r"`((?:(?:Ctrl|Shift|Alt)\+)+[^`]+|F\d+|[A-Z]|[A-Z][a-z]+|/)`")
"""A shortcut as README and manual write it; a kind may look like one."""


@pytest.fixture
def manual(qtbot, qapp):
    theme.apply(qapp, theme.DARK)
    window = ManualWindow()
    qtbot.addWidget(window)
    window.show()
    return window


def listed(manual: ManualWindow) -> list[str]:
    return [manual.list.item(row).text() for row in range(manual.list.count())]


def heading(manual: ManualWindow) -> str:
    return manual.text.document().firstBlock().text()


def test_it_opens_with_the_contents_and_lists_every_page(manual):
    assert (manual.page, heading(manual)) == (CONTENTS, pages()[0].title)
    assert listed(manual) == [page.title for page in pages()]
    assert manual.list.currentRow() == 0 and manual.none.isHidden()


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_page_that_is_chosen_in_the_list_is_shown(manual, page):
    manual.list.setCurrentRow(pages().index(page))
    assert (manual.page, heading(manual)) == (page.name, page.title)
    assert manual.text.document().isEmpty() is False
    assert manual.text.horizontalScrollBar().maximum() == 0  # nothing is cut off


def test_links_lead_to_pages_and_back(manual):
    link = next(page for page in pages() if page.name != CONTENTS)
    manual.text.setSource(QUrl(link.name))  # as a click on a link does
    assert heading(manual) == link.title and manual.list.currentItem().text() == link.title
    assert manual.back.isEnabled() and not manual.forward.isEnabled()
    manual.back.click()
    assert heading(manual) == pages()[0].title and manual.list.currentRow() == 0
    manual.forward.click()
    assert heading(manual) == link.title and not manual.forward.isEnabled()


def test_the_search_lists_the_pages_that_have_all_words_and_marks_them(manual, qtbot):
    qtbot.keyClicks(manual.search, "checkpoint seed")
    wanted = [
        page.title
        for page in pages()
        if "checkpoint" in page.text.lower() and "seed" in page.text.lower()
    ]
    assert listed(manual) == wanted and 0 < len(wanted) < len(pages())
    assert heading(manual) == wanted[0] == manual.list.currentItem().text()
    marked = {mark.cursor.selectedText().lower() for mark in manual.text.extraSelections()}
    assert marked == {"checkpoint", "seed"}
    assert manual.text.textCursor().selectedText().lower() in marked


def test_enter_goes_from_place_to_place_and_on_to_the_next_page(manual, qtbot):
    qtbot.keyClicks(manual.search, "onnx")
    assert len(listed(manual)) > 1
    first, places = manual.page, len(manual.text.places)
    seen = set()
    for _place in range(places):
        assert manual.page == first
        seen.add(manual.text.textCursor().position())
        QTest.keyClick(manual.search, Qt.Key.Key_Return)
    assert len(seen) == places
    assert manual.page != first and manual.text.textCursor().selectedText().lower() == "onnx"
    assert manual.isVisible()


def test_enter_begins_again_after_the_last_place_of_the_only_page(manual, qtbot):
    qtbot.keyClicks(manual.search, "ssh gpu-box")
    assert len(listed(manual)) == 1
    first = manual.text.textCursor().position()
    for _place in manual.text.places:
        QTest.keyClick(manual.search, Qt.Key.Key_Return)
    assert manual.text.textCursor().position() == first


def test_words_that_are_nowhere(manual, qtbot):
    qtbot.keyClicks(manual.search, "xyzzy")
    assert listed(manual) == [] and not manual.none.isHidden()
    QTest.keyClick(manual.search, Qt.Key.Key_Return)
    manual.search.clear()
    assert listed(manual) == [page.title for page in pages()] and manual.none.isHidden()
    assert manual.text.extraSelections() == []


def test_escape_closes_it_and_the_page_is_kept(manual):
    manual.show_page(pages()[3].name)
    QTest.keyClick(manual.search, Qt.Key.Key_Escape)
    assert not manual.isVisible()
    manual.show()
    assert heading(manual) == pages()[3].title


def test_it_wears_the_theme(manual, qapp):
    def colour_of_link() -> str:
        cursor = QTextCursor(manual.text.document())
        while not cursor.charFormat().isAnchor():
            assert cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
        return cursor.charFormat().foreground().color().name()

    assert colour_of_link() == theme.DARK.accent
    theme.apply(qapp, theme.LIGHT)
    assert colour_of_link() == theme.LIGHT.accent
    assert manual.page == CONTENTS


# What the pages say of the window -----------------------------------------------------------------


@pytest.fixture
def window(qtbot, qapp):
    theme.apply(qapp, theme.DARK)
    window = Window(Session())
    qtbot.addWidget(window)
    return window


def test_the_window_has_one_manual_and_the_keys_and_menus_that_the_texts_name(window):
    window.menus.actions["manual"].trigger()
    window.menus.actions["manual"].trigger()
    (manual,) = window.findChildren(ManualWindow)
    assert manual.isVisible()
    keys, menus = keys_of(window), window.menus.menus
    for text in TEXTS:
        words = text.read_text("utf-8")
        named = {*KEY.findall(words)} - {*KINDS}
        assert named <= keys, text.name
        for path in re.findall(r"\*\*(\w+ > [^*]+)\*\*", words):
            found = [menu.menuAction() for menu in menus]
            for title in path.split(" > "):
                matching = [each for each in found if plain(each) == title]
                assert len(matching) == 1, f"{text.name}: {path}"
                found = matching[0].menu().actions() if matching[0].menu() else []


def keys_of(window: Window) -> set[str]:
    """Every shortcut in the window, as the manual writes it."""
    keys = [key for action in window.findChildren(QAction) for key in action.shortcuts()]
    keys += [shortcut.key() for shortcut in window.findChildren(QShortcut)]
    keys += [button.shortcut() for button in window.findChildren(QAbstractButton)]
    return {key.toString(QKeySequence.SequenceFormat.PortableText) for key in keys}


def plain(action: QAction) -> str:
    return action.text().replace("&", "").removesuffix("…")


def test_the_manual_lists_the_panels(window):
    page = next(text for text in TEXTS if text.name == "window.md").read_text("utf-8")
    named = re.findall(r"^\| ([A-Z][a-z ]+) \|", page, re.MULTILINE)
    titles = [dock.windowTitle() for dock in window.docks.values()]
    assert len(named) == len(titles)
    assert all(title.startswith(name) for name, title in zip(named, titles))
