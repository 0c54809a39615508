"""What the windows beside the main one have in common."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from explorer.text import _


class SideWindow(QDialog):
    """A window beside the main one, which stays usable; it is deleted when it is closed.

    size: width and height in pixels, if the screen has room. column: the layout of its widgets, from
    the top.
    """

    def __init__(self, title: str, size: tuple[int, int], parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        room = self.screen().availableSize()
        self.resize(min(size[0], room.width() * 9 // 10), min(size[1], room.height() * 9 // 10))
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 12, 16, 12)
        self.column.setSpacing(8)

    def add_buttons(self, *actions: tuple[str, Callable[[], object]]) -> None:
        """Add a row of buttons, one for each label and action, and "Close" at its right end."""
        row = QHBoxLayout()
        for label, action in (*actions, (_("Close"), self.close)):
            button = QPushButton(label)
            button.clicked.connect(action)
            row.addWidget(button)
        row.insertStretch(len(actions), 1)
        self.column.addLayout(row)
