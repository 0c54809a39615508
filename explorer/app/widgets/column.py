"""Clears a column of widgets so that it can be filled again."""

from PySide6.QtWidgets import QVBoxLayout


def clear(column: QVBoxLayout, keep: int = 0) -> None:
    """Delete the widgets of a column except for its last `keep` items. They are hidden at once,
    because Qt deletes them only when control returns to the event loop."""
    while column.count() > keep:
        item = column.takeAt(0)
        if item is not None and (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
