"""The graph in view as cards and wires that follow the session."""

from html import escape

import numpy as np
from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QImage

from explorer.analysis.scope import by_node, first_problems
from explorer.app import theme
from explorer.app.canvas.card import Card
from explorer.app.canvas.diagram import Diagram
from explorer.app.canvas.wire import WireItem
from explorer.app.session import Change, Session
from explorer.app.widgets import viridis
from explorer.graph.graph import ENDS, INPUT
from explorer.protocol.looks import Answers
from explorer.protocol.messages import Seen
from explorer.text import _


class NetworkScene(Diagram):
    """The diagram of what is in view. `about_to_sync` comes before every change of what is drawn,
    `synced` after it."""

    about_to_sync = Signal()
    synced = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._pictured: Seen | None = None  # whose picture is on the input's card
        session.run.emptied.connect(self.show_answer)
        session.run.looked.connect(self.show_answer)
        session.changed.connect(self._follow)
        session.advice.changed.connect(self.mark_advice)
        theme.changed.connect(self.update)
        self.sync()

    # From the session -------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if change.network or change.view:
            self.sync()
        else:
            self.mark_selection()

    def sync(self) -> None:
        """Draw the graph in view."""
        self.about_to_sync.emit()
        session = self.session
        ends = (_("from outside"), "") if session.view else self._ends()
        self.draw(session.scope, first_problems(session.report, session.view), *ends)
        self.mark_selection()
        self.mark_advice()
        self.synced.emit()

    def mark_selection(self) -> None:
        """Show which cards are selected."""
        chosen = self.session.selection
        for id, card in self.cards.items():
            if card.selected != (id in chosen):
                card.selected = id in chosen
                card.update()

    def mark_advice(self) -> None:
        """Mark the cards for which, or for whose inside, there is advice."""
        advice = by_node(self.session.advice.shown, self.session.view)
        for id, card in self.cards.items():
            card.show_advice(" ".join(f"{each.message}." for each in advice.get(id, ())))

    def _ends(self) -> tuple[str, str]:
        """The words on the cards of the input and the output: the picture's label and the answer."""
        seen, data = self.session.run.seen.get(Answers), self.session.data
        if seen is None:
            return data.title, ""
        label, answers = seen.figures["label"], seen.figures["answers"]
        return (
            data.classes[label] if label >= 0 else seen.figures["title"],
            answers[0][0] if answers and self.session.run.describes_drawn() else "",
        )

    def show_answer(self) -> None:
        """Show the picture and the network's answer on the two ends."""
        seen = self.session.run.seen.get(Answers)
        cards = [self.cards[id] for id in ENDS]
        if seen is not self._pictured:
            self._pictured = seen
            cards[0].picture = None if seen is None else _image(seen.arrays["picture"])
            cards[0].update()
        if not self.session.view:
            for card, words in zip(cards, self._ends()):
                if card.subtitle != words:
                    card.subtitle = words
                    card.setToolTip(escape(words) if card.id == INPUT else "")
                    card.update()

    # What is where ----------------------------------------------------------------------------

    def light_port(self, lit: Card | None, port: str = "") -> None:
        """Light one port of a card, "" for its output, and no other; `lit` None: no port at all."""
        for card in self.cards.values():
            hot = (port or "out") if card is lit else None
            if card.hot_port != hot:
                card.hot_port = hot
                card.update()

    def free_port(self, id: str) -> str:
        """The first port of a node that no wire enters; the first of all if every port is taken."""
        taken, ports = self.graph.into(id), self.cards[id].inputs or ("x",)
        return next((port for port in ports if port not in taken), ports[0])

    def card_at(self, place: QPointF) -> Card | None:
        """The topmost card under a place (scene)."""
        cards = reversed(self.cards.values())
        return next((card for card in cards if card.scene_body.contains(place)), None)

    def port_at(self, place: QPointF, side: str = "") -> tuple[Card, str, str] | None:
        """The nearest handle at a place (scene): card, "in" or "out", port. side: "in" or "out"
        where only such handles are wanted."""

        def distance(handle: tuple[Card, str, str]) -> float:
            card, side, port = handle
            gap = place - (card.out_port() if side == "out" else card.in_port(port))
            return gap.x() ** 2 + gap.y() ** 2

        handles = (
            (card, *handle)
            for card in self.cards.values()
            if (handle := card.port_at(place)) and side in ("", handle[0])
        )
        return min(handles, key=distance, default=None)

    def wire_at(self, place: QPointF, reach: float = 8.0) -> WireItem | None:
        """A wire that is at most `reach` beside a place (scene)."""
        return next((item for item in self.wires.values() if item.near(place, reach)), None)


def _image(pixels: np.ndarray) -> QImage:
    """A picture from the engine, uint8 (H, W) or (H, W, 3)."""
    if pixels.ndim == 2:
        return viridis.picture(pixels, viridis.GREYS)
    height, width, _channels = pixels.shape
    form = QImage.Format.Format_RGB888
    return QImage(pixels.tobytes(), width, height, 3 * width, form).copy()
