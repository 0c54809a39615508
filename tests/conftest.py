"""What holds for every test: no screen, settings of its own, nothing left running."""

import contextlib
import gc
import itertools
import os
import subprocess
import sys
import threading
import time
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import HealthCheck, settings
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

import explorer
from tests.patience import PATIENCE, PATIENCE_MS

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt loads
os.environ["LANGUAGE"] = "en"  # tests read sentences as the code has them
# Before torch loads, and for every program that a test starts: processes that share two cores, with
# two threads each, spend their time waiting for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")
pytest.register_assert_rewrite("tests.exports")

# A busy machine is slow, not wrong; the same examples every time, so that a failure is one's own.
settings.register_profile(
    "explorer",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("nightly", settings.get_profile("explorer"), max_examples=300)
settings.load_profile("explorer")


_homes = itertools.count()


ROOMS = ("campaigns", "flows", "engine", "analysis", "app", "catalog", "graph")


def pytest_xdist_auto_num_workers(config):
    """One more than there are processors: many tests wait for an engine."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items):
    """The files whose tests take longest come first, so that all workers end together."""
    places = {room: number for number, room in enumerate(ROOMS)}
    folder = Path(__file__).parent
    items.sort(key=lambda item: places.get(item.path.relative_to(folder).parts[0], len(ROOMS)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    _keep()


def _keep():
    """What was loaded and collected, or remembered since, stays to the end: leave it out of every
    later look for garbage, which otherwise takes longer than most tests."""
    gc.collect()
    gc.freeze()


class PatientBot(QtBot):
    """pytest-qt's bot; where a test gives no limit, it waits as long as a busy machine may take."""

    def __init__(self, request):
        super().__init__(request)
        for wait in ("waitSignal", "waitSignals", "waitUntil", "waitActive", "waitExposed"):
            setattr(self, wait, partial(getattr(self, wait), timeout=PATIENCE_MS))


@pytest.fixture
def qtbot(qapp, request):
    return PatientBot(request)


@pytest.fixture(autouse=True)
def widgets_are_deleted():
    """pytest-qt tells a test's widgets to be deleted; without this they wait for an event loop, and
    take their part in every later change of theme."""
    yield
    if QCoreApplication.instance():
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path_factory):
    """A test, and the programs that it starts, keep the user's settings, data and log in a folder
    of their own, which is made when something is written."""
    home = tmp_path_factory.getbasetemp() / f"home-{next(_homes)}"
    monkeypatch.setenv("CNN_EXPLORER_HOME", str(home))


@pytest.fixture(scope="session")
def warm_engine(tmp_path_factory):
    """The command of an engine that starts at once; () where there is none."""
    if not sys.platform.startswith("linux"):
        yield ()
        return
    program = str(Path(__file__).with_name("warm_engine.py"))
    path = str(tmp_path_factory.mktemp("warm") / "engine")
    server = subprocess.Popen(
        [sys.executable, program, "serve", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(explorer.__file__).parents[1])},
    )
    assert server.stdout.readline() == b"listening\n"
    yield (sys.executable, "-I", "-S", program, path)
    server.stdin.close()
    server.wait(PATIENCE)
    server.stdout.close()


@pytest.fixture(autouse=True, scope="session")
def warm_engine_first(request):
    """A server that outlasts the tests is there before anything asks what one of them left."""
    if any("warm_engine" in item.fixturenames for item in request.session.items):
        request.getfixturevalue("warm_engine")


@pytest.fixture(autouse=True, scope="module")
def nothing_left():
    """A module of tests fails if it leaves a thread or a child process behind."""
    threads, processes = set(threading.enumerate()), _children()
    yield
    end = time.monotonic() + PATIENCE / 4  # what was told to stop may take a moment
    while left := _left(threads, processes):
        if time.monotonic() > end:
            pytest.fail("left running: " + ", ".join(left))
        time.sleep(0.02)
    _keep()


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


@pytest.fixture(scope="session")
def layer():
    """The layer that a kind declares, made and run as the source of a network does it.

    layer.made(kind's name, parameters, shapes of the inputs) -> module, parameter or None for a
    line of the forward pass alone; layer.run(kind's name, parameters, what was made, tensor, …) ->
    tensor."""
    import torch
    from torch import nn

    from explorer.analysis.constructor import written
    from explorer.catalog import KINDS

    @cache
    def names(name: str) -> dict:
        """What the source of this kind may speak of: torch, and the class that stands above it."""
        space = {"torch": torch, "nn": nn}
        exec(KINDS[name].module, space)
        return space

    def made(name: str, params: dict, ins):
        kind = KINDS[name]
        if kind.call is None:
            return None
        text = written(kind.call(kind.settings(params), ins), 0)
        return eval("".join(text.lines), names(name))

    def run(name: str, params: dict, own, *given):
        kind = KINDS[name]
        if kind.expression is None:
            return own(*given)
        words = [f"v{number}" for number in range(len(given))]
        space = names(name) | dict(zip(words, given)) | {"own": own}
        return eval(
            kind.expression(kind.settings(params), words + ["own"] * (own is not None)), space
        )

    return SimpleNamespace(made=made, run=run)


@pytest.fixture(scope="session")
def module():
    """report -> the module of its source."""
    from explorer.analysis.source import class_name, source

    def build(report):
        space = {"__name__": "exported"}
        exec(compile(source(report).text, "exported.py", "exec"), space)
        return space[class_name(report.graph)]()

    return build


@pytest.fixture(scope="session")
def compare_shapes(module):
    """compare_shapes(report): assert that the module of its source has the state that the report
    states, and a forward pass through it gives every layer that is a module its shapes."""
    import torch

    def compare(report) -> None:
        seen = {}
        with torch.device("meta"), torch.no_grad():
            network = module(report).eval()
            for path, part in network.named_modules():
                part.register_forward_hook(
                    lambda _part, given, out, path=path: seen.update({path: (given, out)})
                )
            out = network(torch.zeros((2, *report.graph.input)))
        leaves = {path for path, part in network.named_modules() if not list(part.children())}
        layers = {layer.path: layer for layer in report.layers() if layer.path in leaves}
        assert leaves == layers.keys() == leaves & seen.keys()
        for path, layer in layers.items():
            given, shown = seen[path]
            assert tuple(tuple(each.shape[1:]) for each in given) == layer.ins, path
            assert tuple(shown.shape[1:]) == layer.out, path
        assert tuple(out.shape[1:]) == report.output
        assert {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()} == {
            ".".join(filter(None, (layer.path, weight.name))): weight.shape
            for layer in report.layers()
            for weight in layer.facts.weights
        }
        assert sum(weight.numel() for weight in network.parameters()) == report.params

    return compare


@pytest.fixture(scope="session")
def operations():
    """work -> how many functions it calls, those of Python itself counted, and how many nodes the
    graphs have that it makes: a measure that is the same on every machine. What a single call does
    inside Python, such as a search in a list, is not seen. Nothing may be remembered from before."""
    from explorer.graph.graph import Graph

    made = Graph.__post_init__.__code__

    def count(work):
        calls = 0

        def seen(frame, event, argument):
            nonlocal calls
            calls += event in ("call", "c_call")
            if event == "call" and frame.f_code is made:
                calls += len(frame.f_locals["self"].nodes)

        before = sys.getprofile()
        sys.setprofile(seen)
        try:
            work()
        finally:
            sys.setprofile(before)
        return calls

    return count
