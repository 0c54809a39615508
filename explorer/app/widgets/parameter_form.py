"""The form for the parameters of a kind or of a run, made from their declarations."""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QWidget

from explorer.app.number import limit_text, setting_text
from explorer.app.widgets.field import ChoiceField, Field, SwitchField, choice_text, field_for
from explorer.app.widgets.label import label
from explorer.app.widgets.small_button import small_button
from explorer.catalog import Param
from explorer.graph.graph import Value
from explorer.text import _

FIELD, NARROW, ROW = 122, 96, 30  # widths of a field, height of a row, in pixels


class ParameterForm(QWidget):
    """A row for each parameter: its title, a button that restores the default, and a field; below a
    field whose text is not allowed, the reason.

    If there is a parameter `block`, parameters that the chosen block does not use are not shown.
    edited(name, value, burst): the person set a value, or None where that is allowed; `burst` names
    the run of keystrokes that the edit belongs to, "" for a choice, which is an undo step of its
    own. reset(name): the person wants the default.
    """

    edited = Signal(str, object, str)
    reset = Signal(str)

    def __init__(self, params: Sequence[Param], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.params = params
        self.fields: dict[str, Field] = {}
        self.resets: dict[str, QToolButton] = {}
        self.reasons: dict[str, QLabel] = {}
        self._labels: dict[str, QLabel] = {}
        self._bursts = 0
        self._grid = QGridLayout(self)
        self._grid.setHorizontalSpacing(2)
        self._grid.setVerticalSpacing(0)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(2, 1000)
        self._grid.setColumnMinimumWidth(1, 18)
        self._grid.setColumnMinimumWidth(2, NARROW)

    def _add(self, row: int, param: Param) -> None:
        """Make a parameter's row, once it is needed: a block uses few of a stage's forty parameters."""
        name, grid = param.name, self._grid
        field, title = field_for(param), param.called
        self.fields[name] = field
        field.setToolTip(_tool_tip(param))
        field.setAccessibleName(title)
        field.setAccessibleDescription(param.doc)
        field.setMaximumWidth(FIELD)
        field.installEventFilter(self)
        heading = self._labels[name] = label(title, "muted")
        heading.setToolTip(_tool_tip(param))
        heading.setBuddy(field)
        default = _("Back to the default, {value}").format(value=_default(param))
        reset = self.resets[name] = small_button("↺", default, flat=True)
        reset.setAccessibleName(_("Reset {name}").format(name=title))
        reset.setStyleSheet("padding: 0;")
        reset.setFixedSize(18, 20)
        reset.clicked.connect(lambda: self.reset.emit(name))
        field.edited.connect(lambda value: self._on_edit(name, value))
        middle = Qt.AlignmentFlag.AlignVCenter
        for column, widget in enumerate((heading, reset, field)):
            grid.addWidget(widget, row, column, middle)
        grid.setRowMinimumHeight(row, ROW)
        if hasattr(field, "faulted"):
            line = self.reasons[name] = label("", "problem", wrap=True)
            line.hide()
            grid.addWidget(line, row + 1, 0, 1, 3)
            field.faulted.connect(lambda reason: self._show_reason(param, reason))

    def _show_reason(self, param: Param, reason: str) -> None:
        """Write below its field why a text is not allowed; nothing if it is allowed ("")."""
        show_reason(self.reasons[param.name], reason)
        self._mark(param.name, bool(reason))

    def _mark(self, name: str, wrong: bool) -> None:
        field = self.fields[name]
        if bool(field.property("problem")) != wrong:
            field.setProperty("problem", wrong)
            field.style().unpolish(field)
            field.style().polish(field)

    def show_values(
        self,
        values: Mapping[str, Value | None],
        editable: bool = True,
        mixed: Collection[str] = (),
        wrong: Collection[str] = (),
    ) -> None:
        """Show the values of these parameters. mixed: those that differ among the selected nodes;
        wrong: those to mark as faulty."""
        count = len(self.fields)
        for row, param in enumerate(self.params):
            name = param.name
            used = not param.of or ("block" not in mixed and values.get("block") in param.of)
            if name not in self.fields:
                if not used:
                    continue
                self._add(2 * row, param)
            field = self.fields[name]
            field.show_value(cast(Value, values[name]), name in mixed)  # None only where allowed
            field.setEnabled(editable)
            self._grid.setRowMinimumHeight(2 * row, ROW if used else 0)
            field.setVisible(used)
            self._labels[name].setVisible(used)
            self.resets[name].setVisible(
                used and editable and (name in mixed or values[name] != param.unset)
            )
            refused = name in self.reasons and bool(self.reasons[name].text())
            self._mark(name, name in wrong or refused)
        if len(self.fields) > count:
            self._set_tab_order()

    def prepare(self, values: Mapping[str, Value]) -> Iterator[None]:
        """Make the rows that these values need, one at each step of the iterator."""
        for row, param in enumerate(self.params):
            if param.name not in self.fields and (not param.of or values.get("block") in param.of):
                self._add(2 * row, param)
                for widget in (self._labels, self.resets, self.fields):
                    widget[param.name].ensurePolished()
                yield
        self._set_tab_order()

    def _set_tab_order(self) -> None:
        """Let the Tab key go from row to row, in whatever order they were made."""
        widgets = [
            widget
            for param in self.params
            if param.name in self.fields
            for widget in (self.resets[param.name], self.fields[param.name])
        ]
        for before, after in itertools.pairwise(widgets):
            QWidget.setTabOrder(before, after)

    def _on_edit(self, name: str, value: Value | None) -> None:
        is_choice = isinstance(self.fields[name], ChoiceField | SwitchField)
        self.edited.emit(name, value, "" if is_choice else f"{name}.{self._bursts}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            self._bursts += 1  # what is typed after a return to the field is a new undo step
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:
        for field in self.fields.values():
            if isinstance(field, ChoiceField):
                field.hidePopup()  # it is a window of its own, and would outlive what it is about
        super().hideEvent(event)


def show_reason(line: QLabel, reason: str) -> None:
    """Write in a line why the text of a field is not allowed; hide it for ""."""
    line.setText(reason)
    line.setVisible(bool(reason))


def _tool_tip(param: Param) -> str:
    """PyTorch's name of a parameter, its description, what is allowed, the default."""
    if param.choices:
        allowed = ", ".join(map(choice_text, param.choices))
    elif isinstance(param.default, bool):
        allowed = _("yes or no")
    else:
        allowed = (
            _("{low} to {high} {unit}")
            .format(
                low=limit_text(param.low or 0), high=limit_text(param.high or 0), unit=param.unit
            )
            .rstrip()
        )
        if param.pair:
            allowed = _("{range}, or two such numbers, height × width").format(range=allowed)
        for word in (*param.words, param.absent) if param.absent else param.words:
            allowed = _("{range}, or “{word}”").format(range=allowed, word=word)
    return _("<p><b>{name}</b>: {doc}</p><p>Allowed: {allowed}. Default: {default}</p>").format(
        name=param.name, doc=param.doc, allowed=allowed, default=_default(param)
    )


def _default(param: Param) -> str:
    return param.absent or setting_text(param.default)
