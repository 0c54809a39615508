"""The table of all commands and that of the menus.

The commands of the canvas and of the run bar are declared with what they do; those of the panels
follow from the table of panels.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

import explorer
from explorer.analysis.form import FORMS, Entry
from explorer.app import theme
from explorer.app.canvas.actions import CANVAS
from explorer.app.command import Command, Menu
from explorer.app.docks import PANELS, bring_to_front
from explorer.app.log_window import LogWindow
from explorer.app.manual_window import ManualWindow
from explorer.app.panels.run.run_bar import RUN_BAR
from explorer.app.runs_window import RunsWindow
from explorer.app.shortcut_sheet import ShortcutSheet
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.window import Window

_KEY = QKeySequence.StandardKey


def _show(kind: type[Any], window: "Window", *args: object) -> None:
    """Show the one `SideWindow` of this class, made with `args`; then the canvas has the focus."""
    shown = window.findChild(kind) or kind(*args, window)
    shown.finished.connect(partial(_return, window))
    shown.show()
    shown.raise_()
    shown.activateWindow()


def _return(window: "Window", _result: int) -> None:
    window.activateWindow()
    window.canvas.setFocus()


def _about(window: "Window") -> None:
    window.session.notified.emit(
        _("CNN Explorer {version}, MIT licence. Fashion-MNIST © Zalando SE, MIT").format(
            version=explorer.__version__
        )
    )


def _by_menu() -> list[tuple[str, list[Command[Any]]]]:
    """The title of each menu with those of its commands that have keys, each command once."""
    left = {command.id: command for command in COMMANDS if command.shortcuts}
    return [
        (menu.title, [left.pop(id) for id in menu.ids if id in left]) for menu in (*MENUS, CONTEXT)
    ]


def _find(window: "Window") -> None:
    bring_to_front(window.docks["palette"])
    window.palette_panel.focus_search()


def _templates(window: "Window", menu: QMenu) -> None:
    menu.addMenu(window.tabs.new_menu(menu))


def _recent(window: "Window", menu: QMenu) -> None:
    def fill() -> None:
        menu.clear()
        for path in window.files.recent:
            menu.addAction(path, partial(window.files.open, path))
        if menu.isEmpty():
            menu.addAction(_("No files yet")).setEnabled(False)

    menu.aboutToShow.connect(fill)


EXPORTS = tuple(dict.fromkeys(form.entry for form in FORMS.values()))
_EXPORT_KEYS = {"source": "Ctrl+Shift+E", "diagram": "Ctrl+Shift+D", "table": "Ctrl+Shift+T"}


def _entry_words(entry: Entry) -> str:
    """The text of a menu entry, with the titles of the forms if there are several."""
    titles = [form.title for form in FORMS.values() if form.entry is entry]
    if len(titles) == 1:
        return _("{entry}…").format(entry=entry.words)
    return _("{entry} ({forms})…").format(entry=entry.words, forms=", ".join(titles))


FILE: "tuple[Command[Window], ...]" = (
    Command(
        "new",
        _("&New"),
        _KEY.New,
        _("A new small residual network"),
        lambda window: window.session.new(),
    ),
    Command(
        "open_file",
        _("&Open…"),
        _KEY.Open,
        _("Open a network file"),
        lambda window: window.files.open(),
    ),
    Command(
        "open_run",
        _("Open r&un…"),
        "Ctrl+Alt+O",
        _("Open a run that was made before, with its curves"),
        lambda window: _show(RunsWindow, window, window.session),
    ),
    Command(
        "squeezenet",
        _("&SqueezeNet on a photo"),
        "Ctrl+Shift+Q",
        _("SqueezeNet 1.1 with its ImageNet weights, applied to photos"),
        lambda window: window.show_example("squeezenet1_1"),
    ),
    Command(
        "save",
        _("&Save"),
        _KEY.Save,
        _("Save the network"),
        lambda window: window.files.save(),
    ),
    Command(
        "save_as",
        _("Save &as…"),
        "Ctrl+Shift+S",
        _("Save under another name"),
        lambda window: window.files.save_as(),
    ),
    Command(
        "import_weights",
        _("&Import weights…"),
        "Ctrl+I",
        _("Start with the weights in a .safetensors or .pth file"),
        lambda window: window.files.import_weights(),
    ),
    Command(
        "open_photo",
        _("Open a &photo…"),
        "Ctrl+Shift+O",
        _("Apply the network to a photo of your own"),
        lambda window: window.files.open_photo(),
    ),
    *(
        Command(
            f"export_{entry.id}",
            _entry_words(entry),
            _EXPORT_KEYS.get(entry.id, ""),
            entry.doc,
            lambda window, entry=entry: window.files.export(entry),  # type: ignore[misc]
        )
        for entry in EXPORTS
    ),
    Command(
        "close",
        _("&Close"),
        _KEY.Close,
        _("Close this network"),
        lambda window: window.files.close(window.session.documents.index(window.session.document)),
    ),
    Command("quit", _("&Quit"), "Ctrl+Q", _("Close the window"), lambda window: window.close()),
)
EDIT: "tuple[Command[Window], ...]" = (
    Command(
        "undo",
        _("&Undo {label}"),
        _KEY.Undo,
        _("Undo the last edit"),
        lambda window: window.session.document.step_back(),
        can=lambda window: window.session.document.undo.canUndo(),
        label=lambda window: window.session.document.undo.undoText(),
    ),
    Command(
        "redo",
        _("&Redo {label}"),
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        _("Redo the edit last undone"),
        lambda window: window.session.document.step_forward(),
        can=lambda window: window.session.document.undo.canRedo(),
        label=lambda window: window.session.document.undo.redoText(),
    ),
)
VIEW: "tuple[Command[Window], ...]" = (
    Command("find", _("&Search the palette"), "/", _("Find a layer, a block or a template"), _find),
    *(panel.command for panel in PANELS),
    Command(
        "reset_layout",
        _("Reset &layout"),
        "Ctrl+0",
        _("Put all panels back"),
        lambda window: window.reset_layout(),
    ),
    *(
        Command(
            f"colours_{mode}",
            words,
            "",
            tip,
            lambda _window, mode=mode: theme.choose(mode),  # type: ignore[misc]
            chosen=lambda mode=mode: theme.mode() == mode,  # type: ignore[misc]
        )
        for mode, words, tip in (
            ("auto", _("Colours of the system"), _("Dark or light, like the system")),
            ("dark", _("Dark"), _("Light text on a dark window")),
            ("light", _("Light"), _("Dark text on a light window")),
        )
    ),
)
HELP: "tuple[Command[Window], ...]" = (
    Command(
        "manual",
        _("&Manual"),
        "F1",
        _("How to use the program, page by page, with a search"),
        partial(_show, ManualWindow),
    ),
    Command(
        "shortcuts",
        _("&Keyboard shortcuts"),
        "?",
        _("Every command that has a key"),
        lambda window: _show(ShortcutSheet, window, _by_menu()),
    ),
    Command(
        "log",
        _("Show &log"),
        "Ctrl+Shift+L",
        _("The log of the window and the engine"),
        partial(_show, LogWindow),
    ),
    Command("about", _("&About"), "", _("Version and licence"), _about),
)
WINDOW = (*FILE, *EDIT, *VIEW, *HELP)
COMMANDS: tuple[Command[Any], ...] = (*WINDOW, *RUN_BAR, *CANVAS)

MENUS: "tuple[Menu[Window], ...]" = (
    Menu(
        _("&File"),
        (
            _templates,
            "new",
            "open_file",
            "open_run",
            Menu(_("E&xamples"), ("squeezenet",)),
            Menu(_("Open &recent"), (_recent,)),
            None,
            "save",
            "save_as",
            "import_weights",
            "open_photo",
            Menu(
                _("&Export"),
                tuple(f"export_{entry.id}" for entry in EXPORTS),
            ),
            None,
            "close",
            "quit",
        ),
    ),
    Menu(
        _("&Edit"),
        (
            "undo",
            "redo",
            None,
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
        ),
    ),
    Menu(
        _("&View"),
        (
            "fit",
            "zoom_in",
            "zoom_out",
            "up",
            None,
            "find",
            *(panel.id for panel in PANELS),
            "reset_layout",
            None,
            "colours_auto",
            "colours_dark",
            "colours_light",
        ),
    ),
    Menu(_("&Run"), ("run", "resume", "pause", "step", "stop", None, "run_settings")),
    Menu(_("&Help"), ("manual", "shortcuts", "log", "about")),
)
CONTEXT: "Menu[Window]" = Menu(
    _("Canvas"),
    (
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
    ),
)
