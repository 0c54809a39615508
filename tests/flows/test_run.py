"""A person looks, runs, pauses, stops, loses the engine and goes on, with the real engine."""

import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from explorer.app import journal
from explorer.app.number import percent
from explorer.app.runs_window import RunsWindow
from explorer.graph import edits
from explorer.runs import folder


def test_without_pressing_anything_maps_and_gradients_are_there(ready, qtbot):
    person = ready
    maps, gradients = person.window.feature_maps, person.window.gradients
    person.wait(lambda: maps.title.text() != "")
    assert "layer1 · 16×28×28" in maps.title.text()
    assert person.scene.cards["input"].picture is not None
    assert person.scene.cards["input"].subtitle == "Ankle boot"
    names = {layer.path for layer in person.session.report.layers() if layer.params}
    assert set(gradients.profile.layers) == names
    person.wait(lambda: person.scene.cards["layer2"].gauge is not None)
    assert "gradient" in person.scene.cards["stem"].toolTip()
    with qtbot.waitSignal(person.session.link.seen) as answer:
        person.click("layer2")
    (seen,) = answer.args
    assert seen.look.path == "layer2" and seen.figures["shape"] == [32, 14, 14]
    person.wait(lambda: "layer2 · 32×14×14" in maps.title.text())


def test_a_changed_parameter_rebuilds_and_keeps_the_other_weights(ready, qtbot):
    person = ready
    link = person.session.link
    with qtbot.waitSignal(link.seen), qtbot.waitSignal(link.built) as answer:
        person.session.edit("Set", partial(edits.set_params, id="layer3", params={"width": 48}))
    (built,) = answer.args
    assert built.params == person.session.report.params
    assert built.kept > 0 and built.fresh > 0


def test_a_run_moves_every_view_and_can_be_paused_stepped_and_stopped(ready, qtbot):
    person = ready
    link, run, bar = person.session.link, person.session.run, person.window.run_bar
    rows = []
    link.rows_arrived.connect(rows.append)
    with qtbot.waitSignal(link.rows_arrived):
        person.train(epochs=50)
    person.wait(lambda: len(rows) > 2)
    assert run.state == "running"
    bar.run_actions["pause"].trigger()
    person.wait(lambda: run.state == "paused")
    step = rows[-1].step
    with qtbot.waitSignal(link.rows_arrived):
        bar.run_actions["step"].trigger()
    assert rows[-1].step == step + 1
    assert f"step {step + 1}" in bar.progress.text().replace("/", " ")
    bar.run_actions["resume"].trigger()
    person.wait(lambda: rows[-1].step > step + 3)
    steps = np.concatenate([each.rows[:, 0] for each in rows])
    assert list(steps) == list(range(1, len(steps) + 1))
    assert any(len(each.gradients) for each in rows)
    bar.run_actions["stop"].trigger()
    person.wait(lambda: run.state == "stopped")
    assert run.resumable


def test_a_run_ends_with_a_score_on_the_test_pictures(ready, qtbot):
    person = ready
    scores = []
    person.session.new("lenet5")
    person.session.link.validated.connect(scores.append)
    person.train(epochs=2)
    person.wait(lambda: person.session.run.state == "finished")
    assert [score.epoch for score in scores] == [1, 2]
    assert scores[-1].accuracy > 0.5
    assert "finished" in person.window.status.state.text()


def test_the_engine_is_killed_and_the_run_goes_on_from_its_checkpoint(ready, qtbot):
    person = ready
    link, run = person.session.link, person.session.run
    person.session.new("lenet5")
    person.train(epochs=50)
    with qtbot.waitSignal(link.saved) as saved:
        pass
    kept = saved.args[0].step
    maps = person.window.feature_maps.title.text()
    with qtbot.waitSignal(link.died) as died:
        os.kill(link.hello.pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    assert "killed" in died.args[0] or os.name != "posix"
    assert person.window.isVisible() and run.state == "died"
    assert person.window.feature_maps.title.text() == maps
    assert "can be resumed" in person.window.notice.text()
    person.wait(lambda: link.hello is not None)
    assert run.resumable
    with qtbot.waitSignal(link.rows_arrived) as rows:
        person.window.run_bar.run_actions["resume"].trigger()
    assert rows.args[0].rows[0, 0] == kept + 1
    person.window.run_bar.run_actions["stop"].trigger()
    person.wait(lambda: run.state == "stopped")


def test_editing_in_a_run_leaves_the_run_alone(ready, qtbot):
    person = ready
    link, run = person.session.link, person.session.run
    with qtbot.waitSignal(link.rows_arrived):
        person.train(epochs=50)
    person.session.edit("Set", partial(edits.set_params, id="layer3", params={"width": 48}))
    with qtbot.waitSignal(link.rows_arrived):
        pass
    assert run.state == "running"
    with qtbot.waitSignal(link.built) as built:
        person.window.run_bar.run_actions["stop"].trigger()
    assert built.args[0].params == person.session.report.params


def test_another_network_in_view_shows_nothing_of_the_run(ready, qtbot):
    person = ready
    link, run = person.session.link, person.session.run
    with qtbot.waitSignal(link.rows_arrived):
        person.train(epochs=50)
    person.session.edit("Set", partial(edits.set_params, id="layer3", params={"width": 48}))
    assert "as it was when it started" in person.window.notice.text()
    person.session.new("lenet5")
    watched = run.watched
    person.click("conv2")
    with qtbot.waitSignal(link.rows_arrived):
        pass
    assert run.watched == watched and not person.session.holds_document
    assert person.scene.cards["output"].subtitle == ""
    assert all(card.gauge is None for card in person.scene.cards.values())
    assert "cifar_resnet8" in person.window.run_bar.progress.text()
    person.window.run_bar.run_actions["stop"].trigger()
    person.wait(lambda: run.state == "stopped")
    assert "stopped" in person.window.run_bar.progress.text()
    person.wait(lambda: person.scene.cards["conv2"].gauge is not None)
    person.window.run_bar.run_actions["resume"].trigger()
    assert person.session.graph.name == "cifar_resnet8"
    person.window.run_bar.run_actions["stop"].trigger()
    person.wait(lambda: run.state == "stopped")


def test_a_run_resumed_after_an_edit_goes_on_with_its_own_network_and_says_so(
    ready, tmp_path, qtbot
):
    person = ready
    window, session = person.window, person.session
    link, run = session.link, session.run
    maps, trained = window.feature_maps, session.graph
    person.click("stem")
    person.wait(lambda: "stem · 16×28×28" in maps.title.text())
    person.train(epochs=50)
    person.wait(lambda: len(session.document.record.gradients) > 5)
    session.edit("Set", partial(edits.set_params, id="stem", params={"out_channels": 24}))
    session.edit("Rename", lambda graph: edits.rename(graph, "layer2", "renamed"))
    with qtbot.waitSignal(link.built):  # the run is over: now the edited network is built
        QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    assert session.holds_drawn()
    person.wait(lambda: "stem · 24×28×28" in maps.title.text())
    person.click("renamed")  # the network of the run has no such node to look at
    with qtbot.waitSignal(link.rows_arrived) as rows:
        QTest.keyClick(window, Qt.Key.Key_F8)
    assert session.engine_holds.report.graph is trained and not session.holds_drawn()
    assert run.state == "running" and run.watched in trained.nodes
    assert "as it was when it started" in window.notice.text()
    assert window.run_bar.progress.text().startswith("cifar_resnet8 as it was · epoch")
    person.click("stem")
    person.wait(lambda: maps.stack.currentIndex() == 0)
    assert "before it was edited" in maps.empty.text()
    for _look in range(2):  # and stays so while the run tells of its own stem
        with qtbot.waitSignal(link.seen, check_params_cb=lambda seen: not seen.more):
            pass
    assert maps.stack.currentIndex() == 0 and person.scene.cards["stem"].gauge is None
    assert person.scene.cards["output"].subtitle == ""
    first = int(rows.args[0].gradient_steps[0])
    person.wait(window.gradients.heat.isVisible)  # with all that was before the resume
    course = session.document.record.gradients
    assert course.steps[0] == 1 < first <= course.steps[-1]
    session.weights_io.write("safetensors", tmp_path / "net.safetensors")
    assert "holds the network of the run" in window.notice.text()
    person.undo()
    person.undo()  # what is drawn is what runs
    assert session.holds_drawn()
    person.wait(lambda: maps.stack.currentIndex() == 1)
    person.wait(lambda: person.scene.cards["stem"].gauge is not None)
    assert "stem · 16×28×28" in maps.title.text()
    session.weights_io.write("safetensors", tmp_path / "net.safetensors")
    person.wait((tmp_path / "net.safetensors").exists)
    person.redo()
    person.redo()
    with qtbot.waitSignal(link.built) as built:  # and again, when it is over
        window.run_bar.run_actions["stop"].trigger()
    assert built.args[0].params == session.report.params


def test_the_record_of_a_run_holds_what_the_engine_told(ready):
    person = ready
    person.session.new("lenet5")
    person.train(epochs=1)
    record = person.session.document.record
    person.wait(lambda: record.state == "finished")
    assert record is person.session.run.record and record.graph is person.session.graph
    assert record.recipe.epochs == 1 and record.checkpoint
    assert record.history.last_step == 60 and record.progress.step == 60
    ((_step, _loss, accuracy),) = record.history.validations
    assert record.confusion.shape == (10, 10)
    assert record.confusion.trace() / record.confusion.sum() == pytest.approx(accuracy)


def test_a_window_that_is_killed_in_a_run_is_followed_by_one_that_goes_on(ready, qtbot):
    """The next start shows the network with its curves, and F8 goes on from the checkpoint."""
    person = ready
    link, run = person.session.link, person.session.run
    person.session.new("lenet5")
    person.train(epochs=50)
    with qtbot.waitSignal(link.saved) as saved:
        pass
    document = person.session.document
    shown = document.record.history.last_step
    again = person.session.blank()
    os.kill(link.hello.pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    person.wait(lambda: run.state == "died")

    assert journal.read(document.journal.path, again) == 0
    person.session.restore([again], again)
    run.show(again.record)
    assert again.record is not document.record and again.record.state == "died"
    assert again.record.history.last_step >= min(shown, saved.args[0].step)
    assert again.record.recipe == document.record.recipe.settled(normalised=False)
    person.wait(lambda: link.hello is not None)
    with qtbot.waitSignal(link.rows_arrived) as rows:
        person.window.run_bar.run_actions["resume"].trigger()
    assert rows.args[0].rows[0, 0] == saved.args[0].step + 1
    person.window.run_bar.run_actions["stop"].trigger()
    person.wait(lambda: run.state == "stopped")


def test_a_run_is_opened_with_its_curves_from_the_list(ready, qtbot):
    person = ready
    run = person.session.run
    person.session.new("lenet5")
    person.train(epochs=1)
    person.wait(lambda: run.state == "finished")
    record = person.session.document.record
    person.session.new("resnet18")
    person.session.close(0)
    person.window.menus.actions["open_run"].trigger()
    runs = person.window.findChild(RunsWindow)
    item = runs.list.topLevelItem(0)
    assert [item.text(column) for column in range(5)] == [
        "lenet5",
        "Fashion-MNIST",
        "1 of 1",
        percent(record.test),
        "finished",
    ]
    with qtbot.waitSignal(person.session.link.built) as built:
        qtbot.keyClick(runs.search, Qt.Key.Key_Return)
    assert built.args[0].fresh == 0, "with the weights at the end of the run"
    assert person.session.graph == record.graph
    opened = person.session.document.record
    assert opened is not record
    np.testing.assert_allclose(opened.history.validations, record.history.validations, rtol=1e-4)
    np.testing.assert_allclose(opened.history.points, record.history.points, rtol=1e-4)
    assert opened.gradients.layers == record.gradients.layers
    person.wait(lambda: person.window.training.plots.isVisible())


def test_why_a_run_was_lost_stays_in_view_until_the_next(ready, qtbot):
    person = ready
    run, training = person.session.run, person.window.training
    person.session.new("lenet5")
    run.change_recipe({"learning_rate": 100.0})
    person.train(epochs=50)
    person.wait(lambda: run.state == "stopped")
    person.wait(lambda: training.reason.isVisible())
    assert training.reason.text().startswith("The loss is NaN or infinite since step ")
    assert "lower one" in training.reason.text()
    assert folder.RunAbout.read(Path(run.record.folder)).reason == training.reason.text()
    run.change_recipe({"learning_rate": 0.01})
    person.train(epochs=50)
    person.wait(lambda: run.state == "running" and not training.reason.isVisible())
