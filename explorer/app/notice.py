"""One sentence over the canvas that goes after a while or with a click."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from explorer.app import theme
from explorer.app.session import Session
from explorer.text import _

LASTS_MS = 12_000


class Notice(QLabel):
    """Shows the session's notices at the bottom of the canvas."""

    def __init__(self, canvas: QWidget, session: Session) -> None:
        super().__init__(canvas, textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.setAccessibleName(_("Notice"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.more = QPushButton(self)
        self.more.setProperty("small", True)
        self.more.setCursor(Qt.CursorShape.ArrowCursor)
        self.more.clicked.connect(self._on_more)
        self._show_more: Callable[[], None] | None = None
        self.hide()
        self._timer = QTimer(self, singleShot=True, interval=LASTS_MS)
        self._timer.timeout.connect(self.hide)
        canvas.installEventFilter(self)
        session.notified.connect(self.say)
        theme.changed.connect(self._wear)
        self._wear()

    def say(
        self, sentence: str, more: str = "", show_more: Callable[[], None] | None = None
    ) -> None:
        """Show a sentence instead of the one before. more: the text of a button that calls
        `show_more`; "": no button."""
        self.setText(sentence)
        self.more.setText(more)
        self.more.setVisible(bool(more))
        self._show_more = show_more
        self._wear()
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def _wear(self) -> None:
        now = theme.current()
        below = self.more.sizeHint().height() + 16 if self.more.text() else 8
        self.setFont(theme.sans(12))
        self.setStyleSheet(
            f"Notice {{ background:{now.card}; color:{now.text};"
            f"padding:8px 12px {below}px 12px;"
            f"border:1px solid {now.line}; border-left:3px solid {now.accent};"
            "border-radius:6px; }"
        )

    def _place(self) -> None:
        canvas = self.parentWidget()
        assert canvas is not None
        room = canvas.rect()
        most = max(200, min(560, room.width() - 180))
        button = self.more.sizeHint() if self.more.text() else QSize(0, 0)
        self.setFixedWidth(
            min(most, max(self.fontMetrics().horizontalAdvance(self.text()), button.width()) + 40)
        )
        self.setMinimumHeight(0)  # heightForWidth is never less
        self.setFixedHeight(self.heightForWidth(self.width()))
        self.more.setGeometry(
            15, self.height() - button.height() - 9, button.width(), button.height()
        )
        self.move(12, room.height() - self.height() - 12)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _on_more(self) -> None:
        show_more, self._show_more = self._show_more, None
        self.hide()
        if show_more is not None:
            show_more()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.hide()
