"""An engine that is missing, dies again and again, or hangs at its start: it is told, the window
goes on, and F5 starts it again."""

import sys

import pytest
from PySide6.QtCore import QProcess, Qt
from PySide6.QtTest import QTest

from explorer.analysis.problem import problems
from explorer.app import engine_link, settings


@pytest.fixture(params=["missing", "dies", "hangs"])
def broken(request, tmp_path, monkeypatch):
    """The command of an engine with that fault, and a word of what is told of it."""
    monkeypatch.setattr(engine_link, "HELLO_LIMIT_MS", 2000 if request.param == "hangs" else 90_000)
    monkeypatch.setattr(engine_link, "BACK_OFF_MS", (1, 1))
    if request.param == "missing":
        settings.ENGINE.set((str(tmp_path / "nowhere"),))
        return "missing or may not be run"
    program = {"dies": "raise SystemExit('no GPU today')", "hangs": "import time\ntime.sleep(600)"}
    script = tmp_path / "engine.py"
    script.write_text(program[request.param])
    settings.ENGINE.set((sys.executable, str(script)))
    return {"dies": "no GPU today It died 3 times in a row", "hangs": "said nothing for 2 seconds"}[
        request.param
    ]


def press_f5(person) -> None:
    QTest.keyClick(person.window, Qt.Key.Key_F5)


def test_f5_brings_it_back_and_trains(broken, person, qtbot, monkeypatch):
    link, run, bar = person.session.link, person.session.run, person.window.run_bar
    link.start()
    person.wait(lambda: link.given_up)
    assert broken in person.window.notice.text()
    assert "no engine · F5 starts it" in person.window.status.state.text()
    assert bar.device.currentText() == "no engine"
    assert "F5 starts it" in bar.progress.text()
    assert bar.run_actions["run"].isEnabled()
    press_f5(person)  # nothing is better yet
    assert run.state == "measuring" and bar.progress.text() == "engine is starting"
    person.wait(lambda: link.given_up)
    assert run.state == "died" and not run.resumable
    assert "no engine" in person.window.status.state.text()
    assert bar.device.currentText() == "no engine"
    monkeypatch.setattr(engine_link, "HELLO_LIMIT_MS", 90_000)
    settings.ENGINE.forget()
    run.change_recipe({"epochs": 50, "limit": 3840, "mode": "float32"})
    with qtbot.waitSignal(link.rows_arrived):
        press_f5(person)
    assert run.state == "running" and not link.given_up
    bar.run_actions["stop"].trigger()
    person.wait(lambda: run.state == "stopped")


@pytest.mark.parametrize("broken", ["missing"], indirect=True)
def test_f5_brings_the_views_back_where_the_network_cannot_run(broken, person, qtbot):
    link = person.session.link
    link.start()
    person.wait(lambda: link.given_up)
    person.session.select({"layer2"})
    person.window.actions_of_canvas.by_name["cut_out"].trigger()
    assert problems(person.session.report)
    settings.ENGINE.forget()
    with qtbot.waitSignal(link.hello_said):
        press_f5(person)
    assert "cannot run yet" in person.window.notice.text()
    with qtbot.waitSignal(link.seen):
        person.undo()


def test_weights_that_waited_for_an_engine_that_never_came_are_not_asked_for_later(
    person, qtbot, tmp_path
):
    link = person.session.link
    settings.ENGINE.set((str(tmp_path / "nowhere"),))
    with qtbot.waitSignal(link.died):
        person.session.weights_io.read(tmp_path / "none.pth")
    settings.ENGINE.forget()
    failures = []
    link.failed.connect(failures.append)
    with qtbot.waitSignal(link.seen):
        press_f5(person)
    assert not failures
    person.session.run.stop()
    person.wait(lambda: not person.session.run.active)


def test_a_run_does_not_wait_for_an_engine_that_fails_at_once(person, monkeypatch):
    """As QProcess does on Windows, before `start` has returned."""

    class Failing(QProcess):
        def start(self):
            self.errorOccurred.emit(QProcess.ProcessError.FailedToStart)

    link, run = person.session.link, person.session.run
    told = []
    link.died.connect(told.append)
    monkeypatch.setattr(engine_link, "QProcess", Failing)
    press_f5(person)
    assert run.state == "died" and link.given_up and not run._waits
    assert len(told) == 1 and not link._hello_limit.isActive()
