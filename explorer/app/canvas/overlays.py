"""What stays in place over the canvas: the path, the map, the cards of a mismatch and of a
comparison."""

from collections.abc import Iterable
from functools import reduce
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from explorer.analysis.compare import NotComparable, compared
from explorer.analysis.problem import Problem
from explorer.analysis.scope import first_problems
from explorer.app import theme
from explorer.app.canvas.comparison import ComparisonCard
from explorer.app.widgets.mismatch_card import RULES, MismatchCard
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.canvas.canvas import Canvas
    from explorer.app.session import Change

EDGE = 12
CELL = 8
"""Pixels: how finely the room for the card of a mismatch is searched."""
PALE = 0.3  # opacity of the map over cards


class Overlays(QObject):
    """Keeps the widgets over the canvas up to date and in place."""

    def __init__(self, canvas: "Canvas") -> None:
        super().__init__(canvas)
        self.canvas, self.session = canvas, canvas.session
        self.path = PathLabel(canvas)
        self.map = Map(canvas)
        self.mismatch: MismatchCard | None = None
        self._hidden: tuple[object, str] | None = None  # path and message of the mismatch put away
        self.comparison: ComparisonCard | None = None
        self._compared: tuple[tuple[str, ...], tuple[str, ...]] = (), ()  # view and nodes
        self.session.changed.connect(self._follow)

    def _follow(self, change: "Change") -> None:
        if not (change.network or change.view):  # else the scene is drawn anew, and this after it
            self.refresh()

    def refresh(self) -> None:
        """Follow the graph in view and the selection."""
        self.path.refresh()
        self.map.update()
        problem = self._problem()
        if problem is not (self.mismatch and self.mismatch.problem):
            _remove(self.mismatch)
            self.mismatch = None
            if problem is not None:
                self.mismatch = MismatchCard(self.session, problem, self.canvas, closable=True)
                self.mismatch.closed.connect(self._hide_mismatch)
                self.mismatch.show()
        if self.comparison is not None:
            self._compare_again()
        self.place()

    def compare(self, ids: tuple[str, ...]) -> None:
        """Compare these nodes of the graph in view with one convolution; if they are compared
        already, hide the card. A notice says why nodes cannot be compared; no card is then left."""
        if self.comparison is not None and self._compared == (self.session.view, ids):
            self.end_comparison()
            return
        try:
            self._show_comparison(ids)
        except NotComparable as error:
            self.end_comparison()
            self.session.notified.emit(str(error))
        self.place()

    def end_comparison(self) -> None:
        """Hide the card of the comparison."""
        _remove(self.comparison)
        self.comparison = None

    def _show_comparison(self, ids: tuple[str, ...]) -> None:
        here = self.session.scope
        comparison = compared(here.graph, here.facts, here.input, ids)
        if self.comparison is None or comparison != self.comparison.comparison:
            self.end_comparison()
            self.comparison = ComparisonCard(comparison, self.canvas)
            self.comparison.closed.connect(self.end_comparison)
            self.comparison.show()
        self._compared = self.session.view, ids

    def _compare_again(self) -> None:
        """Follow an edit of what is compared; hide the card if it can no longer be compared."""
        view, ids = self._compared
        if view == self.session.view and all(id in self.session.shown.nodes for id in ids):
            try:
                self._show_comparison(ids)
                return
            except NotComparable:
                pass
        self.end_comparison()

    def _hide_mismatch(self) -> None:
        assert self.mismatch is not None
        self._hidden = self.mismatch.problem.path, self.mismatch.problem.message
        self.refresh()

    def _problem(self) -> Problem | None:
        """The mismatch to explain: that of the selected node, else the first one; not the one that
        the person has hidden."""
        mismatches = {
            id: problem
            for id, problem in first_problems(self.session.report, self.session.view).items()
            if problem.rule in RULES
            and problem.path == (*self.session.view, id)
            and (problem.path, problem.message) != self._hidden
        }
        selected = (mismatches[id] for id in self.session.selection if id in mismatches)
        return next(selected, next(iter(mismatches.values()), None))

    def place(self) -> None:
        """Put every widget in its place in the present view."""
        self.path.move(EDGE, 8)
        self._place_map()
        if self.mismatch is not None:
            self._place_mismatch(self.mismatch)
        if self.comparison is not None:
            self._place_card(self.comparison, self.comparison.comparison.nodes)

    def _cards(self) -> dict[str, QRect]:
        """Where the cards are in the viewport, by node id."""
        return {
            id: self.canvas.mapFromScene(card.scene_body).boundingRect()
            for id, card in self.canvas.network.cards.items()
        }

    def _place_map(self) -> None:
        """Put the map into the lower right corner, or if it would hide cards there into a corner
        that is free; if none is, it is pale and the cards show through. Under the pointer it
        stays."""
        canvas, size = self.canvas, self.map.size()
        room = canvas.viewport().rect().adjusted(EDGE, EDGE, -EDGE, -EDGE)
        right, low = room.right() + 1 - size.width(), room.bottom() + 1 - size.height()
        corners = [
            QRect(QPoint(*place), size)
            for place in ((right, low), (right, room.top()), (room.left(), low))
        ]
        cards = self._cards().values()
        hidden = [sum(_area(corner.intersected(card)) for card in cards) for corner in corners]
        at = hidden.index(0) if 0 in hidden else 0
        self.map.pale = hidden[at] > 0
        self.map.update()
        if not (self.map.underMouse() and canvas.rect().contains(self.map.geometry())):
            self.map.move(corners[at].topLeft())

    def _place_mismatch(self, card: MismatchCard) -> None:
        """Put the card of a mismatch near its node where it hides no card of the network, in the
        largest form for which there is room; if there is none, the list of problems has its fixes."""
        cards = self._cards()
        node = cards.get(card.problem.path[-1], QRect())
        taken = [*cards.values(), self.map.geometry()]
        room = self.canvas.viewport().rect().adjusted(EDGE, 36, -EDGE, -EDGE)
        for form in card.forms:
            place = free_place(room, form.size, taken, node.center())
            if place is not None:
                card.show_as(form)
                card.move(place)
                break
        card.setVisible(place is not None)

    def _place_card(self, widget: QWidget, ids: tuple[str, ...]) -> None:
        """Put a card about these nodes where it hides least of the network: beside them, above,
        below, or in a corner."""
        widget.resize(widget.sizeHint())
        room = self.canvas.viewport().rect().adjusted(EDGE, 36, -EDGE, -EDGE)
        cards = self._cards()
        node = reduce(QRect.united, (cards.get(id, QRect()) for id in ids), QRect())
        width, height = widget.width(), widget.height()
        x, y = node.center().x() - width // 2, node.center().y() - height // 2
        places = [
            (node.right() + 24, y),
            (node.left() - width - 24, y),
            (x, node.bottom() + 24),
            (x, node.top() - height - 24),
            (room.right() - width, room.top()),
            (room.right() - width, room.bottom() - height),
            (room.left(), room.bottom() - height),
        ]

        def cost(place: tuple[int, int]) -> float:
            rect = QRect(*place, width, height)
            hidden = sum(
                _area(rect.intersected(card)) for card in (*cards.values(), self.map.geometry())
            )
            gap = rect.center() - node.center()
            return hidden + 4 * _area(rect.intersected(node)) + gap.manhattanLength()

        inside = [
            (
                max(room.left(), min(x, room.right() - width)),
                max(room.top(), min(y, room.bottom() - height)),
            )
            for x, y in places
        ]
        widget.move(*min(inside, key=cost))


def _remove(card: QWidget | None) -> None:
    if card is not None:
        card.hide()
        card.deleteLater()


def free_place(room: QRect, size: QSize, taken: Iterable[QRect], near: QPoint) -> QPoint | None:
    """Where a rectangle of that size lies within the room, a little off all that is taken, its centre
    as near to a point as can be; None if there is no such place."""
    rows, columns = max(0, room.height() // CELL), max(0, room.width() // CELL)
    high, wide = -(-size.height() // CELL), -(-size.width() // CELL)
    if high > rows or wide > columns:
        return None
    occupied = np.zeros((rows + 1, columns + 1), int)  # by cell; the first row and column are empty
    for rect in taken:
        cells = rect.adjusted(-CELL, -CELL, CELL, CELL).translated(-room.topLeft())
        top, left = max(0, cells.top() // CELL), max(0, cells.left() // CELL)
        bottom, right = max(0, -(-cells.bottom() // CELL)), max(0, -(-cells.right() // CELL))
        occupied[1 + top : 1 + bottom, 1 + left : 1 + right] = 1
    sums = occupied.cumsum(0).cumsum(1)
    covered = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    tops, lefts = np.nonzero(covered == 0)
    if not len(tops):
        return None
    away = np.abs(lefts * CELL + room.left() + size.width() // 2 - near.x())
    away += np.abs(tops * CELL + room.top() + size.height() // 2 - near.y())
    best = int(away.argmin())
    return QPoint(int(lefts[best]), int(tops[best])) * CELL + room.topLeft()


def _area(rect: QRect) -> int:
    return rect.width() * rect.height() if rect.isValid() else 0


class PathLabel(QLabel):
    """The path of the graph in view, network › layer1 › 0; each part is a link that opens it."""

    def __init__(self, canvas: "Canvas") -> None:
        super().__init__(canvas, textFormat=Qt.TextFormat.RichText)
        self.session = canvas.session
        self.linkActivated.connect(self._follow)
        theme.changed.connect(self.refresh)

    def refresh(self) -> None:
        """Write the path of the graph in view."""
        view = self.session.view
        parts = [self.session.graph.name, *view]
        now = theme.current()
        text, faint, accent = now.text, now.muted, now.accent
        words = [
            f'<a href="{depth}" style="color:{text if depth == len(view) else accent};'
            f'text-decoration:none">{escape(part)}</a>'
            for depth, part in enumerate(parts)
        ]
        line = f' <span style="color:{faint}">›</span> '.join(words)
        if not self.session.editable:
            kind = self.session.facts_of(view)
            line += (
                f' <span style="color:{faint}"> &nbsp; '
                + _("defined by {kind}").format(kind=kind.kind.name if kind else "")
                + f'</span> &nbsp;<a href="edit" style="color:{accent};text-decoration:none">'
                + _("Edit inside")
                + "</a>"
            )
        self.setFont(theme.mono(12))
        self.setText(line)
        self.adjustSize()

    def _follow(self, link: str) -> None:
        if link == "edit":
            self.session.edit_inside(self.session.view)
        else:
            self.session.open(self.session.view[: int(link)])


class Map(QWidget):
    """The whole network at small scale, with a frame around the part in view; dragging moves the
    view there. pale: cards behind it show through until the pointer comes."""

    def __init__(self, canvas: "Canvas") -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.setFixedSize(116, 62)
        self.setToolTip(_("Drag to move the view"))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)  # paint again when the pointer comes or goes
        self.pale = False

    def _scale(self) -> tuple[float, QRectF]:
        content = self.canvas.network.content()
        inside = QRectF(self.rect()).adjusted(6, 6, -6, -6)
        scale = min(
            inside.width() / max(1.0, content.width()), inside.height() / max(1.0, content.height())
        )
        return scale, content

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(PALE if self.pale and not self.underMouse() else 1.0)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        scale, content = self._scale()
        painter.translate(QPointF(self.rect().center()) - content.center() * scale)
        painter.setPen(Qt.PenStyle.NoPen)
        for card in self.canvas.network.cards.values():
            painter.setBrush(theme.color("problem" if card.problem else card.category or "muted"))
            body = card.scene_body
            painter.drawRoundedRect(QRectF(body.topLeft() * scale, body.size() * scale), 1.5, 1.5)
        seen = self.canvas.mapToScene(self.canvas.viewport().rect()).boundingRect()
        edges = (
            painter.transform().inverted()[0].mapRect(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        )
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent"), 1))
        painter.drawRoundedRect(
            QRectF(seen.topLeft() * scale, seen.size() * scale).intersected(edges), 3, 3
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        scale, content = self._scale()
        place = (event.position() - QPointF(self.rect().center())) / scale + content.center()
        self.canvas.look_at(place)

    mousePressEvent = mouseMoveEvent
