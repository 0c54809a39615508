"""The memory that the next run will take, part by part, against what its device has."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.memory_table import TITLES
from explorer.app import theme
from explorer.app.number import bytes_text, grouped, percent
from explorer.app.panels.run.memory_bar import COLOURS, MemoryBar
from explorer.app.run_memory import Device, RunMemory
from explorer.app.widgets.label import label
from explorer.text import _

THICK = 9  # pixels
DOCS = {
    "parameters": _("Weights in float32, and the running statistics of BatchNorm layers."),
    "gradients": _("One number for every parameter."),
    "optimiser": _("The momentum: one number for every parameter."),
    "copies": _(
        "The weights of convolutions and linear layers once more in 16 bits, made by autocast."
    ),
    "activations": _(
        "Every tensor that the backward pass needs, counted once however many layers read it, "
        "including masks, indices and the pictures."
    ),
    "transient": _(
        "Everything else at the peak: values in use, the loss, and the gradients of "
        "activations in the backward pass."
    ),
}


class MemoryPanel(QWidget):
    """The forecast in words, as a bar and as a list; below it the largest batch that fits and, after
    a run on a device that reports it, the measured peak.

    batch_wanted(pictures): the person wants the largest batch that fits.
    """

    batch_wanted = Signal(int)

    def __init__(self, memory: RunMemory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.memory = memory
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        self.heading = label(_("Memory of a training step").upper(), "heading")
        self.total, self.of = label("", "title"), label("", "muted")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.total)
        line.addWidget(self.of, 1, Qt.AlignmentFlag.AlignBottom)
        self.bar = MemoryBar()
        self.warning = label("", "warning", wrap=True)
        self.largest = label("", "muted", wrap=True)
        self.take = QPushButton(_("Use it"))
        self.take.setStatusTip(_("Train with the largest batch that fits the device"))
        self.take.clicked.connect(lambda: self.batch_wanted.emit(self.memory.largest))
        fit = QHBoxLayout()
        fit.addWidget(self.largest, 1)
        fit.addWidget(self.take)
        self.more = label("", "small", wrap=True)
        for part in (self.heading, line, self.bar, self._legend(), self.warning, fit, self.more):
            column.addLayout(part) if isinstance(part, QHBoxLayout) else column.addWidget(part)
        memory.changed.connect(self.refresh)
        self.refresh()

    def _legend(self) -> QWidget:
        """One line per part: its name, a bar relative to the largest part, its bytes."""
        legend = QWidget()
        grid = QGridLayout(legend)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.rows: dict[str, tuple[QLabel, _Share, QLabel]] = {}
        for number, name in enumerate(COLOURS):
            title, share = label(TITLES[name].capitalize(), "muted"), _Share(COLOURS[name])
            size = label("", "number")
            for widget in (title, share, size):
                widget.setToolTip(DOCS[name])
            grid.addWidget(title, number, 0)
            grid.addWidget(share, number, 1)
            grid.addWidget(size, number, 2, Qt.AlignmentFlag.AlignRight)
            self.rows[name] = title, share, size
        return legend

    def refresh(self) -> None:
        """Show the current forecast."""
        memory, forecast, device = self.memory, self.memory.forecast, self.memory.place
        for part in (self.bar, self.warning, self.largest, self.take, self.more):
            part.setVisible(forecast is not None)
        for row in self.rows.values():
            for widget in row:
                widget.setVisible(forecast is not None)
        if forecast is None:
            self.total.setText("–")
            self.of.setText(_("known once the network can run"))
            return
        parts = dict(forecast.parts)
        parts["parameters"] += parts.pop("buffers")
        self.bar.set_parts(parts, device.memory if device else 0, device.others if device else 0)
        for name, row in self.rows.items():
            row[1].set_share(parts[name] / max(parts.values()))
            row[2].setText(bytes_text(parts[name]))
            for widget in row:
                widget.setVisible(name != "copies" or parts[name] > 0)
        self.total.setText(bytes_text(forecast.training))
        sentence = (
            _("of {size} on {device}, at batch {batch}, {precision}")
            if device
            else _("at batch {batch}, {precision}")
        )
        self.of.setText(
            sentence.format(
                size=bytes_text(device.memory) if device else "",
                device=device.id if device else "",
                batch=grouped(memory.batch),
                precision=memory.precision,
            )
        )
        self.warning.setText(memory.warning)
        self.warning.setVisible(bool(memory.warning))
        self._show_largest(device)
        self.more.setText("\n".join(self._more()))

    def _show_largest(self, device: Device | None) -> None:
        largest = self.memory.largest
        self.largest.setVisible(device is not None)
        self.take.setVisible(device is not None and 0 < largest != self.memory.batch)
        if self.take.property("primary") is not (not self.memory.fits):
            self.take.setProperty("primary", not self.memory.fits)
            self.take.style().polish(self.take)
        self.largest.setText(
            _("Largest batch that fits: {batch}").format(batch=grouped(largest))
            if largest
            else _("No batch fits")
        )

    def _more(self) -> list[str]:
        memory = self.memory
        if memory.forecast is None:
            return []
        lines = [
            _("Inference alone takes {size} at this batch.").format(
                size=bytes_text(memory.forecast.inference)
            ),
            _("Validation takes up to {size}, with {count} pictures at once.").format(
                size=bytes_text(memory.forecast.validation),
                count=grouped(memory.forecast.validated),
            ),
        ]
        if memory.place:
            lines.append(self._room(memory.place))
        if memory.measured and memory.expected:
            lines.append(
                _(
                    "Measured in the last run: {measured}; forecast for it: {expected} ({share})."
                ).format(
                    measured=bytes_text(memory.measured),
                    expected=bytes_text(memory.expected),
                    share=percent(memory.expected / memory.measured, 0),
                )
            )
        return lines

    def _room(self, device: Device) -> str:
        """How much of the device's memory a step can take, and what takes the rest."""
        sentence = (
            _(
                "Of {all}, other programs use {others} (hatched) and {kept} is kept free for the "
                "driver, the libraries and gaps; {room} is left for the data set and a step."
            )
            if device.others
            else _(
                "Of {all}, {kept} is kept free for the driver, the libraries and gaps; {room} is left "
                "for the data set and a step."
            )
        )
        return sentence.format(
            others=bytes_text(device.others),
            room=bytes_text(device.room),
            kept=bytes_text(max(0, device.memory - device.others - device.room)),
            all=bytes_text(device.memory),
        )


class _Share(QWidget):
    """A bar in the colour of a part, as long as its share of the largest part."""

    def __init__(self, colour: str) -> None:
        super().__init__()
        self._colour, self._share = colour, 0.0
        self.setMinimumWidth(60)

    def set_share(self, share: float) -> None:
        """Show a share from 0 to 1."""
        self._share = share
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(self._colour))
        width = max(2.0, self._share * self.width()) if self._share else 0.0
        painter.drawRoundedRect(QRectF(0, (self.height() - THICK) / 2, width, THICK), 1.5, 1.5)
        painter.end()
