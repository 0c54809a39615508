"""The log of window and engine: one file, and the one before."""

import faulthandler
import logging
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

import explorer
from explorer import folders

LARGEST = 2**20  # bytes of a file, which then becomes the one before
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_log = logging.getLogger(__name__)


class _File(RotatingFileHandler):
    """The current file, to which a crash of the interpreter is written, too."""

    def _open(self) -> TextIOWrapper:
        stream = super()._open()
        faulthandler.enable(stream)
        return stream

    def close(self) -> None:
        faulthandler.disable()
        super().close()


def path() -> Path:
    """The current file."""
    return folders.log() / "cnn-explorer.log"


def start() -> None:
    """Log to the file from now on: the program's messages, Qt's, and the stack if it crashes.

    If the file cannot be written, there is standard error alone.
    """
    handlers: list[logging.Handler] = []
    if sys.stderr is not None:  # None in a program without a console on Windows
        console = logging.StreamHandler()
        console.setLevel(logging.WARNING)
        handlers.append(console)
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        handlers.append(_File(path(), "a", LARGEST, 1, "utf-8", errors="replace"))
    except OSError as error:
        _log.warning("there is no log file: %s", error)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s",
        handlers=handlers,
        force=True,
    )
    qInstallMessageHandler(_log_qt)
    _log.info("CNN Explorer %s, Python %s", explorer.__version__, sys.version.split()[0])


def tail(most: int = 256 * 1024) -> str:
    """The end of the log in whole lines, at most so many bytes; "" if there is none."""
    try:
        with path().open("rb") as file:
            file.seek(max(0, path().stat().st_size - most))
            cut = file.tell() > 0
            text = file.read(most).decode("utf-8", "replace")
    except OSError:
        return ""
    return text.partition("\n")[2] if cut else text


def _log_qt(kind: QtMsgType, _context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS.get(kind, logging.WARNING), "%s", message)
