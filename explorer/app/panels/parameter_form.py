"""The form of a kind's parameters, made from its declaration."""

from collections.abc import Collection, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from explorer.app.panels.field import ChoiceField, Field, SwitchField, field_for
from explorer.catalog import Kind, Param
from explorer.graph.graph import Value
from explorer.text import _

FIELD, ROW = 122, 30  # width of a field, height of a row, in pixels


class ParameterForm(QWidget):
    """A row for every parameter of a kind: its title, a way back to the default, a field.

    edited(name, value, burst): the person set a value; `burst` names the sequence of keystrokes
    it belongs to, "" for a choice, which stands for itself. reset(name): back to the default.
    """

    edited = Signal(str, object, str)
    reset = Signal(str)

    def __init__(self, kind: Kind, parent: QWidget | None = None):
        super().__init__(parent)
        self.kind = kind
        self.fields: dict[str, Field] = {}
        self.resets: dict[str, QToolButton] = {}
        self._bursts = 0
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.setColumnMinimumWidth(2, FIELD)
        for row, param in enumerate(kind.params):
            self._add(grid, row, param)

    def _add(self, grid: QGridLayout, row: int, param: Param) -> None:
        field = self.fields[param.name] = field_for(param)
        field.setToolTip(tip(param))
        field.setAccessibleName(title(param))
        field.setAccessibleDescription(param.doc)
        if not isinstance(field, SwitchField):
            field.setFixedWidth(FIELD)
        field.installEventFilter(self)
        label = QLabel(title(param))
        label.setProperty("role", "muted")
        label.setToolTip(tip(param))
        label.setBuddy(field)
        back = self.resets[param.name] = QToolButton()
        back.setText("↺")
        back.setAutoRaise(True)
        back.setProperty("small", True)
        back.setToolTip(_("Back to the default, {value}").format(value=_shown(param.default)))
        back.setAccessibleName(_("Reset {name}").format(name=title(param)))
        back.setStyleSheet("padding: 0;")
        back.setFixedSize(18, 20)
        policy = back.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        back.setSizePolicy(policy)
        back.clicked.connect(lambda: self.reset.emit(param.name))
        field.edited.connect(lambda value: self._on_edit(param.name, value))
        middle = Qt.AlignmentFlag.AlignVCenter
        grid.addWidget(label, row, 0, middle)
        grid.addWidget(back, row, 1, middle)
        grid.addWidget(field, row, 2, middle)
        grid.setRowMinimumHeight(row, ROW - 4)

    def show_values(self, values: Mapping[str, Value], editable: bool = True,
                    mixed: Collection[str] = (), wrong: Collection[str] = ()) -> None:
        """Show these values. mixed: parameters that differ among the nodes selected; wrong: those
        to be marked as at fault."""
        for param in self.kind.params:
            field, name = self.fields[param.name], param.name
            field.show_value(values[name], name in mixed)
            if field.isEnabled() != editable:
                field.setEnabled(editable)
            self.resets[name].setVisible(
                editable and (name in mixed or values[name] != param.default))
            if bool(field.property("problem")) != (name in wrong):
                field.setProperty("problem", name in wrong)
                field.style().unpolish(field)
                field.style().polish(field)

    def _on_edit(self, name: str, value: Value) -> None:
        alone = isinstance(self.fields[name], ChoiceField | SwitchField)
        self.edited.emit(name, value, "" if alone else f"{name}.{self._bursts}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self._bursts += 1  # what is typed after coming back is another undo step
        return super().eventFilter(watched, event)


def title(param: Param) -> str:
    """What the form calls a parameter: its title, else its name in words."""
    if param.title or len(param.name) == 1:
        return param.title or param.name
    return param.name.replace("_", " ").capitalize()


def tip(param: Param) -> str:
    """What the tool tip says: PyTorch's name, the sentence, what is allowed."""
    if param.choices:
        allowed = ", ".join(param.choices)
    elif isinstance(param.default, bool):
        allowed = _("yes or no")
    else:
        allowed = _("{low:,g} to {high:,g} {unit}").format(
            low=param.low, high=param.high, unit=param.unit).rstrip()
    return _("<p><b>{name}</b>: {doc}</p><p>Allowed: {allowed}. Default: {default}</p>").format(
        name=param.name, doc=param.doc, allowed=allowed, default=_shown(param.default))


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{value:g}" if isinstance(value, float) else str(value)
