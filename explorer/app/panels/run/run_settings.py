"""The figures of a run that a person may set."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QWidget

from explorer.app.widgets.parameter_form import ParameterForm
from explorer.runs.recipe import FIELDS, REMEMBERED, Recipe, sound


class RunSettings(ParameterForm):
    """The form for the figures. figures_changed(figures): the person, or a call, set another value.
    resized: it wants another size."""

    figures_changed = Signal(object)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__([FIELDS[name] for name in REMEMBERED], parent)
        self._grid.setContentsMargins(12, 12, 12, 12)
        self._figures = sound(Recipe().as_dict())
        self.show_values(self._figures)
        self.edited.connect(lambda name, value, _burst: self.set_figures({name: value}))
        self.reset.connect(lambda name: self.set_figures({name: FIELDS[name].unset}))

    def add_section(self, section: QWidget) -> None:
        """Add a section below the figures, after a line."""
        rule = QFrame()
        rule.setFixedHeight(1)
        rule.setProperty("rule", True)
        self._grid.setRowMinimumHeight(self._grid.rowCount(), 20)
        for widget in (rule, section):
            self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 3)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.resized.emit()
        return super().event(event)

    def figures(self) -> dict[str, float | None]:
        """The figures by name: epochs, batch_size, learning_rate, weight_decay, seed; None where the
        value is automatic."""
        return dict(self._figures)

    def set_figures(self, figures: Mapping[str, object]) -> None:
        """Show these figures; unknown names and values that are not allowed are ignored."""
        before, self._figures = self._figures, {**self._figures, **sound(figures)}
        self.show_values(self._figures)
        if self._figures != before:
            self.figures_changed.emit(self.figures())
