"""The curves of a run, and the controls of it."""

import numpy as np
import pytest
from PySide6.QtCore import Qt

from explorer.app import theme
from explorer.app.panels.history import LOSS, MOST_POINTS, SMOOTH_LOSS, STEP, History
from explorer.app.panels.run_bar import RunBar
from explorer.app.panels.training import TrainingPanel


@pytest.fixture
def session(live_session):
    return live_session


@pytest.fixture
def panel(qtbot, qapp, session):
    theme.apply(qapp, theme.DARK)
    panel = TrainingPanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 260)
    panel.show()
    return panel


def test_history_of_any_length_is_bounded():
    history = History()
    for first in range(1, 200_001, 1000):
        steps = np.arange(first, first + 1000)
        history.add(steps, steps / 1e5, np.ones(1000))
    assert MOST_POINTS / 2 <= len(history) < MOST_POINTS
    assert np.all(np.diff(history.points[:, STEP]) > 0)
    np.testing.assert_allclose(history.points[:, LOSS], history.points[:, STEP] / 1e5)
    assert history.last_step > 199_900
    for steps, values in (history.thinned(SMOOTH_LOSS, 200), history.peaks(LOSS, 400)):
        assert len(steps) == len(values) <= 402
    assert history.peaks(LOSS, 400)[1].max() == history.points[:, LOSS].max()


def test_history_smooths_and_survives_a_loss_that_is_no_number():
    history = History()
    history.add(np.arange(1, 5), np.array([2.0, np.nan, 1.0, 1.0]), np.zeros(4))
    smooth = history.points[:, SMOOTH_LOSS]
    assert smooth[0] == pytest.approx(2) and smooth[1] == smooth[0] and 1 < smooth[3] < 2


def test_history_resumed_from_a_checkpoint_replaces_what_was_lost():
    history = History()
    history.add(np.arange(1, 101), np.full(100, 2.0), np.zeros(100))
    history.validate(90, 1.0, 0.5)
    assert history.continues(81) and not history.continues(1)
    history.add(np.arange(81, 86), np.full(5, 1.0), np.zeros(5))
    assert history.last_step == 85 and len(history) == 85 and not history.validations
    assert history.at(80.4)[LOSS] == 2.0 and history.at(84)[LOSS] == 1.0


def test_empty_panel_says_how_to_begin(panel):
    assert panel.stack.currentWidget() is panel.empty and "F5" in panel.empty.text()


def test_rows_are_drawn_with_their_figures(panel, session, qtbot):
    session.link.say_rows(range(1, 101), np.full(100, 0.4))
    session.link.validated.emit({"epoch": 1, "step": 90, "loss": 0.37, "accuracy": 0.884}, {})
    qtbot.waitUntil(lambda: "validation" in panel.loss.legend.text())
    assert panel.stack.currentIndex() == 1
    assert (
        "train 0.400" in panel.loss.legend.text() and "validation 0.370" in panel.loss.legend.text()
    )
    assert "validation 88.4 %" in panel.accuracy.legend.text()
    steps, values = panel.loss.train.getData()
    assert steps[-1] == 100 and values[-1] == pytest.approx(0.4)
    assert panel.loss.plot.viewRange()[0] == [0, 1000]


def test_a_burst_is_drawn_once(panel, session, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(panel, "draw", lambda: drawn.append(len(panel.run)))
    for step in range(1, 60):
        session.link.say_rows([step])
    qtbot.waitUntil(lambda: bool(drawn))
    assert drawn == [59]


def test_a_hidden_panel_does_not_draw(panel, session, qtbot, monkeypatch):
    panel.hide()
    drawn = []
    monkeypatch.setattr(panel, "draw", lambda: drawn.append(len(panel.run)))
    session.link.say_rows([1, 2, 3])
    assert not panel._clock.isActive() and not drawn
    panel.show()
    qtbot.waitUntil(lambda: drawn == [3])


def test_a_new_run_keeps_the_one_before_for_comparison(panel, session):
    session.link.say_rows(range(1, 51), np.full(50, 0.9))
    session.link.say_rows(range(1, 21), np.full(20, 0.4))
    panel.draw()
    assert len(panel.run) == 20 and len(panel.before) == 50
    assert "cifar_resnet8 0.900" in panel.loss.legend.text()
    assert panel.loss.before.getData()[0][-1] == 50


def test_hover_reads_the_step_under_the_mouse(panel, session):
    session.link.say_rows(range(1, 101), np.linspace(2, 1, 100))
    panel.draw()
    panel.loss.hovered.emit(10.2)
    panel.draw()
    assert "step 10" in panel.loss.legend.text() and panel.accuracy.cross.isVisible()
    panel.loss.hovered.emit(None)
    panel.draw()
    assert "step" not in panel.loss.legend.text() and not panel.accuracy.cross.isVisible()


def test_log_scale_and_narrow_panel(panel, session, qtbot):
    session.link.say_rows(range(1, 101), np.geomspace(2, 0.02, 100))
    panel.log.click()
    panel.draw()
    low, high = panel.loss.plot.viewRange()[1]
    assert -3 < low < high < 1
    panel.resize(300, 240)
    panel.draw()
    assert panel.loss.isVisible() and not panel.accuracy.isVisible()
    panel._which.button(1).click()
    assert panel.accuracy.isVisible() and not panel.loss.isVisible()
    panel.resize(300, 500)
    assert panel.accuracy.isVisible() and panel.loss.isVisible()


def test_theme_is_worn(panel, session, qapp):
    session.link.say_rows([1, 2, 3])
    theme.apply(qapp, theme.LIGHT)
    panel.draw()
    colour = panel.loss.plot.getPlotItem().getViewBox().background.brush().color()
    assert colour.name() == theme.LIGHT.plot
    theme.apply(qapp, theme.DARK)


# The run bar


@pytest.fixture
def bar(qtbot):
    bar = RunBar()
    qtbot.addWidget(bar)
    bar.show()
    return bar


@pytest.mark.parametrize(
    ("state", "resumable", "allowed"),
    [
        ("idle", False, {"run"}),
        ("measuring", False, {"stop"}),
        ("running", False, {"pause", "stop"}),
        ("paused", False, {"resume", "step", "stop"}),
        ("finished", False, {"run"}),
        ("died", True, {"run", "resume"}),
        ("stopped", False, {"run"}),
        ("waiting", False, {"run"}),
        ("absent", False, {"run"}),
    ],
)
def test_each_state_offers_what_can_be_done(bar, state, resumable, allowed):
    bar.set_state(state, resumable)
    assert {name for name, action in bar.run_actions.items() if action.isEnabled()} == allowed
    for name in allowed - {"run", "resume"}:
        assert bar._buttons[name].isVisible()
    assert bar._buttons["run"].isVisible() or bar._buttons["resume"].isVisible()


def test_every_action_has_a_shortcut_and_a_tip(bar):
    for action in bar.run_actions.values():
        assert action.shortcut().toString() and action.statusTip() and action.text()


def test_keys_ask(bar, qtbot):
    bar.activateWindow()
    with qtbot.waitSignal(bar.run_asked):
        qtbot.keyClick(bar, Qt.Key.Key_F5)
    bar.set_state("paused")
    with qtbot.waitSignal(bar.resume_asked):
        qtbot.keyClick(bar, Qt.Key.Key_F5)
    with qtbot.waitSignal(bar.step_asked):
        qtbot.mouseClick(bar._buttons["step"], Qt.MouseButton.LeftButton)


def test_progress_says_how_far_and_how_long(bar):
    bar.set_state("running")
    bar.set_progress(
        {
            "epoch": 3,
            "epochs": 10,
            "step": 1116,
            "steps": 4690,
            "images_per_second": 11_300.0,
            "seconds_left": 72,
        }
    )
    assert bar.progress.text() == "epoch 3/10 · step 178/469 · 11.3k img/s · 1:12 left"
    assert bar.progress.share == pytest.approx(1116 / 4690)


def test_devices_are_listed_and_the_choice_kept(bar, qtbot):
    assert bar.chosen_device() is None and not bar.device.isEnabled()
    devices = [
        {"id": "cpu", "name": "AMD EPYC 7B13 64-Core Processor", "memory": 24 * 2**30},
        {"id": "cuda:0", "name": "NVIDIA GeForce RTX 4090", "memory": 24 * 2**30},
    ]
    bar.set_devices(devices)
    assert [bar.device.itemText(row) for row in (0, 1)] == [
        "cpu · EPYC 7B13 · 24 GiB",
        "cuda:0 · RTX 4090 · 24 GiB",
    ]
    with qtbot.waitSignal(bar.device_chosen) as chosen:
        bar.device.setFocus()
        qtbot.keyClick(bar.device, Qt.Key.Key_Down)
    assert chosen.args == ["cuda:0"]
    bar.set_devices(devices)
    assert bar.chosen_device() == "cuda:0"


def test_modes_show_what_was_measured(bar):
    bar.set_modes({"measured": [["float32", 5000.0]], "chosen": "bfloat16 channels-last"})
    assert bar.mode.itemText(0) == "auto: bf16, ch-last" and bar.chosen_mode() == "auto"
    assert "5k images per second" in bar.mode.itemData(1, Qt.ItemDataRole.ToolTipRole)


def test_figures_of_a_run(bar, qtbot):
    assert bar.settings.figures() == {
        "epochs": 5,
        "batch_size": 128,
        "learning_rate": None,
        "weight_decay": 0.0005,
        "seed": 0,
    }
    assert type(bar.settings.figures()["epochs"]) is int
    with qtbot.waitSignal(bar.settings_changed) as changed:
        bar.settings.boxes["epochs"].setValue(9)
    assert changed.args[0]["epochs"] == 9
    assert bar.settings.boxes["learning_rate"].text() == "automatic"
