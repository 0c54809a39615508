"""The shape of the pictures that a network takes."""

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from explorer.app.session import Session
from explorer.app.widgets.field import WholeField
from explorer.graph.file import LARGEST_SIDE
from explorer.graph.graph import Graph
from explorer.text import _


class InputForm(QWidget):
    """Channels × height × width of the whole network's input, to edit."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(4)
        column.addLayout(row)
        self.reason = QLabel()
        self.reason.setProperty("role", "problem")
        self.reason.setWordWrap(True)
        self.reason.hide()
        column.addWidget(self.reason)
        label = QLabel(_("Input"))
        label.setProperty("role", "muted")
        row.addWidget(label, 1)
        self.fields: list[WholeField] = []
        for axis, (name, wide) in enumerate(
            ((_("Channels"), 46), (_("Height"), 54), (_("Width"), 54))
        ):
            if axis:
                times = QLabel("×")
                times.setProperty("role", "faint")
                row.addWidget(times)
            field = WholeField(name, 1, LARGEST_SIDE)
            field.setFixedWidth(wide)
            field.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            field.setToolTip(
                _("{name} of a picture, 1 to {most:,}").format(name=name, most=LARGEST_SIDE)
            )
            field.setAccessibleName(_("Input: {name}").format(name=name))
            field.edited.connect(partial(self._set, axis))
            field.faulted.connect(self._show_reason)
            self.fields.append(field)
            row.addWidget(field)

    def refresh(self) -> None:
        """Show the present shape."""
        for field, side in zip(self.fields, self._session.graph.input):
            field.show_value(side)

    def _show_reason(self, why: str) -> None:
        """Show why the text of a field is not allowed; "": it is."""
        self.reason.setText(why)
        self.reason.setVisible(bool(why))

    def _set(self, axis: int, side: int) -> None:
        def reshaped(graph: Graph) -> Graph:
            shape = tuple(side if at == axis else old for at, old in enumerate(graph.input))
            return replace(graph, input=shape)

        self._session.edit(
            _("Set the input to {shape}").format(
                shape="×".join(
                    str(side if at == axis else old)
                    for at, old in enumerate(self._session.graph.input)
                )
            ),
            reshaped,
            burst=f"input.{axis}",
            whole=True,
        )
