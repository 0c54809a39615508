"""The log, in a window beside the main one."""

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget

from explorer.app import log, theme
from explorer.app.side_window import SideWindow
from explorer.text import _

INTERVAL_MS = 1000


class LogWindow(SideWindow):
    """The end of the log; it scrolls along with new lines while its last line is in view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("Log"), (860, 520), parent)
        self._shown = ""
        path = QLabel(str(log.path()))
        path.setTextFormat(Qt.TextFormat.PlainText)
        path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        path.setProperty("role", "muted")
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setAccessibleName(_("Log of window and engine"))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(theme.mono(11))
        self.text.setPlaceholderText(_("The log is empty."))
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self.column.addWidget(path)
        self.column.addWidget(self.text, 1)
        self.add_buttons((_("Copy"), self.copy), (_("Open folder"), self.open_folder))
        self.refresh()
        self.text.moveCursor(QTextCursor.MoveOperation.End)

    def refresh(self) -> None:
        """Show the log as it is now."""
        text = log.tail().rstrip("\n")
        if text == self._shown:  # toPlainText() may differ from what was set
            return
        self._shown = text
        bar = self.text.verticalScrollBar()
        at, at_end = bar.value(), bar.value() >= bar.maximum() - 1
        self.text.setPlainText(text)
        bar.setValue(bar.maximum() if at_end else at)

    def copy(self) -> None:
        """Copy the text to the clipboard, for example for a bug report."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def open_folder(self) -> None:
        """Open the folder of the log in the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log.path().parent)))
