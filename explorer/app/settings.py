"""The settings, remembered between two starts: one table, each checked when read."""

import json
import logging
import os
import shlex
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QByteArray, QSettings

from explorer.app import folders
from explorer.runs.recipe import REMEMBERED, Recipe

T = TypeVar("T")
_log = logging.getLogger(__name__)


def store() -> QSettings:
    """The file of the settings; several windows may use it at once."""
    return QSettings(str(folders.settings() / "settings.ini"), QSettings.Format.IniFormat)


@dataclass(frozen=True)
class Setting(Generic[T]):
    """One setting.

    read: converts what is stored to the value; raises TypeError or ValueError if that makes no
    sense, and the default is used. write: converts a value to what is stored.
    """

    key: str
    default: T
    read: Callable[[Any], T]
    write: Callable[[T], Any] = lambda value: value

    def get(self) -> T:
        """The value that is stored; a copy of the default if there is none or it makes no sense."""
        stored = store().value(self.key)
        if stored is None:
            return copy(self.default)
        try:
            return self.read(stored)
        except (TypeError, ValueError, RecursionError) as error:
            _log.warning("the setting %s is ignored: %.80r (%.80s)", self.key, stored, error)
            return copy(self.default)

    def set(self, value: T) -> None:
        """Remember a value."""
        store().setValue(self.key, self.write(value))

    def forget(self) -> None:
        """Return to the default."""
        store().remove(self.key)

    def part(self, name: str) -> "Setting[T]":
        """The setting of the same kind for one thing among many."""
        return Setting(f"{self.key}/{name}", self.default, self.read, self.write)


def _instance(kind: type[T], stored: object) -> T:
    if not isinstance(stored, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(stored).__name__}")
    return stored


_text: Callable[[object], str] = partial(_instance, str)


def _texts(stored: object) -> tuple[str, ...]:
    """Texts; Qt returns a list of one as a text, and a text with commas as a list."""
    if isinstance(stored, str):
        return (stored,) if stored else ()
    return tuple(map(_text, _instance(list, stored)))


def _words(stored: object) -> frozenset[str]:
    return frozenset(_text(stored).split())


def _among(*choices: str) -> Callable[[object], str]:
    def read(stored: object) -> str:
        if stored not in choices:
            raise ValueError(f"allowed: {', '.join(choices)}")
        return str(stored)

    return read


def _command(stored: object) -> tuple[str, ...]:
    """The words of a command line."""
    if isinstance(stored, str):
        return tuple(shlex.split(stored, posix=os.name != "nt"))
    return _texts(stored)


def _numbers(stored: object) -> frozenset[int]:
    return frozenset(int(word) for word in _text(stored).split())


def _states(stored: object) -> dict[str, str]:
    """Pairs such as "layers:all,blocks:folded", by the first of each."""
    pairs = (part.rpartition(":") for text in _texts(stored) for part in text.split(","))
    return {name: state for name, _colon, state in pairs if name}


def _lines(stored: object) -> frozenset[str]:
    return frozenset(line for line in _text(stored).split("\n") if line)


def _opened_with(stored: object) -> dict[str, tuple[str | None, str]]:
    """[[file, weights or None, data set], …]"""
    rows = [row for row in _instance(list, stored) if isinstance(row, list) and len(row) == 3]
    return {
        file: (weights if isinstance(weights, str) and weights else None, data)
        for file, weights, data in rows
        if isinstance(file, str) and isinstance(data, str)
    }


def _joined(values: frozenset[Any]) -> str:
    return " ".join(sorted(map(str, values)))


def _recipe(stored: object) -> Recipe:
    return Recipe().updated(json.loads(_text(stored)))


THEMES = ("auto", "dark", "light")
THEME = Setting("look/theme", "auto", _among(*THEMES))
GEOMETRY = Setting("window/geometry", QByteArray(), partial(_instance, QByteArray))
PANELS = Setting("window/state", QByteArray(), partial(_instance, QByteArray))
PALETTE = Setting[dict[str, str]](
    "palette/sections",
    {},
    _states,
    lambda states: ",".join(f"{name}:{state}" for name, state in sorted(states.items())),
)
HIDDEN_COLUMNS = Setting[frozenset[int]]("layers/hidden", frozenset(), _numbers, _joined)
RECENT = Setting[tuple[str, ...]]("files/recent", (), _texts, list)
OPENED_WITH = Setting[dict[str, tuple[str | None, str]]](
    "weights/of_files",
    {},
    _opened_with,
    lambda known: [[file, *what] for file, what in known.items()],
)
RULES_ASIDE = Setting[frozenset[str]]("advice/rules", frozenset(), _words, _joined)
ADVICE_ASIDE = Setting[frozenset[str]](
    "advice/here", frozenset(), _lines, lambda lines: "\n".join(sorted(lines))
)
ENGINE = Setting[tuple[str, ...]]("engine/command", (), _command, list)
DEVICE = Setting("engine/device", "auto", _text)
RECIPE = Setting(
    "run/recipe",
    Recipe(),
    _recipe,
    lambda recipe: json.dumps({name: getattr(recipe, name) for name in REMEMBERED}),
)
"""The recipe of the next run; of its figures, those in `REMEMBERED` are kept."""
