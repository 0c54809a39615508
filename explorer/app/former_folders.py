"""Moves what version 0.1 kept in other folders: settings, blocks, weights, runs."""

import errno
import logging
import os
import shutil
import sys
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths

from explorer import folders
from explorer.app import settings

_log = logging.getLogger(__name__)


def adopt() -> None:
    """Move settings and data of version 0.1 to the present folders, but for one that HOME names.

    What cannot be moved stays where it is, and is tried again at the next start. The application
    must have the name that it had in version 0.1: Qt derived the folders from it.
    """
    if folders.HOME in os.environ:
        return
    former = QSettings()
    former.setFallbacksEnabled(False)
    caches = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation))
    blocks = Path(former.fileName()).parent
    if sys.platform in ("win32", "darwin"):
        location = QStandardPaths.StandardLocation.AppDataLocation
        blocks = Path(QStandardPaths.writableLocation(location))
    _adopt_settings(former)
    moved: dict[Path, Path] = {}
    for old in (blocks / "blocks", caches / "weights", caches / "runs"):
        moved |= _move(old, folders.data() / old.name)
    _point_to(moved)


def _adopt_settings(former: QSettings) -> None:
    now = settings.store()
    if now.allKeys() or not former.allKeys():
        return
    for key in former.allKeys():
        now.setValue(key, former.value(key))
    now.sync()
    if now.status() == QSettings.Status.NoError:
        former.clear()


def _move(old: Path, new: Path) -> dict[Path, Path]:
    """Move the entries of a folder into another, each completely or not at all.

    An entry whose name exists there stays. Returns the new path of each that was moved by its old.
    """
    moved: dict[Path, Path] = {}
    try:
        for each in list(old.iterdir()) if old.is_dir() else ():
            if not (new / each.name).exists():
                new.mkdir(parents=True, exist_ok=True)
                _move_one(each, new / each.name)
                moved[each] = new / each.name
        if old.is_dir() and not any(old.iterdir()):
            old.rmdir()
    except OSError as error:
        _log.warning("%s is not moved, or not all of it: %s", old, error)
    return moved


def _move_one(old: Path, new: Path) -> None:
    """Move a file or folder. Raises OSError: then it is unchanged where it was."""
    try:
        old.rename(new)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    part = new.with_name(f".{new.name}.part")  # on another file system: copy, then rename
    if old.is_dir():
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(old, part)
        part.rename(new)
        shutil.rmtree(old)
    else:
        shutil.copy2(old, part)
        part.rename(new)
        old.unlink()


def _point_to(moved: dict[Path, Path]) -> None:
    """Replace the paths of moved weights in the settings."""
    known = settings.OPENED_WITH.get()
    changed = {
        file: (str(moved[Path(weights)]), data)
        for file, (weights, data) in known.items()
        if weights and Path(weights) in moved
    }
    if changed:
        settings.OPENED_WITH.set(known | changed)
