"""What the views have in common: they note that something changed, and draw it once, if seen."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, SignalInstance
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from explorer.app import theme
from explorer.app.run_control import RunControl

FRAME_MS = 40


class Redraw(QTimer):
    """Draws a view once after any number of changes: in the next turn of the event loop, or after
    `interval` ms; and only while the view is seen, so that who hides it pays nothing.

    due: there is something new to draw.
    """

    def __init__(self, view: QWidget, draw: Callable[[], None], interval: int = 0) -> None:
        super().__init__(view, singleShot=True, interval=interval)
        self._view, self._draw = view, draw
        self.due = True
        self.timeout.connect(self.settle)

    def mark(self, *_change: object) -> None:
        """There is something new to draw."""
        self.due = True
        if self._view.isVisible() and not self.isActive():
            self.start()

    def settle(self) -> None:
        """Draw now what is due, for who needs to see it at once."""
        if self.due and self._view.isVisible():
            self.due = False
            self.stop()
            self._draw()


class LivePanel(QWidget):
    """A panel whose `draw` is called at most every 40 ms, after `stale`, and only while shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = Redraw(self, lambda: self.draw(), FRAME_MS)
        self.stale = self._clock.mark
        theme.changed.connect(self.wear)

    def fill(self, body: QWidget | None, empty: str) -> None:
        """Show the sentence `empty` until there is something to show; then `body`, which may be
        added to the stack later."""
        self._nothing = empty
        self.empty = QLabel(empty)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(self.empty)
        if body is not None:
            self.stack.addWidget(body)

    def follow(self, run: RunControl, *news: SignalInstance) -> None:
        """Draw after these signals of the run, and at once when the network in view is another."""
        for signal in (run.wait_changed, *news):
            signal.connect(self.stale)
        run.emptied.connect(self._on_emptied)

    def say_nothing(self, wait: str = "") -> None:
        """Show why there is nothing: `wait`, or what stands there at first."""
        self.empty.setText(wait or self._nothing)
        self.stack.setCurrentIndex(0)

    def _on_emptied(self) -> None:
        self._clock.mark()
        self._clock.settle()

    def draw(self) -> None:
        """Brings what is seen up to what is stored."""
        raise NotImplementedError

    def wear(self) -> None:
        """Takes the colours of the current theme."""
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._clock.settle()

    def hideEvent(self, event: QHideEvent) -> None:
        self._clock.stop()
        self._clock.due = True
        super().hideEvent(event)
