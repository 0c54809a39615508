"""How a field with arrows looks and where its keys go, whatever it holds."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionSpinBox,
    QStylePainter,
)

from explorer.app import style
from explorer.app.widgets.undo_key import is_undo

# What it is mixed into is a box already; at run time a second one could not be a base.
if TYPE_CHECKING:
    _Box = QAbstractSpinBox
else:
    _Box = object


class SpinBox(_Box):
    """To be mixed into one of Qt's: the unit at the right, in whose place the arrows stand while
    the pointer is there; the wheel turns only a box that has the focus, so that it scrolls the
    form; Undo and Redo are the window's."""

    def _prepare(self, unit: str) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        style.indent(self)
        self._unit = QLabel(unit, self)
        self._unit.setProperty("role", "faint")
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        row.addWidget(self._unit)

    def event(self, event: QEvent) -> bool:
        # The line edit inside, which is asked by a call and not through filters, would keep undo.
        if event.type() == QEvent.Type.ShortcutOverride and is_undo(event):
            event.ignore()
            return False
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        # setButtonSymbols(NoButtons) would hide the text too (Qt 6.11 with a style sheet).
        if not (self.underMouse() and self.isEnabled()):
            option.subControls = (
                QStyle.SubControl.SC_SpinBoxFrame | QStyle.SubControl.SC_SpinBoxEditField
            )
        QStylePainter(self).drawComplexControl(QStyle.ComplexControl.CC_SpinBox, option)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._unit.setVisible(not self.isEnabled())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._unit.show()
