"""A gesture that is broken off in the middle, in every way a person can, leaves all as it was."""

from functools import partial

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.graph import edits

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


class Hand:
    """Holds a button of the mouse over the canvas; places are in pixels of the view."""

    def __init__(self, person, place: QPoint, button=LEFT):
        self.view, self.at, self.button = person.canvas.viewport(), place, button
        self._send(QEvent.Type.MouseButtonPress, button, button)

    def move(self, by: QPoint) -> None:
        for share in (0.4, 1.0):
            self._to(self.at + by * share)
        self.at += by

    def _to(self, place: QPoint) -> None:
        self._send(QEvent.Type.MouseMove, Qt.MouseButton.NoButton, self.button, place)

    def release(self) -> None:
        self._send(QEvent.Type.MouseButtonRelease, self.button, Qt.MouseButton.NoButton)

    def _send(self, kind, button, buttons, place=None) -> None:
        at = QPointF(place or self.at)
        QApplication.sendEvent(
            self.view,
            QMouseEvent(
                kind, at, self.view.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier
            ),
        )


def on_card(person, id="layer1") -> QPoint:
    return person.canvas.mapFromScene(person.centre(id) + QPointF(0, 12))


def pan(person) -> Hand:
    return Hand(person, QPoint(200, 300), MIDDLE)


def pan_with_space(person) -> Hand:
    QTest.keyPress(person.canvas, Qt.Key.Key_Space)
    return Hand(person, QPoint(200, 300))


def frame(person) -> Hand:
    return Hand(person, QPoint(20, 60))


def move(person) -> Hand:
    return Hand(person, on_card(person))


def connect(person) -> Hand:
    return Hand(person, person.canvas.mapFromScene(person.scene.cards["layer1"].out_port()))


def reconnect(person) -> Hand:
    return Hand(person, person.canvas.mapFromScene(person.scene.cards["layer2"].in_port("x")))


def escape(person) -> None:
    QTest.keyClick(person.canvas, Qt.Key.Key_Escape)


def lose_focus(person) -> None:
    QApplication.sendEvent(
        person.canvas, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.ActiveWindowFocusReason)
    )


def delete(person) -> None:
    person.session.select({"layer1"})
    person.window.actions_of_canvas.by_name["delete"].trigger()


def undo(person) -> None:
    person.undo()


def another_tab(person) -> None:
    person.session.new("lenet5")


def open_block(person) -> None:
    person.session.open(("layer1",))


def other_shape(person) -> None:
    person.session.edit("Set", partial(edits.set_params, id="layer1", params={"width": 24}))


def nothing_held(person) -> None:
    """No trace of a gesture: what is drawn is what the network is, and the pointer is plain."""
    canvas, scene = person.canvas, person.scene
    assert canvas.gesture is None
    graph = person.session.shown
    for id, node in graph.nodes.items():
        assert (scene.cards[id].pos().x(), scene.cards[id].pos().y()) == node.position
    assert set(scene.wires) == set(graph.wires)
    assert all(item.isVisible() and not item.hot for item in scene.wires.values())
    assert all(card.hot_port is None for card in scene.cards.values())
    drawn = {*scene.cards.values(), *scene.wires.values()}
    assert set(scene.items()) <= drawn, "a frame or a wire being pulled is left"
    assert person.session.selection <= {*graph.nodes, "input", "output"}
    if not canvas._space:
        assert canvas.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor


BREAKS = [escape, lose_focus, delete, undo, another_tab, open_block, other_shape]


@pytest.mark.parametrize("begin", [pan, pan_with_space, frame, move, connect, reconnect])
def test_a_gesture_broken_off_leaves_all_as_it_was(person, begin):
    for break_off in BREAKS:
        person.session.new("cifar_resnet8")
        break_it_off(person, begin, break_off)


def break_it_off(person, begin, break_off) -> None:
    """One gesture in a new tab, one way to break it off."""
    why = break_off.__name__
    person.session.edit("Move", partial(edits.move, positions={"layer2": (620.0, 40.0)}))
    person.session.select({"layer3"})
    graph, view = person.session.graph, person.canvas.mapToScene(QPoint(0, 0))
    hand = begin(person)
    hand.move(QPoint(60, 35))
    assert person.canvas.gesture is not None, why
    break_off(person)
    assert person.canvas.gesture is None, why
    untouched, given = break_off in (escape, lose_focus), break_off is open_block
    if not given:  # the inside of a declared block has no positions of its own
        nothing_held(person)
    if untouched:
        assert person.session.graph is graph, why
        assert person.session.selection == {"layer3"}, why
        assert person.canvas.mapToScene(QPoint(0, 0)) == view, why
    hand.move(QPoint(30, 10))  # the button is still down
    hand.release()
    QTest.keyRelease(person.canvas, Qt.Key.Key_Space)
    if untouched:
        assert person.session.graph is graph, why
    if not given:
        nothing_held(person)
        if break_off not in (another_tab, delete):
            person.click("layer3")
            assert person.session.selection == {"layer3"}, why


def test_escape_in_a_pan_brings_the_view_back(person):
    canvas = person.canvas
    before = canvas.mapToScene(QPoint(0, 0))
    hand = Hand(person, QPoint(200, 300), MIDDLE)
    bar = canvas.horizontalScrollBar()
    bar.setValue(bar.value() + 80)  # what a pan does; an offscreen pointer does not move
    assert canvas.mapToScene(QPoint(0, 0)) != before
    escape(person)
    hand.release()
    assert canvas.mapToScene(QPoint(0, 0)) == before


def test_a_selected_wire_is_selected_again(person):
    wire = next(iter(person.scene.wires))
    person.canvas.select_wire(wire)
    for begin in (frame, move, connect):
        hand = begin(person)
        hand.move(QPoint(60, 35))
        escape(person)
        hand.release()
        assert person.canvas.selected_wire == wire and not person.session.selection


def test_a_view_that_showed_all_does_so_again_after_a_pan_broken_off(person):
    canvas = person.canvas
    hand = Hand(person, QPoint(200, 300), MIDDLE)
    canvas.zoom(1.7)
    escape(person)
    hand.release()
    person.window.resize(1280, 720)
    seen = canvas.mapToScene(canvas.viewport().rect()).boundingRect()
    assert seen.contains(person.scene.content())


def test_another_button_neither_ends_a_gesture_nor_opens_a_menu_in_it(person):
    hand = move(person)
    hand.move(QPoint(60, 35))
    other = Hand(person, hand.at, MIDDLE)
    other.release()
    asked = []
    person.canvas.menu_wanted.connect(asked.append)
    view = person.canvas.viewport()
    QApplication.sendEvent(
        view,
        QContextMenuEvent(QContextMenuEvent.Reason.Mouse, hand.at, view.mapToGlobal(hand.at)),
    )
    assert person.canvas.gesture is not None and not asked
    hand.release()
    assert person.canvas.gesture is None
    assert person.session.document.undo.count() == 1


def test_space_is_let_go_when_the_keys_go_elsewhere(person):
    QTest.keyPress(person.canvas, Qt.Key.Key_Space)
    assert person.canvas.viewport().cursor().shape() == Qt.CursorShape.OpenHandCursor
    lose_focus(person)
    hand = Hand(person, QPoint(20, 60))
    hand.move(QPoint(30, 30))
    assert type(person.canvas.gesture).__name__ == "Frame"
    hand.release()


@pytest.mark.parametrize("command", ["open", "edit_inside"])
def test_only_the_inside_of_a_block_can_be_opened_or_edited_from_the_menu(person, command):
    person.session.new("vgg11")
    action = person.window.menus.actions[command]
    for ids, is_block in (
        (["features"], True),
        (["flatten"], False),
        (["features", "classifier"], False),
        ([], False),
        (["classifier"], True),
    ):
        person.session.select(ids)
        assert action.isEnabled() == is_block
    action.trigger()
    assert person.session.view == ("classifier",) and not action.isEnabled()
