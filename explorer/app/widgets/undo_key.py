"""The keys of Undo and Redo, which fields let through: they are of the network, not of one line."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QKeySequence

_KEYS = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)


def is_undo(event: QEvent) -> bool:
    """The key of Undo or Redo, in any of their shortcuts."""
    return isinstance(event, QKeyEvent) and any(map(event.matches, _KEYS))


class PassUndo(QObject):
    """Lets Undo and Redo through to the window. To be installed on a line edit as its event
    filter."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and is_undo(event):
            event.ignore()
            return True
        return super().eventFilter(watched, event)
