"""The user's folders for settings, data and log, where the operating system has its own."""

import os
from pathlib import Path

import platformdirs

HOME = "CNN_EXPLORER_HOME"
"""The environment variable with one folder for all of them, for example on a USB drive."""

_DIRS = platformdirs.PlatformDirs("cnn-explorer", appauthor=False)


def settings() -> Path:
    """The folder of the settings file."""
    return _at("settings", _DIRS.user_config_path)


def data() -> Path:
    """The folder of the user's own data: saved blocks, imported weights, runs."""
    return _at("data", _DIRS.user_data_path)


def state() -> Path:
    """The folder of what outlives a crash: the journals of the open networks."""
    return _at("state", _DIRS.user_state_path)


def log() -> Path:
    """The folder of the log files."""
    return _at("log", _DIRS.user_log_path)


def _at(name: str, usual: Path) -> Path:
    home = os.environ.get(HOME)
    return Path(home) / name if home else usual
