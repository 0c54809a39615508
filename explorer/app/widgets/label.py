"""Labels in one of the roles of the style sheet, and links in them."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def label(text: str, role: str, wrap: bool = False) -> QLabel:
    """A label with the font and colour of a role (`explorer/app/style.py` lists them)."""
    widget = QLabel(text, wordWrap=wrap)
    widget.setProperty("role", role)
    return widget


def link_label(text: str = "", wrap: bool = False) -> QLabel:
    """A small label whose links work by mouse and by keyboard."""
    widget = label(text, "small", wrap)
    widget.setTextFormat(Qt.TextFormat.RichText)
    widget.setTextInteractionFlags(
        Qt.TextInteractionFlag.LinksAccessibleByMouse
        | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
    )
    return widget


def link(target: str, text: str) -> str:
    """A link for the text of a `link_label`, which emits `linkActivated(target)`."""
    return f'<a href="{target}" style="text-decoration:none">{text}</a>'
