"""When panels redraw: a change only marks a panel, which is drawn once, while it is on screen."""

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
        """Note that there is something new to draw."""
        self.due = True
        if self._is_on_screen and not self.isActive():
            self.start()

    def settle(self) -> None:
        """Draw now if something is due, for a caller that cannot wait."""
        if self.due and self._is_on_screen:
            self.due = False
            self.stop()
            self._draw()

    @property
    def _is_on_screen(self) -> bool:
        # Qt calls a dock behind another tab visible; it lies outside the window then.
        return not self._view.visibleRegion().isEmpty()

    def eventFilter(self, view: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self.settle()
        elif event.type() == QEvent.Type.Paint and self.due:  # its tab came to the front
            self.mark()
        return False


class LivePanel(QWidget):
    """A panel whose `draw` is called after `redraw.mark`, at most every 40 ms and only while the
    panel is on screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.redraw = Redraw(self, self.draw, FRAME_MS)
        theme.changed.connect(self.apply_theme)

    def fill(self, body: QWidget | None, empty: str) -> None:
        """Lay out the sentence `empty`, shown while there is nothing to draw, and `body`, unless that
        is added to the stack later."""
        self._empty_sentence = empty
        self.empty = label(empty, "muted", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedLayout(self)
        self.stack.addWidget(self.empty)
        if body is not None:
            self.stack.addWidget(body)

    def follow(self, run: RunControl, *news: SignalInstance) -> None:
        """Redraw after these signals of the run, and at once when its answers are dropped."""
        for signal in (run.wait_changed, *news):
            signal.connect(self.redraw.mark)
        run.emptied.connect(self._on_emptied)

    def show_empty(self, reason: str = "") -> None:
        """Show why there is nothing to draw: the reason, or without one the sentence of `fill`."""
        self.empty.setText(reason or self._empty_sentence)
        self.stack.setCurrentIndex(0)

    def _on_emptied(self) -> None:
        self.redraw.mark()
        self.redraw.settle()

    def draw(self) -> None:
        """Show what is known now."""
        raise NotImplementedError

    def apply_theme(self) -> None:
        """Take the colours and fonts of the current theme."""
        self.redraw.mark()
