"""What a command and a menu are, and the action that is made of a command."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from explorer.text import _

Owner = TypeVar("Owner")
Keys = QKeySequence.StandardKey | str | tuple[str, ...]


def _always(_owner: object) -> bool:
    return True


@dataclass(frozen=True)
class Command(Generic[Owner]):
    """Something that a person can do, by menu and key.

    words: as in a menu, with its mnemonic; `{label}` in them stands for `label`. keys: the shortcut,
    or several. run: what it does; it takes what the command belongs to. can: whether it can be done
    now. label: what it would act on. chosen: whether it is the one of a choice that holds at the
    start.
    """

    id: str
    words: str
    keys: Keys
    tip: str
    run: Callable[[Owner], object]
    can: Callable[[Owner], bool] = _always
    label: Callable[[Owner], str] | None = None
    chosen: Callable[[], bool] | None = None

    @property
    def shortcuts(self) -> list[QKeySequence]:
        keys = self.keys if isinstance(self.keys, tuple) else (self.keys,)
        return [QKeySequence(key) for key in keys if key != ""]

    @property
    def keys_text(self) -> str:
        """Its shortcuts as the platform writes them; "" if it has none."""
        native = QKeySequence.SequenceFormat.NativeText
        return _(" or ").join(key.toString(native) for key in self.shortcuts)

    @property
    def title(self) -> str:
        """Its words without mnemonic and label, for a list."""
        return self.words.replace("&", "").format(label="").rstrip()


@dataclass(frozen=True)
class Menu(Generic[Owner]):
    """A menu: the ids of commands, menus in it, what fills in entries that are known only when the
    program runs, and None for a line between."""

    words: str
    entries: "tuple[str | Menu[Owner] | Callable[[Owner, QMenu], None] | None, ...]"

    @property
    def ids(self) -> list[str]:
        """The commands in it and in its menus."""
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


def action(command: Command[Owner], owner: Owner, parent: QObject) -> QAction:
    """The one action of a command of `owner`."""
    result = QAction(command.words, parent)
    result.triggered.connect(lambda _checked=False: command.run(owner))
    result.setShortcuts(command.shortcuts)
    result.setStatusTip(command.tip)
    if command.chosen is not None:
        result.setCheckable(True)
        result.setChecked(command.chosen())
    refresh(command, owner, result)
    return result


def refresh(command: Command[Owner], owner: Owner, action: QAction) -> None:
    """Let the action say what it would do now, and whether that can be done."""
    action.setEnabled(command.can(owner))
    if command.label is not None:
        action.setText(command.words.format(label=command.label(owner)).rstrip())
