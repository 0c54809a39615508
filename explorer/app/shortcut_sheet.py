"""All shortcuts, in a window beside the main one."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from explorer.app import theme
from explorer.app.command import Command
from explorer.app.side_window import SideWindow
from explorer.text import _

WORDS, KEYS, TIP = range(3)  # columns


class ShortcutSheet(SideWindow):
    """Commands with their keys and tips, below headings, and a search over them.

    groups: (heading, commands).
    """

    def __init__(
        self, groups: Sequence[tuple[str, Sequence[Command[Any]]]], parent: QWidget | None = None
    ) -> None:
        super().__init__(_("Keyboard shortcuts"), (880, 620), parent)
        self._groups = groups
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search by word or key"))
        self.search.setAccessibleName(_("Search the shortcuts"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._fill)
        self.list = QTreeWidget()
        self.list.setAccessibleName(_("Shortcuts"))
        self.list.setColumnCount(3)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setItemsExpandable(False)
        self.list.setIndentation(0)
        header = self.list.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(TIP, QHeaderView.ResizeMode.Stretch)
        header.setResizeContentsPrecision(-1)  # of all rows, not only of those in view
        self.column.addWidget(self.search)
        self.column.addWidget(self.list, 1)
        theme.changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        """List the commands that have all words of the search in their title, keys or tip."""
        words = self.search.text().casefold().split()
        self.list.clear()
        for heading, commands in self._groups:
            rows = [
                row
                for command in commands
                for row in [(command.title, command.keys_text, command.tip)]
                if all(word in " ".join((heading, *row)).casefold() for word in words)
            ]
            for row in ([heading], *rows) if rows else ():
                self._add(row)
        if not self.list.topLevelItemCount():
            self._add([_("No command has “{text}”").format(text=self.search.text())])

    def _add(self, texts: Sequence[str]) -> None:
        item = QTreeWidgetItem(self.list, list(texts))
        if len(texts) == 1:
            item.setFirstColumnSpanned(True)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.setFont(WORDS, theme.sans(12, True))
            item.setForeground(WORDS, theme.color("muted"))
        else:
            item.setFont(KEYS, theme.mono(11))
            item.setForeground(TIP, theme.color("muted"))
            item.setToolTip(TIP, texts[TIP])  # the column may cut it off
