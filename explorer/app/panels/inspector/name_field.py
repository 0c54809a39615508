"""A name that is shown as a title and edited in place."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from explorer.app import theme
from explorer.app.widgets.undo_key import PassUndo
from explorer.text import _

_SHEET = """
QLineEdit { font-size: 15px; font-weight: 600; padding: 1px 4px; }
QLineEdit:read-only {
    background: transparent; border-color: transparent; padding: 1px 0; margin-left: -3px;
}
QLineEdit:read-only:hover, QLineEdit:read-only:focus { border-color: transparent; }
"""


class NameField(QLineEdit):
    """A title that a double click or F2 turns into a field; Enter renames, Escape cancels.

    renamed(name): the person wants another name. The listener decides whether it is allowed; the
    field goes on showing the name that `show_name` was given.
    """

    renamed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self._editable = True
        self.setReadOnly(True)
        self.setStyleSheet(_SHEET)
        self.setAccessibleName(_("Name"))
        self.installEventFilter(PassUndo(self))
        self.returnPressed.connect(self._finish)
        theme.changed.connect(self.ensurePolished)

    def show_name(self, name: str, editable: bool) -> None:
        """Show a name, unless the person is typing another one for the same node."""
        self._editable = editable
        self.setToolTip(_("Double-click or F2 to rename") if editable else "")
        if name != self._name or not editable:
            self._stop_editing()
        self._name = name
        if self.isReadOnly() and self.text() != name:
            self.setText(name)
            self.setCursorPosition(0)

    def start_editing(self) -> None:
        """Let the person type another name, if it may be changed."""
        if self._editable and self.isReadOnly():
            self.setReadOnly(False)
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self.selectAll()

    def _finish(self) -> None:
        name, changed = self.text().strip(), not self.isReadOnly()
        self._stop_editing()
        if changed and name != self._name:
            self.renamed.emit(name)

    def _stop_editing(self) -> None:
        if not self.isReadOnly():
            self.setReadOnly(True)
            self.setText(self._name)
            self.deselect()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.isReadOnly():
            self.start_editing()
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self.start_editing()
        elif event.key() == Qt.Key.Key_Escape and not self.isReadOnly():
            self._stop_editing()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
        ):
            self._finish()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ReadOnlyChange:
            self.style().unpolish(self)
            self.style().polish(self)
