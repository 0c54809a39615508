"""Brings over what earlier versions kept in other places: settings, blocks, weights, runs."""

import logging
import shutil
import sys
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths

from explorer.app import folders, settings

_log = logging.getLogger(__name__)


def adopt() -> None:
    """Move what lies in the places of version 0.1 to where it belongs now. What cannot be moved
    stays where it is, and is tried again at the next start. The application must be called as in
    that version, for Qt made the places of its name."""
    former = QSettings()
    former.setFallbacksEnabled(False)
    caches = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation))
    blocks = Path(former.fileName()).parent
    if sys.platform in ("win32", "darwin"):
        here = QStandardPaths.StandardLocation.AppDataLocation
        blocks = Path(QStandardPaths.writableLocation(here))
    _adopt_settings(former)
    for old in (blocks / "blocks", caches / "weights", caches / "runs"):
        try:
            _move(old, folders.data() / old.name)
        except OSError as error:
            _log.warning("%s stays where it is: %s", old, error)
    _point_to(folders.data() / "weights", caches / "weights")


def _adopt_settings(former: QSettings) -> None:
    now = settings.store()
    if now.allKeys() or not former.allKeys():
        return
    for key in former.allKeys():
        now.setValue(key, former.value(key))
    now.sync()
    if now.status() == QSettings.Status.NoError:
        former.clear()


def _move(old: Path, new: Path) -> None:
    """Move what is in a folder into another; what has a name that is taken there stays."""
    if not old.is_dir():
        return
    new.mkdir(parents=True, exist_ok=True)
    for each in list(old.iterdir()):
        if not (new / each.name).exists():
            shutil.move(each, new / each.name)
    if not any(old.iterdir()):
        old.rmdir()


def _point_to(new: Path, old: Path) -> None:
    """Let remembered files begin with weights where they are now."""
    known = settings.BEGINNINGS.get()
    moved = {
        file: (str(new / Path(weights).name), data)
        for file, (weights, data) in known.items()
        if weights and Path(weights).parent == old and (new / Path(weights).name).exists()
    }
    if moved:
        settings.BEGINNINGS.set(known | moved)
