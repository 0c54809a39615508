"""The controls of a run."""

import pytest
from PySide6.QtCore import Qt

from explorer.app.panels.run.run_bar import RunBar
from explorer.protocol.messages import Device, Modes
from explorer.runs.record import Progress


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
    bar.show_run(state, resumable)
    enabled = {name for name, action in bar.run_actions.items() if action.isEnabled()}
    assert enabled == {*allowed, "run_settings"}
    for name in allowed - {"run", "resume"}:
        assert bar._buttons[name].isVisible()
    assert bar._buttons["run"].isVisible() or bar._buttons["resume"].isVisible()


def test_every_action_has_a_shortcut_and_a_tip(bar):
    for name, action in bar.run_actions.items():
        assert action.shortcut().toString() and action.statusTip() and action.text()
        assert bar._buttons[name].defaultAction() is action


def test_keys_ask(bar, qtbot):
    bar.activateWindow()
    with qtbot.waitSignal(bar.run_asked):
        qtbot.keyClick(bar, Qt.Key.Key_F5)
    bar.show_run("paused")
    with qtbot.waitSignal(bar.resume_asked):
        qtbot.keyClick(bar, Qt.Key.Key_F5)
    with qtbot.waitSignal(bar.step_asked):
        qtbot.mouseClick(bar._buttons["step"], Qt.MouseButton.LeftButton)


def test_progress_says_how_far_and_how_long(bar):
    bar.show_run(
        "running",
        progress=Progress(
            step=1116, steps=4690, epochs=10, images_per_second=11_300.0, seconds_left=72
        ),
    )
    assert bar.progress.text() == "epoch 3/10 · step 178/469 · 11.3k img/s · 1:12 left"
    assert bar.progress.share == pytest.approx(1116 / 4690)


def test_devices_are_listed_and_the_choice_kept(bar, qtbot):
    assert bar.chosen_device() is None and not bar.device.isEnabled()
    devices = [
        Device("cpu", "AMD EPYC 7B13 64-Core Processor", 24 * 2**30),
        Device("cuda:0", "NVIDIA GeForce RTX 4090", 24 * 2**30),
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
    bar.set_modes(Modes(measured=(("float32", 5000.0),), chosen="bfloat16 channels-last"))
    assert bar.mode.itemText(0) == "auto: bf16, ch-last" and bar.mode.currentData() == "auto"
    assert "5k images per second" in bar.mode.itemData(1, Qt.ItemDataRole.ToolTipRole)


def test_figures_of_a_run(bar, qtbot):
    shown = {name: field.text() for name, field in bar.settings.fields.items()}
    assert shown["epochs"] == "5" and shown["batch_size"].startswith("128")
    with qtbot.waitSignal(bar.recipe_wanted) as wanted:
        bar.settings.fields["epochs"].setValue(9)
    assert wanted.args == [{"epochs": 9}] and type(wanted.args[0]["epochs"]) is int
    with qtbot.waitSignal(bar.recipe_wanted) as wanted:
        bar.mode.activated.emit(1)
    assert wanted.args == [{"mode": "float32"}]
    rate = bar.settings.fields["learning_rate"].lineEdit()
    assert rate.displayText() == "" and rate.placeholderText() == "automatic"
