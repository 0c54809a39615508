"""The user's folders: settings, data and log, where the system keeps such things."""

import os
from pathlib import Path

import platformdirs

HOME = "CNN_EXPLORER_HOME"
"""The environment variable that names one folder for all of it, say on a stick."""

_DIRS = platformdirs.PlatformDirs("cnn-explorer", appauthor=False)


def settings() -> Path:
    """The folder of the settings file."""
    return _at("settings", _DIRS.user_config_path)


def data() -> Path:
    """The folder of what a person made: saved blocks, imported weights, runs."""
    return _at("data", _DIRS.user_data_path)


def log() -> Path:
    """The folder of the log files."""
    return _at("log", _DIRS.user_log_path)


def _at(name: str, usual: Path) -> Path:
    home = os.environ.get(HOME)
    return Path(home) / name if home else usual
