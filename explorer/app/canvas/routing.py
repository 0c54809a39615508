"""How a wire runs: straight where it can, else round corners, clear of cards and other wires."""

import itertools
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath

from explorer.analysis.layout import CHANNEL, TURN_IN, TURN_OUT
from explorer.graph.graph import Wire

ROOM = 44.0  # a wire shorter than this has no room for its label
FORWARD = 12.0  # a target at least this far to the right is reached directly, else from below
SOFT = 60.0  # a smaller difference in height is crossed by a curve, not round corners
LONGEST_BEND = 150.0
CELL = 200.0
ROUND = 12.0  # length of a corner's curve
ABOVE, LIFT = 36.0, 34.0  # how far above cards a wire passes, and above another such wire


class Route(NamedTuple):
    """A wire's path. label_at: where its label stands, None if there is no room for one. folds: it
    goes back to the left. over: the height at which it passes over cards, None if it does not."""

    path: QPainterPath
    label_at: QPointF | None
    folds: bool = False
    over: float | None = None


class Lane(NamedTuple):
    """Where a wire runs among those at the same cards. bus: other wires leave its source and turn
    off. rank: how many wires turn into its target farther from the card's middle on the same side;
    channels: how many turn in on the fuller side. low: the height below which it goes back to the
    left, 0 for none."""

    bus: bool = False
    rank: int = 0
    channels: int = 0
    low: float = 0.0


class Obstacles:
    """The cards' bodies by id, and the wires that pass over some of them."""

    def __init__(self, bodies: Mapping[str, QRectF] | None = None) -> None:
        self._bodies: dict[str, QRectF] = {}
        self._in_cell: dict[tuple[int, int], set[str]] = {}
        self._bottoms: list[float] | None = None
        self.arcs: dict[Wire, tuple[float, QRectF]] = {}
        for id, body in (bodies or {}).items():
            self.put(id, body)

    def put(self, id: str, body: QRectF | None) -> None:
        """Set the body of an id; None removes it."""
        before = self._bodies.pop(id, None)
        if before is not None:
            for cell in _cells(before):
                self._in_cell[cell].discard(id)
        if body is not None:
            self._bodies[id] = body
            for cell in _cells(body):
                self._in_cell.setdefault(cell, set()).add(id)
        self._bottoms = None

    def crossed(self, rect: QRectF, but: Collection[str] = ()) -> list[QRectF]:
        """The bodies that a rectangle touches, except those of the ids `but`."""
        near = {id for cell in _cells(rect) for id in self._in_cell.get(cell, ())}
        return [
            self._bodies[id] for id in near.difference(but) if self._bodies[id].intersects(rect)
        ]

    def lowest_above(self, height: float) -> float:
        """The lower edge of the lowest body that ends above a height; minus infinity if none."""
        if self._bottoms is None:
            self._bottoms = sorted(body.bottom() for body in self._bodies.values())
        at = bisect_left(self._bottoms, height)
        return self._bottoms[at - 1] if at else float("-inf")

    def height_over(self, crossed: list[QRectF], left: float, right: float) -> float:
        """How high a wire from `left` to `right` passes over these bodies and the wires there."""
        height = min(body.top() for body in crossed) - ABOVE
        for over, span in self.arcs.values():
            if abs(over - height) < LIFT and span.left() < right and left < span.right():
                height = over - LIFT
        return height


def _cells(rect: QRectF) -> Iterator[tuple[int, int]]:
    """The cells of a grid that a rectangle touches."""
    left, top = int(rect.left() // CELL), int(rect.top() // CELL)
    right, bottom = int(rect.right() // CELL), int(rect.bottom() // CELL)
    for column in range(left, right + 1):
        for row in range(top, bottom + 1):
            yield column, row


def route(
    start: QPointF,
    end: QPointF,
    place: Lane = Lane(),
    obstacles: Obstacles | None = None,
    ends: Collection[str] = (),
) -> Route:
    """The route of a wire from `start` to `end` (scene), clear of all bodies but those of `ends`."""
    obstacles = obstacles or Obstacles()
    gap, rise = end.x() - start.x(), end.y() - start.y()
    if gap < FORWARD:
        return _back(start, end, place.low)
    if abs(rise) > SOFT:
        return _corners(start, end, place, obstacles, ends)
    line = QRectF(start, end).normalized().adjusted(4, -1, -4, 1)
    crossed = obstacles.crossed(line, ends)
    if crossed:
        return _over(start, end, place, obstacles, crossed, ends)
    return _straight(start, end, place) if abs(rise) < 0.5 else _soft(start, end, place)


def _straight(start: QPointF, end: QPointF, place: Lane) -> Route:
    path = QPainterPath(start)
    path.lineTo(end)
    return Route(path, _label(*_free(start, end, place), start.y()))


def _free(start: QPointF, end: QPointF, place: Lane) -> tuple[float, float]:
    """Between which x a wire runs alone: not beside those that leave or enter the same cards."""
    left, right = start.x(), end.x()
    if place.bus:
        left += TURN_OUT
    if place.channels:
        right -= TURN_IN + CHANNEL * (place.channels - 1)
    return left, right


def _label(left: float, right: float, height: float) -> QPointF | None:
    return QPointF((left + right) / 2, height) if right - left >= ROOM else None


def _soft(start: QPointF, end: QPointF, place: Lane) -> Route:
    """A curve; a long wire, such as a shortcut, keeps to the lower height and bends at its end."""
    path = QPainterPath(start)
    flat = max(0.0, end.x() - start.x() - LONGEST_BEND)
    rises = end.y() < start.y()
    first = start + QPointF(flat if rises else 0.0, 0)
    last = end - QPointF(0.0 if rises else flat, 0)
    bend = (last.x() - first.x()) / 2
    path.lineTo(first)
    path.cubicTo(first + QPointF(bend, 0), last - QPointF(bend, 0), last)
    path.lineTo(end)
    if flat > ROOM:
        return Route(path, (start + first) / 2 if rises else (last + end) / 2)
    left, right = _free(start, end, place)
    return Route(path, path.pointAtPercent(0.5) if right - left >= ROOM else None)


def _corners(
    start: QPointF, end: QPointF, place: Lane, obstacles: Obstacles, ends: Collection[str]
) -> Route:
    """Down near the source or up near the target, so that the flat part is at the lower height; the
    other way if cards are there; between the rows if cards are at both heights."""
    early = min(start.x() + TURN_OUT, (start.x() + end.x()) / 2)
    late = max(end.x() - TURN_IN - CHANNEL * place.rank, (start.x() + end.x()) / 2)
    paths = [
        [start, QPointF(x, start.y()), QPointF(x, end.y()), end]
        for x in ((late, early) if end.y() < start.y() else (early, late))
    ]
    flat = max(start.y(), end.y())
    crossed = obstacles.crossed(QRectF(start.x(), flat - 1, end.x() - start.x(), 2), ends)
    for height in (
        min((body.top() for body in crossed), default=flat) - 18,
        max((body.bottom() for body in crossed), default=flat) + 18,
    ):
        paths.append(_detour(start, end, early, late, height))
    corners = next((path for path in paths if _is_free(path, obstacles, ends)), paths[0])
    left, right = _free(start, end, place)
    label = None
    for before, after in itertools.pairwise(corners):
        if before.y() == after.y():
            place_here = _label(
                max(before.x(), left if before == start else before.x() + 4),
                min(after.x(), right if after == end else after.x() - 4),
                before.y(),
            )
            if place_here and (label is None or before.x() > start.x() or before.y() == flat):
                label = place_here
    return Route(rounded(corners), label)


def _detour(
    start: QPointF, end: QPointF, left: float, right: float, height: float
) -> list[QPointF]:
    """The corners of a path that runs at `height` between two x."""
    return [
        start,
        QPointF(left, start.y()),
        QPointF(left, height),
        QPointF(right, height),
        QPointF(right, end.y()),
        end,
    ]


def _is_free(corners: list[QPointF], obstacles: Obstacles, ends: Collection[str]) -> bool:
    return not any(
        obstacles.crossed(QRectF(before, after).normalized().adjusted(-1, -1, 1, 1), ends)
        for before, after in itertools.pairwise(corners)
    )


def _over(
    start: QPointF,
    end: QPointF,
    place: Lane,
    obstacles: Obstacles,
    crossed: list[QRectF],
    ends: Collection[str],
) -> Route:
    """Above the cards in between; below them if there are cards above."""
    early, late = start.x() + TURN_OUT, end.x() - TURN_IN - CHANNEL * place.rank
    height = obstacles.height_over(crossed, early, late)
    over = _detour(start, end, early, late, height)
    if not _is_free(over, obstacles, ends):
        below = max(body.bottom() for body in crossed) + ABOVE
        under = _detour(start, end, early, late, below)
        if _is_free(under, obstacles, ends):
            return Route(rounded(under), _label(early, late, below))
    return Route(rounded(over), _label(early, late, height), over=height)


def _back(start: QPointF, end: QPointF, low: float) -> Route:
    below = max(start.y(), low) + 22
    if end.y() > below + 20:
        below = (below + end.y()) / 2 if low == 0.0 else below
    corners = _detour(start, end, start.x() + 22, end.x() - 22, below)
    return Route(rounded(corners), QPointF((start.x() + end.x()) / 2, below), folds=True)


def rounded(corners: list[QPointF]) -> QPainterPath:
    """The path round these corners."""
    path = QPainterPath(corners[0])
    for before, corner, after in zip(corners, corners[1:], corners[2:]):
        path.lineTo(_towards(corner, before))
        path.quadTo(corner, _towards(corner, after))
    path.lineTo(corners[-1])
    return path


def _towards(corner: QPointF, other: QPointF) -> QPointF:
    """The point ROUND away from `corner` towards `other`, at most half of the distance."""
    gap = other - corner
    length = max(1e-6, (gap.x() ** 2 + gap.y() ** 2) ** 0.5)
    point: QPointF = corner + gap * (min(ROUND, length / 2) / length)
    return point
