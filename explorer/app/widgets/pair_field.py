"""A field for one number, for two (height × width), or for one of a few words."""

import re

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QToolButton

from explorer.app.number import setting_text
from explorer.app.widgets.small_button import small_button
from explorer.app.widgets.spin_box import SpinBox
from explorer.catalog import Param
from explorer.graph.graph import Value
from explorer.text import _

_INTEGER = r"[+-]?\d+"
_SEPARATOR = r"\s*[×x*,;]\s*|\s+"


class PairField(SpinBox, QAbstractSpinBox):
    """Accepts "3", and where the parameter allows them "3×5" (also typed as 3x5, 3 5 or 3, 5) and
    the parameter's words; shows two equal numbers as one.

    The arrow keys and the wheel step the number at the caret, or both if both are selected. Each
    word is also a button, which restores the number while the word is the value. edited(value): the
    person gave a value. faulted(reason): as in SpinBox.
    """

    edited = Signal(object)
    faulted = Signal(str)

    def __init__(self, param: Param) -> None:
        super().__init__()
        self._param = param
        self._value: Value = param.default
        self._low, self._high = int(param.low or 0), int(param.high or 0)
        self._number: Value = self._low if isinstance(param.default, str) else param.default
        self._mixed, self._typed = False, ""
        self._prepare("" if param.words else param.unit)
        self.words = {word: self._word_button(word) for word in param.words}
        self.lineEdit().textEdited.connect(self._on_text)
        self.editingFinished.connect(self._write_value)
        self._write_value()

    def _word_button(self, word: str) -> QToolButton:
        button = small_button(word, "", flat=True)
        button.setAccessibleName(word)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # typing the word does the same
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.clicked.connect(lambda on: self._set_value(word if on else self._number))
        row = self.layout()
        assert row is not None  # `_prepare` made it
        row.addWidget(button)
        row.setContentsMargins(0, 0, 18, 0)
        return button

    def value(self) -> Value:
        """The value that was last given or shown."""
        return self._value

    def minimum(self) -> float | None:
        """The least that a number may be."""
        return self._param.low

    def maximum(self) -> float | None:
        """The most that a number may be."""
        return self._param.high

    def setValue(self, value: Value) -> None:
        """Set a value as the person would. Raises ValueError if it is not allowed."""
        if fault := self._param.fault(value):
            raise ValueError(fault)
        self._set_value(value)

    def show_value(self, value: Value, mixed: bool = False) -> None:
        """Show a value; an empty field if the nodes have different ones (`mixed`)."""
        if (value, mixed) != (self._value, self._mixed):
            self._value, self._mixed = value, mixed
            self._write_value()

    # Text -----------------------------------------------------------------------------------------

    def _value_in(self, text: str) -> Value | None:
        """The value that the text spells, allowed or not; None if it spells none."""
        text = text.strip().lower()
        if text in self._param.words:
            return text
        numbers = re.split(_SEPARATOR, text)
        if len(numbers) > (2 if self._param.pair else 1) or not all(
            re.fullmatch(_INTEGER, number) for number in numbers
        ):
            return None
        return _one_or_two(list(map(int, numbers)))

    def _on_text(self, text: str) -> None:
        if text.strip() and not self._typed.startswith(text):  # nothing was deleted
            self._complete(text)
        self._typed = self.lineEdit().text()
        value = self._value_in(self._typed)
        reason = self._param.fault(value) if value is not None else ""
        self._report(reason or "")
        if value is not None and not reason:
            self._accept(value)

    def _complete(self, text: str) -> None:
        """Complete the beginning of a word and select what was added."""
        word = next((word for word in self._param.words if word.startswith(text.lower())), "")
        if word:
            with QSignalBlocker(self.lineEdit()):
                self.lineEdit().setText(word)
                self.lineEdit().setSelection(len(word), len(text) - len(word))

    def _set_value(self, value: Value) -> None:
        self._accept(value)
        self._write_value()

    def _accept(self, value: Value) -> None:
        """Make it the value, unless it is that already; leaves the text alone."""
        if self._mixed or value != self._value:
            self._value, self._mixed = value, False
            self._update_words()
            self.edited.emit(value)

    def _write_value(self) -> None:
        """Write the value in its usual form."""
        line, text = self.lineEdit(), self.fixup("")
        with QSignalBlocker(line):
            line.setPlaceholderText(_("mixed") if self._mixed else "")
            if line.text() != text:
                line.setText(text)
        self._typed = text
        self._update_words()
        self._report("")

    def _update_words(self) -> None:
        if type(self._value) is not str:
            self._number = self._value
        for word, button in self.words.items():
            chosen = not self._mixed and self._value == word
            button.setChecked(chosen)
            button.setText("×" if chosen else word)  # the field shows the word already
            button.setToolTip(
                _("Back to {value}").format(value=setting_text(self._number)) if chosen else ""
            )

    # Qt -------------------------------------------------------------------------------------------

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        value, typed = self._value_in(text), text.strip().lower()
        if value is not None and not self._param.fault(value):
            return QValidator.State.Acceptable, text, position
        unfinished = re.fullmatch(rf"[+-]?\d*(?:(?:{_SEPARATOR})[+-]?\d*)?", typed) or any(
            word.startswith(typed) for word in self._param.words
        )
        state = QValidator.State.Intermediate if unfinished else QValidator.State.Invalid
        return state, text, position

    def fixup(self, text: str) -> str:
        return "" if self._mixed else setting_text(self._value)

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        step = QAbstractSpinBox.StepEnabledFlag
        return step.StepUpEnabled | step.StepDownEnabled

    def stepBy(self, steps: int) -> None:
        """Step the number at the caret, or both if both are selected."""
        line = self.lineEdit()
        value = self._value_in(line.text())
        if type(value) is str or value is None:
            value = self._number
        numbers = list(value) if isinstance(value, tuple) else [int(value)]
        # Two numbers that become equal remain two while they are being stepped.
        parts = re.split(_SEPARATOR, line.text().strip())
        if len(parts) == 2 and len(numbers) == 1:
            numbers *= 2
        start = line.selectionStart()
        if start < 0:
            start = line.cursorPosition()
        end, border = start + len(line.selectedText()), len(parts[0])
        stepped = [
            index
            for index in range(len(numbers))
            if len(numbers) == 1 or (start <= border if index == 0 else end > border)
        ]
        for index in stepped:
            numbers[index] = max(self._low, min(self._high, numbers[index] + steps))
        self._accept(_one_or_two(numbers))
        texts = list(map(str, numbers))
        with QSignalBlocker(line):
            line.setText("×".join(texts))
            first = sum(len(text) + 1 for text in texts[: stepped[0]])
            line.setSelection(first, len("×".join(texts[stepped[0] : stepped[-1] + 1])))
        self._typed = line.text()
        self._report("")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._write_value()


def _one_or_two(numbers: list[int]) -> int | tuple[int, int]:
    """One or two numbers as a value: a pair only if they differ."""
    return numbers[0] if len(set(numbers)) == 1 else (numbers[0], numbers[1])
