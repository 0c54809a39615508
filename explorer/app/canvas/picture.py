"""The diagram as a picture for a page: SVG, PDF or PNG."""

import re
from collections.abc import Callable, Mapping, Sequence
from math import floor, sqrt
from types import MappingProxyType

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QImage,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPainterPath,
    QPdfWriter,
    QTransform,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QApplication, QStyleOptionGraphicsItem

from explorer.analysis.layout import GAP
from explorer.analysis.problem import Problem
from explorer.analysis.scope import Scope
from explorer.app import theme
from explorer.app.canvas.diagram import Diagram
from explorer.text import _

THEMES = {"light": theme.PAPER, "dark": theme.DARK}
MARGIN = 16.0
PER_INCH = 96  # pixels; the scene's unit is one of them, as in CSS
PDF_PER_INCH = 1200
LONGEST, MOST_PIXELS = 30_000, 150_000_000
"""Of a PNG: QPainter draws no more than 32,767 pixels a side; a pixel takes 4 bytes of memory."""
FINER = 8
LARGEST_PAGE = 14_400  # points a side; common readers of PDF show no larger page


class TooLarge(ValueError):
    """The picture would be too large; the message says how large it may be."""


class Picture:
    """One scope of a network, drawn for a page.

    style: "light" or "dark". title: the network's name, to which the path of a scope inside it is
    added. gap: pixels between the ends and the cards beside them. size: width and height in pixels
    at scale 1, 96 to an inch, with the margin around the diagram.
    """

    def __init__(
        self,
        scope: Scope,
        problems: dict[str, Problem] | None = None,
        style: str = "light",
        title: str = "",
        gap: float = GAP,
    ) -> None:
        theme.load_fonts()
        self.theme = THEMES[style]
        self.title = ": ".join(filter(None, (title, str(scope.path))))
        self.diagram = Diagram(still=True, gap=gap)
        self.diagram.draw(scope, problems or {})
        drawn = self.diagram.drawn()
        self._area = drawn.adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN).toAlignedRect()
        self.size = self._area.size()

    def scale_to(self, width: float) -> float:
        """The scale at which the picture is `width` pixels wide."""
        return width / self.size.width()

    def written(self, form: str, scale: float | None = None) -> bytes:
        """The bytes of a file: form "svg", "pdf" or "png"; scale None: 2 for a PNG, else 1. Raises
        TooLarge."""
        write = WRITERS[form]
        return write(self) if scale is None else write(self, scale)

    def svg(self, scale: float = 1.0) -> bytes:
        """The picture as SVG, with text as outlines, so that it looks the same without the fonts."""
        buffer = _buffer()
        writer = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
        writer.setOutputDevice(buffer)
        writer.setResolution(PER_INCH)
        writer.setTitle(self.title)
        writer.setDescription(_("Drawn by CNN Explorer"))
        writer.setSize(self.size)
        writer.setViewBox(QRectF(QPointF(0, 0), QSizeF(self.size)))
        self._paint(writer, 1.0, Outlines)
        size = QSizeF(self.size) * scale
        text = bytes(buffer.data().data()).decode("utf-8")
        return _lean(text, size.width(), size.height()).encode("utf-8")

    def pdf(self, scale: float = 1.0) -> bytes:
        """The picture as a PDF of one page of its size, with vector lines and searchable text.

        Raises TooLarge.
        """
        points = QSizeF(self.size) * (scale * 72 / PER_INCH)
        if max(points.width(), points.height()) > LARGEST_PAGE:
            raise TooLarge(
                _(
                    "A page of {width:,.0f}×{height:,.0f} points would be too large; allowed: "
                    "{most:,} a side, a scale of {scale:.3g} at the most"
                ).format(
                    width=points.width(),
                    height=points.height(),
                    most=LARGEST_PAGE,
                    scale=_down(scale * LARGEST_PAGE / max(points.width(), points.height())),
                )
            )
        buffer = _buffer()
        writer = QPdfWriter(buffer)
        writer.setResolution(PDF_PER_INCH)
        writer.setTitle(self.title)
        writer.setCreator("CNN Explorer")
        # Without ExactMatch QPageSize would take the nearest known paper size.
        writer.setPageLayout(
            QPageLayout(
                QPageSize(points, QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch),
                QPageLayout.Orientation.Portrait,
                QMarginsF(),
            )
        )
        self._paint(writer, scale * PDF_PER_INCH / PER_INCH, Words)
        return bytes(buffer.data().data())

    def png(self, scale: float = 2.0) -> bytes:
        """The picture as PNG. Raises TooLarge."""
        width, height = (max(1, round(side * scale)) for side in self.size.toTuple())
        if max(width, height) > LONGEST or width * height > MOST_PIXELS:
            fits = min(
                LONGEST / max(self.size.toTuple()),
                sqrt(MOST_PIXELS / (self.size.width() * self.size.height())),
            )
            raise TooLarge(
                _(
                    "A PNG of {width:,}×{height:,} pixels would be too large; allowed: {longest:,} a "
                    "side and {most} million in all, a scale of {scale:.3g} at the most; SVG and PDF "
                    "can be printed at any size"
                ).format(
                    width=width,
                    height=height,
                    longest=LONGEST,
                    most=MOST_PIXELS // 10**6,
                    scale=_down(fits),
                )
            )
        image = QImage(width, height, QImage.Format.Format_RGB32)
        per_metre = round(PER_INCH * scale / 0.0254)
        self._paint(image, scale)
        image.setDotsPerMeterX(per_metre)
        image.setDotsPerMeterY(per_metre)
        buffer = _buffer()
        # PySide6's stubs ask for bytes as the format, which Qt refuses.
        if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
            raise TooLarge(_("There is not enough memory to draw this picture"))
        return bytes(buffer.data().data())

    def _paint(
        self,
        device: QPaintDevice,
        scale: float,
        painter_of: Callable[[QPaintDevice], QPainter] = QPainter,
    ) -> None:
        painter = painter_of(device)
        try:
            painter.scale(scale, scale)
            painter.translate(-QPointF(self._area.topLeft()))
            option = QStyleOptionGraphicsItem()
            with theme.worn(self.theme):
                painter.fillRect(self._area, theme.color("canvas"))
                for item in (*self.diagram.wires.values(), *self.diagram.cards.values()):
                    painter.save()
                    painter.translate(item.pos())
                    item.paint(painter, option)
                    painter.restore()
        finally:
            painter.end()


class Outlines(QPainter):
    """Draws text as the outlines of its letters."""

    def drawText(  # type: ignore[override]  # the one form of it that the items use
        self, rect: QRectF, flags: Qt.AlignmentFlag, words: str
    ) -> None:
        """Draw one line of text into a rectangle, aligned as QPainter aligns it."""
        font = QFont(self.font())
        font.setPixelSize(font.pixelSize() * FINER)  # Qt rounds outlines to 1/64 pixel
        metrics = QFontMetricsF(font)
        free = rect.width() - metrics.horizontalAdvance(words) / FINER
        left = rect.left() + (
            free
            if flags & Qt.AlignmentFlag.AlignRight
            else free / 2
            if flags & Qt.AlignmentFlag.AlignHCenter
            else 0.0
        )
        base = rect.top() + metrics.ascent() / FINER
        if flags & Qt.AlignmentFlag.AlignVCenter:
            base += (rect.height() - metrics.height() / FINER) / 2
        path = QPainterPath()
        path.addText(QPointF(0, 0), font, words)
        place = QTransform.fromTranslate(left, base).scale(1 / FINER, 1 / FINER)
        self.fillPath(place.map(path), self.pen().color())


class Words(QPainter):
    """Draws text in the font's default glyphs: a tabular figure or an alternate × has no character
    code in a PDF, so a search would not find it."""

    def setFont(self, font: QFont | str | Sequence[str]) -> None:
        """Set the font without its OpenType features."""
        plain = QFont(font)
        plain.clearFeatures()
        for feature in ("calt", "ccmp"):
            plain.setFeature(QFont.Tag(feature), 0)
        super().setFont(plain)


WRITERS: Mapping[str, Callable[..., bytes]] = MappingProxyType(
    {"svg": Picture.svg, "pdf": Picture.pdf, "png": Picture.png}
)
"""What writes each form that `explorer/analysis/form.py` gives to pictures."""


def application() -> QApplication:
    """The running application, without which Qt draws nothing; made if there is none."""
    global _application
    running = QApplication.instance()
    if not isinstance(running, QApplication):
        running = QApplication(["cnn-explorer"])
    _application = running
    return running


_application: QApplication | None = None


def _lean(text: str, width: float, height: float) -> str:
    """Qt's SVG at this size in pixels, without what has no effect, which is a third of it."""
    text = re.sub(
        r'<svg width="[^"]*" height="[^"]*"',
        f'<svg width="{_short(width)}" height="{_short(height)}"',
        text,
        count=1,
    )
    text = re.sub(r'\s*font-family="[^"]*"[^>]*>', ">", text)
    text = re.sub(r' (?:vector-effect="none"|(?:fill|stroke)-opacity="1")', "", text)
    text = re.sub(r' (?:d|points)="[^"]*"', _rounded, text)
    text = re.sub(r"<g[^>]*>\s*</g>\s*", "", text)
    return re.sub(r"\n\s*\n", "\n", text)


def _rounded(attribute: re.Match[str]) -> str:
    return re.sub(r"-?\d+\.\d{3,}", lambda found: _short(float(found[0])), attribute[0])


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _down(scale: float) -> float:
    """A scale rounded down to three figures, so that it is allowed as it is written."""
    step = 10.0 ** (len(str(int(scale))) - 3)
    return floor(scale / step) * step
