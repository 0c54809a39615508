"""Where the card of a mismatch goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize

from explorer.app.canvas.overlays import CELL, free_place

ROOM = QRect(12, 36, 900, 500)
RECTS = st.builds(
    QRect, st.integers(-300, 900), st.integers(-300, 600), st.integers(1, 300), st.integers(1, 300)
)


@given(st.lists(RECTS, max_size=12), st.integers(40, 340), st.integers(40, 340))
def test_a_free_place_lies_in_the_room_and_on_nothing(taken, width, height):
    place = free_place(ROOM, QSize(width, height), taken, QPoint(300, 200))
    if place is not None:
        rect = QRect(place, QSize(width, height))
        assert ROOM.adjusted(0, 0, CELL, CELL).contains(rect)
        assert not any(rect.intersects(each) for each in taken)


def test_it_is_the_nearest():
    size, near = QSize(96, 96), QPoint(460, 280)
    place = free_place(ROOM, size, [], near)
    assert (QRect(place, size).center() - near).manhattanLength() <= 2 * CELL
    below = free_place(ROOM, size, [QRect(0, 0, 920, 330)], near)
    assert 330 <= below.y() <= 330 + 3 * CELL


@pytest.mark.parametrize(
    ("size", "taken"),
    [(QSize(96, 96), [QRect(0, 0, 920, 540)]), (QSize(901, 96), []), (QSize(96, 540), [])],
)
def test_there_may_be_none(size, taken):
    assert free_place(ROOM, size, taken, QPoint(0, 0)) is None
