"""The feature maps that the selected node outputs for one picture, updated while it trains."""

import random
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer import resource
from explorer.app import number, theme
from explorer.app.panels.maps.answer_list import AnswerList
from explorer.app.panels.maps.mosaic import MosaicView, Tiles
from explorer.app.panels.maps.vector_bars import VectorBars
from explorer.app.session import Session
from explorer.app.widgets import viridis
from explorer.app.widgets.label import label
from explorer.app.widgets.line_label import LineLabel
from explorer.app.widgets.live_panel import LivePanel
from explorer.app.widgets.small_button import small_button
from explorer.catalog.datasets import PHOTO_FILES
from explorer.protocol.looks import Answers, Maps
from explorer.protocol.messages import Json, Seen
from explorer.text import _

PICTURE = 84
SIDE, SIDES_OF_PHOTO = PICTURE + 12, (PICTURE + 72, PICTURE + 128)
WIDE = 300  # pixels of width from which the answers fit beside the maps


class FeatureMapsPanel(LivePanel):
    """The maps of the last probe, strongest first, beside the picture that they are of.

    photo_wanted: the person wants to open a photo of their own.
    """

    photo_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._random = random.Random()
        self._path = ""
        self._is_photo = False
        self._build()
        self.follow(session.run, session.run.looked)

    def _build(self) -> None:
        self.title = LineLabel()
        self.title.setProperty("role", "small")
        self.hint = label("", "small")
        self.figures = _Figures()
        self.mosaic = MosaicView()
        self.mosaic.hovered.connect(lambda _channel: self._write_hint())
        self.mosaic.pinned.connect(lambda _channel: self._write_hint())
        self.bars = VectorBars()
        self.picture = QLabel()
        self.picture.setFixedSize(PICTURE, PICTURE)
        self.label, self.guess = label("", "strong"), label("", "small", wrap=True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.previous = self._turn_button(
            "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", _("Show the previous picture"), -1
        )
        self.next = self._turn_button(
            "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", _("Show the next picture"), 1
        )
        self.random = self._turn_button(_("any"), _("Show a random picture"), 0)
        turn_buttons = QHBoxLayout()
        turn_buttons.setSpacing(4)
        for button in (self.previous, self.next, self.random):
            turn_buttons.addWidget(button)
        turn_buttons.addStretch(1)
        about = QVBoxLayout()
        about.setSpacing(4)
        about.addWidget(self.label)
        about.addWidget(self.guess)
        about.addLayout(turn_buttons)
        about.addWidget(self._photos_button())
        about.addStretch(1)
        self._head = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._head.setSpacing(4)
        self._head.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        self._head.addLayout(about)
        self.answers = AnswerList()
        left = QVBoxLayout()
        left.setSpacing(6)
        left.addLayout(self._head)
        left.addWidget(self.answers)
        left.addStretch(1)
        output = QWidget()
        self.views = QStackedLayout(output)
        self.views.addWidget(self.mosaic)
        self.views.addWidget(self.bars)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        self.side = QWidget()
        left.setContentsMargins(0, 0, 0, 0)
        self.side.setLayout(left)
        self.answers.hide()
        self._arrange()
        middle.addWidget(self.side)
        middle.addWidget(output, 1)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.hint)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(middle, 1)
        column.addWidget(self.figures)
        self.fill(body, _("Feature maps appear here as soon as the engine has built the network."))
        self.setMinimumSize(240, 160)

    def _turn_button(self, text: str, tip: str, step: int) -> QToolButton:
        button = small_button(text, tip)
        button.clicked.connect(lambda: self.turn(step))
        return button

    def _photos_button(self) -> QToolButton:
        tip = _("Look at a supplied photo, or at one of your own")
        self.photos = small_button(_("photo") + " ▾", tip)
        self.photos.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.photos)
        for index, name in enumerate(PHOTO_FILES):
            menu.addAction(Path(name).stem, partial(self.look_at, index))
        menu.addSeparator()
        menu.addAction(_("Open a photo…"), self.photo_wanted.emit)
        self.photos.setMenu(menu)
        return self.photos

    def _arrange(self) -> None:
        """Show the list of answers for a photo if there is room for it; otherwise, and for a picture
        with a label, the guess alone."""
        wide = self._is_photo and self.width() >= WIDE
        if wide == self.answers.isHidden():
            direction = QBoxLayout.Direction
            self._head.setDirection(direction.LeftToRight if wide else direction.TopToBottom)
            self._head.setSpacing(8 if wide else 4)
            self.guess.setVisible(not wide)
            self.answers.setVisible(wide)
        self.random.setVisible(not self._is_photo)
        low, high = SIDES_OF_PHOTO
        self.side.setFixedWidth(min(max(int(self.width() * 0.4), low), high) if wide else SIDE)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def look_at(self, photo: int) -> None:
        """Watch one of the supplied photos."""
        labelled = self._session.data.labelled
        self._watch(str(resource.path("photos") / PHOTO_FILES[photo]) if labelled else photo)

    def turn(self, step: int) -> None:
        """Watch the picture `step` further on, or with 0 a random one; after a photo of the
        person's own, the first."""
        look = self._look
        if look is None:
            return
        count, image = self._session.data.test, look.image
        if isinstance(image, str):
            image = -step
        self._watch((image + step) % count if step else self._random.randrange(count))

    @property
    def _look(self) -> Maps | None:
        """The newest look at maps that was answered, None before the first."""
        seen = self._session.run.seen.get(Maps)
        return seen.look if seen is not None and isinstance(seen.look, Maps) else None

    def _watch(self, image: int | str) -> None:
        if self._look is not None:
            self._session.run.watch(self._look.path, image)

    def draw(self) -> None:
        run = self._session.run
        look, maps, answers = self._look, run.seen.get(Maps), run.seen.get(Answers)
        self._session.link.took()
        if look is None or maps is None or answers is None or not run.describes_drawn(look.path):
            self.show_empty(run.wait)
            return
        self.stack.setCurrentIndex(1)
        if look.path != self._path:
            self._path = look.path
            self.mosaic.set_pin(-1)
        is_vector = "values" in maps.arrays
        self.views.setCurrentIndex(1 if is_vector else 0)
        if is_vector:
            self._draw_bars(maps, answers)
        else:
            self.mosaic.show_tiles(Tiles.of(maps))
        self._draw_picture(answers)
        parts = self._title(look.path, maps.figures, is_vector)
        if self._session.data.labelled and not isinstance(look.image, str):
            parts += filter(None, [answers.figures["title"]])  # how the picture was adapted
        self.title.show_parts(parts)
        self.figures.show_figures(maps.figures, maps.cost)
        self._write_hint()

    def _title(self, path: str, figures: Json, is_vector: bool) -> list[str]:
        parts = [path or _("output"), number.shape_text(tuple(figures["shape"]))]
        if figures["count"] > figures["shown"]:
            parts.append(
                _("strongest {shown} of {count}").format(
                    shown=figures["shown"], count=number.grouped(figures["count"])
                )
            )
        elif not is_vector:
            parts.append(_("strongest first"))
        return parts

    def _draw_bars(self, maps: Seen, answers: Seen) -> None:
        """Draw the values of a vector; those of the output with the names of the classes."""
        values, data = maps.arrays["values"], self._session.data
        if maps.figures["count"] == len(data.classes):
            figures = answers.figures
            self.bars.show_values(values, data.classes, figures["label"], figures["guess"])
        else:
            names = tuple(str(channel) for channel in maps.arrays["order"].tolist())
            self.bars.show_values(values, names, -1, -1)

    def _draw_picture(self, answers: Seen) -> None:
        picture, figures = answers.arrays["picture"], answers.figures
        if picture.ndim == 2:
            image = viridis.picture(picture, viridis.GREYS)
        else:
            picture = np.ascontiguousarray(picture)
            height, width, _channels = picture.shape
            rgb = QImage.Format.Format_RGB888
            image = QImage(picture.data, width, height, 3 * width, rgb).copy()
        self.picture.setPixmap(_scaled(image))
        self._is_photo = figures["label"] < 0
        self._arrange()
        if self._is_photo:
            self._show_photo(answers)
            return
        colour = theme.color("good" if figures["label"] == figures["guess"] else "problem")
        self.label.setText(self._class_name(figures["label"]))
        self.label.setToolTip(figures["title"] or self._number(answers))
        self.guess.setText(
            f'<span style="color:{colour.name()}">{self._class_name(figures["guess"])} '
            f"{number.percent(figures['confidence'], 0)}</span>"
        )
        self.guess.setToolTip(_("The class that the network finds likeliest, and its probability"))

    def _number(self, answers: Seen) -> str:
        return _("test picture {index}").format(index=number.grouped(int(answers.look.image)))

    def _show_photo(self, answers: Seen) -> None:
        file, note = answers.look.image, answers.figures.get("note", "")
        title = (answers.figures["title"] or self._number(answers)) + (" ⚠" if note else "")
        likeliest = answers.figures["answers"]
        room = self.side.width() - (PICTURE + 8 if self.answers.isVisible() else 0)
        measure = self.label.fontMetrics()
        self.label.setText(measure.elidedText(title, Qt.TextElideMode.ElideMiddle, room))
        file = file if isinstance(file, str) else title
        self.label.setToolTip("\n".join(filter(None, (file, note))))
        self.answers.show_answers(likeliest)
        self.guess.setText(
            "".join(f"{escape(name)} {number.percent(share, 0)}" for name, share in likeliest[:1])
        )
        self.guess.setToolTip(self.answers.toolTip())

    def _write_hint(self) -> None:
        channel = self.mosaic.pin if self.mosaic.pin != -1 else self.mosaic.hover
        order = self.mosaic.tiles.order
        if channel == -1 or self.views.currentIndex() == 1:
            self.hint.setText("")
        elif channel not in order:
            self.hint.setText(_("channel {channel} is not shown").format(channel=channel))
        else:
            self.hint.setText(_("channel {channel}").format(channel=channel))

    def _class_name(self, index: int) -> str:
        classes = self._session.data.classes
        known = 0 <= index < len(classes)
        return classes[index] if known else _("class {number}").format(number=index)

    def sizeHint(self) -> QSize:
        return QSize(440, 260)


def _scaled(image: QImage) -> QPixmap:
    """The picture at the size of its label; a small one is enlarged by a whole number."""
    scale = PICTURE / max(image.width(), image.height(), 1)
    smooth = scale < 1
    scale = scale if smooth else int(scale)
    return QPixmap.fromImage(
        image.scaled(
            int(image.width() * scale),
            int(image.height() * scale),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation
            if smooth
            else Qt.TransformationMode.FastTransformation,
        )
    )


class _Figures(QWidget):
    """One line: the colour scale between the least and greatest value, the mean, zeros, cost."""

    SCALE = 64

    def __init__(self) -> None:
        super().__init__()
        self.low = self.high = self.rest = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            _(
                "The least and greatest value of all maps (each map is coloured by its own range), "
                "the mean, the share of exact zeros, and the share of time that the probes take"
            )
        )

    def show_figures(self, figures: Json, cost: float) -> None:
        self.low, self.high = (number.value_text(figures[name]) for name in ("low", "high"))
        parts = [
            _("mean {value}").format(value=number.value_text(figures["mean"])),
            _("{share} zeros").format(share=number.percent(figures["zeros"], 0)),
        ]
        if cost:
            parts.append(_("probes {share} of time").format(share=number.percent(cost)))
        self.rest = " · ".join(parts)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.low:
            return
        painter = QPainter(self)
        painter.setFont(theme.mono(10))
        painter.setPen(theme.color("muted"))
        measure = painter.fontMetrics()
        middle = Qt.AlignmentFlag.AlignVCenter
        x = measure.horizontalAdvance(self.low)
        painter.drawText(QRect(0, 0, x, self.height()), middle, self.low)
        x += 6
        painter.fillRect(
            QRect(x, self.height() // 2 - 4, self.SCALE, 8), viridis.gradient(x, x + self.SCALE)
        )
        x += self.SCALE + 6
        painter.drawText(QRect(x, 0, self.width() - x, self.height()), middle, self.high)
        x += measure.horizontalAdvance(self.high) + 12
        room = self.width() - x
        rest = measure.elidedText(self.rest, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(x, 0, room, self.height()), middle, rest)

    def sizeHint(self) -> QSize:
        return QSize(240, 16)
