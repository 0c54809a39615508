"""A notice, and what it offers."""

from explorer.app.notice import Notice


def test_the_notice_offers_more(session, qtbot):
    from PySide6.QtWidgets import QWidget

    room = QWidget()
    room.resize(800, 400)
    qtbot.addWidget(room)
    notice, done = Notice(room, session), []
    room.show()
    notice.say("All fits.", "Show all", lambda: done.append(1))
    assert notice.more.isVisible() and notice.rect().contains(notice.more.geometry())
    tall = notice.height()
    notice.more.click()
    assert done == [1] and not notice.isVisible()
    session.notified.emit("All fits.")
    assert not notice.more.isVisible() and notice.height() < tall
