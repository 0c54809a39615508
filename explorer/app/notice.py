"""One sentence to read, over the canvas, gone after a while or with a click."""

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from explorer.app import theme

LASTS_MS = 12_000


class Notice(QLabel):
    """Shows what the session notifies, at the bottom of the canvas."""

    def __init__(self, canvas: QWidget, session):
        super().__init__(canvas)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setAccessibleName("notice")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        self._timer = QTimer(self, singleShot=True, interval=LASTS_MS)
        self._timer.timeout.connect(self.hide)
        canvas.installEventFilter(self)
        session.notified.connect(self.say)
        theme.changed.connect(self._wear)
        self._wear()

    def say(self, sentence: str) -> None:
        """Show a sentence in the place of the one before."""
        self.setText(sentence)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def _wear(self) -> None:
        now = theme.current()
        self.setFont(theme.sans(12))
        self.setStyleSheet(f"background:{now.card}; color:{now.text}; padding:8px 12px;"
                           f"border:1px solid {now.line}; border-left:3px solid {now.accent};"
                           "border-radius:6px;")

    def _place(self) -> None:
        room = self.parentWidget().rect()
        most = max(200, min(560, room.width() - 180))
        self.setFixedWidth(min(most, self.fontMetrics().horizontalAdvance(self.text()) + 40))
        self.setFixedHeight(self.heightForWidth(self.width()))
        self.move(12, room.height() - self.height() - 12)

    def eventFilter(self, watched, event) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def mousePressEvent(self, event) -> None:
        self.hide()
