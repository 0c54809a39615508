"""Random mouse and keys on the real window: nothing fails, and whatever came of it would survive a
crash."""

import os
import random
import time

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from explorer.app import journal
from explorer.app.recovery import Recovery
from explorer.app.session import Session
from explorer.app.window import Window
from explorer.catalog import templates
from explorer.graph import file

pytestmark = pytest.mark.campaign
SECONDS = float(os.environ.get("CNN_EXPLORER_MONKEY_SECONDS", "3600"))
KEYS = [
    *(Qt.Key(code) for code in range(Qt.Key.Key_A, Qt.Key.Key_Z + 1)),
    *(Qt.Key(code) for code in range(Qt.Key.Key_0, Qt.Key.Key_9 + 1)),
    *[Qt.Key.Key_Escape, Qt.Key.Key_Delete, Qt.Key.Key_Space, Qt.Key.Key_Slash] * 4,
    *[Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Backspace, Qt.Key.Key_F2] * 2,
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Home, Qt.Key.Key_F1, Qt.Key.Key_F5),
]
NONE, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
MODIFIERS = [NONE, NONE, NONE, CONTROL, CONTROL, SHIFT, CONTROL | SHIFT, ALT]
BUTTONS = [Qt.MouseButton.LeftButton] * 6 + [
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
]


class Monkey:
    """Acts at random, mostly on the canvas."""

    def __init__(self, window, seed):
        self.window, self.rng = window, random.Random(seed)
        self.held = Qt.MouseButton.NoButton
        self.last = []

    def _target(self):
        if QApplication.activePopupWidget() or QApplication.activeModalWidget():
            return QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if self.rng.random() < 0.7:
            return self.window.canvas.viewport()
        point = QPoint(
            self.rng.randrange(self.window.width()), self.rng.randrange(self.window.height())
        )
        return self.window.childAt(point) or self.window

    def _place(self, widget):
        cards = list(self.window.canvas.network.cards.values())
        if widget is self.window.canvas.viewport() and cards and self.rng.random() < 0.6:
            card = self.rng.choice(cards)
            offset = QPointF(self.rng.randrange(-70, 71), self.rng.randrange(-50, 51))
            return QPointF(self.window.canvas.mapFromScene(card.pos() + offset))
        return QPointF(
            self.rng.randrange(max(1, widget.width())), self.rng.randrange(max(1, widget.height()))
        )

    def act(self):
        widget = self._target()
        what = self.rng.random()
        modifier = self.rng.choice(MODIFIERS)
        if what < 0.35:
            self._mouse(widget, QEvent.Type.MouseMove, modifier)
        elif what < 0.55:
            if self.held == Qt.MouseButton.NoButton:
                self._mouse(widget, QEvent.Type.MouseButtonPress, modifier)
            else:
                self._mouse(widget, QEvent.Type.MouseButtonRelease, modifier)
        elif what < 0.6:
            self._mouse(widget, QEvent.Type.MouseButtonDblClick, modifier)
        elif what < 0.65:
            at = self._place(widget)
            turn = QPoint(0, self.rng.choice([-120, 120]))
            QApplication.sendEvent(
                widget,
                QWheelEvent(
                    at,
                    widget.mapToGlobal(at),
                    QPoint(),
                    turn,
                    self.held,
                    modifier,
                    Qt.ScrollPhase.NoScrollPhase,
                    False,
                ),
            )
        elif what < 0.97:
            key = self.rng.choice(KEYS)
            focus = QApplication.focusWidget() or self.window.canvas
            text = chr(key) if 32 < key < 128 else ""
            self.last.append(("key", key.name, modifier.value, type(focus).__name__))
            for kind in (
                QEvent.Type.ShortcutOverride,
                QEvent.Type.KeyPress,
                QEvent.Type.KeyRelease,
            ):
                QApplication.sendEvent(focus, QKeyEvent(kind, key, modifier, text))
        elif what < 0.98:
            self.window.resize(self.rng.randrange(900, 1900), self.rng.randrange(600, 1100))
        elif what < 0.985:
            self.window.session.new(self.rng.choice(templates.names()))
        else:
            self.window.menus.actions[self.rng.choice([*self.window.menus.actions])].trigger()

    def _mouse(self, widget, kind, modifier):
        at = self._place(widget)
        button = self.rng.choice(BUTTONS)
        if kind == QEvent.Type.MouseButtonRelease:
            button, self.held = self.held, Qt.MouseButton.NoButton
        elif kind == QEvent.Type.MouseButtonPress:
            self.held = button
        moved = kind == QEvent.Type.MouseMove
        self.last.append((kind.name, type(widget).__name__, at.x(), at.y(), button.name))
        QApplication.sendEvent(
            widget,
            QMouseEvent(
                kind,
                at,
                widget.mapToGlobal(at),
                Qt.MouseButton.NoButton if moved else button,
                self.held,
                modifier,
            ),
        )


def test_random_mouse_and_keys(qtbot, monkeypatch):
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_args, **_more: ("", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args, **_more: "")
    monkeypatch.setattr(
        QMessageBox, "question", lambda *_args, **_more: QMessageBox.StandardButton.Cancel
    )
    session = Session()
    window = Window(session)
    recovery = Recovery(session)
    qtbot.addWidget(window, before_close_func=lambda window: None)
    window.resize(1440, 900)
    with qtbot.waitExposed(window):
        window.show()
    recovery.start()
    monkeypatch.setattr(Window, "closeEvent", lambda self, event: event.ignore())

    def close_what_waits():
        waiting = QApplication.activeModalWidget() or QApplication.activePopupWidget()
        if waiting is not None and waiting is not window:
            waiting.close()

    timer = QTimer(interval=200)
    timer.timeout.connect(close_what_waits)
    timer.start()
    seed = random.randrange(10**9)
    monkey, end, count = Monkey(window, seed), time.monotonic() + SECONDS, 0
    with qtbot.captureExceptions() as faults:
        while time.monotonic() < end:
            monkey.act()
            count += 1
            if count % 5 == 0:
                QApplication.processEvents()
            if faults:
                break
            if count % 500 == 0:
                for document in session.documents:
                    again = session.blank()
                    assert journal.read(document.journal.path, again) == 0, seed
                    assert file.dumps(again.graph) == file.dumps(document.graph), seed
                    assert again.undo.index() == document.undo.index(), seed
                while len(session.documents) > 6:
                    session.close(0)
                monkey.last = monkey.last[-200:]
    timer.stop()
    print(f"{count} events, seed {seed}, {len(faults)} faults")
    for _kind, value, trace in faults[:1]:
        print(*monkey.last[-12:], sep="\n")
        raise value.with_traceback(trace)
    recovery.close()
    session.link.close()
    for document in session.documents:
        document.undo.setClean()
