"""The table of panels: the widget of each, its place at first, and its key."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QTabWidget, QWidget

from explorer.app.command import Command
from explorer.app.panels.code.code import Code
from explorer.app.panels.gradients.gradients import GradientsPanel
from explorer.app.panels.inspector.inspector import Inspector
from explorer.app.panels.layers.layers import Layers
from explorer.app.panels.maps.feature_maps import FeatureMapsPanel
from explorer.app.panels.palette.palette import Palette
from explorer.app.panels.problems.problems import Problems
from explorer.app.panels.training.training import TrainingPanel
from explorer.app.session import Session
from explorer.app.widgets.dock_grip import DockGrip
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.window import Window

HEIGHT = 296  # pixels of the panels below the canvas


@dataclass(frozen=True)
class Panel:
    """A panel beside the canvas.

    place: its side of the window, or the id of the panel that it shares a place with, as a further
    tab. width: in pixels, for a place of its own.
    """

    id: str
    title: str
    make: Callable[[Session], QWidget]
    place: Qt.DockWidgetArea | str
    keys: str
    width: int = 0

    @property
    def command(self) -> "Command[Window]":
        """Shows or closes the panel."""
        return Command(
            self.id, self.title, self.keys, _("Show or hide this panel"), partial(_toggle, self.id)
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
"""Changes with the panels, so that a stored layout of others is not restored."""


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
    widths = {docks[panel.id]: panel.width for panel in PANELS if panel.width}
    window.resizeDocks(list(widths), list(widths.values()), Qt.Orientation.Horizontal)
    window.resizeDocks([docks["training"]], [HEIGHT], Qt.Orientation.Vertical)
    return docks


def bring_to_front(dock: QDockWidget) -> None:
    """Bring a panel into view, in front of those that share its place."""
    dock.show()
    dock.raise_()


def _toggle(id: str, window: "Window") -> None:
    dock = window.docks[id]
    if window.menus.actions[id].isChecked():  # the action has just been toggled
        bring_to_front(dock)
    else:
        had_focus = dock.isAncestorOf(window.focusWidget() or window)
        dock.close()
        if had_focus:  # else Qt gives it to a neighbour
            window.canvas.setFocus()
