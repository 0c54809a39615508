"""The keys of Undo and Redo, which fields let through: they undo edits of the network."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence

_KEYS = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


def is_undo(event: QEvent) -> bool:
    """Whether an event is a key of Undo or Redo, in any of their shortcuts."""
    return isinstance(event, QKeyEvent) and any(map(event.matches, _KEYS))


class PassUndo(QObject):
    """An event filter for a line edit that lets Undo and Redo through to the window."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and is_undo(event):
            event.ignore()
            return True
        return super().eventFilter(watched, event)
