"""The icons of the buttons that control a run, in the colours of the theme."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap, QPolygonF

from explorer.app import theme

SIDE = 16


def run_icon(name: str) -> QIcon:
    """The icon of "run", "resume", "pause", "step", "stop" or "run_settings". Raises ValueError for
    another name."""
    icon = QIcon()
    tint = "good" if name in ("run", "resume") else "text"
    for mode, colour in ((QIcon.Mode.Normal, tint), (QIcon.Mode.Disabled, "faint")):
        for scale in (1, 2):
            pixmap = QPixmap(SIDE * scale, SIDE * scale)
            pixmap.setDevicePixelRatio(scale)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(colour))
            _paint(painter, name)
            painter.end()
            icon.addPixmap(pixmap, mode)
    return icon


def _paint(painter: QPainter, name: str) -> None:
    match name:
        case "run":
            painter.drawPolygon(_triangle(4, 13))
        case "resume":
            painter.drawRect(QRectF(2, 3, 2, 10))
            painter.drawPolygon(_triangle(6, 14))
        case "pause":
            painter.drawRect(QRectF(4, 3, 3, 10))
            painter.drawRect(QRectF(9, 3, 3, 10))
        case "step":
            painter.drawPolygon(_triangle(3, 11))
            painter.drawRect(QRectF(11, 3, 2, 10))
        case "stop":
            painter.drawRect(QRectF(3.5, 3.5, 9, 9))
        case "run_settings":
            colour = painter.brush().color()
            for y, knob in ((4.5, 10.5), (11.5, 5.5)):
                painter.setPen(QPen(colour, 1.5))
                painter.drawLine(QPointF(2, y), QPointF(14, y))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.drawEllipse(QPointF(knob, y), 2.5, 2.5)
        case _:
            raise ValueError(f"there is no icon named {name!r}")


def _triangle(left: float, right: float) -> QPolygonF:
    return QPolygonF([QPointF(left, 3), QPointF(right, 8), QPointF(left, 13)])
