"""Two tensors that do not fit together, side by side on one scale, with the fixes."""

from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.facts import Facts
from explorer.analysis.fixes import fixes
from explorer.analysis.problem import Problem
from explorer.app import theme
from explorer.app.number import NBSP, setting_text, shape_text
from explorer.app.session import Session
from explorer.app.widgets import tensor_box
from explorer.app.widgets.fix_button import FixButton
from explorer.app.widgets.label import label
from explorer.app.widgets.small_button import small_button
from explorer.graph.graph import INPUT, Shape
from explorer.graph.path import NodePath
from explorer.text import _, ngettext

RULES = ("add", "concat")
WIDTH, EDGE = 336, 16
_BOX = QSize(72, 68)


@dataclass(frozen=True)
class Branch:
    """One input of a join: the node that it comes from and its shape. setter: the node that
    determined the shape, or INPUT; stated: what the setter's parameters say of it, "" if unknown."""

    source: str
    shape: Shape
    setter: str
    stated: str


def branches(session: Session, path: NodePath) -> list[Branch]:
    """The branches that meet at the join at a path, in the order of its ports."""
    block, join = session.facts_of(path.scope), session.facts_of(path)
    graph = block.expansion if block is not None else session.graph
    if graph is None or join is None:
        return []
    wire_at, joined = graph.into(path[-1]), []
    for port, shape in zip(sorted(wire_at), join.known_ins):
        setter = source = wire_at[port].source
        while setter != INPUT:
            facts = session.facts_of(path.scope / setter)
            wires = graph.into(setter)
            if (
                facts is None
                or facts.ins[:1] != (facts.out,)
                or _channels_of(facts)
                or len(wires) != 1
            ):
                break
            setter = next(iter(wires.values())).source
        facts = session.facts_of(path.scope / setter) if setter != INPUT else None
        joined.append(Branch(source, shape, setter, _stated(facts) if facts else ""))
    return joined


def _channels_of(facts: Facts) -> int | None:
    settings = vars(facts.settings)
    return next(
        (settings[name] for name in ("out_channels", "width", "out_features") if name in settings),
        None,
    )


def _stated(facts: Facts) -> str:
    """What the settings of a node say of its output shape: "64 channels, stride 2"."""
    parts = []
    if facts.out and _channels_of(facts):
        count = facts.out[0]
        parts.append(
            ngettext("{count} channel", "{count} channels", count).format(count=count)
            if len(facts.out) == 3
            else ngettext("{count} feature", "{count} features", count).format(count=count)
        )
    stride = getattr(facts.settings, "stride", 1)
    if stride != 1:
        parts.append(_("stride {stride}").format(stride=setting_text(stride)).replace(" ", NBSP))
    return ", ".join(parts) or facts.kind.name


class MismatchCard(QWidget):
    """Why the branches of a join do not fit together: two tensors, the sides that differ, the node
    that set them, and the fixes.

    problem: its rule is one of `RULES`. closed: the person wants to hide the card; only a `closable`
    one offers that.
    """

    closed = Signal()

    def __init__(
        self,
        session: Session,
        problem: Problem,
        parent: QWidget | None = None,
        closable: bool = False,
    ) -> None:
        super().__init__(parent)
        self.problem = problem
        first, *others = branches(session, problem.path)
        other = next((branch for branch in others if branch.shape != first.shape), others[-1])
        self.buttons = [
            FixButton(session, fix, primary=number == 0)
            for number, fix in enumerate(fixes(session.report, problem))
        ]
        self._build(first, other, closable)
        theme.changed.connect(self.update)
        self.setAccessibleName(problem.message)

    def _build(self, first: Branch, other: Branch, closable: bool) -> None:
        joins = self.problem.rule == "concat"
        title = _("Concat needs maps of equal size") if joins else _("Add needs equal shapes")
        top = QHBoxLayout()
        top.addWidget(label(title, "strong"), 1)
        if closable:
            close_button = small_button("×", _("Hide this card"), flat=True)
            close_button.clicked.connect(self.closed)
            top.addWidget(close_button)
        set_by = (
            _("set by {node}:<br>{stated}")
            if other.stated
            else _("set by the input")
            if other.setter == INPUT
            else _("set by {node}")
        ).format(node=f"<b>{escape(other.setter)}</b>", stated=escape(other.stated))
        words = QVBoxLayout()
        words.setSpacing(8)
        words.addStretch(1)
        for text, role in (
            ("<br>".join(differences(first.shape, other.shape, joins)), "problem"),
            (set_by, "small"),
        ):
            sentence = label(text, role, wrap=True)
            sentence.setTextFormat(Qt.TextFormat.RichText)
            words.addWidget(sentence)
        words.addStretch(1)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(TensorPair(first, other, joins))
        body.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.setContentsMargins(EDGE, 12, EDGE, EDGE)
        column.addLayout(top)
        column.addLayout(body)
        if self.buttons:
            column.addSpacing(4)
        else:
            column.addWidget(label(self.problem.message, "small", wrap=True))
        for button in self.buttons:
            button.setMaximumWidth(WIDTH - 2 * EDGE)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            column.addWidget(button)
        self.setFixedWidth(WIDTH)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        assert layout is not None  # `_build` made it
        return QSize(WIDTH, layout.totalHeightForWidth(WIDTH))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("problem"), 1))
        painter.setBrush(theme.color("panel"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)


class TensorPair(QWidget):
    """Both tensors as boxes on one scale, the edges that differ in red, their shapes below."""

    def __init__(
        self, first: Branch, other: Branch, sizes_only: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._pair = (first, other)
        self._marked = tensor_box.differing(first.shape, other.shape)
        if sizes_only:
            self._marked.discard(tensor_box.CHANNELS)
        metrics = QFontMetrics(theme.mono(11, bold=True))
        self._column_width = (
            max(
                _BOX.width(),
                *(metrics.horizontalAdvance(shape_text(branch.shape)) for branch in self._pair),
            )
            + 8
        )
        self.setFixedSize(2 * self._column_width, _BOX.height() + 40)
        self.setAccessibleName(
            _("{a} and {b}").format(a=shape_text(first.shape), b=shape_text(other.shape))
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        largest = tensor_box.largest_of(*(branch.shape for branch in self._pair))
        for number, branch in enumerate(self._pair):
            name = "problem" if number else "muted"
            left, width = number * self._column_width, self._column_width
            tensor_box.paint_tensor(
                painter,
                QRectF(left + (width - _BOX.width()) / 2, 2, _BOX.width(), _BOX.height()),
                branch.shape,
                theme.color(name),
                theme.mixed(name, "panel", 0.28),
                largest,
                self._marked,
                theme.color("problem"),
            )
            row = QRectF(left, _BOX.height() + 6, width, 16)
            painter.setFont(theme.mono(11, bold=bool(number)))
            painter.setPen(theme.color("problem" if number else "text"))
            painter.drawText(row, Qt.AlignmentFlag.AlignCenter, shape_text(branch.shape))
            painter.setFont(theme.sans(11))
            painter.setPen(theme.color("muted"))
            source = painter.fontMetrics().elidedText(
                _("input") if branch.source == INPUT else branch.source,
                Qt.TextElideMode.ElideRight,
                width - 4,
            )
            painter.drawText(row.translated(0, 16), Qt.AlignmentFlag.AlignCenter, source)


def differences(a: Shape, b: Shape, sizes_only: bool = False) -> list[str]:
    """The differences between two shapes, one line each: "channels 64 ≠ 128", "size 56 ≠ 28"."""
    if len(a) != len(b):
        return [_("a map ≠ a vector")]
    lines = []
    if a[0] != b[0] and not sizes_only:
        line = _("channels {a} ≠ {b}") if len(a) == 3 else _("features {a} ≠ {b}")
        lines.append(line.format(a=a[0], b=b[0]))
    if a[1:] != b[1:]:
        lines.append(_("size {a} ≠ {b}").format(a=_size(a), b=_size(b)))
    return lines


def _size(shape: Shape) -> str:
    """Height and width: 56 for a square map, 56×28 otherwise."""
    return str(shape[1]) if len(set(shape[1:])) == 1 else shape_text(shape[1:])
