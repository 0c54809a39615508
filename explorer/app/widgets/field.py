"""Fields of a form: a number with its unit, two numbers, a choice, a yes or no. `show_value` emits
nothing; `edited` is emitted only for what the person does."""

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
_IN_NUMBERS = set("0123456789.eE+-")


class _Number(SpinBox):
    """What both fields of one number share: any number can be typed; for one that is not allowed
    `faulted` is emitted with a sentence that says why, and with "" when the text is allowed again.
    When the field loses the focus it shows the last allowed number.

    name: what that sentence calls the number. absent: what a person reads where there is no value
    (None), which is what an empty field means.
    """

    _name = _absent = ""
    _empty = False  # there is no value, or several nodes have mixed ones

    if TYPE_CHECKING:
        edited = Signal(object)

    @property
    def _numbers(self) -> QDoubleSpinBox:
        """Itself; a field of whole numbers has the same methods."""
        return cast(QDoubleSpinBox, self)

    def _prepare(self, unit: str, name: str = "", absent: str = "") -> None:
        super()._prepare(unit)
        self._name, self._absent = name, absent
        self.lineEdit().textEdited.connect(self._on_text)
        self._numbers.valueChanged.connect(self._on_value)
        self.editingFinished.connect(lambda: self._report(""))

    def show_value(self, value: Value | None, mixed: bool = False) -> None:
        """Show a value; an empty field for None or where several nodes have `mixed` ones."""
        self.lineEdit().setPlaceholderText(_("mixed") if mixed else self._absent)
        empty, box = mixed or value is None, self._numbers
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
        box = self._numbers
        low, high = box.minimum(), box.maximum()
        stated = _stated(text)
        if stated is None or low <= stated <= high:
            self._report("")
        else:
            self._report(
                _("{name} is {value}; allowed: {low} to {high}").format(
                    name=self._name,
                    value=limit_text(stated),
                    low=limit_text(low),
                    high=limit_text(high),
                )
            )
        if not text and self._absent:
            self._empty = True
            self.edited.emit(None)
        # Typing the value that was hidden under "mixed" changes nothing for the box itself.
        elif self._empty and self.hasAcceptableInput() and box.valueFromText(text) == box.value():
            self._on_value(box.value())


def _stated(text: str) -> float | None:
    """The number that a text states; None if it is not one."""
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
        verdict = super().validate(text, position)
        if verdict[0] == QValidator.State.Invalid and len(text) <= 15 and set(text) <= _IN_NUMBERS:
            return QValidator.State.Intermediate, text, position
        return verdict


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
        stated = _stated(text)
        return self.value() if stated is None else stated

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        stated, states = _stated(text), QValidator.State
        if stated is not None and self.minimum() <= stated <= self.maximum():
            return states.Acceptable, text, position
        unfinished = stated is not None or set(text) <= _IN_NUMBERS
        return states.Intermediate if unfinished else states.Invalid, text, position


def choice_text(choice: str) -> str:
    """What a person reads for one of a parameter's choices: for a kind its title."""
    return (KINDS[choice].title if choice in KINDS else "") or choice


class ChoiceField(QuietWheel, QComboBox):
    """One of a few words; a kind of node is shown by its title, as in the palette."""

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
        """Show a choice; no choice where several nodes have `mixed` ones."""
        with QSignalBlocker(self):
            self.setCurrentIndex(-1 if mixed else self.findData(value))

    def _on_index(self, at: int) -> None:
        if at >= 0:
            self.edited.emit(self.itemData(at))


class SwitchField(QCheckBox):
    """Yes or no."""

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.clicked.connect(self._on_click)

    def show_value(self, value: Value, mixed: bool = False) -> None:
        """Show a value; a dash where several nodes have `mixed` ones."""
        with QSignalBlocker(self):
            self.setTristate(mixed)
            state = Qt.CheckState.Checked if value else Qt.CheckState.Unchecked
            self.setCheckState(Qt.CheckState.PartiallyChecked if mixed else state)

    def _on_click(self) -> None:
        self.setTristate(False)
        self.edited.emit(self.isChecked())


Field = WholeField | NumberField | PairField | ChoiceField | SwitchField


def field_for(param: Param) -> Field:
    """The field for a parameter, as its declaration asks for it."""
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
        # A share changes in steps of 0.05; a tiny default, in steps of a tenth of it.
        step = param.default / 10 if 0 < param.default < 0.01 else 0.05
        field = NumberField(
            param.called, param.low, param.high, param.step or step, param.unit, param.absent
        )
    field.show_value(param.default)  # from which the arrows step where there is no value
    return field
