"""What the selected node makes of one picture: its feature maps, live."""

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
from explorer.app.widgets.line_label import LineLabel
from explorer.app.widgets.live_panel import LivePanel
from explorer.app.widgets.small_button import small_button
from explorer.catalog.datasets import PHOTO_FILES
from explorer.protocol.looks import Answers, Maps
from explorer.protocol.messages import Json, Seen
from explorer.text import _

PICTURE = 84
SIDE, SIDES_OF_PHOTO = PICTURE + 12, (PICTURE + 72, PICTURE + 128)
WIDE = 300  # pixels of the panel, with room for the answers beside the maps


class FeatureMapsPanel(LivePanel):
    """The maps of the last probe, strongest first, beside the picture that they were made of.

    photo_wanted: the person wants to look at a photo of their own.
    """

    photo_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._chance = random.Random()
        self._path = ""
        self._is_photo = False
        self._build()
        self.follow(session.run, session.run.looked)

    def _build(self) -> None:
        self.title = LineLabel()
        self.title.setProperty("role", "small")
        self.hint = QLabel()
        self.hint.setProperty("role", "small")
        self.figures = _Figures()
        self.mosaic = MosaicView()
        self.mosaic.hovered.connect(lambda _channel: self._write_hint())
        self.mosaic.pinned.connect(lambda _channel: self._write_hint())
        self.bars = VectorBars()
        self.picture = QLabel()
        self.picture.setFixedSize(PICTURE, PICTURE)
        self.label, self.guess = QLabel(), QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setProperty("role", "strong")
        self.guess.setProperty("role", "small")
        self.guess.setWordWrap(True)
        self.previous = self._turn(
            "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
            _("Show the picture before this one"),
            -1,
        )
        self.next = self._turn(
            "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", _("Show the next picture"), 1
        )
        self.random = self._turn(_("any"), _("Show a picture drawn by chance"), 0)
        turns = QHBoxLayout()
        turns.setSpacing(4)
        for button in (self.previous, self.next, self.random):
            turns.addWidget(button)
        turns.addStretch(1)
        about = QVBoxLayout()
        about.setSpacing(4)
        about.addWidget(self.label)
        about.addWidget(self.guess)
        about.addLayout(turns)
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
        shown = QWidget()
        self.views = QStackedLayout(shown)
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
        middle.addWidget(shown, 1)
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

    def _turn(self, text: str, tip: str, by: int) -> QToolButton:
        button = small_button(text, tip)
        button.clicked.connect(lambda: self.turn(by))
        return button

    def _photos_button(self) -> QToolButton:
        tip = _("Look at a photo, or at one of your own")
        self.photos = small_button(_("photo") + " ▾", tip)
        self.photos.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.photos)
        for place, name in enumerate(PHOTO_FILES):
            menu.addAction(Path(name).stem, partial(self.look_at, place))
        menu.addSeparator()
        menu.addAction(_("Open a photo…"), self.photo_wanted.emit)
        self.photos.setMenu(menu)
        return self.photos

    def _arrange(self) -> None:
        """Beside a photo and below it, if there is room, stand the answers; a labelled picture has
        its label and one guess."""
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
        """Watches one of the photos that come along."""
        labelled = self._session.data.labelled
        self._watch(str(resource.path("photos") / PHOTO_FILES[photo]) if labelled else photo)

    def turn(self, by: int) -> None:
        """Watches the test picture `by` further on, or any one with 0; behind a photo of one's own
        comes the first."""
        look = self._look
        if look is None:
            return
        count, image = self._session.data.test, look.image
        if isinstance(image, str):
            image = -by
        self._watch((image + by) % count if by else self._chance.randrange(count))

    @property
    def _look(self) -> Maps | None:
        """The newest look that was answered."""
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
        self.title.show_parts(self._title(look.path, maps.figures, is_vector))
        self.figures.show_figures(maps.figures, maps.cost)
        self._write_hint()

    def _title(self, path: str, figures: Json, is_vector: bool) -> list[str]:
        parts = [path or _("output"), number.shape_text(tuple(figures["shape"]))]
        if figures["count"] > figures["shown"]:
            parts.append(
                _("{shown} strongest of {count}").format(
                    shown=figures["shown"], count=number.grouped(figures["count"])
                )
            )
        elif not is_vector:
            parts.append(_("strongest first"))
        return parts

    def _draw_bars(self, maps: Seen, answers: Seen) -> None:
        """The figures of a vector; those of the output with the names of the classes."""
        values, data = maps.arrays["values"], self._session.data
        if maps.figures["count"] == len(data.classes):
            told = answers.figures
            self.bars.show_values(values, data.classes, told["label"], told["guess"])
        else:
            names = tuple(str(channel) for channel in maps.arrays["order"].tolist())
            self.bars.show_values(values, names, -1, -1)

    def _draw_picture(self, answers: Seen) -> None:
        picture, told = answers.arrays["picture"], answers.figures
        if picture.ndim == 2:
            image = viridis.picture(picture, viridis.GREYS)
        else:
            picture = np.ascontiguousarray(picture)
            high, wide, _channels = picture.shape
            image = QImage(picture.data, wide, high, 3 * wide, QImage.Format.Format_RGB888).copy()
        self.picture.setPixmap(_enlarged(image))
        self._is_photo = told["label"] < 0
        self._arrange()
        if self._is_photo:
            self._show_photo(answers)
            return
        right = told["label"] == told["guess"]
        self.label.setText(self._name(told["label"]))
        self.label.setToolTip(
            _("test picture {index}").format(index=number.grouped(int(answers.look.image)))
        )
        self.guess.setText(
            f'<span style="color:{theme.color("good" if right else "problem").name()}">'
            f"{self._name(told['guess'])} {number.percent(told['confidence'], 0)}</span>"
        )
        self.guess.setToolTip(_("what the network takes it for, and how sure it is"))

    def _show_photo(self, answers: Seen) -> None:
        title, file = answers.figures["title"], answers.look.image
        named = answers.figures["answers"]
        room = self.side.width() - (PICTURE + 8 if self.answers.isVisible() else 0)
        measure = self.label.fontMetrics()
        self.label.setText(measure.elidedText(title, Qt.TextElideMode.ElideMiddle, room))
        self.label.setToolTip(file if isinstance(file, str) else title)
        self.answers.show_answers(named)
        self.guess.setText(
            "".join(f"{escape(name)} {number.percent(chance, 0)}" for name, chance in named[:1])
        )
        self.guess.setToolTip(self.answers.toolTip())

    def _write_hint(self) -> None:
        channel = self.mosaic.pin if self.mosaic.pin != -1 else self.mosaic.hover
        order = self.mosaic.tiles.order
        if channel == -1 or self.views.currentIndex() == 1:
            self.hint.setText("")
        elif channel not in order:
            self.hint.setText(_("channel {channel} is not among these").format(channel=channel))
        else:
            self.hint.setText(_("channel {channel}").format(channel=channel))

    def _name(self, label: int) -> str:
        data = self._session.data
        if 0 <= label < len(data.classes):
            return data.classes[label]
        return _("class {number}").format(number=label)

    def sizeHint(self) -> QSize:
        return QSize(440, 260)


def _enlarged(image: QImage) -> QPixmap:
    """The picture, to the size of the label: by a whole number where it is small."""
    scale = PICTURE / max(image.width(), image.height(), 1)
    smooth = scale < 1
    scale = int(scale) if not smooth else scale
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
    """One line: the colours between the least and greatest value, the mean, zeros, cost."""

    SCALE = 64

    def __init__(self) -> None:
        super().__init__()
        self.low = self.high = self.rest = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            _(
                "Least and greatest value of all maps (each map is coloured by its own), their "
                "mean, the share of exact zeros, and the share of time that watching takes"
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
