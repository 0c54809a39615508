"""The log, in a window beside the main one."""

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from explorer.app import log, theme
from explorer.text import _

EVERY = 1000  # ms


class LogWindow(QDialog):
    """The last of the log, followed while it grows as long as its end is in view."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._shown = ""
        self.setWindowTitle(_("Log"))
        place = QLabel(str(log.path()))
        place.setTextFormat(Qt.TextFormat.PlainText)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        place.setProperty("role", "muted")
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setAccessibleName(_("Log of window and engine"))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(theme.mono(11))
        self.text.setPlaceholderText(_("Nothing was written to the log."))
        self._timer = QTimer(self, interval=EVERY)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        buttons = QHBoxLayout()
        for words, do in (
            (_("Copy"), self.copy),
            (_("Open folder"), self.open_folder),
            (None, None),
            (_("Close"), self.close),
        ):
            if words is None:
                buttons.addStretch(1)
            else:
                button = QPushButton(words)
                button.clicked.connect(do)
                buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(place)
        column.addWidget(self.text, 1)
        column.addLayout(buttons)
        self.resize(860, 520)
        self.refresh()
        self.text.moveCursor(QTextCursor.MoveOperation.End)

    def refresh(self) -> None:
        """Show what was written since."""
        found = log.tail().rstrip("\n")
        if found == self._shown:  # what Qt makes of it may read otherwise
            return
        self._shown = found
        bar = self.text.verticalScrollBar()
        at, at_end = bar.value(), bar.value() >= bar.maximum() - 1
        self.text.setPlainText(found)
        bar.setValue(bar.maximum() if at_end else at)

    def copy(self) -> None:
        """Put all of it on the clipboard, say for a report of a fault."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def open_folder(self) -> None:
        """Show the folder of the log in the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log.path().parent)))
