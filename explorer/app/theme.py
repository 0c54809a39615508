"""The colours and fonts of the window: two themes, and the current one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from explorer import resource
from explorer.app import settings, style

SANS, MONO = "Inter", "JetBrains Mono"
_FONTS = (
    "Inter-Regular.otf",
    "Inter-SemiBold.otf",
    "JetBrainsMono-Regular.ttf",
    "JetBrainsMono-SemiBold.ttf",
)


@dataclass(frozen=True)
class Theme:
    """One set of colours, as "#rrggbb"; `name` is "dark" or "light"."""

    name: str
    canvas: str
    panel: str
    card: str
    line: str
    text: str
    muted: str
    faint: str
    accent: str
    on_accent: str
    plot: str
    grid: str
    problem: str
    good: str
    warning: str
    hover: str
    pressed: str
    progress: str


DARK = Theme(
    name="dark",
    canvas="#14161a",
    panel="#1b1e24",
    card="#252932",
    line="#323845",
    text="#e8eaee",
    muted="#98a1b0",
    faint="#5c6573",
    accent="#5aa2ff",
    on_accent="#0d1624",
    plot="#15181d",
    grid="#242933",
    problem="#e5484d",
    good="#3fb37f",
    warning="#e08a2e",
    hover="#2d323d",
    pressed="#373d4a",
    progress="#2c4163",
)
LIGHT = Theme(
    name="light",
    canvas="#f3f4f7",
    panel="#fbfbfd",
    card="#ffffff",
    line="#d5d9e2",
    text="#1c2129",
    muted="#5d6674",
    faint="#9aa3b2",
    accent="#1f6feb",
    on_accent="#ffffff",
    plot="#ffffff",
    grid="#e8ebf0",
    problem="#e5484d",
    good="#3fb37f",
    warning="#e08a2e",
    hover="#eef1f6",
    pressed="#e2e6ee",
    progress="#cbdcf8",
)
PAPER = replace(LIGHT, canvas="#ffffff", line="#c6ccd7")
"""Light, for print: on white, with stronger lines."""
CATEGORY = MappingProxyType(
    {
        "stem": "#3fa37a",
        "stage": "#7a6ff0",
        "block": "#4b86ee",
        "head": "#e08a2e",
        "convolution": "#2ea3b8",
        "normalisation": "#8e9aab",
        "activation": "#d8ab2c",
        "pooling": "#c264a8",
        "merge": "#a9835a",
        "shape": "#8e9aab",
    }
)
# The two curves of a run, in plots and legends.
TRAIN, VALIDATION = CATEGORY["block"], CATEGORY["head"]


class _State(QObject):
    """The current theme, and what has been done once."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.theme = DARK
        self.follows = False


_state = _State()
changed: SignalInstance = _state.changed


def current() -> Theme:
    """The theme of the window."""
    return _state.theme


def color(name: str) -> QColor:
    """The colour of a token of the current theme, or of a category of kinds."""
    return QColor(CATEGORY.get(name) or getattr(_state.theme, name))


def mixed(name: str, under: str, share: float) -> QColor:
    """The opaque mixture of `share` (0 to 1) of the colour `name` and the rest of `under`."""
    top, bottom = color(name), color(under)
    return QColor(
        round(top.red() * share + bottom.red() * (1 - share)),
        round(top.green() * share + bottom.green() * (1 - share)),
        round(top.blue() * share + bottom.blue() * (1 - share)),
    )


@contextmanager
def worn(theme: Theme) -> Iterator[None]:
    """Use the colours of `theme` while something is painted; the window keeps its own."""
    before, _state.theme = _state.theme, theme
    try:
        yield
    finally:
        _state.theme = before


def sans(size: int = 12, bold: bool = False) -> QFont:
    """The font of text, `size` in pixels, with tabular figures. It has no contextual alternates,
    which would draw the x of "resnext50_32x4d" as ×."""
    font = _font(SANS, size, bold)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def mono(size: int = 11, bold: bool = False) -> QFont:
    """The font of numbers and code, `size` in pixels, without ligatures."""
    font = _font(MONO, size, bold)
    font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def _font(family: str, size: int, bold: bool) -> QFont:
    font = QFont(family)
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    font.setFeature(QFont.Tag("calt"), 0)
    return font


def mode() -> str:
    """What the person chose: "auto" (as the system), "dark" or "light"."""
    return settings.THEME.get()


def choose(chosen: str) -> None:
    """Use "auto", "dark" or "light" from now on, and remember it. Raises ValueError for another."""
    if chosen not in settings.THEMES:
        raise ValueError(f"the theme is one of {', '.join(settings.THEMES)}, not {chosen!r}")
    settings.THEME.set(chosen)
    _follow()


def start(app: QApplication) -> None:
    """Use the remembered theme, and follow the system's from now on."""
    if not _state.follows:
        app.styleHints().colorSchemeChanged.connect(_follow)
        _state.follows = True
    apply(app, _wanted())


def _follow() -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and _wanted() != _state.theme:
        apply(app, _wanted())


def _wanted() -> Theme:
    chosen = mode()
    if chosen == "auto":
        scheme = QApplication.styleHints().colorScheme()
        return LIGHT if scheme == Qt.ColorScheme.Light else DARK
    return LIGHT if chosen == "light" else DARK


def apply(app: QApplication, theme: Theme | None = None) -> None:
    """Give `app` a theme (None: the current one) and emit `changed`."""
    load_fonts()
    _state.theme = theme or _state.theme
    app.setStyle("Fusion")
    app.setFont(sans(12))
    app.setPalette(_palette(_state.theme))
    app.setStyleSheet(style.sheet(vars(_state.theme), SANS, MONO))
    changed.emit()


@cache
def load_fonts() -> None:
    """Give Qt the fonts that come with the program, once."""
    for name in _FONTS:
        # From memory, so that a font also loads from an installation in an archive.
        QFontDatabase.addApplicationFontFromData(resource.path(f"fonts/{name}").read_bytes())


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.panel,
        role.WindowText: theme.text,
        role.Base: theme.card,
        role.AlternateBase: theme.panel,
        role.Text: theme.text,
        role.Button: theme.card,
        role.ButtonText: theme.text,
        role.BrightText: theme.problem,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Highlight: theme.accent,
        role.Accent: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.PlaceholderText: theme.faint,
        role.ToolTipBase: theme.card,
        role.ToolTipText: theme.text,
        role.Light: theme.hover,
        role.Midlight: theme.hover,
        role.Mid: theme.line,
        role.Dark: theme.line,
        role.Shadow: theme.canvas,
    }
    palette = QPalette()
    for part, value in colours.items():
        palette.setColor(part, QColor(value))
    for part in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, part, QColor(theme.faint))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(theme.line))
    return palette
