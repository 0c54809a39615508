"""What holds for every test: no screen, settings of its own, nothing left running."""

import contextlib
import itertools
import os
import threading
import time

import psutil
import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt loads

# A busy machine is slow, not wrong; the same examples every time, so that a failure is one's own.
settings.register_profile(
    "explorer",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("explorer")


_homes = itertools.count()


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path_factory):
    """A test, and the programs that it starts, keep the user's settings, data and log in a folder
    of their own, which is made when something is written."""
    home = tmp_path_factory.getbasetemp() / f"home-{next(_homes)}"
    monkeypatch.setenv("CNN_EXPLORER_HOME", str(home))


@pytest.fixture(autouse=True, scope="module")
def nothing_left():
    """A module of tests fails if it leaves a thread or a child process behind."""
    threads, processes = set(threading.enumerate()), _children()
    yield
    end = time.monotonic() + 5  # what was told to stop may take a moment
    while left := _left(threads, processes):
        if time.monotonic() > end:
            pytest.fail("left running: " + ", ".join(left))
        time.sleep(0.02)


def _left(threads: set[threading.Thread], processes: dict[int, str]) -> list[str]:
    return [
        f"thread {thread.name}"
        for thread in threading.enumerate()
        if thread not in threads and thread.is_alive()
    ] + [f"process {id}: {name}" for id, name in _children().items() if id not in processes]


def _children() -> dict[int, str]:
    """The names of this process's children that still run, by process id."""
    found = {}
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if child.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                found[child.pid] = child.name()
    return found


@pytest.fixture
def run(capsys):
    """run(*words) -> (exit status, standard output, standard error)"""
    from explorer.cli import main

    def go(*words: object):
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:  # argparse's way to end
            status = end.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return status, out, err

    return go
