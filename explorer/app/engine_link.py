"""The window's link to the engine: its process, requests to it, and its answers as signals."""

import logging
import os
import re
import shlex
import signal
import sys
import time
from collections import deque
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import (
    QCoreApplication,
    QObject,
    QProcess,
    QProcessEnvironment,
    QTimer,
    Signal,
)

import explorer
from explorer.app import settings
from explorer.protocol.codec import MessageError, decode, encode
from explorer.protocol.frames import Decoder, FrameError
from explorer.protocol.looks import Look
from explorer.protocol.messages import (
    Build,
    Built,
    Exported,
    Failed,
    Hello,
    Imported,
    Message,
    Modes,
    Quit,
    Rows,
    Saved,
    Seen,
    State,
    Taken,
    Train,
    Validated,
    Watching,
)
from explorer.text import _

DEATHS, WITHIN = 3, 20.0  # after so many deaths in a row, each within so many s, it is given up
BACK_OFF_MS = (200, 1000)  # before a new start after the first death, and after a further one
HELLO_LIMIT_MS = 90_000  # until hello: torch may come from a cold disk or over a slow line
LOG_BYTES, LINES, LINE = 64 * 1024, 200, 4000  # read at once; lines kept, characters of each
_log = logging.getLogger("explorer.engine")  # what the engine logs, and what concerns it
_OF_A_RUN = (Rows, Modes, Validated, Saved, State)


def default_command() -> list[str]:
    """The command that starts the engine on this machine, word by word."""
    return [sys.executable, "-m", "explorer.engine"]


def command() -> list[str]:
    """The command that starts the engine, word by word: the setting ENGINE, if there is one."""
    return list(settings.ENGINE.get()) or default_command()


class EngineLink(QObject):
    """The engine's process and the messages exchanged with it.

    Each request gets a generation that counts up; `built` and `seen` are emitted for the newest
    build alone, the answers of a run for the newest run alone. After a death the engine is started
    again, but no request is repeated: who sent it knows from `hello_said`. An engine that dies
    several times in a row, is missing, or sends no hello is given up until `start` is called.
    started: a process was launched. failed(sentence), died(sentence): for a person.
    """

    started = Signal()
    hello_said = Signal(object)
    built = Signal(object)
    seen = Signal(object)
    modes_measured = Signal(object)
    rows_arrived = Signal(object)
    validated = Signal(object)
    saved = Signal(object)
    imported = Signal(object)
    exported = Signal(object)
    state_changed = Signal(object)
    failed = Signal(str)
    died = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.generation = 0
        self.hello: Hello | None = None
        self.given_up = False  # there will be no engine until `start`
        self._built = self._watched = self._trained = 0  # generations of the newest requests
        self._looks: tuple[Look, ...] = ()
        self._owes_taken = False
        self._process: QProcess | None = None
        self._decoder = Decoder()
        self._log_lines: deque[str] = deque(maxlen=LINES)
        self._unfinished_line = b""
        self._deaths = 0  # in a row, each before hello or soon after it
        self._hello_at = 0.0  # s, monotonic
        self._restart = QTimer(self, singleShot=True)
        self._restart.timeout.connect(self._launch)
        self._hello_limit = QTimer(self, singleShot=True)
        self._hello_limit.timeout.connect(self._on_hello_limit)
        self._closed = False
        self._signals = {
            Built: self.built,
            Seen: self.seen,
            Modes: self.modes_measured,
            Rows: self.rows_arrived,
            Validated: self.validated,
            Saved: self.saved,
            Imported: self.imported,
            Exported: self.exported,
            State: self.state_changed,
        }
        app = QCoreApplication.instance()
        assert app is not None
        app.aboutToQuit.connect(self.close)

    @property
    def alive(self) -> bool:
        """There is a process, even if it is still loading torch."""
        return self._process is not None

    @property
    def restarting(self) -> bool:
        """The engine died and will be started again in a moment."""
        return self._restart.isActive()

    @property
    def log(self) -> str:
        """The last lines that the engine wrote to its standard error."""
        return "\n".join(self._log_lines)

    def start(self) -> None:
        """Starts the engine, also after it was given up, unless there is one; returns at once."""
        self._closed = False
        if not self.alive and not self.restarting:
            self._deaths = 0
            self._launch()

    def send(self, request: Message) -> int:
        """Sends a request, if there is an engine; returns its generation."""
        self.generation += 1
        if isinstance(request, Build):
            self._built = self.generation
        if isinstance(request, Train):
            self._trained = self.generation
        if isinstance(request, Watching):
            self._watched, self._looks = self.generation, request.looks or self._looks
        if self._process is not None:
            for piece in encode(replace(request, generation=self.generation)):
                self._process.write(bytes(piece))
        return self.generation

    def took(self) -> None:
        """The newest probe is drawn: let the engine send the next one."""
        if self._owes_taken:
            self._owes_taken = False
            self.send(Taken())

    def close(self) -> None:
        """Ends the engine: by a request, and by force if it is still there after a second."""
        self._closed = True
        self._restart.stop()
        process = self._detach()
        if process is None:
            return
        for piece in encode(Quit(generation=self.generation)):
            process.write(bytes(piece))
        process.closeWriteChannel()
        if not process.waitForFinished(1000):
            process.terminate()
            if not process.waitForFinished(200):
                process.kill()
                process.waitForFinished(1000)
        process.deleteLater()

    # The process ------------------------------------------------------------------------------

    def _launch(self) -> None:
        program, *arguments = command()
        _log.info("starting %s", shlex.join((program, *arguments)))
        self._decoder = Decoder()
        self._owes_taken = False
        self.hello = None
        self._hello_limit.start(HELLO_LIMIT_MS)
        self.given_up = False
        process = QProcess(self)
        process.setProgram(program)
        process.setArguments(arguments)
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_log)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self.started.emit()
        process.start()

    def _detach(self) -> QProcess | None:
        """Disconnects the process from the link and returns it."""
        process, self._process = self._process, None
        self._hello_limit.stop()
        if process is not None:
            for emitted in (
                process.readyReadStandardOutput,
                process.readyReadStandardError,
                process.finished,
                process.errorOccurred,
            ):
                emitted.disconnect()
        return process

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and (process := self._detach()):
            program = process.program()
            process.deleteLater()
            self.given_up = True
            self._report_death(
                _(
                    "The engine cannot be started: “{program}” is missing or may not be run. "
                    "F5 tries again."
                ).format(program=program)
            )

    def _on_hello_limit(self) -> None:
        """Ends and gives up an engine that hangs at its start: it would hang again."""
        assert self._process is not None
        self._on_death(
            _(
                "The engine said nothing for {seconds} seconds after its start and was ended; its "
                "command is “{command}”. F5 starts it again."
            ).format(
                seconds=HELLO_LIMIT_MS // 1000,
                command=shlex.join([self._process.program(), *self._process.arguments()]),
            ),
            again=False,
        )

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is None:
            return
        self._read()
        self._read_log()
        self._finish_line()
        if self._process is not None:  # else what it wrote last was no frame
            self._on_death(self._cause(code, status == QProcess.ExitStatus.CrashExit))

    def _cause(self, code: int, crashed: bool) -> str:
        if crashed and code == 9:
            return _("The engine was killed (signal 9), perhaps because memory ran out.")
        if crashed:
            names = {item.value: item.name for item in signal.Signals}
            return _("The engine crashed ({signal}).").format(signal=names.get(code, code))
        if code == 0:
            return _("The engine ended by itself.")
        last = next((line for line in reversed(self._log_lines) if line.strip()), "")
        if last:
            return _("The engine ended with status {code}: {line}").format(
                code=code, line=last.strip()[:200]
            )
        return _("The engine ended with status {code}.").format(code=code)

    def _on_death(self, cause: str, again: bool = True) -> None:
        """Ends the process, and starts another one unless it died several times in a row."""
        process = self._detach()
        assert process is not None
        early = self.hello is None or time.monotonic() - self._hello_at < WITHIN
        self._deaths = self._deaths + 1 if early else 1
        self.hello = None
        if process.state() != QProcess.ProcessState.NotRunning:
            process.kill()
            process.finished.connect(process.deleteLater)
        else:
            process.deleteLater()
        if self._deaths == DEATHS:
            cause = _("{cause} It died {count} times in a row; F5 starts it again.").format(
                cause=cause, count=DEATHS
            )
            again = False
        self.given_up = not again
        if again and not self._closed:
            self._restart.start(BACK_OFF_MS[min(self._deaths, len(BACK_OFF_MS)) - 1])
        self._report_death(cause)

    def _report_death(self, sentence: str) -> None:
        _log.warning("%s", sentence)
        self.died.emit(sentence)

    # What it writes ---------------------------------------------------------------------------

    def _read_log(self) -> None:
        if self._process is None:
            return
        piece = self._process.readAllStandardError().data()[-LOG_BYTES:]
        *lines, self._unfinished_line = re.split(rb"[\r\n]+", self._unfinished_line + piece)
        self._add_to_log(*(line.decode(errors="replace") for line in lines if line))
        if len(self._unfinished_line) > LOG_BYTES:
            self._finish_line()

    def _finish_line(self) -> None:
        """Logs a line that has no end yet."""
        line, self._unfinished_line = self._unfinished_line, b""
        if line:
            self._add_to_log(line.decode(errors="replace"))

    def _add_to_log(self, *lines: str) -> None:
        for line in lines:
            self._log_lines.append(line[:LINE])
            _log.info("%s", line[:LINE])

    def _read(self) -> None:
        if self._process is None:
            return
        process = self._process
        try:
            answers = [
                decode(header, arrays)
                for header, arrays in self._decoder.feed(process.readAllStandardOutput().data())
            ]
        except (FrameError, MessageError) as fault:
            self._on_death(
                _("The engine's answers cannot be read: {fault}").format(fault=fault),
                again=isinstance(fault, FrameError),  # a wrong version stays wrong
            )
            return
        for message in answers:
            if self._process is process:  # else a slot has closed the link
                self._receive(message)

    def _receive(self, message: Message) -> None:
        if self._is_old(message):
            if isinstance(message, Seen) and not message.more:
                self.send(Taken())
            return
        match message:
            case Hello():
                self._hello_limit.stop()
                self._hello_at = time.monotonic()
                self.hello = message
                self.hello_said.emit(message)
            case Failed():
                self._add_to_log(*message.detail.splitlines())
                self.failed.emit(message.sentence)
            case _:
                if isinstance(message, Seen) and not message.more:
                    self._owes_taken = True
                self._signals[type(message)].emit(message)

    def _is_old(self, message: Message) -> bool:
        """A newer request has replaced the one that this answers."""
        generation = message.generation
        if isinstance(message, _OF_A_RUN):
            return generation < self._trained
        if isinstance(message, (Built, Seen)) and generation < self._built:
            return True
        # A run repeats its looks: those that the newest request wants, too, are not old.
        return (
            isinstance(message, Seen)
            and generation < self._watched
            and message.look not in self._looks
        )


def _environment() -> QProcessEnvironment:
    """This process's environment, where `explorer` is this very package."""
    environment = QProcessEnvironment.systemEnvironment()
    paths = str(Path(explorer.__file__).resolve().parent.parent), environment.value("PYTHONPATH")
    environment.insert("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    environment.insert("PYTHONSAFEPATH", "1")
    return environment
