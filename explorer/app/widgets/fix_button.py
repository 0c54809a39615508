"""A button for a fix of a problem; it states how many parameters, or else MACs, the fix adds."""

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
from explorer.text import _


class FixButton(QPushButton):
    """Applies a fix when it is pressed, that of the network as one undo step. A label that does not
    fit is shortened at its end; the tool tip shows all of it. size: of the font, in pixels."""

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
        self.session, self.fix = session, fix
        self._cost = (
            f"  {_signed(fix.added)}"
            if fix.added
            else "  " + _("{count} MACs").format(count=_signed(fix.macs))
            if fix.macs
            else ""
        )
        self.setText(fix.label + self._cost)
        self.setToolTip(f"{fix.label}<br>{fix.cost}" if fix.cost else fix.label)
        self.setStatusTip(f"{fix.label} ({fix.cost})" if fix.cost else fix.label)
        self.setProperty("primary", primary)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(self.sizeHint().width())
        self.clicked.connect(self._apply)

    def _apply(self) -> None:
        if self.fix.figures:
            self.session.run.change_recipe(dict(self.fix.figures))
        else:
            self.session.edit(self.fix.label, self.fix.edit, whole=True)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, super().minimumSizeHint().height())

    @property
    def painted_text(self) -> str:
        """The text as it is painted: the label may be shortened, the cost never is."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        contents = QStyle.SubElement.SE_PushButtonContents
        room = self.style().subElementRect(contents, option, self).width()
        metrics = self.fontMetrics()
        if metrics.horizontalAdvance(self.text()) <= room:
            return self.text()
        room -= metrics.horizontalAdvance(self._cost)
        return metrics.elidedText(self.fix.label, Qt.TextElideMode.ElideRight, room) + self._cost

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.painted_text
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)


def _signed(count: int) -> str:
    return f"{'−' if count < 0 else '+'}{short(abs(count))}"
