"""A person looks what a run will take, before it begins."""

from PySide6.QtCore import Qt

from explorer.app import theme
from explorer.app.number import bytes_text
from explorer.protocol.messages import Device, Hello

GPU = Device("cuda:0", "NVIDIA T4", 2 * 2**30, 2 * 2**30)


def greet(person):
    """The engine says that there is a small GPU."""
    session = person.session
    session.link.hello = Hello(devices=(GPU,), torch="2", pid=0)
    session.link.hello_said.emit(session.link.hello)
    person.wait(lambda: session.memory.forecast is not None)


def test_the_status_line_leads_to_the_batch_that_fits(person, qtbot):
    window = person.window
    greet(person)
    memory, status, menu = person.session.memory, window.status.memory, window.run_bar.settings_menu
    assert (
        f">training takes {bytes_text(memory.forecast.training)} of 2 GiB at batch 128<"
        in status.text()
    )
    qtbot.mouseClick(status, Qt.MouseButton.LeftButton)
    assert menu.isVisible() and window.memory.isVisible()
    batch = window.run_bar.settings.fields["batch_size"]
    batch.setValue(30_000)
    person.wait(lambda: window.memory.warning.isVisible())
    assert theme.DARK.warning in status.text() and "needs about" in status.toolTip()
    qtbot.mouseClick(window.memory.take, Qt.MouseButton.LeftButton)
    assert batch.value() == memory.largest == memory.batch
    assert theme.DARK.warning not in status.text() and not window.memory.warning.isVisible()
    assert menu.isVisible(), "the person sees what came of it"
    menu.close()


def test_the_keyboard_leads_there_too(person, qtbot):
    person.key(
        Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    menu, boxes = person.window.run_bar.settings_menu, person.window.run_bar.settings.fields
    person.wait(menu.isVisible)
    person.wait(boxes["epochs"].hasFocus)
    qtbot.keyClick(boxes["epochs"], Qt.Key.Key_Tab)
    assert boxes["batch_size"].hasFocus()
    qtbot.keyClick(menu, Qt.Key.Key_Escape)
    assert not menu.isVisible()


def test_a_run_that_will_not_fit_is_told_of_and_begins_all_the_same(person, monkeypatch):
    greet(person)
    monkeypatch.setattr(person.session.link, "start", lambda: None)  # as if it ran already
    person.window.run_bar.settings.fields["batch_size"].setValue(30_000)
    person.window.run_bar.run_actions["run"].trigger()
    assert "needs about" in person.window.notice.text() and "fits" in person.window.notice.text()
    assert person.session.run.active
