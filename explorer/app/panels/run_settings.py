"""The figures of a run that a person may set, in a small form."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QFormLayout, QFrame, QLabel, QSpinBox, QWidget

from explorer.app import style
from explorer.app.panels.out_of_range import OutOfRange
from explorer.app.recipe import FIGURES, Figure, sound
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


def _whole(figure: Figure) -> Box:
    box = _Whole()
    box.setGroupSeparatorShown(True)
    box.setRange(int(figure.low), int(figure.high))
    box.setSingleStep(int(figure.step))
    box.setValue(int(figure.default))
    return box


def _decimal(figure: Figure) -> Box:
    box = _Decimal()
    box.setDecimals(figure.decimals)
    box.setRange(figure.low, figure.high)
    box.setSingleStep(figure.step)
    box.setValue(figure.default)
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
        for name, figure in FIGURES.items():
            box = self._box(figure)
            box.valueChanged.connect(lambda _value: self.figures_changed.emit(self.figures()))
            label = QLabel(figure.title)
            label.setProperty("role", "muted")
            label.setToolTip(figure.doc)
            form.addRow(label, box)
            reason = self.reasons[name] = QLabel()
            reason.setProperty("role", "problem")
            reason.setWordWrap(True)
            form.addRow(reason)
            form.setRowVisible(reason, False)
            box.faulted.connect(partial(self._tell, name))
            self.boxes[name] = box

    def _box(self, figure: Figure) -> Box:
        box = _decimal(figure) if figure.decimals else _whole(figure)
        if figure.unit:
            box.setSuffix(f" {figure.unit}")
        if figure.automatic:
            box.setSpecialValueText(_("automatic"))
        box.setToolTip(figure.doc)
        box.setStatusTip(figure.doc)
        box.setMinimumWidth(144)
        style.indent(box)
        box.watch_range()
        return box

    def _tell(self, name: str, why: str) -> None:
        """Say under its field why what stands in it cannot be taken; nothing, if it can."""
        label, box = self.reasons[name], self.boxes[name]
        label.setText(
            _("{name} {reason}").format(name=FIGURES[name].title, reason=why) if why else ""
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
        box, decimals = self.boxes[name], FIGURES[name].decimals
        if box.specialValueText() and box.value() == box.minimum():
            return None
        return round(box.value(), decimals) if decimals else box.value()

    def set_figures(self, figures: Mapping[str, float | None]) -> None:
        """Shows these figures; names and values that there are none of are passed over."""
        for name, value in sound(figures).items():
            box = self.boxes[name]
            if isinstance(box, _Decimal):
                box.setValue(box.minimum() if value is None else value)
            else:
                box.setValue(box.minimum() if value is None else int(value))
