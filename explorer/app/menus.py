"""The menus: one button of the bar, the system's menu bar on macOS, and the canvas's own."""

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from explorer.app.command import CommandAction, Menu
from explorer.app.commands import CONTEXT, MENUS, WINDOW
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.window import Window


class Menus(QObject):
    """The menus of a window, made from the table. actions: those of all commands, by id."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        own = {command.id: CommandAction(command, window, window) for command in WINDOW}
        run_actions = window.run_bar.run_actions
        window.addActions([*own.values(), *run_actions.values()])
        self.actions = {**window.actions_of_canvas.by_name, **run_actions, **own}
        choices = QActionGroup(self)
        for action in own.values():
            if action.isCheckable():
                choices.addAction(action)
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
        window.session.changed.connect(self._refresh)

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

    def _refresh(self) -> None:
        for action in self.actions.values():
            action.refresh()

    def context(self, point: QPoint) -> None:
        """Show the canvas's menu at a point of the screen."""
        menu = self._menu(CONTEXT, self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)  # a new one each time
        menu.popup(point)
