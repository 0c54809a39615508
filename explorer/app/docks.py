"""The table of panels: what each is made by, where it stands at first, and its key."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QTabWidget, QWidget

from explorer.app.command import Command
from explorer.app.dock_grip import DockGrip
from explorer.app.panels.code import Code
from explorer.app.panels.feature_maps import FeatureMapsPanel
from explorer.app.panels.gradients import GradientsPanel
from explorer.app.panels.inspector import Inspector
from explorer.app.panels.layers import Layers
from explorer.app.panels.palette import Palette
from explorer.app.panels.problems import Problems
from explorer.app.panels.training import TrainingPanel
from explorer.app.session import Session
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.window import Window

HEIGHT = 296  # pixels of the panels below the canvas


@dataclass(frozen=True)
class Panel:
    """A panel beside the canvas.

    place: the side of the window, or the id of the panel in whose place it stands as a further tab.
    width: in pixels, of one that has a place of its own. shown: whether it is there at first.
    """

    id: str
    title: str
    make: Callable[[Session], QWidget]
    place: Qt.DockWidgetArea | str
    keys: str
    width: int = 0
    shown: bool = True

    @property
    def command(self) -> "Command[Window]":
        """Brings it into view, or closes it if it is there."""
        return Command(
            self.id, self.title, self.keys, _("Show or hide this panel"), partial(_turn, self.id)
        )


_BELOW = Qt.DockWidgetArea.BottomDockWidgetArea
PANELS = (
    Panel("palette", _("Palette"), Palette, Qt.DockWidgetArea.LeftDockWidgetArea, "Ctrl+1", 196),
    Panel(
        "inspector", _("Inspector"), Inspector, Qt.DockWidgetArea.RightDockWidgetArea, "Ctrl+2", 276
    ),
    Panel("training", _("Training"), TrainingPanel, _BELOW, "Ctrl+3", 330),
    Panel("maps", _("Feature maps"), FeatureMapsPanel, _BELOW, "Ctrl+4", 320),
    Panel("gradients", _("Gradients"), GradientsPanel, _BELOW, "Ctrl+5", 320),
    Panel("layers", _("Layers"), Layers, "training", "Ctrl+6"),
    Panel("problems", _("Problems"), Problems, "maps", "Ctrl+7"),
    Panel("code", _("Code"), Code, "gradients", "Ctrl+8"),
)
LAYOUT_VERSION = zlib.crc32(" ".join(panel.id for panel in PANELS).encode()) & 0x7FFFFFFF
"""A stored layout of other panels is not restored."""


def build(window: "Window") -> dict[str, QDockWidget]:
    """The panels of a window, by id, each in its place."""
    window.setDockNestingEnabled(True)
    window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
    window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
    window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
    docks: dict[str, QDockWidget] = {}
    for panel in PANELS:
        dock = docks[panel.id] = QDockWidget(panel.title, window)
        dock.setObjectName(panel.id)
        dock.setWidget(panel.make(window.session))
        if isinstance(panel.place, str):
            front = docks[panel.place]
            window.tabifyDockWidget(front, dock)
            front.raise_()
            for tab in (front, dock):
                tab.setTitleBarWidget(DockGrip(tab))
        else:
            window.addDockWidget(panel.place, dock)
        dock.setHidden(not panel.shown)
    widths = {docks[panel.id]: panel.width for panel in PANELS if panel.width}
    window.resizeDocks(list(widths), list(widths.values()), Qt.Orientation.Horizontal)
    window.resizeDocks([docks["training"]], [HEIGHT], Qt.Orientation.Vertical)
    return docks


def bring(dock: QDockWidget) -> None:
    """Bring a panel into view, also from behind another."""
    dock.show()
    dock.raise_()


def _turn(id: str, window: "Window") -> None:
    dock = window.docks[id]
    if window.menus.actions[id].isChecked():  # as the person has just set it
        bring(dock)
    else:
        had_keys = dock.isAncestorOf(window.focusWidget() or window)
        dock.close()
        if had_keys:  # else Qt gives them to what stands beside it
            window.canvas.setFocus()
