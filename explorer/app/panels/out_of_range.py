"""What a field of numbers says of one that it cannot take."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox

from explorer.text import _

_BEGUN = set("0123456789.eE+-")


# What it is mixed into is a box already; at run time a second one could not be a base.
if TYPE_CHECKING:
    _Box = QAbstractSpinBox
else:
    _Box = object


class OutOfRange(_Box):
    """To be mixed into one of Qt's spin boxes that has a signal `faulted`(reason): any number can
    be written, and where it cannot be taken the reason is told, in words that follow the field's
    name; "" once one stands there that can be. What is left standing gives way to the last one
    that was taken."""

    _told = ""

    if TYPE_CHECKING:
        faulted = Signal(str)

    @property
    def _numbers(self) -> QDoubleSpinBox:
        """Itself; one of whole numbers has all that is asked of it here, too."""
        return cast(QDoubleSpinBox, self)

    def watch_range(self) -> None:
        """Begin to tell."""
        self.lineEdit().textEdited.connect(self._check)
        self._numbers.valueChanged.connect(lambda _value: self._tell(""))
        self.editingFinished.connect(lambda: self._tell(""))

    def _stated(self, text: str) -> float | None:
        """The number that a text states, None if it states none."""
        text = text.removesuffix(self._numbers.suffix()).replace(self.locale().groupSeparator(), "")
        try:
            return float(text)
        except ValueError:
            return None

    def _check(self, text: str) -> None:
        number = self._stated(text)
        low, high = self._numbers.minimum(), self._numbers.maximum()
        if number is None or low <= number <= high:
            self._tell("")
            return
        self._tell(
            _("is {value}; allowed: {low:,g} to {high:,g}").format(
                value=_written(number), low=low, high=high
            )
        )

    def _tell(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            self.faulted.emit(reason)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        found = super().validate(text, position)
        written = text.removesuffix(self._numbers.suffix()).replace(
            self.locale().groupSeparator(), ""
        )
        if (
            found[0] == QValidator.State.Invalid
            and len(written) <= 15
            and (set(written.strip()) <= _BEGUN)
        ):
            return QValidator.State.Intermediate, text, position
        return found


def _written(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else f"{number:g}"
