"""Selected layers and the one convolution that sees as much, side by side."""

from fractions import Fraction

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.compare import Comparison
from explorer.app import theme
from explorer.app.number import grouped, percent, shape_text, short
from explorer.app.widgets.small_button import small_button
from explorer.text import _

WIDTH, EDGE = 412, 16
PICTURE = 120  # pixels of a picture's side
SMALLEST = 4.0  # pixels of a square that is still drawn by itself
MOST_NAMES = 3
LONGEST_GROWTH = 17  # characters that fit below a picture


class ComparisonCard(QFrame):
    """A card: the nodes at the left, one convolution at the right; what each sees, weighs and does.

    closed: the person wants the card away.
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
        self.setAccessibleName(
            _("Compared with one layer: {ratio} {words}").format(
                ratio=self.ratio.text(), words=self.verdict.text()
            )
        )

    def _build(self) -> None:
        title = QLabel(_("Compared with one layer"))
        title.setProperty("role", "strong")
        away = small_button("×", _("Hide this card"), flat=True)
        away.setAccessibleName(_("Hide this card"))
        away.clicked.connect(self.closed)
        top = QHBoxLayout()
        top.addWidget(title, 1)
        top.addWidget(away)
        ratio, words = verdict(self.comparison)
        self.ratio, self.verdict = QLabel(ratio), QLabel(words)
        self.ratio.setProperty("role", "title")
        remarks = QLabel("\n\n".join(_remarks(self.comparison)))
        remarks.setProperty("role", "small")
        said = QVBoxLayout()
        said.setSpacing(4)
        said.addStretch(1)
        for label in (self.ratio, self.verdict, remarks):
            label.setWordWrap(True)
            label.setVisible(bool(label.text()))
            said.addWidget(label)
        said.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(EDGE)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addLayout(said, 0, 0, 3, 1)
        self._show_fields(grid)
        grid.setRowMinimumHeight(3, 4)
        self._show_figures(grid, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(EDGE, 12, EDGE, EDGE)
        column.setSpacing(8)
        column.addLayout(top)
        column.addLayout(grid)
        self.setFixedWidth(WIDTH)

    def _show_fields(self, grid: QGridLayout) -> None:
        """Name, picture and sizes of both, one below the other."""
        found = self.comparison
        fits = QFontMetrics(theme.sans(11))
        inside = _("{count} channels in, {out} out, stride {stride}").format(
            count=found.channels[0], out=found.channels[1], stride=_side(found.stride)
        )
        for column, (name, tip, growth) in enumerate(
            (
                (named(found.nodes, fits), " → ".join(found.nodes), found.growth),
                (_("one {size}").format(size=shape_text(found.field)), inside, (found.field,)),
            ),
            1,
        ):
            grid.setColumnMinimumWidth(column, PICTURE)
            for row, (text, role) in ((0, (name, "small")), (2, (growth_text(growth), "number"))):
                label = QLabel(
                    fits.elidedText(text, Qt.TextElideMode.ElideMiddle, PICTURE)
                    if role == "small"
                    else text
                )
                label.setProperty("role", role)
                label.setToolTip(tip)
                label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
                label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                grid.addWidget(label, row, column)
            grid.addWidget(FieldPicture(growth), 1, column)

    def _show_figures(self, grid: QGridLayout, first: int) -> None:
        """A row for each figure, the nodes' value and that of the one layer."""
        found = self.comparison
        for row, (name, tip, a, b) in enumerate(
            (
                (
                    _("Receptive field"),
                    _("What one place of the output sees of the input"),
                    shape_text(found.field),
                    shape_text(found.field),
                ),
                (
                    _("Weights"),
                    _("Numbers in the kernels, without biases"),
                    grouped(found.chain.weights),
                    grouped(found.single.weights),
                ),
                (
                    _("MACs"),
                    _("Fused multiply-adds for one picture"),
                    *(
                        grouped(each.macs) if each.macs < 1e10 else short(each.macs)
                        for each in (found.chain, found.single)
                    ),
                ),
                (
                    _("Layers with kernels"),
                    _("Convolutions and linear layers"),
                    *(grouped(each.layers) for each in (found.chain, found.single)),
                ),
                (
                    _("Non-linearities"),
                    _("Activations: the more, the more can be told apart"),
                    *(grouped(each.nonlinearities) for each in (found.chain, found.single)),
                ),
            ),
            first,
        ):
            self.figures[name] = a, b
            for column, text in enumerate((name, a, b)):
                label = QLabel(text)
                label.setProperty("role", "number" if column else "muted")
                label.setToolTip(tip)
                grid.addWidget(
                    label,
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


def verdict(found: Comparison) -> tuple[str, str]:
    """The ratio of the weights and its words: "18/25", "of the weights: 28 % fewer"."""
    ratio = found.ratio
    if ratio > 1:
        return _("{ratio}×").format(ratio=short(float(ratio))), _("the weights of the one layer")
    return _fraction(ratio), (
        _("of the weights: as many")
        if ratio == 1
        else _("of the weights: {share} fewer").format(
            share=percent(float(1 - ratio), 0).replace(" ", "\N{NO-BREAK SPACE}")
        )
    )


def _remarks(found: Comparison) -> list[str]:
    lines = []
    if found.equal is not None:
        lines.append(
            _("With equal channels: {fraction} of the weights").format(
                fraction=_fraction(found.equal)
            )
        )
    more = found.chain.nonlinearities - found.single.nonlinearities
    if found.chain.layers > 1 and not found.chain.nonlinearities:
        lines.append(
            _("Without a non-linearity between them the layers can do no more than the one")
        )
    elif more > 0:
        lines.append(
            _("One non-linearity more")
            if more == 1
            else _("{count} non-linearities more").format(count=more)
        )
    return lines


def _fraction(ratio: Fraction) -> str:
    """18/25, or 12.3 % where the figures would be long."""
    return (
        f"{ratio.numerator}/{ratio.denominator}"
        if ratio.denominator < 1000
        else percent(float(ratio)).replace(" ", "\N{NO-BREAK SPACE}")
    )


def growth_text(growth: tuple[tuple[int, int], ...]) -> str:
    """How the field grows: "3×3 → 5×5", with "…" for what is between where it would be long."""
    sizes = [shape_text(size) for size in growth]
    whole = " → ".join(sizes)
    return whole if len(whole) <= LONGEST_GROWTH else f"{sizes[0]} → … → {sizes[-1]}"


def named(nodes: tuple[str, ...], fits: QFontMetrics) -> str:
    """The names with arrows between them, those between the ends left out where there is no room;
    a name is only shortened if even the ends do not fit."""
    words = [" → ".join(nodes)] if len(nodes) <= MOST_NAMES else []
    if len(nodes) > 2:
        words.append(f"{nodes[0]} → … → {nodes[-1]}")
    for each in words:
        if fits.horizontalAdvance(each) <= PICTURE:
            return each
    if len(nodes) == 1:
        return fits.elidedText(nodes[0], Qt.TextElideMode.ElideMiddle, PICTURE)
    between = " → … → " if len(nodes) > 2 else " → "
    room = (PICTURE - fits.horizontalAdvance(between)) // 2
    return between.join(
        fits.elidedText(each, Qt.TextElideMode.ElideMiddle, room) for each in (nodes[0], nodes[-1])
    )


def _side(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else shape_text(pair)


class FieldPicture(QWidget):
    """A receptive field as squares, one for a pixel: the sizes through which it grew, nested, the
    first the strongest; fields of many pixels as frames alone."""

    def __init__(self, growth: tuple[tuple[int, int], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.growth = growth
        self.setFixedSize(PICTURE, PICTURE)
        self.setAccessibleName(growth_text(growth))

    def shade(self, row: int, column: int) -> float:
        """How strong a square is drawn: of the smallest field in which it lies."""
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
            painter.end()
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
        painter.end()

    def _paint_frames(self, painter: QPainter, side: float) -> None:
        for number in range(len(self.growth) - 1, -1, -1):
            height, width = (max(2.0, size * side) for size in self.growth[number])
            painter.setPen(QPen(theme.mixed("convolution", "card", 0.7), 1))
            painter.setBrush(theme.mixed("convolution", "card", self._strength(number)))
            painter.drawRect(
                QRectF((PICTURE - width) / 2, (PICTURE - height) / 2, width - 1, height - 1)
            )
