"""Commands and menus as rows of tables, and the action of a command."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from explorer.text import _

Owner = TypeVar("Owner")
Keys = QKeySequence.StandardKey | str | tuple[str, ...]


@dataclass(frozen=True)
class Command(Generic[Owner]):
    """Something that a person can do, by menu and key.

    words: its text in a menu, with the mnemonic; `{label}` in it stands for `label`. keys: the
    shortcut, or several. run: does it; its argument is the owner: the window, the run bar or the
    canvas's actions. can: whether it can be done now. label: what it would act on. chosen: of a
    command that is one of a choice, whether it is the chosen one at the start.
    """

    id: str
    words: str
    keys: Keys
    tip: str
    run: Callable[[Owner], object]
    can: Callable[[Owner], bool] = lambda _owner: True
    label: Callable[[Owner], str] | None = None
    chosen: Callable[[], bool] | None = None

    @property
    def shortcuts(self) -> list[QKeySequence]:
        keys = self.keys if isinstance(self.keys, tuple) else (self.keys,)
        return [QKeySequence(key) for key in keys if key != ""]

    @property
    def keys_text(self) -> str:
        """Its shortcuts as the platform writes them, "" if it has none."""
        native = QKeySequence.SequenceFormat.NativeText
        return _(" or ").join(key.toString(native) for key in self.shortcuts)

    @property
    def title(self) -> str:
        """Its words without mnemonic and label, for a list."""
        return self.words.replace("&", "").format(label="").rstrip()


@dataclass(frozen=True)
class Menu(Generic[Owner]):
    """A menu. Its entries: ids of commands, further menus, functions that add entries known only
    when the program runs, and None for a separator."""

    words: str
    entries: "tuple[str | Menu[Owner] | Callable[[Owner, QMenu], None] | None, ...]"

    @property
    def ids(self) -> list[str]:
        """The ids of the commands in it and in its submenus."""
        return [
            id
            for entry in self.entries
            for id in (entry.ids if isinstance(entry, Menu) else [entry])
            if isinstance(id, str)
        ]

    @property
    def title(self) -> str:
        """Its words without the mnemonic."""
        return self.words.replace("&", "")


class CommandAction(QAction):
    """The one action of a command of `owner`."""

    def __init__(self, command: Command[Owner], owner: Owner, parent: QObject) -> None:
        super().__init__(command.words, parent)
        self.command: Command[Any] = command
        self._owner = owner
        self.triggered.connect(lambda: command.run(owner))
        self.setShortcuts(command.shortcuts)
        self.setStatusTip(command.tip)
        if command.chosen is not None:
            self.setCheckable(True)
            self.setChecked(command.chosen())
        self.refresh()

    def refresh(self) -> None:
        """Enable it if the command can be done now, and name in its text what it would act on."""
        self.setEnabled(self.command.can(self._owner))
        if self.command.label is not None:
            self.setText(self.command.words.format(label=self.command.label(self._owner)).rstrip())
