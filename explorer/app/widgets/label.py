"""A label in one of the roles of the style sheet."""

from PySide6.QtWidgets import QLabel


def label(text: str, role: str, wrap: bool = False) -> QLabel:
    """A label with the font and colour of a role (`explorer/app/style.py` lists them)."""
    widget = QLabel(text, wordWrap=wrap)
    widget.setProperty("role", role)
    return widget
