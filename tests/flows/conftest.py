"""A window as a person has it before them, with the real engine behind it."""

import gc

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from explorer.app import engine_link, journal, theme
from explorer.app.node_drag import NODE_MIME
from explorer.app.panels.palette.entries import Entry
from explorer.app.recovery import Recovery
from explorer.app.session import Session
from explorer.app.window import Window
from explorer.graph import file
from tests.patience import PATIENCE_MS


class Person:
    """Acts on a window with mouse and keys, in the words of what is drawn."""

    def __init__(self, window: Window, qtbot):
        self._window, self.qtbot = window, qtbot
        self.session, self.canvas = window.session, window.canvas
        self.scene = window.canvas.network

    @property
    def window(self) -> Window:
        """The window as the person sees it: what is due is drawn before they look."""
        window = self._window
        for panel in (window.inspector, window.layers, window.problems):
            panel.redraw.settle()
        return window

    def _on_view(self, place: QPointF) -> QPoint:
        return self.canvas.mapFromScene(place)

    def centre(self, id: str) -> QPointF:
        """The middle of a card (scene)."""
        return self.scene.cards[id].pos()

    def click(self, id: str) -> None:
        """Click on a card."""
        self.qtbot.mouseClick(
            self.canvas.viewport(),
            Qt.MouseButton.LeftButton,
            pos=self._on_view(self.centre(id) + QPointF(0, 12)),
        )

    def double_click(self, id: str) -> None:
        """Double-click on a card."""
        self.qtbot.mouseDClick(
            self.canvas.viewport(),
            Qt.MouseButton.LeftButton,
            pos=self._on_view(self.centre(id) + QPointF(0, 12)),
        )

    def press(self, place: QPointF) -> None:
        self._mouse(QEvent.Type.MouseButtonPress, place)

    def move(self, place: QPointF) -> None:
        self._mouse(QEvent.Type.MouseMove, place)

    def release(self, place: QPointF) -> None:
        self._mouse(QEvent.Type.MouseButtonRelease, place)

    def drag(self, start: QPointF, end: QPointF) -> None:
        """Drag with the left button (scene)."""
        self.press(start)
        for share in (0.3, 0.7, 1.0):
            self.move(start + (end - start) * share)
        self.release(end)

    def _mouse(self, kind: QEvent.Type, place: QPointF) -> None:
        view = self.canvas.viewport()
        at = QPointF(self._on_view(place))
        none = Qt.MouseButton.NoButton
        left = Qt.MouseButton.LeftButton
        QApplication.sendEvent(
            view,
            QMouseEvent(
                kind,
                at,
                view.mapToGlobal(at),
                none if kind == QEvent.Type.MouseMove else left,
                none if kind == QEvent.Type.MouseButtonRelease else left,
                Qt.KeyboardModifier.NoModifier,
            ),
        )

    def wire(self, source: str, target: str, port: str = "x") -> None:
        """Drag from the output of one card to an input of another."""
        self.drag(self.scene.cards[source].out_port(), self.scene.cards[target].in_port(port))

    def drop(self, mime: QMimeData, place: QPointF) -> None:
        """Drop what was dragged from the palette at a place (scene)."""
        assert mime.hasFormat(NODE_MIME)
        view, at = self.canvas.viewport(), self._on_view(place)
        action, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        plain = Qt.KeyboardModifier.NoModifier
        for event in (
            QDragEnterEvent(at, action, mime, left, plain),
            QDragMoveEvent(at, action, mime, left, plain),
            QDropEvent(QPointF(at), action, mime, left, plain),
        ):
            QApplication.sendEvent(view, event)

    def take(self, kind: str, **params) -> QMimeData:
        """What a drag of that entry of the palette carries."""
        return self.window.palette_panel.list.drag_data(Entry("", kind, kind, params))

    def key(self, key, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key while the canvas has the focus."""
        self.canvas.setFocus()
        self.qtbot.keyClick(self.canvas, key, modifier)

    def train(self, epochs: int, steps: int = 60) -> None:
        """Press Run, with epochs of so few steps, for which the window has no field."""
        run = self.session.run
        figures = {"epochs": epochs, "batch_size": 32, "limit": 32 * steps, "mode": "float32"}
        run.change_recipe(figures)
        self.window.run_bar.run_actions["run"].trigger()

    def undo(self) -> None:
        self.window.menus.actions["undo"].trigger()

    def redo(self) -> None:
        self.window.menus.actions["redo"].trigger()

    def wait(self, condition, patience: int = PATIENCE_MS) -> None:
        """Wait until a condition is true, at most `patience` ms."""
        self.qtbot.waitUntil(condition, timeout=patience)


@pytest.fixture(autouse=True)
def engine_command(warm_engine, monkeypatch):
    """Windows start the warm engine; a file of tests may say otherwise."""
    if warm_engine:
        monkeypatch.setattr(engine_link, "default_command", lambda: list(warm_engine))


@pytest.fixture
def person(qtbot, qapp, engine_command):
    """A person before a window whose engine is starting."""
    theme.apply(qapp, theme.DARK)
    session = Session()
    window = Window(session)
    window.resize(1440, 900)
    qtbot.addWidget(window, before_close_func=_lose_changes)
    with qtbot.waitExposed(window):
        window.show()
    recovery = Recovery(session)
    recovery.start()
    yield Person(window, qtbot)
    for document in session.documents:  # whatever was done would have survived a crash
        again = session.blank()
        assert journal.read(document.journal.path, again) == 0
        assert file.dumps(again.graph) == file.dumps(document.graph)
        assert again.undo.index() == document.undo.index()
    recovery.close()
    # pytest-qt has told the window to be deleted; without this it would wait for an event loop.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


def _lose_changes(window: Window) -> None:
    """Let the window close without asking."""
    if window.session.run.active:
        window.session.run.stop()
        window.session.run.record.state = "stopped"
    for document in window.session.documents:
        document.undo.setClean()


@pytest.fixture
def ready(person, qtbot):
    """The same, once the engine has shown the first network's feature maps."""
    with qtbot.waitSignal(person.session.link.seen):
        person.session.link.start()
    return person
