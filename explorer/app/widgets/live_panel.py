"""What the panels have in common: they note that something changed and draw it once, when seen."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, SignalInstance
from PySide6.QtWidgets import QStackedLayout, QWidget

from explorer.app import theme
from explorer.app.run_control import RunControl
from explorer.app.widgets.label import label

FRAME_MS = 40


class Redraw(QTimer):
    """Draws a view once after any number of changes: in the next turn of the event loop, or after
    `interval` ms; and only while some of the view is on screen, so a hidden panel costs nothing.

    due: there is something new to draw.
    """

    def __init__(self, view: QWidget, draw: Callable[[], None], interval: int = 0) -> None:
        super().__init__(view, singleShot=True, interval=interval)
        self._view, self._draw = view, draw
        self.due = True
        self.timeout.connect(self.settle)
        view.installEventFilter(self)

    def mark(self, *_change: object) -> None:
        """There is something new to draw."""
        self.due = True
        if self._is_seen and not self.isActive():
            self.start()

    def settle(self) -> None:
        """Draw now what is due, for a caller that needs it drawn."""
        if self.due and self._is_seen:
            self.due = False
            self.stop()
            self._draw()

    @property
    def _is_seen(self) -> bool:
        # To Qt a dock whose tab is not the front one is visible, at a place outside the window.
        return not self._view.visibleRegion().isEmpty()

    def eventFilter(self, view: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self.settle()
        elif event.type() == QEvent.Type.Paint and self.due:  # its tab came to the front
            self.mark()
        return False


class LivePanel(QWidget):
    """A panel whose `draw` is called at most every 40 ms, after `redraw.mark`, and only while seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.redraw = Redraw(self, self.draw, FRAME_MS)
        theme.changed.connect(self.wear)

    def fill(self, body: QWidget | None, empty: str) -> None:
        """Show the sentence `empty` until there is something to show, then `body`; None: what is
        added to the stack later."""
        self._nothing = empty
        self.empty = label(empty, "muted", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(self.empty)
        if body is not None:
            self.stack.addWidget(body)

    def follow(self, run: RunControl, *news: SignalInstance) -> None:
        """Draw after these signals of the run, and at once when the run's answers are dropped."""
        for signal in (run.wait_changed, *news):
            signal.connect(self.redraw.mark)
        run.emptied.connect(self._on_emptied)

    def say_nothing(self, wait: str = "") -> None:
        """Show why there is nothing: `wait`, or "" for the sentence given to `fill`."""
        self.empty.setText(wait or self._nothing)
        self.stack.setCurrentIndex(0)

    def _on_emptied(self) -> None:
        self.redraw.mark()
        self.redraw.settle()

    def draw(self) -> None:
        """Draw what is stored."""
        raise NotImplementedError

    def wear(self) -> None:
        """Take the colours of the current theme."""
        self.update()
