"""The fields of a form: a number with its unit, a pair of numbers, a choice, a switch. `show_value`
emits nothing; `edited` is emitted only when the person changes the value."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSizePolicy, QSpinBox

from explorer.app.number import limit_text
from explorer.app.widgets.pair_field import PairField
from explorer.app.widgets.spin_box import QuietWheel, SpinBox
from explorer.catalog import KINDS, Param
from explorer.graph.graph import Value
from explorer.text import _

_MOST_DECIMALS = 12
_NUMBER_CHARACTERS = set("0123456789.eE+-")


class _Number(SpinBox):
    """What both fields for a single number share. Any number can be typed; for one that is not
    allowed, `faulted` is emitted with a sentence that says why, and with "" once the text is allowed
    again. When the field loses the focus, it shows the last allowed number.

    name: what that sentence calls the number. absent: the text shown for no value (None), which an
    empty field stands for; "" if there must be a value.
    """

    _name = _absent = ""
    _empty = False  # no value, or the selected nodes have different ones

    if TYPE_CHECKING:
        edited = Signal(object)

    @property
    def _spin_box(self) -> QDoubleSpinBox:
        """The field itself; as a QSpinBox it has the same methods."""
        return cast(QDoubleSpinBox, self)

    def _prepare(self, unit: str, name: str = "", absent: str = "") -> None:
        super()._prepare(unit)
        self._name, self._absent = name, absent
        self.lineEdit().textEdited.connect(self._on_text)
        self._spin_box.valueChanged.connect(self._on_value)
        self.editingFinished.connect(lambda: self._report(""))

    def show_value(self, value: Value | None, mixed: bool = False) -> None:
        """Show a value; an empty field for None or if the nodes have different ones (`mixed`)."""
        self.lineEdit().setPlaceholderText(_("mixed") if mixed else self._absent)
        empty, box = mixed or value is None, self._spin_box
        if empty == self._empty and value in (None, box.value()):
            return
        self._empty = empty
        with QSignalBlocker(self):
            box.setValue(box.value() if value is None else cast(float, value))

    def textFromValue(self, value: Value) -> str:
        return "" if self._empty else f"{value:.6g}" if isinstance(value, float) else str(value)

    def _on_value(self, value: Value) -> None:
        if self._empty and not self.lineEdit().text():  # an arrow was pressed
            self._empty = False
            self.lineEdit().setText(self.textFromValue(value))
        self._empty = False
        self._report("")
        self.edited.emit(value)

    def _on_text(self, text: str) -> None:
        box = self._spin_box
        low, high = box.minimum(), box.maximum()
        number = _number_in(text)
        if number is None or low <= number <= high:
            self._report("")
        else:
            self._report(
                _("{name} is {value}; allowed: {low} to {high}").format(
                    name=self._name,
                    value=limit_text(number),
                    low=limit_text(low),
                    high=limit_text(high),
                )
            )
        if not text and self._absent:
            self._empty = True
            self.edited.emit(None)
        # Qt reports no change if the number typed is the one that "mixed" hid.
        elif self._empty and self.hasAcceptableInput() and box.valueFromText(text) == box.value():
            self._on_value(box.value())


def _number_in(text: str) -> float | None:
    """The number that the text spells; None if it spells none."""
    try:
        return float(text)
    except ValueError:
        return None


class WholeField(_Number, QSpinBox):
    """A whole number from `low` to `high`."""

    edited, faulted = Signal(object), Signal(str)

    def __init__(
        self, name: str, low: int, high: int, step: int = 1, unit: str = "", absent: str = ""
    ) -> None:
        super().__init__()
        self.setRange(low, high)
        self.setSingleStep(step)
        self._prepare(unit, name, absent)

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        state, text, position = super().validate(text, position)
        unfinished = len(text) <= 15 and set(text) <= _NUMBER_CHARACTERS
        if state == QValidator.State.Invalid and unfinished:
            state = QValidator.State.Intermediate
        return state, text, position


class NumberField(_Number, QDoubleSpinBox):
    """Any number from `low` to `high`, in the shortest notation: 0.1, 1e-05."""

    edited, faulted = Signal(object), Signal(str)

    def __init__(
        self, name: str, low: float, high: float, step: float, unit: str = "", absent: str = ""
    ) -> None:
        super().__init__()
        self.setDecimals(_MOST_DECIMALS)
        self.setRange(low, high)
        self.setSingleStep(step)
        self._prepare(unit, name, absent)

    def valueFromText(self, text: str) -> float:
        number = _number_in(text)
        return self.value() if number is None else number

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        number, states = _number_in(text), QValidator.State
        if number is not None and self.minimum() <= number <= self.maximum():
            return states.Acceptable, text, position
        unfinished = number is not None or set(text) <= _NUMBER_CHARACTERS
        return states.Intermediate if unfinished else states.Invalid, text, position


def choice_text(choice: str) -> str:
    """The text shown for one of a parameter's choices; for a kind, its title."""
    return (KINDS[choice].title if choice in KINDS else "") or choice


class ChoiceField(QuietWheel, QComboBox):
    """One of a parameter's choices; a kind of node is shown by its title, as in the palette."""

    edited = Signal(object)

    def __init__(self, choices: tuple[str, ...]) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPlaceholderText(_("mixed"))
        for choice in choices:
            self.addItem(choice_text(choice), choice)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.currentIndexChanged.connect(self._on_index)

    def show_value(self, value: Value, mixed: bool = False) -> None:
        """Show a choice; none if the nodes have different ones (`mixed`)."""
        with QSignalBlocker(self):
            self.setCurrentIndex(-1 if mixed else self.findData(value))

    def _on_index(self, index: int) -> None:
        if index >= 0:
            self.edited.emit(self.itemData(index))


class SwitchField(QCheckBox):
    """Yes or no."""

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.clicked.connect(self._on_click)

    def show_value(self, value: Value, mixed: bool = False) -> None:
        """Show a value; a dash if the nodes have different ones (`mixed`)."""
        with QSignalBlocker(self):
            self.setTristate(mixed)
            state = Qt.CheckState.Checked if value else Qt.CheckState.Unchecked
            self.setCheckState(Qt.CheckState.PartiallyChecked if mixed else state)

    def _on_click(self) -> None:
        self.setTristate(False)
        self.edited.emit(self.isChecked())


Field = WholeField | NumberField | PairField | ChoiceField | SwitchField


def field_for(param: Param) -> Field:
    """The field that a parameter's declaration asks for."""
    if param.choices:
        return ChoiceField(param.choices)
    if isinstance(param.default, bool):
        return SwitchField()
    if param.pair or param.words:
        return PairField(param)
    assert param.low is not None and param.high is not None  # every number declares them
    field: WholeField | NumberField
    if isinstance(param.default, int):
        low, high = int(param.low), int(param.high)
        field = WholeField(param.called, low, high, int(param.step) or 1, param.unit, param.absent)
    else:
        assert isinstance(param.default, float)
        # Shares change in steps of 0.05, tiny values in steps of a tenth of the default.
        step = param.default / 10 if 0 < param.default < 0.01 else 0.05
        field = NumberField(
            param.called, param.low, param.high, param.step or step, param.unit, param.absent
        )
    field.show_value(param.default)  # where there is no value, the arrows step from the default
    return field
