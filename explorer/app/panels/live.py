"""What the live panels have in common: they store what comes, and draw at display rate, if seen."""

from PySide6.QtCore import Qt, QTimer, SignalInstance
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QWidget

from explorer.app import theme
from explorer.app.run import Run

FRAME_MS = 40


class LivePanel(QWidget):
    """A panel whose `draw` is called at most every 40 ms, after `stale`, and only while shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_stale = True
        self._clock = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._clock.timeout.connect(self._tick)
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

    def follow(self, run: Run, *news: SignalInstance) -> None:
        """Draw after these signals of the run, and at once when the network in view is another."""
        for signal in (run.wait_changed, *news):
            signal.connect(self.stale)
        run.emptied.connect(self._on_emptied)

    def say_nothing(self, wait: str = "") -> None:
        """Show why there is nothing: `wait`, or what stands there at first."""
        self.empty.setText(wait or self._nothing)
        self.stack.setCurrentIndex(0)

    def _on_emptied(self) -> None:
        self._is_stale = True
        self._tick()

    def stale(self) -> None:
        """There is something new to draw."""
        self._is_stale = True
        if self.isVisible() and not self._clock.isActive():
            self._clock.start()

    def draw(self) -> None:
        """Brings what is seen up to what is stored."""
        raise NotImplementedError

    def wear(self) -> None:
        """Takes the colours of the current theme."""
        self.update()

    def _tick(self) -> None:
        if self._is_stale and self.isVisible():
            self._is_stale = False
            self.draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick()

    def hideEvent(self, event: QHideEvent) -> None:
        self._clock.stop()
        self._is_stale = True
        super().hideEvent(event)
