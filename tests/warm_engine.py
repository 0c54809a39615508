"""Engines that start at once: a server loads torch and the engine's modules once and forks itself
for every engine that a window starts.

The window starts `python warm_engine.py SOCKET` instead of `python -m explorer.engine`. That small
process hands its pipes, environment and folder to the server, and ends as the engine ends, by the
same status or signal; what comes and goes over the pipes, and how it is killed, is the engine's own.
Linux alone.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys


def stand_for(path: str) -> None:
    """What the window starts: as long as the engine runs, this does."""
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        about = {"environment": dict(os.environ), "folder": os.getcwd()}
        socket.send_fds(server, [json.dumps(about).encode() + b"\n"], [0, 1, 2])
        for number in (0, 1):  # only the engine holds the window's pipes now
            os.close(number)
        ended = json.loads(server.recv(100) or "1")
    if ended < 0:
        if -ended != signal.SIGKILL:
            signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    os._exit(ended)


def serve(path: str) -> bool:
    """Forks an engine for every connection, until standard input ends. Returns True in a fork that
    is to be an engine."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("listening", flush=True)
        import gc

        import torch

        import explorer.engine.service  # noqa: F401
        from explorer.engine import data

        data.load("fashion-mnist", torch.device("cpu"))
        gc.freeze()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([listener, 0], [], [])
            if 0 in ready:
                return False
            window, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                return keep(window)
            window.close()


def keep(window: socket.socket) -> bool:
    """Forks the engine of one window, waits for its end and tells it; ends it when the window ends
    what stands for it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    message, pipes, _flags, _address = socket.recv_fds(window, 1 << 20, 3)
    while not message.endswith(b"\n"):
        message += window.recv(1 << 20)
    engine = os.fork()
    if engine == 0:
        window.close()
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
            os.close(pipe)
        about = json.loads(message)
        os.environ.clear()
        os.environ.update(about["environment"])
        os.chdir(about["folder"])
        return True
    for number in (0, 1, 2, *pipes):
        os.close(number)
    running = os.pidfd_open(engine)
    ready, _, _ = select.select([running, window], [], [])
    if running not in ready:
        os.kill(engine, signal.SIGKILL)
    _, status = os.waitpid(engine, 0)
    with contextlib.suppress(OSError):  # the window may not wait for it
        window.sendall(json.dumps(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        if serve(sys.argv[2]):
            import runpy

            sys.argv[1:] = []
            runpy.run_module("explorer.engine", run_name="__main__", alter_sys=True)
    else:
        stand_for(sys.argv[1])
