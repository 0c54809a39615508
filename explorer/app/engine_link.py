"""The window's end of the engine: starts it, asks it, hands on its answers, survives its death."""

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

DEATHS, WITHIN = 3, 20.0  # so many deaths in a row, each so soon (s), and the engine is given up
BACK_OFF_MS = (200, 1000)
HELLO_LIMIT_MS = 90_000  # for the first word: torch from a cold disk, or over a slow line
LOG_BYTES, LINES, LINE = 64 * 1024, 200, 4000  # in one go; lines kept, and characters of each
_log = logging.getLogger("explorer.engine")  # its own, for here it is written
_OF_A_RUN = (Rows, Modes, Validated, Saved, State)


def default_command() -> list[str]:
    """The engine on this machine."""
    return [sys.executable, "-m", "explorer.engine"]


def command() -> list[str]:
    """What starts the engine, word by word: the setting "engine/command", if there is one."""
    return list(settings.ENGINE.get()) or default_command()


class EngineLink(QObject):
    """The engine's process and the words exchanged with it.

    A request is sent with a generation that counts up; `built` and `seen` come only for the
    newest build, and what a run says only for the newest run. After a death the engine is started
    again and says hello, but nothing is sent again: the session knows what is wanted. One that
    dies again and again, is missing, or says nothing at its start is given up until `start` is
    called. `died` bears one sentence. started: a process was launched.
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
        self.given_up = False  # there is no engine, and there will be none until it is started
        self._built = self._watched = self._trained = 0  # generations of the newest requests
        self._looks: tuple[Look, ...] = ()
        self._owes_taken = False
        self._process: QProcess | None = None
        self._decoder = Decoder()
        self._words: deque[str] = deque(maxlen=LINES)
        self._line = b""
        self._deaths = 0  # in a row, each before hello or soon after it
        self._greeted = 0.0
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._launch)
        self._silence = QTimer(self, singleShot=True)
        self._silence.timeout.connect(self._on_silence)
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
        """Whether there is a process, be it still loading torch."""
        return self._process is not None

    @property
    def restarting(self) -> bool:
        """The engine died, and is about to be started again."""
        return self._again.isActive()

    @property
    def log(self) -> str:
        """The last lines that the engine wrote to its standard error."""
        return "\n".join(self._words)

    def start(self) -> None:
        """Starts the engine, also after it was given up, unless there is one; returns at once."""
        self._closed = False
        if not self.alive and not self.restarting:
            self._deaths = 0
            self._launch()

    def send(self, request: Message) -> int:
        """Sends a request and returns its generation; without an engine it goes nowhere."""
        self.generation += 1
        match request:
            case Build():
                self._built = self.generation
            case Train():
                self._trained = self.generation
        if isinstance(request, Watching):
            self._watched, self._looks = self.generation, request.looks or self._looks
        if self._process is not None:
            for piece in encode(replace(request, generation=self.generation)):
                self._process.write(bytes(piece))
        return self.generation

    def took(self) -> None:
        """What was seen last is drawn, says whoever drew it: the engine may send more."""
        if self._owes_taken:
            self._owes_taken = False
            self.send(Taken())

    def close(self) -> None:
        """Ends the engine: asks it, and after a second makes it."""
        self._closed = True
        self._again.stop()
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

    # the process

    def _launch(self) -> None:
        program, *arguments = command()
        _log.info("starting %s", shlex.join((program, *arguments)))
        self._decoder = Decoder()
        self._owes_taken = False
        self.hello = None
        self._silence.start(HELLO_LIMIT_MS)
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
        """Takes the process out of the link: nothing that it still says is heard."""
        process, self._process = self._process, None
        self._silence.stop()
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._read)
            process.readyReadStandardError.disconnect(self._read_log)
            process.finished.disconnect(self._on_finished)
            process.errorOccurred.disconnect(self._on_error)
        return process

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and (process := self._detach()):
            program = process.program()
            process.deleteLater()
            self.given_up = True
            self._tell_of_death(
                _(
                    "The engine cannot be started: “{program}” is missing or may not be run. "
                    "F5 tries again."
                ).format(program=program)
            )

    def _on_silence(self) -> None:
        """It hangs at its start, and would hang again: it is ended and given up."""
        assert self._process is not None
        self._bury(
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
        self._end_line()
        if self._process is not None:  # unless its last words were no frame
            self._bury(self._cause(code, status == QProcess.ExitStatus.CrashExit))

    def _cause(self, code: int, crashed: bool) -> str:
        if crashed and code == 9:
            return _("The engine was killed (signal 9), perhaps because memory ran out.")
        if crashed:
            names = {item.value: item.name for item in signal.Signals}
            return _("The engine crashed ({signal}).").format(signal=names.get(code, code))
        if code == 0:
            return _("The engine ended by itself.")
        last = next((line for line in reversed(self._words) if line.strip()), "")
        if last:
            return _("The engine ended with status {code}: {line}").format(
                code=code, line=last.strip()[:200]
            )
        return _("The engine ended with status {code}.").format(code=code)

    def _bury(self, cause: str, again: bool = True) -> None:
        """Tells of a death, and starts the engine again unless it dies all the time."""
        process = self._detach()
        assert process is not None
        soon = self.hello is None or time.monotonic() - self._greeted < WITHIN
        self._deaths = self._deaths + 1 if soon else 1
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
            self._again.start(BACK_OFF_MS[min(self._deaths, len(BACK_OFF_MS)) - 1])
        self._tell_of_death(cause)

    def _tell_of_death(self, sentence: str) -> None:
        _log.warning("%s", sentence)
        self.died.emit(sentence)

    # what it says

    def _read_log(self) -> None:
        if self._process is None:
            return
        piece = self._process.readAllStandardError().data()[-LOG_BYTES:]
        *lines, self._line = re.split(rb"[\r\n]+", self._line + piece)
        self._note(*(line.decode(errors="replace") for line in lines if line))
        if len(self._line) > LOG_BYTES:
            self._end_line()

    def _end_line(self) -> None:
        """What the engine wrote without ending the line is a line all the same."""
        line, self._line = self._line, b""
        if line:
            self._note(line.decode(errors="replace"))

    def _note(self, *lines: str) -> None:
        for line in lines:
            self._words.append(line[:LINE])
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
            another = isinstance(fault, MessageError)  # version, which starting it again won't mend
            self._bury(
                _("The engine's words cannot be read: {fault}").format(fault=fault),
                again=not another,
            )
            return
        for message in answers:
            if self._process is process:  # a listener may have closed the link
                self._hear(message)

    def _hear(self, message: Message) -> None:
        if self._is_old(message):
            if isinstance(message, Seen) and not message.more:
                self.send(Taken())
            return
        match message:
            case Hello():
                self._silence.stop()
                self._greeted = time.monotonic()
                self.hello = message
                self.hello_said.emit(message)
            case Failed():
                self._note(*message.detail.splitlines())
                self.failed.emit(message.sentence)
            case _:
                if isinstance(message, Seen) and not message.more:
                    self._owes_taken = True
                self._signals[type(message)].emit(message)

    def _is_old(self, message: Message) -> bool:
        """Whether an answer is to a question that was asked anew since."""
        generation = message.generation
        if isinstance(message, _OF_A_RUN):
            return generation < self._trained
        if isinstance(message, (Built, Seen)) and generation < self._built:
            return True
        # A run's own looks may show what a later request asked for: then they are as good as new.
        return (
            isinstance(message, Seen)
            and generation < self._watched
            and message.look not in self._looks
        )


def _environment() -> QProcessEnvironment:
    """This process's environment, in which the engine finds this very package before any other."""
    environment = QProcessEnvironment.systemEnvironment()
    paths = [str(Path(explorer.__file__).resolve().parent.parent)]
    if environment.value("PYTHONPATH"):
        paths.append(environment.value("PYTHONPATH"))
    environment.insert("PYTHONPATH", os.pathsep.join(paths))
    environment.insert("PYTHONSAFEPATH", "1")
    return environment
