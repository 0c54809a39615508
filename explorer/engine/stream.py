"""The engine's two ends of the pipe: requests that come in, frames that go out."""

import os
import queue
import sys
import threading
from contextlib import suppress

from explorer.protocol.codec import MessageError, decode, encode
from explorer.protocol.frames import Decoder, FrameError
from explorer.protocol.messages import Message

_PIECE = 1 << 16

Received = Message | MessageError | FrameError | None
"""A request; a frame that is not one; a stream that is not one of frames; its end."""


def take_output() -> int:
    """Moves file descriptor 1 aside and returns where it went; fd 1 itself becomes stderr.

    After this no `print`, in Python or in a C library, can break the stream of frames.
    """
    sys.stdout.flush()
    aside = os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(aside, os.O_BINARY)
        msvcrt.setmode(0, os.O_BINARY)
    return aside


class Requests:
    """Reads frames from a file descriptor in a thread of its own.

    The thread uses os.read: one that is blocked in a buffered `sys.stdin` aborts the interpreter at
    its exit.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._queue: queue.SimpleQueue[Received] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="requests", daemon=True).start()

    def take(self, wait: bool) -> list[Received]:
        """The requests received so far, in order; with `wait`, at least one."""
        received = [self._queue.get()] if wait else []
        with suppress(queue.Empty):
            while True:
                received.append(self._queue.get_nowait())
        return received

    def _read(self) -> None:
        decoder = Decoder()
        try:
            while piece := os.read(self._descriptor, _PIECE):
                for header, arrays in decoder.feed(piece):
                    try:
                        self._queue.put(decode(header, arrays))
                    except MessageError as fault:
                        self._queue.put(fault)
        except FrameError as fault:
            self._queue.put(fault)
        except OSError:
            pass  # the other end is gone, which is the end of the stream too
        finally:
            self._queue.put(None)


class ReplyStream:
    """Writes frames to a file descriptor, whole, in the calling thread; raises BrokenPipeError when
    nobody reads."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def send(self, message: Message) -> None:
        """Sends one message."""
        for piece in encode(message):
            rest = memoryview(piece)
            while rest:
                try:
                    rest = rest[self._file.write(rest) :]
                except OSError as fault:  # Windows raises EINVAL for a pipe that nobody reads
                    raise BrokenPipeError(str(fault)) from fault

    def close(self) -> None:
        """Closes the descriptor: the other end reads the end of the stream."""
        self._file.close()
