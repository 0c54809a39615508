"""The controls of a run: start, pause, step and stop, its progress, its data, device and mode."""

import re
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from explorer.app import number, theme
from explorer.app.command import Command, CommandAction
from explorer.app.icon import run_icon
from explorer.app.panels.run.progress import RunProgress
from explorer.app.panels.run.run_settings import RunSettings
from explorer.app.panels.run.settings_menu import SettingsMenu
from explorer.catalog.datasets import PICTURES
from explorer.protocol.messages import Device, Modes
from explorer.runs.recipe import AUTO, MODES
from explorer.runs.record import ACTIVE, Progress
from explorer.text import _

NARROW = 76  # the least width of each choice, in pixels
# The commands that are allowed in each state; in all other states a run can be started.
_ALLOWED = {
    "measuring": ("stop",),
    "running": ("pause", "stop"),
    "paused": ("resume", "step", "stop"),
}


class RunBar(QWidget):
    """The buttons, the progress and the choices of a run. It emits what the person asks for and
    shows what its methods are given.

    run_actions: the actions of RUN_BAR by id, for menus too. allowed: the ids of the commands that
    the run allows now. settings: the form for the figures of a run.
    """

    run_asked = Signal()
    pause_asked = Signal()
    step_asked = Signal()
    stop_asked = Signal()
    resume_asked = Signal()
    device_chosen = Signal(str)
    data_chosen = Signal(str)
    recipe_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.allowed: tuple[str, ...] = ()
        self._buttons: dict[str, QToolButton] = {}
        self.run_actions: dict[str, CommandAction] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for command in RUN_BAR:
            row.addWidget(self._button(command))
        self.settings = RunSettings()
        self.settings.changed.connect(self.recipe_wanted)
        opener = self._buttons["run_settings"]
        self.settings_menu = SettingsMenu(self.settings, opener)
        opener.setMenu(self.settings_menu)
        opener.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row.addSpacing(8)
        self.progress = RunProgress()
        self.progress.say(_("not trained yet"))
        row.addWidget(self.progress, 1)
        row.addSpacing(8)
        self._boxes = self.data, self.device, self.mode = QComboBox(), QComboBox(), QComboBox()
        for box, tip in (
            (
                self.data,
                _(
                    "The data set that the network is trained on, or the photos that it is applied to"
                ),
            ),
            (self.device, _("Where the engine computes")),
            (
                self.mode,
                _(
                    "Number format and memory layout in training; auto measures them and takes the "
                    "fastest"
                ),
            ),
        ):
            box.setToolTip(tip)
            box.setStatusTip(tip)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            box.setMinimumWidth(NARROW)
            row.addWidget(box)
        row.setSpacing(6)
        for data in PICTURES.values():
            count = f" {number.grouped(data.train)}" if data.labelled else ""
            self.data.addItem(data.title + count, data.name)
            self.data.setItemData(self.data.count() - 1, data.doc, Qt.ItemDataRole.ToolTipRole)
        for name in MODES:
            self.mode.addItem(_short_mode(name), name)
            self.mode.setItemData(self.mode.count() - 1, name, Qt.ItemDataRole.ToolTipRole)
        for box, chosen in (
            (self.data, self.data_chosen),
            (self.device, self.device_chosen),
        ):
            box.activated.connect(
                lambda index, box=box, chosen=chosen: chosen.emit(box.itemData(index))
            )
        self.mode.activated.connect(lambda index: self.recipe_wanted.emit({"mode": MODES[index]}))
        self.set_devices([])
        self.show_run("idle")
        theme.changed.connect(self._apply_theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_room()

    def _share_room(self) -> None:
        """Give the choices the width of their texts, as far as the other widgets leave room."""
        wanted = [box.sizeHint().width() for box in self._boxes]
        rest = self._least_size().width() - sum(box.minimumWidth() for box in self._boxes)
        missing = max(0, rest + sum(wanted) - self.width())
        for box, width in zip(self._boxes, wanted):
            share = missing * width // max(sum(wanted), 1)
            box.setMinimumWidth(min(width, max(NARROW, width - share - (missing > 0))))

    def _least_size(self) -> QSize:
        layout = self.layout()
        assert layout is not None
        return layout.minimumSize()

    def minimumSizeHint(self) -> QSize:
        surplus = sum(box.minimumWidth() - NARROW for box in self._boxes)
        return self._least_size() - QSize(surplus, 0)

    def _button(self, command: "Command[RunBar]") -> QToolButton:
        action = self.run_actions[command.id] = CommandAction(command, self, self)
        action.setIcon(run_icon(command.id))
        action.setToolTip(f"{command.title} ({command.keys_text}): {command.tip}")
        self.addAction(action)
        button = self._buttons[command.id] = QToolButton()
        button.setDefaultAction(action)
        button.setIconSize(QSize(16, 16))
        button.setObjectName(command.id)
        button.setFixedSize(34, 28)
        return button

    def open_settings(self) -> None:
        """Show the figures of a run below their button."""
        opener = self._buttons["run_settings"]
        self.settings_menu.popup(opener.mapToGlobal(opener.rect().bottomLeft()))
        self.settings.fields["epochs"].setFocus()

    def show_run(
        self,
        state: str,
        resumable: bool = False,
        progress: Progress | None = None,
        name: str = "",
        test: float | None = None,
    ) -> None:
        """Offer what can be done now, and show how far the run has come.

        state: that of the run's record, or "waiting" while the engine starts, or "absent" if there
        is none. resumable: the run can go on from a checkpoint. name: of the run's network, if that
        is not the one in view.
        """
        allowed = self.allowed = _ALLOWED.get(state, ("run", "resume") if resumable else ("run",))
        for action in self.run_actions.values():
            action.refresh()
        # F8 resumes; F5 starts a run, but resumes one that is paused.
        can_resume = "resume" in allowed
        start, resume = QKeySequence("F5"), QKeySequence("F8")
        self.run_actions["run"].setShortcuts([] if can_resume and "run" not in allowed else [start])
        self.run_actions["resume"].setShortcuts([resume, start] if state == "paused" else [resume])
        self._buttons["resume"].setVisible(can_resume)
        self._buttons["run"].setVisible("run" in allowed or not can_resume)
        waits = {
            "measuring": _("measuring which mode is fastest"),
            "waiting": _("engine is starting"),
            "absent": _("no engine · F5 starts it"),
        }
        ends = {
            "stopped": _("stopped"),
            "died": _("interrupted · F8 resumes") if resumable else _("interrupted"),
            "finished": ""
            if test is None
            else _("test accuracy {accuracy}").format(accuracy=number.percent(test)),
        }
        if state in waits:
            self.progress.say(waits[state])
        elif progress is not None and state != "idle":
            self.progress.show_run(progress, name, ends.get(state))
        elif ends.get(state):
            self.progress.say(ends[state])
        elif state not in ACTIVE:
            self.say_ready()
        for box in (self.data, self.mode):
            box.setEnabled(state not in ACTIVE)
        self.device.setEnabled(state not in ACTIVE and self.chosen_device() is not None)

    def set_devices(self, devices: Sequence[Device], absent: bool = False) -> None:
        """List the devices that the engine has, and keep the choice. Without devices, say that there
        is no engine (`absent`) or that it is starting."""
        chosen = self.chosen_device()
        self.device.clear()
        for device in devices:
            parts = [device.id, _brief(device.name)]
            if device.memory:
                parts.append(number.bytes_text(device.memory))
            self.device.addItem(" · ".join(part for part in parts if part), device.id)
            self.device.setItemData(
                self.device.count() - 1, device.name, Qt.ItemDataRole.ToolTipRole
            )
        if not devices:
            self.device.addItem(_("no engine") if absent else _("engine is starting"))
        self.device.setEnabled(bool(devices))
        self.choose_device(chosen)
        self._share_room()

    def choose_device(self, device: str | None) -> None:
        """Show this device, or the first if it is not listed, as chosen; emits nothing."""
        self.device.setCurrentIndex(max(0, self.device.findData(device)))

    def chosen_device(self) -> str | None:
        """The id of the chosen device; None before the engine has said which it has."""
        device: str | None = self.device.currentData()
        return device

    def chosen_data(self) -> str:
        return str(self.data.currentData())

    def choose_data(self, name: str) -> None:
        """Show this data set as chosen; emits nothing."""
        self.data.setCurrentIndex(max(0, self.data.findData(name)))

    def say_ready(self) -> None:
        """Say what the network in view, which is in no run, is ready for."""
        data = PICTURES.get(self.chosen_data())
        self.progress.say(
            _("ready · F5 trains the network")
            if data is None or data.labelled
            else _("photos only · training needs a data set")
        )

    def set_modes(self, modes: Modes) -> None:
        """Show how fast the engine measured each mode to be, and which one it chose."""
        speeds = dict(modes.measured)
        for index, name in enumerate(MODES):
            text = _short_mode(name)
            if name == AUTO:
                text = _("auto: {mode}").format(mode=_short_mode(modes.chosen))
            self.mode.setItemText(index, text)
            if name in speeds:
                self.mode.setItemData(
                    index,
                    _("{mode}: {speed} images per second").format(
                        mode=name, speed=number.short(speeds[name])
                    ),
                    Qt.ItemDataRole.ToolTipRole,
                )
        self._share_room()

    def _apply_theme(self) -> None:
        for name, action in self.run_actions.items():
            action.setIcon(run_icon(name))


RUN_BAR: tuple[Command[RunBar], ...] = (
    *(
        Command(
            id,
            words,
            keys,
            tip,
            lambda bar, id=id: getattr(bar, f"{id}_asked").emit(),  # type: ignore[misc]
            can=lambda bar, id=id: id in bar.allowed,  # type: ignore[misc]
        )
        for id, words, keys, tip in (
            ("run", _("&Run"), "F5", _("Train the network from its first step")),
            ("resume", _("R&esume"), "F8", _("Resume the run")),
            ("pause", _("&Pause"), "F6", _("Pause the run after this step")),
            ("step", _("&Step"), "F10", _("Train for one step")),
            ("stop", _("St&op"), "Shift+F5", _("End the run; its weights are kept")),
        )
    ),
    Command(
        "run_settings",
        _("Se&ttings and memory"),
        "Ctrl+Shift+R",
        _(
            "The settings of the next run, the memory that it needs, and the largest batch that "
            "fits"
        ),
        RunBar.open_settings,
    ),
)


def _short_mode(name: str) -> str:
    return (
        name.replace("bfloat16", "bf16")
        .replace("float32", "fp32")
        .replace(" channels-last", ", ch-last")
    )


def _brief(name: str) -> str:
    """A device's name without the words that many names have, and at most 22 characters long."""
    for word in ("NVIDIA ", "GeForce ", "AMD ", "(R)", "(TM)", "Intel ", " Processor", " CPU"):
        name = name.replace(word, "")
    name = re.sub(r" *\d+-Core| @ .*", "", name).strip()
    return name if len(name) <= 22 else name[:21].rstrip() + "…"
