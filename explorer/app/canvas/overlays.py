"""What lies on the canvas without moving with it: the path, the map, the card of a mismatch."""

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QLabel, QWidget

from explorer.app import theme
from explorer.app.panels.mismatch import MismatchCard
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.canvas.canvas import Canvas

EDGE = 12


class Overlays(QObject):
    """Keeps the widgets over the canvas up to date and in their places."""

    def __init__(self, canvas: "Canvas"):
        super().__init__(canvas)
        self.canvas, self.session = canvas, canvas.session
        self.path = PathLabel(canvas)
        self.map = Map(canvas)
        self.mismatch: MismatchCard | None = None
        self._shown = None
        self._dismissed: set[str] = set()
        self.session.selection_changed.connect(self.refresh)

    def refresh(self, *_change) -> None:
        """Show what fits the graph in view and the selection."""
        self.path.refresh()
        self.map.update()
        problem = self._problem()
        if problem != self._shown:
            if self.mismatch is not None:
                self.mismatch.hide()
                self.mismatch.deleteLater()
            self.mismatch, self._shown = None, problem
            if problem is not None:
                self.mismatch = MismatchCard(self.session, problem, self.canvas)
                self.mismatch.show()
        self.place()

    def _problem(self):
        """The mismatch to explain: that of the selected node, else the first one."""
        if self.session.view:
            return None
        found = {id: problem for id, problem in self.canvas.network.problems.items()
                 if problem.rule == "add" and problem.path == id}
        for id in self.session.selection:
            if id in found:
                return found[id]
        return next(iter(found.values()), None)

    def place(self) -> None:
        """Put everything where it belongs in the present view."""
        canvas = self.canvas
        self.path.move(EDGE, 8)
        room = canvas.viewport().rect()
        self.map.move(room.width() - self.map.width() - EDGE, room.height() - self.map.height()
                      - EDGE)
        self.map.update()
        if self.mismatch is not None and self._shown.node in canvas.network.cards:
            card = canvas.network.cards[self._shown.node]
            size = self.mismatch.sizeHint()
            self.mismatch.resize(size)
            side = card.body.translated(card.pos())
            corner = canvas.mapFromScene(side.topRight())
            x, y = corner.x() + 24, corner.y() - size.height() // 2 + 30
            if x + size.width() > room.width() - EDGE:
                x = canvas.mapFromScene(side.topLeft()).x() - size.width() - 24
            if x < EDGE:
                x = max(EDGE, min(corner.x() - size.width() // 2, room.width() - size.width()
                                  - EDGE))
                y = canvas.mapFromScene(side.bottomLeft()).y() + 12
            self.mismatch.move(QPoint(x, max(36, min(y, room.height() - size.height() - EDGE))))


class PathLabel(QLabel):
    """Where one is: network › layer1 › 0; each part leads there."""

    def __init__(self, canvas: "Canvas"):
        super().__init__(canvas)
        self.session = canvas.session
        self.setTextFormat(Qt.TextFormat.RichText)
        self.linkActivated.connect(self._follow)
        theme.changed.connect(self.refresh)
        self.session.documents_changed.connect(self.refresh)

    def refresh(self) -> None:
        """Write the path of the open block."""
        view = self.session.view
        parts = [self.session.graph.name, *view]
        text, faint = theme.current().text, theme.current().muted
        accent = theme.current().accent
        words = [f'<a href="{depth}" style="color:{text if depth == len(view) else accent};'
                 f'text-decoration:none">{escape(part)}</a>' for depth, part in enumerate(parts)]
        line = f' <span style="color:{faint}">›</span> '.join(words)
        if not self.session.editable:
            kind = self.session.facts_of(".".join(view))
            line += (f' <span style="color:{faint}"> &nbsp; '
                     + _("given by {kind}").format(kind=kind.kind.name if kind else "")
                     + f'</span> &nbsp;<a href="edit" style="color:{accent};text-decoration:none">'
                     + _("Edit inside") + "</a>")
        self.setFont(theme.mono(12))
        self.setText(line)
        self.adjustSize()

    def _follow(self, link: str) -> None:
        if link == "edit":
            self.session.edit_inside(".".join(self.session.view))
        else:
            self.session.open(self.session.view[:int(link)])


class Map(QWidget):
    """The whole network small, with a frame around what is seen; drag the frame to go there."""

    def __init__(self, canvas: "Canvas"):
        super().__init__(canvas)
        self.canvas = canvas
        self.setFixedSize(116, 62)
        self.setToolTip(_("Drag to move over the network"))

    def _scale(self) -> tuple[float, QRectF]:
        content = self.canvas.network.content()
        inside = QRectF(self.rect()).adjusted(6, 6, -6, -6)
        scale = min(inside.width() / max(1.0, content.width()),
                    inside.height() / max(1.0, content.height()))
        return scale, content

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        scale, content = self._scale()
        painter.translate(QPointF(self.rect().center()) - content.center() * scale)
        painter.setPen(Qt.PenStyle.NoPen)
        for card in self.canvas.network.cards.values():
            painter.setBrush(theme.color("problem") if card.problem else
                             theme.color(card.category) if card.category else theme.color("muted"))
            body = card.body.translated(card.pos())
            painter.drawRoundedRect(QRectF(body.topLeft() * scale, body.size() * scale), 1.5, 1.5)
        seen = self.canvas.mapToScene(self.canvas.viewport().rect()).boundingRect()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent"), 1))
        painter.drawRect(QRectF(seen.topLeft() * scale, seen.size() * scale))

    def _go(self, event) -> None:
        scale, content = self._scale()
        place = (event.position() - QPointF(self.rect().center())) / scale + content.center()
        self.canvas.centerOn(place)

    def mousePressEvent(self, event) -> None:
        self._go(event)

    def mouseMoveEvent(self, event) -> None:
        self._go(event)
