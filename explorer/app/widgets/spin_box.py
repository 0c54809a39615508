"""What all fields with arrows share: their look, and how they treat keys and the wheel."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QHBoxLayout,
    QSizePolicy,
    QStyle,
    QStyleOptionSpinBox,
    QStylePainter,
    QWidget,
)

from explorer.app import style
from explorer.app.widgets.label import label
from explorer.app.widgets.undo_key import is_undo

# At run time these mixins have no Qt base: the class that they are mixed into brings it.
if TYPE_CHECKING:
    _Box = QAbstractSpinBox
    _Widget = QWidget
else:
    _Box = _Widget = object


class QuietWheel(_Widget):
    """A mixin for a field that the wheel changes only while it has the focus; otherwise the wheel
    scrolls the form."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class SpinBox(QuietWheel, _Box):
    """A mixin for one of Qt's spin boxes: its unit stands at the right and makes way for the arrows
    while the pointer is over the box; Undo and Redo are left to the window.

    faulted(reason): why the text is not allowed, in one sentence; "" once it is allowed.
    """

    _reason = ""

    if TYPE_CHECKING:
        faulted = Signal(str)

    def _report(self, reason: str) -> None:
        if reason != self._reason:
            self._reason = reason
            self.faulted.emit(reason)

    def _prepare(self, unit: str) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        style.indent(self)
        self._unit = label(unit, "faint")
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch(1)
        row.addWidget(self._unit)

    def event(self, event: QEvent) -> bool:
        # Qt passes this event straight to the line edit inside, past its filters; it would keep Undo.
        if event.type() == QEvent.Type.ShortcutOverride and is_undo(event):
            event.ignore()
            return False
        return super().event(event)

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
