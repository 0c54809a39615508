"""What the windows beside the main one have in common."""

from explorer.app.side_window import SideWindow


def test_it_is_no_larger_than_the_screen(qtbot):
    window = SideWindow("Wide", (9000, 500), None)
    qtbot.addWidget(window)
    room = window.screen().availableSize()
    assert 0.5 * room.width() < window.width() < room.width() and window.height() == 500
