"""The forecast of memory in the window: for which device, what is said of it, what was measured."""

from dataclasses import replace

import pytest

from explorer.analysis.memory_forecast import forecast, largest_batch, room_on
from explorer.app.number import bytes_text
from explorer.app.panels.run.memory_view import MemoryPanel
from explorer.app.run_memory import RunMemory
from explorer.catalog.datasets import DATASETS
from explorer.graph import edits
from explorer.protocol.messages import Device, Hello, Modes, Rows, State, np

GPU = Device("cuda:0", "NVIDIA A10", 24 * 2**30, 20 * 2**30)
CPU = Device("cpu", "Xeon", 64 * 2**30, 0)


@pytest.fixture
def settled(session, qtbot):
    """settled(): the forecast is that of the present settings."""
    return lambda: qtbot.waitUntil(lambda: session.memory.ready)


@pytest.fixture
def greet(session, settled):
    """greet(device, …): the engine says which devices there are, and the person takes cuda:0."""

    def say(*devices):
        session.link.hello = Hello(devices=devices, torch="", pid=1)
        session.link.hello_said.emit(session.link.hello)
        session.run.choose_device("cuda:0")
        settled()

    return say


@pytest.fixture
def memory(session, greet) -> RunMemory:
    """The session's, settled for a GPU of 24 GB of which 20 are free."""
    greet(GPU, CPU)
    return session.memory


@pytest.fixture
def panel(memory, qtbot) -> MemoryPanel:
    panel = MemoryPanel(memory)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_the_forecast_is_that_of_the_next_run(memory, session, settled):
    assert memory.forecast == forecast(session.report, 128, "float32", device="cuda")
    session.run.change_recipe({"batch_size": 32})
    assert memory.forecast == forecast(session.report, 32, "float32", device="cuda")
    session.run.change_recipe({"mode": "bfloat16 channels-last"})
    settled()
    assert memory.forecast == forecast(session.report, 32, "bfloat16", device="cuda")
    session.run.choose_device("cpu")
    settled()
    assert memory.forecast == forecast(session.report, 32, "bfloat16", device="cpu")


def test_auto_is_forecast_as_float32_until_a_mode_was_measured(memory, session, settled):
    assert memory.precision == "float32"
    session.link.modes_measured.emit(Modes(measured=(), chosen="bfloat16 channels-last"))
    settled()
    assert memory.precision == memory.forecast.precision == "bfloat16"


def test_a_batch_is_no_larger_than_the_data(memory, session):
    session.run.change_recipe({"batch_size": 65_000})
    assert memory.batch == DATASETS["fashion-mnist"].train == memory.forecast.batch


def test_the_largest_batch_is_one_that_can_be_taken(memory, panel, session, settled, qtbot):
    """What is shown is what the button sets, though the device would hold more."""
    session.new("lenet5")
    settled()
    assert memory.largest == DATASETS["fashion-mnist"].train
    assert panel.largest.text() == f"Largest batch that fits: {memory.largest:,}"
    with qtbot.waitSignal(panel.batch_wanted) as wanted:
        panel.take.click()
    assert wanted.args == [memory.largest]


def test_what_others_use_is_not_for_the_run(memory, session, settled):
    assert memory.place.others == 4 * 2**30
    assert memory.place.room == room_on(20 * 2**30)
    beside = room_on(20 * 2**30) - DATASETS["fashion-mnist"].bytes
    assert memory.largest == largest_batch(session.report, beside)
    session.run.choose_device("cpu")
    settled()
    assert memory.place.others == 0, "unknown"
    assert memory.place.room == room_on(64 * 2**30)


def test_without_a_word_of_the_engine_nothing_is_said_of_a_device(session, greet, settled):
    settled()
    assert session.memory.forecast is not None
    assert session.memory.place is None and session.memory.fits
    greet(Device("cuda:0", "", 0))
    assert session.memory.place is None and session.memory.fits


def test_too_large_a_step_is_told_before_the_run(memory, session, panel, greet, qtbot):
    told = []
    session.notified.connect(told.append)
    greet(replace(GPU, memory=2**30, free=0))
    assert memory.fits and not panel.warning.isVisible()
    session.run.change_recipe({"batch_size": 20_000})
    assert not memory.fits and panel.warning.isVisible()
    need = bytes_text(memory.forecast.training)
    assert f"needs about {need}, but cuda:0 has" in memory.warning
    assert f"A batch of {memory.largest:,} fits" in memory.warning
    session.run.start()
    assert memory.warning in told
    with qtbot.waitSignal(panel.batch_wanted) as wanted:
        panel.take.click()
    session.run.change_recipe({"batch_size": wanted.args[0]})
    assert memory.fits and not panel.warning.isVisible() and not panel.take.isVisible()


def test_the_largest_batch_leaves_free_what_is_promised(memory, session, settled):
    """The run's tensors and its data set fit into the room, while it trains and while it validates."""
    session.new("resnet50")
    settled()
    session.run.change_recipe({"batch_size": memory.largest})
    settled()
    taken = memory.forecast.peak + DATASETS["fashion-mnist"].bytes
    assert memory.fits and memory.warning == "" and taken <= memory.place.room
    session.run.change_recipe({"batch_size": memory.largest + 1})
    settled()
    assert not memory.fits


def test_where_nothing_fits_no_batch_is_offered(memory, panel, greet):
    greet(replace(GPU, memory=2**29, free=0))
    assert memory.largest == 0 and "Not even one picture fits" in memory.warning
    assert panel.largest.text() == "No batch fits" and not panel.take.isVisible()


def test_the_panel_lists_what_adds_up(memory, panel, session, settled):
    found = memory.forecast
    assert panel.total.text() == bytes_text(found.training)
    assert panel.of.text() == "of 24 GiB on cuda:0, at batch 128, float32"
    assert panel.rows["activations"][2].text() == bytes_text(found.activations)
    assert sum(panel.bar.parts.values()) == found.training
    assert panel.bar.needed == found.training + 4 * 2**30
    assert not panel.rows["copies"][0].isVisible()
    session.run.change_recipe({"mode": "bfloat16 channels-last"})
    settled()
    assert panel.rows["copies"][0].isVisible()
    place = memory.place
    assert "other programs use 4 GiB (hatched)" in panel.more.text()
    assert f"{bytes_text(place.room)} is left for the data set and a step" in panel.more.text()
    assert (
        f"Validation takes up to {bytes_text(memory.forecast.validation)}, with "
        f"{memory.forecast.validated:,} pictures at once" in panel.more.text()
    )
    assert f"{bytes_text(place.memory - place.others - place.room)} is kept free" in (
        panel.more.text()
    ), "what the three figures leave open"


def test_the_measured_peak_stands_beside_what_was_forecast_for_that_run(memory, session, panel):
    session.run.start()
    expected = memory.forecast.peak
    session.link.state_changed.emit(State(state="running"))
    session.run.change_recipe({"batch_size": 8})  # for the run after that
    rows = Rows(columns=(), rows=np.zeros((0, 0)), memory=expected * 5 // 4)
    session.memory._on_rows(rows)
    assert memory.measured == expected * 5 // 4 and memory.expected == expected
    assert f"Measured in the last run: {bytes_text(expected * 5 // 4)}" in panel.more.text()
    assert "(80 %)" in panel.more.text()
    session.memory._on_rows(replace(rows, memory=None))
    assert memory.measured == expected * 5 // 4
    session.link.state_changed.emit(State(state="stopped"))
    session.run.start()
    assert memory.measured is None


def test_a_network_that_cannot_run_has_none(memory, session, panel, settled):
    session.edit("Delete", lambda graph: edits.remove(graph, {"head"}))
    assert not memory.ready
    settled()
    assert memory.forecast is None and memory.fits
    assert panel.total.text() == "–" and not panel.bar.isVisible()
