"""The start of the window."""

import gc
import logging
import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from explorer.app import former_folders, log, theme
from explorer.app.ending import EndSignals
from explorer.app.recovery import Recovery
from explorer.app.session import Session
from explorer.app.window import Window
from explorer.catalog import templates
from explorer.graph.file import FileError
from explorer.text import _

_log = logging.getLogger(__name__)


def run(network: str | None = None) -> int:
    """Show the window with a file or template open, until it is closed; returns the exit status.

    What was open when the program last ended unexpectedly is open again; a signal ends it in the
    same way, without asking. Raises FileError before anything is shown if the file cannot be
    opened.
    """
    QCoreApplication.setOrganizationName("CNN Explorer")
    QCoreApplication.setApplicationName("CNN Explorer")
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    log.start()
    former_folders.adopt()
    theme.start(app)
    session = Session()
    window, recovery, signals = Window(session), Recovery(session), EndSignals(session)
    recovery.restore()
    if network in templates.names():
        session.new(network)
    elif network is not None:
        session.read(network)
    sys.excepthook = _ExceptionHook(session)
    signals.received.connect(lambda number: app.exit(128 + number))
    window.show()
    QTimer.singleShot(0, session.link.start)
    QTimer.singleShot(0, recovery.start)
    QTimer.singleShot(1000, window, lambda: settle(window))
    status = app.exec()
    signals.close()
    sys.excepthook = sys.__excepthook__
    recovery.close(keep=not window.closed)
    session.link.close()
    return status


def start() -> int:
    """Run without a console: an error that prevents the start is shown in a dialog. Returns the exit
    status."""
    try:
        return run(next(iter(sys.argv[1:]), None))
    except FileError as error:
        words = str(error)
    except Exception as fault:  # noqa: BLE001  there is no console for it
        _log.error("the program did not start", exc_info=fault)
        words = _("CNN Explorer cannot start: {fault}. The log is {path}").format(
            fault=f"{type(fault).__name__}: {fault}", path=log.path()
        )
    _app = QApplication.instance() or QApplication(sys.argv[:1])
    QMessageBox.critical(None, "CNN Explorer", words)
    return 2


def settle(window: Window) -> None:
    """Make what is not needed for the first frame; then exclude all objects that the window consists
    of from garbage collection, which caused frames of 50 ms."""
    window.training.plots.ensurePolished()
    gc.collect()
    gc.freeze()


class _ExceptionHook:
    """Logs each exception that nobody caught, and notifies the person once of each."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._notified: set[tuple[object, ...]] = set()

    def __call__(
        self, kind: type[BaseException], value: BaseException, trace: TracebackType | None
    ) -> None:
        _log.error("a fault of ours", exc_info=(kind, value, trace))
        frames = traceback.extract_tb(trace)[-1:]
        key = kind, *((frame.filename, frame.lineno) for frame in frames)
        if key not in self._notified:
            self._notified.add(key)
            self.session.notified.emit(
                _(
                    "A fault of CNN Explorer: {fault}. Your network is "
                    "unharmed; Help > Show log shows the details"
                ).format(fault=f"{kind.__name__}: {value}")
            )
