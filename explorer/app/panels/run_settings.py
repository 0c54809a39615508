"""The figures of a run that a person may set, in a small form."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QFrame, QLabel, QSpinBox, QWidget

from explorer.app import style
from explorer.app.panels.out_of_range import OutOfRange
from explorer.catalog import Param
from explorer.runs.recipe import FIELDS, REMEMBERED, sound
from explorer.text import _


class _Whole(OutOfRange, QSpinBox):
    """A whole number. faulted(reason): see OutOfRange."""

    faulted = Signal(str)


class _Decimal(OutOfRange, QDoubleSpinBox):
    """A number without zeros at its end: 0.02, not 0.020000. faulted(reason): see OutOfRange."""

    faulted = Signal(str)

    def textFromValue(self, value: float) -> str:
        return f"{value:.{self.decimals()}f}".rstrip("0").rstrip(".")


Box = _Whole | _Decimal
_DECIMALS = 8  # the least learning rate that a recipe takes is 1e-8


def _box(param: Param) -> Box:
    """The field of a number; what stands below those that there can be is none."""
    assert param.low is not None and param.high is not None  # a number's are declared
    box: Box
    if isinstance(param.default, int):
        box = _Whole()
        box.setGroupSeparatorShown(True)
        box.setRange(int(param.low), int(param.high))
        box.setSingleStep(int(param.step) or 1)
        box.setValue(param.default)
    else:
        assert isinstance(param.default, float)
        box = _Decimal()
        box.setDecimals(_DECIMALS)
        box.setRange(0 if param.absent else param.low, param.high)
        box.setSingleStep(param.step)
        box.setValue(0 if param.absent else param.default)
    return box


class RunSettings(QWidget):
    """A form of the figures, generated from their declaration; under a field in which something
    impossible stands, why it is.

    resized: it wants another size.
    """

    figures_changed = Signal(object)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = form = QFormLayout(self)
        form.setContentsMargins(12, 12, 12, 12)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        self.boxes: dict[str, Box] = {}
        self.reasons: dict[str, QLabel] = {}
        for name in REMEMBERED:
            param = FIELDS[name]
            box = self._field(param)
            box.valueChanged.connect(lambda _value: self.figures_changed.emit(self.figures()))
            label = QLabel(param.called)
            label.setProperty("role", "muted")
            label.setToolTip(param.doc)
            form.addRow(label, box)
            reason = self.reasons[name] = QLabel()
            reason.setProperty("role", "problem")
            reason.setWordWrap(True)
            form.addRow(reason)
            form.setRowVisible(reason, False)
            box.faulted.connect(partial(self._tell, name))
            self.boxes[name] = box

    def _field(self, param: Param) -> Box:
        box = _box(param)
        if param.unit:
            box.setSuffix(f" {param.unit}")
        box.setSpecialValueText(param.absent)
        box.setToolTip(param.doc)
        box.setStatusTip(param.doc)
        box.setMinimumWidth(144)
        style.indent(box)
        box.watch_range()
        return box

    def _tell(self, name: str, why: str) -> None:
        """Say under its field why what stands in it cannot be taken; nothing, if it can."""
        label, box = self.reasons[name], self.boxes[name]
        label.setText(
            _("{name} {reason}").format(name=FIELDS[name].called, reason=why) if why else ""
        )
        self._form.setRowVisible(label, bool(why))
        box.setProperty("problem", bool(why))
        box.style().unpolish(box)
        box.style().polish(box)

    def add_section(self, section: QWidget) -> None:
        """Puts what follows from the figures below them."""
        rule = QFrame()
        rule.setFixedHeight(1)
        rule.setProperty("rule", True)
        self._form.addRow(rule)
        self._form.addRow(section)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.resized.emit()
        return super().event(event)

    def figures(self) -> dict[str, float | None]:
        """What a `train` request takes: epochs, batch_size, learning_rate, weight_decay, seed; what
        is automatic is None."""
        return {name: self._figure(name) for name in self.boxes}

    def _figure(self, name: str) -> float | None:
        box = self.boxes[name]
        if box.specialValueText() and box.value() == box.minimum():
            return None
        return round(box.value(), _DECIMALS)

    def set_figures(self, figures: Mapping[str, float | None]) -> None:
        """Shows these figures; names and values that there are none of are passed over."""
        for name, value in sound(figures).items():
            box = self.boxes[name]
            if isinstance(box, _Decimal):
                box.setValue(box.minimum() if value is None else value)
            else:
                box.setValue(box.minimum() if value is None else int(value))
