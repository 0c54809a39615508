"""The thin title bar of a panel, by which it is moved and closed. Most panels have their title on
a tab; the bar shows it for the others."""

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QWidget

from explorer.app import theme
from explorer.app.widgets.small_button import small_button
from explorer.text import _

HEIGHT, DOTS = 16, 6


class DockGrip(QWidget):
    """Lets mouse events through to the dock, which Qt moves when its title bar is dragged."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        self.dock = dock
        self.setToolTip(_("Drag to move the panel; double-click to detach it"))
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        close = small_button("×", _("Close the panel; the View menu brings it back"), flat=True)
        close.setAccessibleName(_("Close {panel}").format(panel=dock.windowTitle()))
        close.setCursor(Qt.CursorShape.ArrowCursor)
        close.setFixedSize(20, HEIGHT)
        close.setStyleSheet("padding: 0; border: none;")
        close.clicked.connect(dock.close)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.addStretch(1)
        row.addWidget(close)
        theme.changed.connect(self.update)
        dock.windowTitleChanged.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(60, HEIGHT)

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("faint"))
        middle = self.width() / 2
        for number in range(DOTS):
            centre = QPointF(middle + (number - (DOTS - 1) / 2) * 6, HEIGHT / 2)
            painter.drawEllipse(centre, 1.2, 1.2)
        window = self.dock.parentWidget()
        tabbed = isinstance(window, QMainWindow) and window.tabifiedDockWidgets(self.dock)
        if self.dock.isFloating() or not tabbed:
            painter.setPen(theme.color("text"))
            painter.setFont(theme.sans(11, True))
            painter.drawText(
                self.rect().adjusted(12, 0, -24, 0),
                Qt.AlignmentFlag.AlignVCenter,
                self.dock.windowTitle(),
            )
