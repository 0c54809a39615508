"""The fields for the shape of the network's input."""

from dataclasses import replace
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from explorer.app.number import grouped, shape_text
from explorer.app.session import Session
from explorer.app.widgets.field import WholeField
from explorer.app.widgets.label import label
from explorer.app.widgets.parameter_form import show_reason
from explorer.graph.file import LARGEST_SIDE
from explorer.text import _


class InputForm(QWidget):
    """Channels × height × width of the input of the whole network, to be edited."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(4)
        column.addLayout(row)
        self.reason = label("", "problem", wrap=True)
        self.reason.hide()
        column.addWidget(self.reason)
        row.addWidget(label(_("Input"), "muted"), 1)
        self.fields: list[WholeField] = []
        for axis, (name, tip, width) in enumerate(
            (
                (_("Channels"), _("Channels of a picture, 1 to {most}"), 46),
                (_("Height"), _("Height of a picture in pixels, 1 to {most}"), 54),
                (_("Width"), _("Width of a picture in pixels, 1 to {most}"), 54),
            )
        ):
            if axis:
                row.addWidget(label("×", "faint"))
            field = WholeField(name, 1, LARGEST_SIDE)
            field.setFixedWidth(width)
            field.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            field.setToolTip(tip.format(most=grouped(LARGEST_SIDE)))
            field.setAccessibleName(_("Input: {name}").format(name=name))
            field.edited.connect(partial(self._set_side, axis))
            field.faulted.connect(partial(show_reason, self.reason))
            self.fields.append(field)
            row.addWidget(field)

    def refresh(self) -> None:
        """Show the current shape."""
        for field, side in zip(self.fields, self._session.graph.input):
            field.show_value(side)

    def _set_side(self, axis: int, side: int) -> None:
        shape = list(self._session.graph.input)
        shape[axis] = side
        self._session.edit(
            _("Set the input to {shape}").format(shape=shape_text(tuple(shape))),
            lambda graph: replace(graph, input=tuple(shape)),
            burst=f"input.{axis}",
            whole=True,
        )
