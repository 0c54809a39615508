"""The window's end of the engine, against a small engine of the test's own over real pipes."""

import os
import signal
import sys
from dataclasses import replace

import numpy as np
import pytest

from explorer.app import engine_link, settings
from explorer.app.engine_link import EngineLink
from explorer.protocol.codec import encode
from explorer.protocol.looks import Maps
from explorer.protocol.messages import (
    VERSION,
    Build,
    Built,
    Failed,
    Modes,
    Rows,
    Saved,
    Seen,
    State,
    Train,
    Validated,
    Watch,
)
from tests.patience import PATIENCE

ENGINE = """
import os, sys, time
import numpy as np
from explorer.protocol.codec import decode, encode
from explorer.protocol.frames import Decoder
from explorer.protocol.messages import *
from explorer.protocol.looks import Maps
from dataclasses import replace

def say(message):
    for piece in encode(message):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()

say(Hello(devices=(Device("cpu", "test", 1),), torch="0", pid=os.getpid()))
decoder = Decoder()
while data := os.read(0, 65536):
    for found in decoder.feed(data):
        request = decode(*found)
        generation = request.generation
        match request:
            case Build():
                say(Built(generation=generation, params=7))
                mosaic = np.arange(6, dtype="u1").reshape(2, 3)
                for look in request.looks:
                    say(Seen(generation=generation, look=look, figures={},
                             arrays={"mosaic": mosaic}, more=look != request.looks[-1]))
            case Train(graph={"answer": words, **more}):
                # The tests say by a graph what to do.
                if words == "babble":
                    os.write(1, b"hello, I am a stray print that is no frame at all")
                elif words == "another version":
                    say(Hello(devices=(), torch="0", pid=1, version=VERSION + 1))
                elif words == "write":
                    sys.stderr.write(more["text"])
                    sys.stderr.flush()
                    say(State(generation=generation, state="written"))
                elif words == "exit":
                    sys.stderr.write("Traceback\\nMemoryError: too much\\n\\n")
                    sys.exit(more["status"])
                elif words == "frame":
                    sys.stdout.buffer.write(bytes.fromhex(more["bytes"]))
                    sys.stdout.buffer.flush()
            case Taken():
                say(State(generation=generation, state="taken"))
            case Quit():
                sys.exit(0)
"""


def order(answer: str, **more) -> Train:
    """What makes the test's own engine do something."""
    return Train(graph={"answer": answer, **more})


def looks(path: str, image: int = 0) -> tuple[Maps, ...]:
    return (Maps(path, image),)


@pytest.fixture
def link(qapp, tmp_path, monkeypatch):
    """A link whose command is the test's own engine, closed afterwards."""
    script = tmp_path / "small_engine.py"
    script.write_text(ENGINE)
    settings.ENGINE.set((sys.executable, str(script)))
    monkeypatch.setattr(engine_link, "BACK_OFF_MS", (1, 1))
    link = EngineLink()
    yield link
    link.close()
    assert not link.alive
    link.deleteLater()


@pytest.fixture
def started(link, qtbot):
    with qtbot.waitSignal(link.hello_said):
        link.start()
    return link


def answers(link, qtbot, signal_, message) -> list[tuple]:
    """Has the engine say `message`; whether `signal_` came of it."""
    heard = []
    signal_.connect(lambda *parts: heard.append(parts))
    stream = b"".join([*encode(message), *encode(Failed(sentence="the end"))])
    trained = link._trained  # what tells the engine to answer is no run
    with qtbot.waitSignal(link.failed):
        link.send(order("frame", bytes=stream.hex()))
        link._trained = trained
    return heard


def test_hello_and_build(started, qtbot):
    assert started.hello.devices[0].id == "cpu"
    built = []
    started.built.connect(built.append)
    with qtbot.waitSignal(started.seen) as answer:
        generation = started.send(Build(graph={}, looks=looks("stem")))
    (seen,) = answer.args
    assert built[0].params == 7 and built[0].generation == generation == 1
    assert seen.look.path == "stem"
    np.testing.assert_array_equal(seen.arrays["mosaic"], [[0, 1, 2], [3, 4, 5]])


def test_took_is_sent_once_a_probe(started, qtbot):
    with qtbot.waitSignal(started.seen):
        started.send(Build(graph={}, looks=looks("")))
    generation = started.generation
    with qtbot.waitSignal(started.state_changed) as state:
        started.took()
        started.took()
    assert state.args[0].state == "taken" and started.generation == generation + 1


def test_old_answers_are_dropped(started, qtbot):
    with qtbot.waitSignal(started.seen):
        old = started.send(Build(graph={}, looks=looks("a")))
    with qtbot.waitSignal(started.seen):
        new = started.send(Build(graph={}, looks=looks("a")))
    started.took()
    probe = Seen(generation=new, look=Maps("a", 0), figures={}, arrays={})
    assert not answers(started, qtbot, started.built, Built(generation=old, params=1))
    assert not answers(started, qtbot, started.seen, replace(probe, generation=old))
    assert answers(started, qtbot, started.seen, probe)
    started.send(Watch(looks=looks("b", 3)))
    assert not answers(started, qtbot, started.seen, probe)
    assert answers(started, qtbot, started.seen, replace(probe, look=Maps("b", 3)))


def test_a_dropped_probe_counts_as_taken(started, qtbot):
    with qtbot.waitSignal(started.seen):
        old = started.send(Build(graph={}, looks=looks("a")))
    started.send(Build(graph={}, looks=looks("a")))
    with qtbot.waitSignal(started.state_changed) as state:
        probe = Seen(generation=old, look=Maps("a", 0), figures={}, arrays={})
        trained = started._trained
        started.send(order("frame", bytes=b"".join(encode(probe)).hex()))
        started._trained = trained
    assert state.args[0].state == "taken"


def test_a_former_run_is_not_heard(started, qtbot):
    old = started.send(Train(graph={}))
    new = started.send(Train(graph={}))
    rows = np.zeros((0, 3))
    for message, signal_ in (
        (Rows(columns=(), rows=rows), started.rows_arrived),
        (Modes(measured=(), chosen="float32"), started.modes_measured),
        (Validated(epoch=1, step=1, loss=0.0, accuracy=0.0), started.validated),
        (Saved(path="x", step=1, epoch=1), started.saved),
        (State(state="running"), started.state_changed),
    ):
        assert not answers(started, qtbot, signal_, replace(message, generation=old))
        assert answers(started, qtbot, signal_, replace(message, generation=new))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals")
def test_an_engine_of_another_version_is_told_and_given_up(started, qtbot):
    with qtbot.waitSignal(started.died) as died:
        started.send(order("another version"))
    assert f"version {VERSION + 1} of the protocol, this window version {VERSION}" in died.args[0]
    assert started.given_up and not started.restarting


def test_kill_is_told_once_and_survived(started, qtbot):
    told = []
    started.died.connect(told.append)
    first = started.hello.pid
    with qtbot.waitSignals([started.died, started.hello_said]):
        os.kill(first, signal.SIGKILL)
    assert told == ["The engine was killed (signal 9), perhaps because memory ran out."]
    assert started.hello.pid != first
    with qtbot.waitSignal(started.built):
        started.send(Build(graph={}, looks=looks("")))


def test_the_last_line_of_the_log_is_the_cause(started, qtbot):
    with qtbot.waitSignal(started.died) as death:
        started.send(order("exit", status=3))
    assert death.args == ["The engine ended with status 3: MemoryError: too much"]
    assert "Traceback" in started.log
    with qtbot.waitSignal(started.hello_said):
        pass


def test_a_stray_print_is_noticed(started, qtbot):
    told = []
    started.died.connect(told.append)
    with qtbot.waitSignal(started.hello_said):
        started.send(order("babble"))
    assert len(told) == 1 and told[0].startswith("The engine's answers cannot be read: ")


def test_gives_up_after_three_deaths(started, qtbot, monkeypatch):
    monkeypatch.setattr(engine_link, "WITHIN", PATIENCE)  # however long a busy machine takes
    told = []
    started.died.connect(told.append)
    for _death in (1, 2):
        with qtbot.waitSignal(started.hello_said):
            started.send(order("exit", status=0))
    with qtbot.waitSignal(started.died):
        started.send(order("exit", status=0))
    assert told[:2] == ["The engine ended by itself."] * 2
    assert told[2].endswith("It died 3 times in a row; F5 starts it again.")
    assert started.given_up and not started.alive and not started.restarting
    with qtbot.waitSignal(started.hello_said):
        started.start()
    assert not started.given_up
    with qtbot.waitSignal(started.hello_said):  # it has three lives again
        started.send(order("exit", status=0))


def test_gives_up_on_one_that_dies_before_its_first_word_however_slowly(
    link, tmp_path, qtbot, monkeypatch
):
    monkeypatch.setattr(engine_link, "WITHIN", 0.0)
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module_anywhere")
    settings.ENGINE.set((sys.executable, str(broken)))
    told = []
    link.died.connect(told.append)
    link.start()
    qtbot.waitUntil(lambda: link.given_up)
    assert len(told) == 3 and "no_such_module_anywhere" in told[2]


def test_gives_up_on_one_that_takes_long_to_load_and_then_dies(link, tmp_path, qtbot, monkeypatch):
    monkeypatch.setattr(engine_link, "WITHIN", 0.4)
    slow = tmp_path / "slow.py"
    slow.write_text(ENGINE.replace("\nsay(say=", "\nimport time; time.sleep(0.5)\nsay(say="))
    settings.ENGINE.set((sys.executable, str(slow)))
    link.hello_said.connect(lambda _hello: link.send(order("exit", status=0)))
    link.start()
    qtbot.waitUntil(lambda: link.given_up)


def test_deaths_far_apart_do_not_add_up(started, qtbot, monkeypatch):
    monkeypatch.setattr(engine_link, "WITHIN", 0.0)
    for _death in range(4):
        with qtbot.waitSignal(started.hello_said):
            started.send(order("exit", status=0))
    assert not started.given_up


def test_one_that_says_nothing_at_its_start_is_ended_and_told(link, tmp_path, qtbot, monkeypatch):
    monkeypatch.setattr(engine_link, "HELLO_LIMIT_MS", 2000)
    mute = tmp_path / "mute.py"
    mute.write_text("import sys, time\nsys.stderr.write('loading\\n')\ntime.sleep(600)")
    settings.ENGINE.set((sys.executable, str(mute)))
    with qtbot.waitSignal(link.died) as death:
        link.start()
    assert "said nothing for 2 seconds" in death.args[0] and "mute.py" in death.args[0]
    assert link.given_up and not link.alive
    settings.ENGINE.set((sys.executable, str(tmp_path / "small_engine.py")))
    with qtbot.waitSignal(link.hello_said):
        link.start()
    assert not link._hello_limit.isActive()


def test_no_such_program(link, qtbot):
    settings.store().setValue("engine/command", "no-such-engine-anywhere --now")
    with qtbot.waitSignal(link.died) as death:
        link.start()
    assert death.args == [
        "The engine cannot be started: “no-such-engine-anywhere” is missing or may not be run. "
        "F5 tries again."
    ]
    assert link.given_up and not link.alive
    assert link.send(Build(graph={})) == 1


def test_the_log_is_bounded(started, qtbot):
    for _turn in range(3):
        with qtbot.waitSignal(started.state_changed):
            started.send(order("write", text="x" * 60_000 + "\n"))
    qtbot.waitUntil(lambda: started.log.endswith("x"))
    assert len(started.log) <= engine_link.LOG_BYTES
    with qtbot.waitSignal(started.state_changed):
        started.send(order("write", text="line\n" * 3 * engine_link.LINES))
    qtbot.waitUntil(lambda: started.log.startswith("line"))
    assert started.log.count("\n") < engine_link.LINES


def test_close_ends_it_without_a_word(started, qtbot):
    told = []
    started.died.connect(told.append)
    started.close()
    started.close()
    assert told == [] and not started.alive


def test_a_deaf_engine_is_made_to_end(link, tmp_path, qtbot):
    deaf = tmp_path / "deaf.py"
    deaf.write_text(ENGINE.replace("while data", "import time; time.sleep(60)\nwhile data"))
    settings.ENGINE.set((sys.executable, str(deaf)))
    with qtbot.waitSignal(link.hello_said):
        link.start()
    link.close()
    assert not link.alive


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (None, engine_link.default_command()),
        (
            "ssh gpu-box python -m explorer.engine",
            ["ssh", "gpu-box", "python", "-m", "explorer.engine"],
        ),
        (["python", "my engine.py"], ["python", "my engine.py"]),
        ("'never closed", engine_link.default_command()),
    ],
)
def test_command(link, stored, expected):
    if stored:
        settings.store().setValue("engine/command", stored)
    else:
        settings.ENGINE.forget()
    assert engine_link.command() == expected
