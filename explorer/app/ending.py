"""Signals of the operating system that end the program, such as SIGTERM at log-out and Ctrl+C."""

import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # the last is Windows'


class EndSignals(QObject):
    """Emits `received` from the event loop, so that a signal interrupts no other code.

    Python writes the signal's number to a socket; that wakes Qt's event loop, which would not
    return to Python otherwise.
    """

    received = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read, self._written = socket.socketpair()
        for end in (self._read, self._written):
            end.setblocking(False)
        signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        self._former = {
            number: signal.signal(number, lambda *_args: None)
            for number in (getattr(signal, name, None) for name in NAMES)
            if number is not None
        }
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_readable)

    def _on_readable(self) -> None:
        for number in self._read.recv(64):
            if number in self._former:
                self.received.emit(number)

    def close(self) -> None:
        """Leave the signals as they were."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(-1)
        for number, former in self._former.items():
            signal.signal(number, former)
        self._read.close()
        self._written.close()
