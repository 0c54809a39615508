"""The gradient of every card as a gauge on the card: live, on a log scale."""

from math import log10, sqrt

from PySide6.QtCore import QObject, QTimer

from explorer.analysis.report import Report
from explorer.app.canvas.scene import NetworkScene
from explorer.graph.path import NodePath

FRAME_MS = 100
DECADES = 4.0  # from an empty gauge to a full one


class Gauges(QObject):
    """Shows the newest gradients from the engine, at most ten times a second.

    The gauge of the largest gradient is full; that of one 10,000 times smaller is empty.
    """

    def __init__(self, scene: NetworkScene) -> None:
        super().__init__(scene)
        self.scene, self.session = scene, scene.session
        self._places: dict[str, NodePath] = {}
        self._placed_for: Report | None = None
        self._clock = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._clock.timeout.connect(self._draw)
        run = self.session.run
        for signal in (scene.synced, run.looked, run.grown):
            signal.connect(self._mark)
        run.emptied.connect(self._draw)

    def _mark(self) -> None:
        if not self._clock.isActive():
            self._clock.start()

    def _draw(self) -> None:
        norms = self.norms()
        largest = max(norms.values(), default=0.0)
        for id, card in self.scene.cards.items():
            norm = norms.get(id)
            share = (
                None
                if norm is None or largest <= 0
                else (max(0.0, 1 + log10(norm / largest) / DECADES) if norm > 0 else 0.0)
            )
            card.show_gradient(norm, share)
        self.session.link.took()  # where no panel shows what the engine sends, the cards still do

    def norms(self) -> dict[str, float]:
        """By node id, the L2 norm of the gradient of all weights in each card in view that has
        weights and is the same in the engine."""
        if self._placed_for is not self.session.report:
            report = self._placed_for = self.session.report
            layers = zip(report.layers(), report.paths)
            self._places = {layer.path: path for layer, path in layers}
        squares: dict[str, float] = {}
        view = self.session.view
        for path, norm in zip(*self.session.run.gradients, strict=True):
            if ids := self._places.get(path, NodePath()).within(view):
                squares[ids[0]] = squares.get(ids[0], 0.0) + norm * norm
        return {
            id: sqrt(square)
            for id, square in squares.items()
            if self.session.run.describes_drawn((*view, id)[0])
        }
