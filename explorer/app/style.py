"""The style sheet of the window, made from a theme's colours.

The dynamic property `role` sets a label's font and colour, `label.setProperty("role", "heading")`:
title (15 px, bold), strong (bold), heading (10 px, bold, muted: for capitals), muted, faint, small
(11 px, muted), number (11 px, mono), problem, good, warning, link. A push button is the main one of
its group with `setProperty("primary", True)`, a frame is a card with `setProperty("card", True)`.
"""

import re
from collections.abc import Mapping

from PySide6.QtWidgets import QAbstractSpinBox

from explorer import resource


def sheet(theme: Mapping[str, str], sans: str, mono: str) -> str:
    """The style sheet of the application. theme: name and value of each field of a Theme; sans,
    mono: font families."""
    values = {**theme, "sans": sans, "mono": mono, "check-icon": _url("check")}
    for icon in ("down", "up", "left", "right", "close"):
        values[f"{icon}-icon"] = _url(f"{icon}-{theme['name']}")
    return re.sub(r"@([a-z_-]+)", lambda match: values[match[1]], _SHEET)


def indent(box: QAbstractSpinBox) -> None:
    """Indent the text of a spin box: Qt 6.11 ignores its left padding."""
    box.lineEdit().setTextMargins(6, 0, 0, 0)


def _url(icon: str) -> str:
    return f'url("{resource.path(f"icons/{icon}.svg").as_posix()}")'


_SHEET = """
QMainWindow, QDialog { background: @panel; }
QMainWindow::separator { background: @line; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: @accent; }
QSplitter::handle { background: @line; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: @accent; }
QAbstractScrollArea { background: @panel; border: none; }
QFrame[card="true"] { background: @card; border: 1px solid @line; border-radius: 7px; }
QFrame[rule="true"] { background: @line; border: none; margin: 0; }

QLabel { background: transparent; }
QLabel[role="title"] { font-size: 15px; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="heading"] { font-size: 10px; font-weight: 600; color: @muted; }
QLabel[role="muted"] { color: @muted; }
QLabel[role="small"] { color: @muted; font-size: 11px; }
QLabel[role="faint"] { color: @faint; font-size: 11px; }
QLabel[role="number"] { font-family: "@mono"; font-size: 11px; }
QLabel[role="problem"] { color: @problem; }
QLabel[role="good"] { color: @good; }
QLabel[role="warning"] { color: @warning; }
QLabel[role="link"] { color: @accent; font-size: 11px; }

QPushButton, QToolButton {
    background: @card; color: @text; border: 1px solid @line; border-radius: 6px; padding: 4px 12px;
    min-height: 18px;
}
QToolButton { padding: 4px 8px; }
QPushButton:hover, QToolButton:hover { background: @hover; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked { background: @pressed; }
QPushButton:focus, QToolButton:focus { border-color: @accent; }
QPushButton:disabled, QToolButton:disabled { color: @faint; background: @panel; }
QPushButton[primary="true"] {
    background: @accent; color: @on_accent; border-color: @accent; font-weight: 600;
}
QPushButton[primary="true"]:disabled { background: @line; color: @faint; border-color: @line; }
QPushButton:flat, QToolButton[autoRaise="true"] {
    background: transparent; border-color: transparent;
}
QPushButton:flat:hover, QToolButton[autoRaise="true"]:hover { background: @hover; }
QPushButton:flat:focus, QToolButton[autoRaise="true"]:focus { border-color: @accent; }
QToolButton[autoRaise="true"]:checked { background: @pressed; color: @accent; }
QToolButton[quiet="true"] { color: @muted; }
QToolButton[quiet="true"]:hover, QToolButton[quiet="true"]:checked { color: @text; }
QToolButton[small="true"] { font-size: 11px; padding: 0 6px; min-height: 16px; border-radius: 5px; }
QToolButton::menu-indicator { image: none; }
QToolButton[popupMode="1"] { padding-right: 20px; }
QToolButton::menu-button { border: none; width: 16px; }
QToolButton::menu-arrow { image: @down-icon; width: 10px; height: 10px; }

QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit {
    background: @card; color: @text; border: 1px solid @line; border-radius: 6px; padding: 3px 8px;
    min-height: 18px; selection-background-color: @accent; selection-color: @on_accent;
}
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { background: @hover; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
    border-color: @accent;
}
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled {
    color: @faint; background: @panel;
}
QLineEdit[problem="true"], QComboBox[problem="true"], QAbstractSpinBox[problem="true"] {
    border-color: @problem;
}
QComboBox { padding-right: 12px; }
QComboBox:disabled { color: @muted; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: @down-icon; width: 10px; height: 10px; }
QComboBox QAbstractItemView {
    background: @card; border: 1px solid @line; border-radius: 6px; padding: 4px; outline: none;
    selection-background-color: @pressed; selection-color: @text;
}
QAbstractSpinBox { padding-right: 20px; }
QAbstractSpinBox > QLineEdit, QComboBox > QLineEdit { border: none; background: none; padding: 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; border: none; background: transparent; width: 18px; height: 12px;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; top: 1px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; bottom: 1px; }
QAbstractSpinBox::up-arrow { image: @up-icon; width: 8px; height: 8px; }
QAbstractSpinBox::down-arrow { image: @down-icon; width: 8px; height: 8px; }

QCheckBox, QRadioButton { spacing: 8px; background: transparent; }
QCheckBox::indicator, QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid @line; border-radius: 4px; background: @card;
}
QRadioButton::indicator { border-radius: 7px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover,
QCheckBox:focus::indicator, QRadioButton:focus::indicator { border-color: @accent; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: @check-icon; }
QRadioButton::indicator:checked { background: @accent; border: 4px solid @card; }

QTabWidget::pane { border: none; border-top: 1px solid @line; }
QTabBar { background: transparent; border: none; qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: @muted; border: none; border-bottom: 2px solid transparent;
    padding: 6px 4px; margin: 0 8px;
}
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:disabled { color: @faint; }
QTabBar::close-button { image: @close-icon; subcontrol-position: right; padding: 3px; }
QTabBar::close-button:hover { background: @pressed; border-radius: 4px; }
QTabBar::scroller { width: 20px; }
QTabBar::tear { width: 0; image: none; }
QTabBar QToolButton { background: @panel; border: none; border-radius: 0; padding: 0; margin: 0; }
QTabBar QToolButton:hover { background: @hover; }
QTabBar QToolButton::right-arrow { image: @right-icon; width: 10px; height: 10px; }
QTabBar QToolButton::left-arrow { image: @left-icon; width: 10px; height: 10px; }

QDockWidget { color: @text; titlebar-close-icon: @close-icon; font-weight: 600; }
QDockWidget::title { background: @panel; padding: 6px 12px; border-bottom: 1px solid @line; }
QDockWidget::close-button, QDockWidget::float-button {
    background: transparent; border: none; border-radius: 4px; padding: 2px;
}
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: @hover; }
QDockWidget > QWidget { font-weight: 400; }

QToolBar {
    background: @panel; border: none; border-bottom: 1px solid @line; spacing: 8px;
    padding: 4px 8px;
}
QToolBar::separator { background: @line; width: 1px; margin: 4px; }
QMenuBar { background: @panel; color: @text; border-bottom: 1px solid @line; }
QMenuBar::item { background: transparent; padding: 4px 8px; border-radius: 5px; }
QMenuBar::item:selected { background: @hover; }
QMenu {
    background: @card; color: @text; border: 1px solid @line; border-radius: 7px; padding: 4px;
}
QMenu::item { padding: 5px 24px 5px 12px; border-radius: 5px; }
QMenu::item:selected { background: @pressed; }
QMenu::item:disabled { color: @faint; }
QMenu::icon { padding-left: 8px; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }
QMenu::right-arrow { image: @right-icon; width: 10px; height: 10px; }
QToolTip {
    background: @card; color: @text; border: 1px solid @line; padding: 4px 8px; font-size: 11px;
}

QAbstractItemView {
    background: @panel; border: none; outline: none; alternate-background-color: @canvas;
}
QAbstractItemView::item { padding: 3px 4px; border: none; }
QAbstractItemView::item:hover { background: @hover; }
QAbstractItemView::item:selected { background: @pressed; color: @text; }
QTableView { gridline-color: @line; font-family: "@mono"; font-size: 11px; }
QHeaderView { background: @panel; border: none; }
QHeaderView::section {
    background: @panel; color: @muted; border: none; border-bottom: 1px solid @line;
    padding: 4px 8px; font-size: 11px; font-weight: 400;
}
QTableCornerButton::section { background: @panel; border: none; }
QTreeView::branch:has-children:closed { image: @right-icon; }
QTreeView::branch:has-children:open { image: @down-icon; }

QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: @line; border-radius: 3px; margin: 2px; }
QScrollBar::handle:hover { background: @faint; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QAbstractScrollArea::corner { background: transparent; }

QProgressBar {
    background: @card; color: @text; border: 1px solid @line; border-radius: 6px;
    text-align: center; min-height: 18px; font-family: "@mono"; font-size: 11px;
}
QProgressBar::chunk { background: @progress; border-radius: 5px; }
QSlider::groove:horizontal { height: 4px; background: @line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent; border-radius: 2px; }
QSlider::handle:horizontal {
    width: 12px; height: 12px; margin: -4px 0; background: @text; border-radius: 6px;
}
QStatusBar { background: @panel; color: @muted; border-top: 1px solid @line; font-size: 11px; }
QStatusBar QLabel { color: @muted; font-size: 11px; padding: 0 4px; }
QStatusBar::item { border: none; }
QGroupBox {
    border: none; border-top: 1px solid @line; margin-top: 20px; padding-top: 8px; font-size: 10px;
    font-weight: 600; color: @muted;
}
QGroupBox::title { subcontrol-origin: margin; subcontrol-position: top left; padding: 0; }
"""
