"""How far a run has come, in one painted line."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.app import number, theme
from explorer.runs.record import Progress
from explorer.text import _


class RunProgress(QWidget):
    """A bar that fills, under a line that says how far the run has come and how long it will take."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = 0.0
        self.parts: list[str] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(140)
        theme.changed.connect(self.update)

    def say(self, *parts: str, share: float = 0.0) -> None:
        """Show these parts of a line, such as "measuring the fastest mode". share: from 0 to 1."""
        self.parts, self.share = list(parts), share
        self.setToolTip(self.text())
        self.update()

    def show_run(self, progress: Progress, name: str = "", end: str | None = None) -> None:
        """Show how far a run has come. name: of its network, if that has to be said; end: how the run
        ended, None if it goes on."""
        step, steps, epochs = progress.step, progress.steps or 1, progress.epochs or 1
        epoch_steps = max(1, steps // epochs)
        epoch = min(max(step - 1, 0) // epoch_steps, epochs - 1)
        parts = [
            _("epoch {epoch}/{epochs}").format(epoch=epoch + 1, epochs=epochs),
            _("step {step}/{steps}").format(
                step=number.grouped(step - epoch * epoch_steps), steps=number.grouped(epoch_steps)
            ),
        ]
        if name:
            parts[0] = f"{name} · {parts[0]}"
        speed, left = progress.images_per_second, progress.seconds_left
        if end:
            parts.append(end)
        if speed and end is None:
            parts.append(_("{count} img/s").format(count=number.short(speed)))
        if left is not None and end is None:
            parts.append(_("{time} left").format(time=number.time_text(left)))
        self.say(*parts, share=min(1.0, step / steps))

    def text(self) -> str:
        return " · ".join(self.parts)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        outline = QPainterPath()
        outline.addRoundedRect(frame, 6, 6)
        painter.fillPath(outline, theme.color("card"))
        if self.share > 0:
            painter.setClipPath(outline)
            painter.fillRect(
                QRectF(frame.left(), frame.top(), frame.width() * self.share, frame.height()),
                theme.color("progress"),
            )
            painter.setClipping(False)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawPath(outline)
        painter.setFont(theme.mono(11))
        painter.setPen(theme.color("text" if self.share > 0 else "muted"))
        measure, room = painter.fontMetrics(), self.width() - 16
        # A narrow bar leaves out the speed, then the step too, so that the time left stays.
        choices = [self.parts, self.parts[:2] + self.parts[3:], self.parts[:1] + self.parts[3:]]
        for parts in choices:
            whole = " · ".join(parts)
            text = measure.elidedText(whole, Qt.TextElideMode.ElideRight, room)
            if text == whole:
                break
        painter.drawText(self.rect().adjusted(8, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, text)

    def sizeHint(self) -> QSize:
        return QSize(300, 28)
