"""The menus: one button of the bar, the system's menu bar on macOS, and the canvas's own."""

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from explorer.app.command import Menu, action, refresh
from explorer.app.commands import CONTEXT, MENUS, WINDOW
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Change
    from explorer.app.window import Window


class Menus(QObject):
    """Makes the menus of a window from the table; `actions` are those of all commands, by id."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        self._own = {command: action(command, window, window) for command in WINDOW}
        window.addActions([*self._own.values(), *window.run_bar.run_actions.values()])
        choices = QActionGroup(self)
        self.actions: dict[str, QAction] = {
            **window.actions_of_canvas.by_name,
            **window.run_bar.run_actions,
        }
        for command, own in self._own.items():
            self.actions[command.id] = own
            if command.chosen is not None:
                choices.addAction(own)
        for id, dock in window.docks.items():
            self.actions[id].setCheckable(True)
            dock.visibilityChanged.connect(self.actions[id].setChecked)
        self.menus = [self._menu(menu, window) for menu in MENUS]
        self.button = QToolButton()
        self.button.setText("☰")
        self.button.setAccessibleName(_("Menu"))
        self.button.setStatusTip(_("All menus"))
        self.button.setShortcut(QKeySequence("Alt+M"))
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        whole = QMenu(self.button)
        for menu in self.menus:
            whole.addMenu(menu)
            if sys.platform == "darwin":
                window.menuBar().addMenu(menu)
        self.button.setMenu(whole)
        window.session.changed.connect(self._follow)

    def _menu(self, table: "Menu[Window]", parent: QWidget) -> QMenu:
        menu = QMenu(table.words, parent)
        for entry in table.entries:
            if entry is None:
                menu.addSeparator()
            elif isinstance(entry, str):
                menu.addAction(self.actions[entry])
            elif isinstance(entry, Menu):
                menu.addMenu(self._menu(entry, menu))
            else:
                entry(self.window, menu)
        return menu

    def _follow(self, change: "Change") -> None:
        if change.files:
            for command, own in self._own.items():
                refresh(command, self.window, own)

    def context(self, place: QPoint) -> None:
        """Show the canvas's menu at a global place."""
        menu = self._menu(CONTEXT, self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # one is made each time
        menu.popup(place)
