"""A fix of a problem, as a button that says what it costs."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from explorer.analysis.problem import Fix
from explorer.app import theme
from explorer.app.number import short
from explorer.app.session import Session


class FixButton(QPushButton):
    """Does a fix when it is pressed, as one undo step. Where room is short the end of its
    label is cut; the tool tip has it whole. size: of the text, in pixels."""

    def __init__(
        self,
        session: Session,
        fix: Fix,
        primary: bool = False,
        size: int = 12,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setFont(theme.sans(size))
        self.fix = fix
        cost = (
            "" if fix.added is None else f"{'+' if fix.added >= 0 else '−'}{short(abs(fix.added))}"
        )
        self._cost = f"  {cost}" if cost else ""
        self.setText(fix.label + self._cost)
        self.setToolTip(f"{fix.label}<br>{fix.cost}" if fix.cost else fix.label)
        self.setStatusTip(fix.label)
        self.setProperty("primary", primary)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(self.sizeHint().width())
        self.clicked.connect(lambda: session.edit(fix.label, fix.edit, whole=True))

    def minimumSizeHint(self) -> QSize:
        return QSize(96, super().minimumSizeHint().height())

    @property
    def shown(self) -> str:
        """What is read of it in the room that it has: the cost is never cut."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = (
            self.style()
            .subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self)
            .width()
        )
        metrics = self.fontMetrics()
        if metrics.horizontalAdvance(self.text()) <= room:
            return self.text()
        room -= metrics.horizontalAdvance(self._cost)
        return metrics.elidedText(self.fix.label, Qt.TextElideMode.ElideRight, room) + self._cost

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)
