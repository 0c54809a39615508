"""The graph in view as cards and wires, kept as the session has it."""

from collections.abc import Iterable
from html import escape

import numpy as np
from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QImage

from explorer.analysis.problem import Problem
from explorer.analysis.scope import by_node, first_problems
from explorer.app import theme
from explorer.app.canvas.card import PORT_REACH, Card
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
        """Mark the cards that there is advice on, or inside them."""
        said = level_advice(self.session.advice.shown, self.session.view)
        for id, card in self.cards.items():
            card.show_advice(said.get(id, ""))

    def _ends(self) -> tuple[str, str]:
        """The words on the cards of the input and the output: what the picture is, and the guess."""
        seen, data = self.session.run.seen.get(Answers), self.session.data
        if seen is None:
            return data.title, ""
        label, answers = seen.figures["label"], seen.figures["answers"]
        return (
            data.classes[label] if label >= 0 else seen.figures["title"],
            answers[0][0] if answers and self.session.run.tells_of() else "",
        )

    def show_answer(self) -> None:
        """Put the picture and the network's answer onto the two ends of the drawing."""
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
        """The card, "in" or "out", and the port whose handle is at a place; only of that side."""
        best, nearest = None, PORT_REACH**2 + 1
        for card in self.cards.values():
            found = card.port_at(place)
            if found and side in ("", found[0]):
                gap = place - (card.out_port() if found[0] == "out" else card.in_port(found[1]))
                distance = gap.x() ** 2 + gap.y() ** 2
                if distance < nearest:
                    best, nearest = (card, *found), distance
        return best

    def wire_at(self, place: QPointF, reach: float = 8.0) -> WireItem | None:
        """The wire under a place (scene)."""
        return next((item for item in self.wires.values() if item.near(place, reach)), None)


def _image(pixels: np.ndarray) -> QImage:
    """A picture as the network sees it, uint8 (H, W) or (H, W, 3)."""
    if pixels.ndim == 2:
        return viridis.picture(pixels, viridis.GREYS)
    height, width, _channels = pixels.shape
    form = QImage.Format.Format_RGB888
    return QImage(pixels.tobytes(), width, height, 3 * width, form).copy()


def level_advice(advice: Iterable[Problem], view: tuple[str, ...]) -> dict[str, str]:
    """The advice on each node of a scope, or on what is inside it, by node id."""
    found = by_node(advice, view)
    return {id: " ".join(f"{each.message}." for each in told) for id, told in found.items()}
