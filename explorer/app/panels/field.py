"""Fields of a form: a number with its unit, two numbers, a choice, a yes or no. Each shows a value
without telling, and tells (`edited`) only what the person does."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSizePolicy, QSpinBox

from explorer.app.panels.out_of_range import OutOfRange
from explorer.app.panels.pair_field import PairField
from explorer.app.panels.spin_box import SpinBox
from explorer.catalog import KINDS, Param
from explorer.graph.graph import Value
from explorer.text import _

_MOST_DECIMALS = 12


class _Number(OutOfRange, SpinBox):
    """What both fields of one number share."""

    _mixed = False

    if TYPE_CHECKING:
        edited = Signal(object)

    def _prepare(self, unit: str) -> None:
        super()._prepare(unit)
        self.lineEdit().textEdited.connect(self._on_text)
        self._numbers.valueChanged.connect(self._on_value)
        self.watch_range()

    def show_value(self, value: Value, mixed: bool = False) -> None:
        """Show a value; nothing, if several nodes have `mixed` ones."""
        if value == self._numbers.value() and mixed == self._mixed:
            return
        blocked = QSignalBlocker(self)
        self._mixed = mixed
        self.lineEdit().setPlaceholderText(_("mixed") if mixed else "")
        self._numbers.setValue(cast(float, value))
        blocked.unblock()

    def textFromValue(self, value: Value) -> str:
        return "" if self._mixed else f"{value:.6g}" if isinstance(value, float) else str(value)

    def _on_value(self, value: Value) -> None:
        self._mixed = False
        self.edited.emit(value)

    def _on_text(self, text: str) -> None:
        box = self._numbers
        # Typing the value that was hidden under "mixed" changes nothing for the box itself.
        if self._mixed and self.hasAcceptableInput() and box.valueFromText(text) == box.value():
            self._on_value(box.value())


class WholeField(_Number, QSpinBox):
    """A whole number from `low` to `high`. faulted(reason): see OutOfRange."""

    edited, faulted = Signal(object), Signal(str)

    def __init__(self, low: int, high: int, unit: str = "") -> None:
        super().__init__()
        self.setRange(low, high)
        self._prepare(unit)


class NumberField(_Number, QDoubleSpinBox):
    """Any number from `low` to `high`, written as short as it goes: 0.1, 1e-05. faulted(reason): see
    OutOfRange."""

    edited, faulted = Signal(object), Signal(str)

    def __init__(self, low: float, high: float, step: float, unit: str = "") -> None:
        super().__init__()
        self.setDecimals(_MOST_DECIMALS)
        self.setRange(low, high)
        self.setSingleStep(step)
        self._prepare(unit)

    def valueFromText(self, text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        try:
            inside = self.minimum() <= float(text) <= self.maximum()
        except ValueError:
            unfinished = set(text) <= set("0123456789.eE+-")
            return (
                QValidator.State.Intermediate if unfinished else QValidator.State.Invalid,
                text,
                position,
            )
        return (
            QValidator.State.Acceptable if inside else QValidator.State.Intermediate,
            text,
            position,
        )


def choice_text(choice: str) -> str:
    """What a person reads for one of a parameter's choices: of a kind its title."""
    return KINDS[choice].title or choice if choice in KINDS else choice


class ChoiceField(QComboBox):
    """One of a few words; a kind of node is shown by its title, as in the palette."""

    edited = Signal(object)

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__()
        for choice in choices:
            self.addItem(choice_text(choice), choice)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setPlaceholderText(_("mixed"))
        self.currentIndexChanged.connect(self._on_index)

    def show_value(self, value: Value, mixed: bool = False) -> None:
        """Show a choice; none, if several nodes have `mixed` ones."""
        blocked = QSignalBlocker(self)
        self.setCurrentIndex(-1 if mixed else self.findData(value))
        blocked.unblock()

    def _on_index(self, at: int) -> None:
        if at >= 0:
            self.edited.emit(self.itemData(at))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class SwitchField(QCheckBox):
    """Yes or no."""

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.clicked.connect(self._on_click)

    def show_value(self, value: Value, mixed: bool = False) -> None:
        """Show a value; a dash, if several nodes have `mixed` ones."""
        blocked = QSignalBlocker(self)
        self.setTristate(mixed)
        state = Qt.CheckState.Checked if value else Qt.CheckState.Unchecked
        self.setCheckState(Qt.CheckState.PartiallyChecked if mixed else state)
        blocked.unblock()

    def _on_click(self) -> None:
        self.setTristate(False)
        self.edited.emit(self.isChecked())


Field = WholeField | NumberField | PairField | ChoiceField | SwitchField


def field_for(param: Param) -> Field:
    """The field in which a parameter is edited, as it is declared."""
    if param.choices:
        return ChoiceField(param.choices)
    if isinstance(param.default, bool):
        return SwitchField()
    if param.pair or param.words:
        return PairField(param)
    assert param.low is not None and param.high is not None  # a number's are declared
    if isinstance(param.default, int):
        return WholeField(int(param.low), int(param.high), param.unit)
    assert isinstance(param.default, float)
    # A share moves in twentieths; what is tiny by default, in tenths of itself.
    step = param.default / 10 if 0 < param.default < 0.01 else 0.05
    return NumberField(param.low, param.high, step, param.unit)
