"""Two tensors that do not fit together, side by side on one scale, with the fixes."""

from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.branch import ancestors, channels_param
from explorer.analysis.facts import Facts
from explorer.analysis.fixes import blamed, fixes
from explorer.analysis.problem import Problem
from explorer.app import theme
from explorer.app.number import NBSP, shape_text
from explorer.app.session import Session
from explorer.app.widgets import tensor_box
from explorer.app.widgets.fix_button import FixButton
from explorer.app.widgets.label import label
from explorer.app.widgets.small_button import small_button
from explorer.graph.graph import INPUT, Graph, Shape
from explorer.graph.path import NodePath
from explorer.text import _, listed, ngettext

RULES = ("add", "concat")
WIDTH, EDGE = 336, 16
_BOX = QSize(72, 68)


@dataclass(frozen=True)
class Branch:
    """One input of a join: the node that it comes from and its shape."""

    source: str
    shape: Shape


@dataclass(frozen=True)
class Blame:
    """The nodes that gave a branch the shape that does not fit, or INPUT. stated: what their settings
    say of it, "" if unknown."""

    nodes: tuple[str, ...]
    stated: str = ""


def pair_of(session: Session, problem: Problem) -> tuple[Branch, Branch, Blame]:
    """Two branches of a join that do not fit together, the second the one to blame, and who set its
    shape: the nodes that a fix would set, or else the last that changed what differs."""
    path = problem.path
    block, join = session.facts_of(path.scope), session.facts_of(path)
    graph = block.expansion if block is not None else session.graph
    assert graph is not None and join is not None  # the problem is about it
    into = graph.into(path[-1])
    first, *others = [
        Branch(into[port].source, shape) for port, shape in zip(sorted(into), join.known_ins)
    ]
    other = next((branch for branch in others if branch.shape != first.shape), others[-1])
    sizes_only = problem.rule == "concat"
    at_fault = blamed(session.report, problem)
    if at_fault == (path,):
        setter = _setter(session, graph, path.scope, other, first.shape)
        facts = session.facts_of(path.scope / setter) if setter != INPUT else None
        stated = _stated(facts, other.shape, first.shape, sizes_only) if facts else ""
        return first, other, Blame((setter,), stated)
    start = at_fault[0].within(path.scope)[:1]
    if start and start[0] not in ancestors(graph, [other.source]):
        first, other = other, first
    each = [
        _stated(facts, other.shape, first.shape, sizes_only)
        for node in at_fault
        if (facts := session.facts_of(node)) is not None
    ]
    names = tuple([".".join(node.within(path.scope)) or str(node) for node in at_fault])
    return first, other, Blame(names, each[0] if len(set(each)) == 1 else "")


def _setter(session: Session, graph: Graph, scope: NodePath, branch: Branch, wanted: Shape) -> str:
    """The last node of a branch that changed what differs from the wanted shape: its size, or its
    channels; INPUT if none did."""
    size, setter = branch.shape[1:] != wanted[1:], branch.source
    while setter != INPUT:
        facts, wires = session.facts_of(scope / setter), graph.into(setter)
        if facts is None or facts.out is None or len(wires) != 1 or facts.ins[0] is None:
            break
        if facts.out[1:] != facts.ins[0][1:] if size else _sets_channels(facts):
            break
        setter = next(iter(wires.values())).source
    return setter


def _sets_channels(facts: Facts) -> bool:
    return facts.ins[:1] != (facts.out,) or channels_param(facts) is not None


def _stated(facts: Facts, shape: Shape, wanted: Shape, sizes_only: bool) -> str:
    """What the settings of a node say of what differs: "64 channels, stride 2"."""
    parts = []
    if facts.out and shape[0] != wanted[0] and not sizes_only and channels_param(facts):
        count = facts.out[0]
        parts.append(
            ngettext("{count} channel", "{count} channels", count).format(count=count)
            if len(facts.out) == 3
            else ngettext("{count} feature", "{count} features", count).format(count=count)
        )
    if shape[1:] != wanted[1:]:
        settings = vars(facts.settings)
        names = [name for name in ("stride", "scale_factor") if settings.get(name, 1) != 1]
        names = names or [name for name in ("kernel_size", "padding") if name in settings]
        parts.append(facts.kind.stated({name: settings[name] for name in names}))
    return ", ".join(filter(None, parts)).replace("stride ", "stride" + NBSP) or facts.kind.name


class Form(NamedTuple):
    """A form of the card: its size, whether it shows the tensors and who set them, and how many of
    its fixes it offers."""

    size: QSize
    tensors: bool
    fixes: int


class MismatchCard(QWidget):
    """Why the branches of a join do not fit together: two tensors, the sides that differ, the node
    that set them, and the fixes.

    problem: its rule is one of `RULES`. closed: the person wants to hide the card; only a `closable`
    one offers that. forms: how it can be shown, the largest first.
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
        first, other, blame = pair_of(session, problem)
        self.buttons = [
            FixButton(session, fix, primary=number == 0)
            for number, fix in enumerate(fixes(session.report, problem))
        ]
        self._build(first, other, blame, closable)
        theme.changed.connect(self.update)
        self.setAccessibleName(problem.message)

    def _build(self, first: Branch, other: Branch, blame: Blame, closable: bool) -> None:
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
            if blame.stated
            else _("set by the input")
            if blame.nodes == (INPUT,)
            else _("set by {node}")
        ).format(
            node=listed([f"<b>{escape(node)}</b>" for node in blame.nodes]),
            stated=escape(blame.stated),
        )
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
        body.setContentsMargins(0, 0, 0, 0)
        body.addWidget(TensorPair(first, other, joins))
        body.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.setContentsMargins(EDGE, 12, EDGE, EDGE)
        column.addLayout(top)
        self._body = QWidget()
        self._body.setLayout(body)
        column.addWidget(self._body)
        if self.buttons:
            column.addSpacing(4)
        else:
            column.addWidget(label(self.problem.message, "small", wrap=True))
        for button in self.buttons:
            button.setMaximumWidth(WIDTH - 2 * EDGE)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            column.addWidget(button)
        self.setFixedWidth(WIDTH)
        without = self.sizeHint().height() - body.totalHeightForWidth(WIDTH - 2 * EDGE)
        row = self.buttons[0].sizeHint().height() + column.spacing() if self.buttons else 0
        self.forms = []
        for tensors, count in ((True, len(self.buttons)), (True, 2), (False, 2), (False, 1)):
            shown = min(count, len(self.buttons))
            height = self.sizeHint().height() if tensors else without - column.spacing()
            left_out = row * (len(self.buttons) - shown)
            self.forms.append(Form(QSize(WIDTH, height - left_out), tensors, shown))

    def show_as(self, form: Form) -> None:
        """Take one of its forms."""
        self._body.setVisible(form.tensors)
        for number, button in enumerate(self.buttons):
            button.setVisible(number < form.fixes)
        self.resize(form.size)

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
