"""A column of figures: their names at the left, their values right-aligned."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from explorer.app.widgets.label import label

ROW = 19  # pixels


class FigureColumn(QWidget):
    """Rows of (name, value, tool tip)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self._grid.setColumnStretch(0, 1)
        self._rows: list[tuple[QLabel, QLabel]] = []

    def set_rows(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Show these rows and no others."""
        self.prepare(len(rows))
        for number, (name, value) in enumerate(self._rows):
            used = number < len(rows)
            if used:
                name.setText(rows[number][0])
                value.setText(rows[number][1])
                for cell in (name, value):
                    cell.setToolTip(rows[number][2])
            name.setVisible(used)
            value.setVisible(used)

    def prepare(self, count: int) -> None:
        """Make rows, hidden until they are needed, so that there are at least this many."""
        while len(self._rows) < count:
            self._rows.append(self._row(len(self._rows)))

    def value_of(self, name: str) -> str:
        """The value shown beside a name. Raises KeyError if there is none."""
        for left, right in self._rows:
            if left.text() == name and not right.isHidden():
                return right.text()
        raise KeyError(name)

    def _row(self, number: int) -> tuple[QLabel, QLabel]:
        name, value = label("", "muted"), label("", "number")
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        value.setCursor(Qt.CursorShape.IBeamCursor)
        for column, cell in enumerate((name, value)):
            cell.setFixedHeight(ROW)
            cell.hide()
            self._grid.addWidget(cell, number, column)
            cell.ensurePolished()
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return name, value
