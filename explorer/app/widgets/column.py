"""A column of widgets that is filled anew."""

from PySide6.QtWidgets import QVBoxLayout


def clear(column: QVBoxLayout, keep: int = 0) -> None:
    """Delete the widgets of a column but for the last `keep` items; they are hidden at once, because
    Qt deletes them only when it is back in the event loop."""
    while column.count() > keep:
        item = column.takeAt(0)
        if item is not None and (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
