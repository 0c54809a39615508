"""The figures of a run that a person may set."""

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QFrame, QWidget

from explorer.app.widgets.parameter_form import ParameterForm
from explorer.runs.recipe import FIELDS, REMEMBERED, Recipe


class RunSettings(ParameterForm):
    """The form of a recipe. changed: figures by name, as the person wants them. resized: it wants
    another size."""

    changed = Signal(object)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__([FIELDS[name] for name in REMEMBERED], parent)
        self._grid.setContentsMargins(12, 12, 12, 12)
        self.show_recipe(Recipe())
        self.edited.connect(lambda name, value, _burst: self.changed.emit({name: value}))
        self.reset.connect(lambda name: self.changed.emit({name: FIELDS[name].unset}))

    def add_section(self, section: QWidget) -> None:
        """Puts what follows from the figures below them."""
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

    def show_recipe(self, recipe: Recipe) -> None:
        """Shows the figures of this recipe."""
        self.show_values({name: getattr(recipe, name) for name in REMEMBERED})
