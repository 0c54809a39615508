"""The small button of a panel: a word or a sign, with a tip that says what it does."""

from PySide6.QtWidgets import QToolButton


def small_button(text: str, tip: str, flat: bool = False) -> QToolButton:
    """A button of that `text`; `flat`: without a frame until the mouse is over it."""
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setStatusTip(tip)
    button.setAutoRaise(flat)
    button.setProperty("small", True)
    return button
