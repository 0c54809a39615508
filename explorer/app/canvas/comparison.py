"""Selected layers beside one convolution of the same receptive field."""

from fractions import Fraction

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.compare import Comparison
from explorer.app import theme
from explorer.app.number import NBSP, grouped, percent, shape_text, short
from explorer.app.widgets.label import label
from explorer.app.widgets.small_button import small_button
from explorer.text import _, ngettext

WIDTH, EDGE = 412, 16
PICTURE = 120  # pixels of a picture's side
SMALLEST = 4.0  # pixels of a square that is still drawn by itself
MOST_NAMES = 3
LONGEST_GROWTH = 17  # characters that fit below a picture


class ComparisonCard(QFrame):
    """A card with the nodes at the left and one convolution at the right: their receptive fields,
    weights, MACs and layers.

    closed: the person wants to hide the card.
    """

    closed = Signal()

    def __init__(self, comparison: Comparison, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.comparison = comparison
        self.figures: dict[str, tuple[str, str]] = {}
        self._build()
        theme.changed.connect(self.update)

    def _build(self) -> None:
        hide = small_button("×", _("Hide this card"), flat=True)
        hide.setAccessibleName(_("Hide this card"))
        hide.clicked.connect(self.closed)
        top = QHBoxLayout()
        top.addWidget(label(_("Compared with one layer"), "strong"), 1)
        top.addWidget(hide)
        ratio, words = verdict(self.comparison)
        self.setAccessibleName(
            _("Compared with one layer: {ratio} {words}").format(ratio=ratio, words=words)
        )
        self.ratio, self.verdict = label(ratio, "title", wrap=True), label(words, "", wrap=True)
        remarks = label("\n\n".join(_remarks(self.comparison)), "small", wrap=True)
        sentences = QVBoxLayout()
        sentences.setSpacing(4)
        sentences.addStretch(1)
        for sentence in (self.ratio, self.verdict, remarks):
            sentence.setVisible(bool(sentence.text()))
            sentences.addWidget(sentence)
        sentences.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(EDGE)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addLayout(sentences, 0, 0, 3, 1)
        self._show_fields(grid)
        grid.setRowMinimumHeight(3, 4)
        self._show_figures(grid, 4)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.setContentsMargins(EDGE, 12, EDGE, EDGE)
        column.addLayout(top)
        column.addLayout(grid)
        self.setFixedWidth(WIDTH)

    def _show_fields(self, grid: QGridLayout) -> None:
        """Name, picture and sizes of both receptive fields, in a column each."""
        compared, metrics = self.comparison, QFontMetrics(theme.sans(11))
        inside = _("in channels {count}, out channels {out}, stride {stride}").format(
            count=compared.channels[0], out=compared.channels[1], stride=_side(compared.stride)
        )
        for column, (name, tip, growth) in enumerate(
            (
                (named(compared.nodes, metrics), " → ".join(compared.nodes), compared.growth),
                (
                    _("one {size}").format(size=shape_text(compared.field)),
                    inside,
                    (compared.field,),
                ),
            ),
            1,
        ):
            grid.setColumnMinimumWidth(column, PICTURE)
            for row, (text, role) in ((0, (name, "small")), (2, (growth_text(growth), "number"))):
                if role == "small":
                    text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, PICTURE)
                line = label(text, role)
                line.setToolTip(tip)
                line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
                line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                grid.addWidget(line, row, column)
            grid.addWidget(FieldPicture(growth), 1, column)

    def _show_figures(self, grid: QGridLayout, first: int) -> None:
        """A row for each figure: its name, the nodes' value, the one layer's."""
        field, both = (
            shape_text(self.comparison.field),
            (
                self.comparison.chain,
                self.comparison.single,
            ),
        )
        for row, (name, tip, a, b) in enumerate(
            (
                (
                    _("Receptive field"),
                    _("What one place of the output sees of the input"),
                    field,
                    field,
                ),
                (
                    _("Weights"),
                    _("Numbers in the kernels, without biases"),
                    *(grouped(each.weights) for each in both),
                ),
                (
                    _("MACs"),
                    _("Fused multiply-adds for one picture"),
                    *(
                        grouped(each.macs) if each.macs < 1e10 else short(each.macs)
                        for each in both
                    ),
                ),
                (
                    _("Layers with kernels"),
                    _("Convolutions and linear layers"),
                    *(grouped(each.layers) for each in both),
                ),
                (
                    _("Non-linearities"),
                    _("Activations: with more of them more complex features can be computed"),
                    *(grouped(each.nonlinearities) for each in both),
                ),
            ),
            first,
        ):
            self.figures[name] = a, b
            for column, text in enumerate((name, a, b)):
                figure = label(text, "number" if column else "muted")
                figure.setToolTip(tip)
                grid.addWidget(
                    figure,
                    row,
                    column,
                    Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft,
                )

    def sizeHint(self) -> QSize:
        layout = self.layout()
        assert layout is not None
        return QSize(WIDTH, layout.totalHeightForWidth(WIDTH))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)


def verdict(compared: Comparison) -> tuple[str, str]:
    """The ratio of the weights and its words: "18/25", "of the weights: 28 % fewer"."""
    ratio = compared.ratio
    if ratio > 1:
        return _("{ratio}×").format(ratio=short(float(ratio))), _("the weights of the one layer")
    return _fraction(ratio), (
        _("of the weights: as many")
        if ratio == 1
        else _("of the weights: {share} fewer").format(
            share=percent(float(1 - ratio), 0).replace(" ", NBSP)
        )
    )


def _remarks(compared: Comparison) -> list[str]:
    lines = []
    if compared.equal is not None:
        lines.append(
            _("With equal channels: {fraction} of the weights").format(
                fraction=_fraction(compared.equal)
            )
        )
    more = compared.chain.nonlinearities - compared.single.nonlinearities
    if compared.chain.layers > 1 and not compared.chain.nonlinearities:
        lines.append(
            _("With no non-linearity between them the layers can compute no more than the one")
        )
    elif more > 0:
        words = ngettext("One non-linearity more", "{count} non-linearities more", more)
        lines.append(words.format(count=more))
    return lines


def _fraction(ratio: Fraction) -> str:
    """A ratio as a fraction, "18/25", or as "12.3 %" where the fraction would be long."""
    return (
        f"{ratio.numerator}/{ratio.denominator}"
        if ratio.denominator < 1000
        else percent(float(ratio)).replace(" ", NBSP)
    )


def growth_text(growth: tuple[tuple[int, int], ...]) -> str:
    """How a receptive field grows: "3×3 → 5×5"; "3×3 → … → 15×15" where that would be long."""
    sizes = [shape_text(size) for size in growth]
    whole = " → ".join(sizes)
    return whole if len(whole) <= LONGEST_GROWTH else f"{sizes[0]} → … → {sizes[-1]}"


def named(nodes: tuple[str, ...], metrics: QFontMetrics) -> str:
    """The names with arrows between them, those in the middle left out where there is no room; names
    are shortened only if even the first and the last do not fit."""
    words = [" → ".join(nodes)] if len(nodes) <= MOST_NAMES else []
    if len(nodes) > 2:
        words.append(f"{nodes[0]} → … → {nodes[-1]}")
    for each in words:
        if metrics.horizontalAdvance(each) <= PICTURE:
            return each
    if len(nodes) == 1:
        return metrics.elidedText(nodes[0], Qt.TextElideMode.ElideMiddle, PICTURE)
    between = " → … → " if len(nodes) > 2 else " → "
    room = (PICTURE - metrics.horizontalAdvance(between)) // 2
    return between.join(
        metrics.elidedText(each, Qt.TextElideMode.ElideMiddle, room)
        for each in (nodes[0], nodes[-1])
    )


def _side(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else shape_text(pair)


class FieldPicture(QWidget):
    """A receptive field as squares, one for each pixel: the sizes through which it grew, nested,
    the first one the strongest; a field of many pixels is drawn as frames alone."""

    def __init__(self, growth: tuple[tuple[int, int], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.growth = growth
        self.setFixedSize(PICTURE, PICTURE)
        self.setAccessibleName(growth_text(growth))

    def shade(self, row: int, column: int) -> float:
        """How strong a square is drawn (0 to 1), by the smallest field in which it lies."""
        rows, columns = self.growth[-1]
        for number, (height, width) in enumerate(self.growth):
            top, left = (rows - height) // 2, (columns - width) // 2
            if top <= row < top + height and left <= column < left + width:
                return self._strength(number)
        return 0.0

    def _strength(self, number: int) -> float:
        count = len(self.growth)
        return 0.85 - 0.6 * number / max(1, count - 1) if count > 1 else 0.25

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rows, columns = self.growth[-1]
        side = (PICTURE - 2) / max(rows, columns)
        left, top = (PICTURE - columns * side) / 2, (PICTURE - rows * side) / 2
        if side < SMALLEST:
            self._paint_frames(painter, side)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = 1.0 if side < 10 else 2.0
        painter.setPen(Qt.PenStyle.NoPen)
        for row in range(rows):
            for column in range(columns):
                painter.setBrush(theme.mixed("convolution", "card", self.shade(row, column)))
                painter.drawRoundedRect(
                    QRectF(left + column * side, top + row * side, side - gap, side - gap), 1.5, 1.5
                )

    def _paint_frames(self, painter: QPainter, side: float) -> None:
        for number in range(len(self.growth) - 1, -1, -1):
            height, width = (max(2.0, size * side) for size in self.growth[number])
            painter.setPen(QPen(theme.mixed("convolution", "card", 0.7), 1))
            painter.setBrush(theme.mixed("convolution", "card", self._strength(number)))
            painter.drawRect(
                QRectF((PICTURE - width) / 2, (PICTURE - height) / 2, width - 1, height - 1)
            )
