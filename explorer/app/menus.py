"""The menus: one button of the bar, the system's menu bar on macOS, and the canvas's own."""

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoStack
from PySide6.QtWidgets import QMenu, QToolButton

import explorer
from explorer.app import theme
from explorer.app.log_window import LogWindow
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.window import Window

CONTEXT = (
    "open",
    "edit_inside",
    "keep",
    "rename",
    None,
    "cut",
    "copy",
    "paste",
    "duplicate",
    None,
    "connect",
    "delete",
    "cut_out",
    None,
    "compare",
    None,
    "tidy",
    "fit",
)


class Menus(QObject):
    """Builds the menus of a window."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window, self.session = window, window.session
        self.menus = [self._file(), self._edit(), self._view(), self._run(), self._help()]
        self.button = QToolButton()
        self.button.setText("☰")
        self.button.setAccessibleName(_("Menu"))
        self.button.setStatusTip(_("All menus"))
        self.button.setShortcut(QKeySequence("Alt+M"))
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        whole = QMenu(self.button)
        for menu in self.menus:
            whole.addMenu(menu)
            if sys.platform == "darwin":
                window.menuBar().addMenu(menu)
        self.button.setMenu(whole)
        for menu in self.menus:
            for action in menu.actions():
                if action.shortcut() and action.parent() is menu:
                    window.addAction(action)

    def _add(
        self,
        menu: QMenu,
        text: str,
        shortcut: QKeySequence.StandardKey | str,
        tip: str,
        run: Callable[[], object],
    ) -> QAction:
        action = menu.addAction(text)
        action.setShortcut(QKeySequence(shortcut))
        action.setStatusTip(tip)
        action.triggered.connect(lambda _checked=False: run())
        return action

    def _file(self) -> QMenu:
        window, files, key = self.window, self.window.files, QKeySequence.StandardKey
        menu = QMenu(_("&File"), window)
        menu.addMenu(window.tabs.new_menu(menu))
        self._add(menu, _("&New"), key.New, _("A new small residual network"), self.session.new)
        self._add(menu, _("&Open…"), key.Open, _("Open a network file"), files.open)
        examples = menu.addMenu(_("E&xamples"))
        self._add(
            examples,
            _("&SqueezeNet on a photo"),
            "Ctrl+Shift+Q",
            _("SqueezeNet 1.1 with its ImageNet weights, looking at photos"),
            partial(window.show_example, "squeezenet1_1"),
        )
        window.addAction(examples.actions()[0])
        recent = menu.addMenu(_("Open &recent"))
        recent.aboutToShow.connect(partial(self._fill_recent, recent))
        menu.addSeparator()
        self._add(menu, _("&Save"), key.Save, _("Save the network"), files.save)
        self._add(menu, _("Save &as…"), "Ctrl+Shift+S", _("Save under another name"), files.save_as)
        self._add(
            menu,
            _("&Import weights…"),
            "Ctrl+I",
            _("Begin with the weights in a .safetensors or .pth file"),
            files.import_weights,
        )
        self._add(
            menu,
            _("Open a &photo…"),
            "Ctrl+Shift+O",
            _("Look at a photo of your own through the network"),
            files.open_photo,
        )
        menu.addMenu(self._export(menu))
        menu.addSeparator()
        self._add(
            menu,
            _("&Close"),
            key.Close,
            _("Close this network"),
            lambda: files.close(self.session.documents.index(self.session.document)),
        )
        self._add(menu, _("&Quit"), "Ctrl+Q", _("Close the window"), window.close)
        return menu

    def _export(self, parent: QMenu) -> QMenu:
        menu = QMenu(_("&Export"), parent)
        for form, text, shortcut, tip in (
            (
                "pytorch",
                _("&PyTorch source…"),
                "Ctrl+Shift+E",
                _("Save the source that the engine runs"),
            ),
            ("onnx", _("&ONNX…"), "", _("Save the network and its weights for other programs")),
            (
                "safetensors",
                _("&Weights (safetensors)…"),
                "",
                _("Save the weights, by the names that PyTorch gives them"),
            ),
            (
                "diagram",
                _("&Diagram (SVG, PDF, PNG)…"),
                "Ctrl+Shift+D",
                _("Save what is shown as a picture for a page"),
            ),
            (
                "table",
                _("&Table (CSV, Markdown)…"),
                "Ctrl+Shift+T",
                _("Save every layer's shape and figures"),
            ),
        ):
            if form in self.window.files.exports:
                action = self._add(menu, text, shortcut, tip, self.window.files.exports[form])
                self.window.addAction(action)
        return menu

    def _fill_recent(self, menu: QMenu) -> None:
        menu.clear()
        for path in self.window.files.recent:
            menu.addAction(path, partial(self.window.files.open, path))
        if menu.isEmpty():
            menu.addAction(_("nothing yet")).setEnabled(False)

    def _edit(self) -> QMenu:
        window, by_name = self.window, self.window.actions_of_canvas.by_name
        menu = QMenu(_("&Edit"), window)
        self.undo = self._add(
            menu,
            _("&Undo"),
            QKeySequence.StandardKey.Undo,
            _("Take the last edit back"),
            lambda: self.session.document.step_back(),
        )
        self.redo = self._add(
            menu,
            _("&Redo"),
            "Ctrl+Shift+Z",
            _("Do again what was undone"),
            lambda: self.session.document.step_forward(),
        )
        self.redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
        menu.addSeparator()
        for name in (
            "cut",
            "copy",
            "paste",
            "duplicate",
            "delete",
            "cut_out",
            "select_all",
            None,
            "connect",
            "rename",
            "edit_inside",
            "keep",
            "compare",
            "tidy",
        ):
            menu.addAction(by_name[name]) if name else menu.addSeparator()
        self.session.documents_changed.connect(self._refresh_undo)
        self._refresh_undo()
        return menu

    @property
    def _stack(self) -> QUndoStack:
        return self.session.document.undo

    def _refresh_undo(self) -> None:
        for action, words, can, label in (
            (self.undo, _("&Undo {label}"), self._stack.canUndo(), self._stack.undoText()),
            (self.redo, _("&Redo {label}"), self._stack.canRedo(), self._stack.redoText()),
        ):
            action.setEnabled(can)
            action.setText(words.format(label=label).rstrip())

    def _view(self) -> QMenu:
        window, by_name = self.window, self.window.actions_of_canvas.by_name
        menu = QMenu(_("&View"), window)
        for name in ("fit", "zoom_in", "zoom_out", "up"):
            menu.addAction(by_name[name])
        menu.addSeparator()
        for number, dock in enumerate(window.docks.values(), 1):
            action = dock.toggleViewAction()
            action.setShortcut(QKeySequence(f"Ctrl+{number}"))
            action.setStatusTip(_("Show or hide this panel"))
            menu.addAction(action)
            window.addAction(action)
        self._add(menu, _("Reset &layout"), "Ctrl+0", _("Put all panels back"), window.reset_layout)
        menu.addSeparator()
        group = QActionGroup(menu)
        for mode, text in (
            ("auto", _("Colours of the system")),
            ("dark", _("Dark")),
            ("light", _("Light")),
        ):
            action = menu.addAction(text, partial(theme.choose, mode))
            action.setCheckable(True)
            action.setChecked(theme.mode() == mode)
            group.addAction(action)
        return menu

    def _run(self) -> QMenu:
        menu = QMenu(_("&Run"), self.window)
        for action in self.window.run_bar.run_actions.values():
            menu.addAction(action)
            self.window.addAction(action)
        menu.addSeparator()
        self._add(
            menu,
            _("Se&ttings and memory"),
            "Ctrl+Shift+R",
            _(
                "The figures of the next run, what it takes of the device's memory, and the "
                "largest batch that fits"
            ),
            self.window.run_bar.open_settings,
        )
        return menu

    def _help(self) -> QMenu:
        menu = QMenu(_("&Help"), self.window)
        self._add(
            menu,
            _("Show &log"),
            "Ctrl+Shift+L",
            _("What window and engine wrote to their log"),
            self._show_log,
        )
        self._add(
            menu,
            _("&About"),
            "",
            _("Version and licence"),
            lambda: self.session.notified.emit(
                _("CNN Explorer {version}, MIT licence. Fashion-MNIST © Zalando SE, MIT").format(
                    version=explorer.__version__
                )
            ),
        )
        return menu

    def _show_log(self) -> None:
        shown = self.window.findChild(LogWindow) or LogWindow(self.window)
        shown.show()
        shown.raise_()
        shown.activateWindow()

    def context(self, place: QPoint) -> None:
        """Show the canvas's menu at a global place."""
        menu = QMenu(self.window)
        for name in CONTEXT:
            if name:
                menu.addAction(self.window.actions_of_canvas.by_name[name])
            else:
                menu.addSeparator()
        menu.popup(place)
