"""A node as a card: id, label, glyph, output shape and number of parameters."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from explorer.analysis.facts import Facts
from explorer.analysis.layout import STACK, card_size
from explorer.app import glyphs, theme
from explorer.app.canvas.words import fitted
from explorer.app.number import shape_text, short
from explorer.app.widgets.tensor_box import paint_tensor
from explorer.graph.graph import INPUT, OUTPUT, Node, Shape
from explorer.text import _

CORNER, STRIP = 7.0, 10.0
READABLE = 0.35  # below this scale a card is a coloured block
PORT_RADIUS, PORT_REACH = 4.0, 14.0
MOST_BLOCKS = 4
RIGHT = Qt.AlignmentFlag.AlignRight


class Card(QGraphicsItem):
    """One node on the canvas, or the input or output; its position is the card's centre. It only
    paints: the mouse is the canvas's."""

    def __init__(self, id: str) -> None:
        super().__init__()
        self.id = id
        self.facts: Facts | None = None
        self.shape_out: Shape | None = None
        self.subtitle = self.problem = self.advice = ""
        self._doc = self._gradient = ""
        self.inputs: tuple[str, ...] = ()
        self.heights: dict[str, float] = {}  # of the ports, below the middle
        self.selected = False
        self.hot_port: str | None = None
        self.picture: QImage | None = None
        self.inside = self.still = False
        self.gauge: float | None = None
        self.size = (0.0, 0.0)
        self.setZValue(2)

    def show_node(self, node: Node, facts: Facts, ports: tuple[str, ...], problem: str) -> None:
        """Show a node. ports: its inputs; problem: the mark of its badge, "" for none."""
        self.facts = facts
        self._doc = f"<b>{node.id}</b> · {facts.kind.name}<br>{facts.kind.doc}"
        self._show(facts.kind.name, facts.out, facts.label, ports, problem)
        self._set_tip()

    def show_end(self, shape: Shape | None, subtitle: str, problem: str) -> None:
        """Show the input or the output. problem: the mark of its badge, "" for none."""
        self._show(self.id, shape, subtitle, ("x",) if self.id == OUTPUT else (), problem)

    def _show(
        self, kind: str, shape: Shape | None, subtitle: str, ports: tuple[str, ...], problem: str
    ) -> None:
        size = card_size(kind)
        if size != self.size:
            self.prepareGeometryChange()
            self.size = size
        self.shape_out, self.subtitle, self.inputs, self.problem = shape, subtitle, ports, problem
        self.update()

    def show_gradient(self, norm: float | None, share: float | None) -> None:
        """Fill the gauge to `share` (0 to 1); `norm`, for the tool tip, is the gradient's L2 norm."""
        if share != self.gauge:
            self.gauge = share
            self.update()
        self._gradient = "" if norm is None else _("<br>gradient {norm:.3g}").format(norm=norm)
        self._set_tip()

    def show_advice(self, advice: str) -> None:
        """Mark the card with advice, which its tool tip holds; "" removes the mark."""
        if advice != self.advice:
            self.advice = advice
            self._set_tip()
            self.update()

    def _set_tip(self) -> None:
        """Write the tool tip: what the node is, its gradient, advice."""
        if self.facts is not None:
            advice = f"<p>ⓘ {escape(self.advice)}</p>" if self.advice else ""
            self.setToolTip(self._doc + self._gradient + advice)

    # Geometry ---------------------------------------------------------------------------------

    @property
    def body(self) -> QRectF:
        """The card without stack and badge, in its own coordinates."""
        width, height = self.size
        return QRectF(-width / 2, -height / 2, width, height)

    @property
    def scene_body(self) -> QRectF:
        """The body in the scene's coordinates."""
        return self.body.translated(self.pos())

    def boundingRect(self) -> QRectF:
        return self.body.adjusted(-10, -18, 18, 10)

    def painted(self) -> QRectF:
        """What it covers when it is neither selected nor under the mouse, in its own coordinates."""
        covered = self.body.adjusted(-1, -1, 1, 1)
        if self._stacked:
            covered = covered.adjusted(0, -STACK * 0.8, STACK, 0)
        return covered.adjusted(0, -9, 9, 0) if self.problem else covered

    def out_port(self) -> QPointF:
        """Where wires leave, in the scene's coordinates."""
        return self.pos() + QPointF(self.size[0] / 2 + STACK * self._stacked, 0)

    def in_port(self, port: str) -> QPointF:
        """Where the wire into that port ends, in the scene's coordinates."""
        return self.pos() + QPointF(-self.size[0] / 2, self.heights.get(port, 0.0))

    def order_ports(self, ports: Sequence[str], straight: str | None) -> None:
        """Put the ports below one another in this order: `straight` at the middle of the card, so
        that its wire is straight; None: spread evenly."""
        middle = ports.index(straight) if straight else (len(ports) - 1) / 2
        most = max(middle, len(ports) - 1 - middle, 0.5)
        step = min(24.0 if straight is None else 16.0, (self.size[1] / 2 - 7) / most)
        self.heights = {port: (at - middle) * step for at, port in enumerate(ports)}

    def port_at(self, place: QPointF) -> tuple[str, str] | None:
        """The handle at a place (scene): ("out", "") or ("in", port); None if there is none."""
        if self.id != OUTPUT and _near(place, self.out_port()):
            return "out", ""
        for port in self.inputs:
            if _near(place, self.in_port(port)):
                return "in", port
        return None

    # Painting ---------------------------------------------------------------------------------

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if scale < READABLE:
            self._paint_block(painter)
            return
        if self._stacked:
            for shift in (STACK, STACK / 2):
                self._panel(painter, self.body.translated(shift, -shift * 0.8), theme.color("line"))
        width = 2.0 if self.problem or self.selected else 1.0
        self._panel(painter, self.body, self._tint("line"), width)
        if self.id == INPUT:
            self._paint_input(painter)
        elif self.id == OUTPUT:
            self._paint_output(painter)
        elif self.category == "merge" and not self._known.kind.composite:
            self._paint_join(painter)
        else:
            self._paint_layer(painter)
        if not self.still:
            self._paint_ports(painter)
        if self.problem:
            self._paint_badge(painter)
        elif self.advice:
            self._paint_advice(painter)

    @property
    def _stacked(self) -> bool:
        """Whether it stands for more than one block."""
        return self.category == "stage" and bool(self._known.settings.depth > 1)

    @property
    def _known(self) -> Facts:
        """The facts of a card that is not an end."""
        assert self.facts is not None
        return self.facts

    @property
    def category(self) -> str:
        """The category of its kind; "" for the ends."""
        return self.facts.kind.category if self.facts else ""

    def _panel(self, painter: QPainter, rect: QRectF, border: QColor, width: float = 1.0) -> None:
        painter.setPen(QPen(border, width))
        painter.setBrush(theme.color("card"))
        painter.drawRoundedRect(rect, CORNER, CORNER)

    def _paint_block(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._tint(self.category or "muted"))
        painter.drawRoundedRect(self.body, CORNER, CORNER)

    def _tint(self, otherwise: str) -> QColor:
        """The colour of a problem or of what is selected, else that of a token."""
        return theme.color("problem" if self.problem else "accent" if self.selected else otherwise)

    def _paint_layer(self, painter: QPainter) -> None:
        body, facts = self.body, self._known
        painter.fillPath(_strip(body), theme.color(facts.kind.category))
        left, width = body.left() + 12, body.width() - 24
        top = body.top() + 10
        count = f"×{facts.settings.depth}" if self._stacked else ""
        painter.setFont(theme.sans(13, True))
        if count:
            self._line(painter, QRectF(left, top + 6, width, 20), count, "stage", RIGHT)
        self._words(
            painter,
            QRectF(left, top + 6, width - 9 * len(count) - 3, 20),
            self._name(painter, width - 9 * len(count) - 3),
            "text",
        )
        painter.setFont(theme.sans(11))
        self._words(
            painter, QRectF(left, top + 26, width, 16), self.subtitle or facts.kind.name, "muted"
        )
        self._paint_glyphs(painter, QRectF(left, top + 45, width, 18))
        rule = body.bottom() - 23
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(QPointF(left, rule), QPointF(left + width, rule))
        if self.gauge:
            painter.setPen(QPen(theme.color("good"), 2.4))
            painter.drawLine(QPointF(left, rule), QPointF(left + width * self.gauge, rule))
        painter.setFont(theme.mono(10))
        foot = QRectF(left - 2, rule + 2, width + 4, 19)
        self._line(painter, foot, self._shape_words, "text")
        if facts.params:
            self._line(painter, foot, short(facts.params), "muted", RIGHT)

    @property
    def _shape_words(self) -> str:
        return shape_text(self.shape_out) if self.shape_out else "?"

    def _name(self, painter: QPainter, width: float) -> str:
        """The id; of a dotted one that is too long, its last part."""
        last = self.id.rpartition(".")[2]
        fits = last == self.id or fitted(painter.font(), self.id, width)[1] == self.id
        return self.id if fits else f"…{last}"

    def _line(
        self,
        painter: QPainter,
        rect: QRectF,
        words: str,
        token: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        painter.setPen(theme.color(token))
        painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, words)

    def _words(
        self,
        painter: QPainter,
        rect: QRectF,
        words: str,
        token: str,
        side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        """A line whose words are made to fit into `rect`."""
        font, words = fitted(painter.font(), words, rect.width())
        painter.setFont(font)
        self._line(painter, rect, words, token, side)

    def _paint_glyphs(self, painter: QPainter, rect: QRectF) -> None:
        facts = self._known
        blocks = (
            [child.facts for child in facts.children if child.facts.kind.category == "block"]
            if self.category == "stage"
            else []
        )
        if not blocks:
            glyphs.paint_kind(painter, rect, facts.kind.name, facts.settings, shortcut(facts))
            return
        shown = blocks if len(blocks) <= MOST_BLOCKS else blocks[: MOST_BLOCKS - 1]
        for number, block in enumerate(shown):
            glyphs.paint_kind(
                painter,
                QRectF(rect.left() + number * 27, rect.top(), 23, rect.height()),
                block.kind.name,
                block.settings,
                shortcut(block),
            )
        if len(shown) < len(blocks):
            painter.setFont(theme.sans(11))
            self._line(painter, rect, "…", "muted", RIGHT)

    def _paint_join(self, painter: QPainter) -> None:
        body, name = self.body, self._known.kind.name
        left, width, top = body.left() + 5, body.width() - 10, body.top()
        centre = Qt.AlignmentFlag.AlignCenter
        painter.setFont(theme.sans(12, True))
        same = self.id.rpartition(".")[2].lower() == name.lower()  # the id adds nothing
        lower = 7 * same
        self._words(painter, QRectF(left, top + 5 + lower, width, 17), name, "text", centre)
        glyphs.paint_kind(
            painter,
            QRectF(body.center().x() - 8, top + 25 + lower, 26, 15),
            name,
            self._known.settings,
        )
        painter.setFont(theme.sans(10))
        if not same:
            self._words(painter, QRectF(left, top + 43, width, 15), self.id, "muted", centre)
        painter.setFont(theme.mono(10))
        self._words(
            painter,
            QRectF(left - 3, top + 61, width + 6, 17),
            self._shape_words,
            "text",
            centre,
        )

    def _paint_input(self, painter: QPainter) -> None:
        body = self.body
        frame = QRectF(body.left() + 10, body.top() + 10, 64, 64)
        if self.inside:
            if self.shape_out and len(self.shape_out) == 3:
                paint_tensor(
                    painter,
                    frame.adjusted(8, 8, -8, -8),
                    self.shape_out,
                    theme.color("muted"),
                    theme.mixed("muted", "card", 0.25),
                    self.shape_out,
                )
        else:
            painter.fillRect(frame, QColor("#000000"))
            if self.picture is not None:
                painter.drawImage(frame, self.picture)
        painter.setFont(theme.sans(11))
        self._words(
            painter,
            QRectF(body.left() + 2, body.bottom() - 28, body.width() - 4, 24),
            self.subtitle or _("input"),
            "muted",
            Qt.AlignmentFlag.AlignCenter,
        )

    def _paint_output(self, painter: QPainter) -> None:
        body = self.body
        centre = Qt.AlignmentFlag.AlignCenter
        painter.setFont(theme.sans(12, True))
        name = body.adjusted(4, 8, -4, -28) if self.subtitle else body
        self._line(painter, name, _("output"), "text", centre)
        painter.setFont(theme.sans(11))
        self._words(painter, body.adjusted(3, 26, -3, -8), self.subtitle, "muted", centre)

    def _paint_ports(self, painter: QPainter) -> None:
        painter.setBrush(theme.color("canvas"))
        ports = [(self.in_port(port), port) for port in self.inputs]
        if self.id != OUTPUT:
            ports.append((self.out_port(), "out"))
        for place, port in ports:
            hot = port == self.hot_port
            painter.setPen(QPen(theme.color("accent" if hot else "muted"), 1.5))
            radius = PORT_RADIUS + 2 * hot
            painter.drawEllipse(place - self.pos(), radius, radius)

    def _paint_advice(self, painter: QPainter) -> None:
        painter.setPen(QPen(theme.color("canvas"), 2))
        painter.setBrush(theme.color("warning"))
        painter.drawEllipse(QPointF(self.body.right() - 2, self.body.top() + 2), 5.5, 5.5)

    def _paint_badge(self, painter: QPainter) -> None:
        centre = QPointF(self.body.right() - 1, self.body.top() + 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("problem"))
        painter.drawEllipse(centre, 9, 9)
        painter.setPen(QColor("#ffffff"))
        painter.setFont(theme.sans(12, True))
        painter.drawText(
            QRectF(centre.x() - 9, centre.y() - 9.5, 18, 18),
            Qt.AlignmentFlag.AlignCenter,
            self.problem,
        )


def _strip(body: QRectF) -> QPainterPath:
    """The coloured strip at the top of a card: its upper corners are round."""
    size = 2 * CORNER
    path = QPainterPath(QPointF(body.left(), body.top() + STRIP))
    path.arcTo(QRectF(body.left(), body.top(), size, size), 180, -90)
    path.arcTo(QRectF(body.right() - size, body.top(), size, size), 90, -90)
    path.lineTo(body.right(), body.top() + STRIP)
    path.closeSubpath()
    return path


def shortcut(block: Facts) -> bool | None:
    """How the shortcut of a block is drawn: dashed where it projects or adds zeros, solid where it
    is the identity, None where there is none (He et al. 2015, figure 3)."""
    if not any(child.facts.kind.joins == "sum" for child in block.children):
        return None
    return any(reshapes(child.id, child.facts) for child in block.children)


def reshapes(id: str, facts: Facts) -> bool:
    """Whether a node is a shortcut that changes the tensor's shape."""
    shortcut = facts.kind.shortcut
    return shortcut in ("project", "pad") or (id == "downsample" and shortcut != "identity")


def _near(a: QPointF, b: QPointF) -> bool:
    gap = a - b
    return gap.x() ** 2 + gap.y() ** 2 <= PORT_REACH**2
