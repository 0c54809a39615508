"""Every kind has a drawing of its own, and its words fit on its card."""

import itertools

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from explorer.analysis.layout import card_size
from explorer.app import glyphs, theme
from explorer.app.canvas.card import shortcut
from explorer.app.canvas.words import fitted
from explorer.app.session import Session
from explorer.catalog import KINDS
from explorer.graph import edits, names
from explorer.graph.graph import Node

# These look the same on purpose: variants of one idea.
ALIKE = [
    {"LayerNorm", "LayerNorm2d"},
    {"ConvNormAct", "BasicConv2d"},
    {"MBConv", "InvertedResidualV3"},
    {"Inception", *(f"Inception{letter}" for letter in "ABCDE")},
]
EDGES = 24  # of a card's words: twelve pixels on each side


def drawn(name: str, **params) -> bytes:
    """The picture of a kind's glyph, without its colour."""
    image = QImage(112, 56, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    kind = KINDS[name]
    settings = kind.settings(params)
    glyphs.paint_kind(painter, QRectF(0, 0, 112, 56), name, settings)
    painter.end()
    return bytes(image.convertToFormat(QImage.Format.Format_Alpha8).constBits())


def test_no_two_kinds_look_the_same(qapp):
    theme.apply(qapp, theme.DARK)
    pictures = {name: drawn(name) for name in KINDS if KINDS[name].category != "stage"}
    for a, b in itertools.combinations(pictures, 2):
        if not any({a, b} <= group for group in ALIKE):
            assert pictures[a] != pictures[b], f"{a} and {b} have the same glyph"


def test_a_kernel_is_drawn_as_it_is(qapp):
    theme.apply(qapp, theme.DARK)
    found = [
        drawn("Conv2d", **params)
        for params in (
            {},
            {"kernel_size": 1},
            {"kernel_size": 5},
            {"kernel_size": (1, 7)},
            {"kernel_size": (7, 1)},
            {"dilation": 2},
            {"groups": 4},
            {"groups": 64, "out_channels": 64},
        )
    ]
    assert len(set(found)) == len(found)
    assert drawn("Bottleneck") != drawn("Bottleneck", groups=32, width_per_group=4)


@pytest.mark.parametrize("length", [3, 5, 7, 9])
def test_a_line_of_taps_is_drawn_in_full(length, qapp):
    theme.apply(qapp, theme.DARK)

    def drawn_large(**params) -> list[list[int]]:
        image = QImage(560, 280, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        glyphs.paint_kind(
            painter, QRectF(0, 0, 560, 280), "Conv2d", KINDS["Conv2d"].settings(params)
        )
        painter.end()
        return [[image.pixelColor(x, y).alpha() for x in range(560)] for y in range(280)]

    def runs(pixels) -> int:
        pixels = list(pixels)
        return sum(now >= 100 > before for before, now in zip([0, *pixels], pixels))

    assert max(map(runs, drawn_large(kernel_size=(1, length)))) == length
    assert max(map(runs, zip(*drawn_large(kernel_size=(length, 1))))) == length


@pytest.mark.parametrize("name", KINDS)
def test_words_of_a_new_card_are_not_cut(name, qapp):
    theme.apply(qapp, theme.DARK)
    kind = KINDS[name]
    join = kind.category == "merge" and not kind.composite
    room = card_size(name)[0] - (10 if join else EDGES)
    id = names.following(name, ())
    label = kind.label(kind.settings({})) if kind.label else ""
    lines = (
        [(theme.sans(12, True), name), (theme.sans(10), id)]
        if join
        else [(theme.sans(13, True), id), (theme.sans(11), label or name)]
    )
    for font, words in lines:
        face, written = fitted(font, words, room)
        assert written == words and face.pixelSize() >= font.pixelSize() - 2


def test_long_words_shrink_before_they_are_cut(qapp):
    theme.apply(qapp, theme.DARK)
    font = theme.sans(13, True)
    assert fitted(font, "conv1", 100)[0].pixelSize() == 13
    face, words = fitted(font, "branch7x7dbl_5", 92)
    assert words == "branch7x7dbl_5" and (face.pixelSize(), face.stretch()) != (13, 100)
    assert fitted(font, "w" * 40, 100)[1].endswith("…")


@pytest.mark.parametrize(
    "kind, params, dashed",
    [
        ("BasicBlock", {}, False),
        ("BasicBlock", {"width": 128}, True),
        ("BasicBlock", {"shortcut": "none"}, None),
        ("BasicBlock", {"width": 128, "shortcut": "zeros"}, True),
        ("PreActBasicBlock", {"width": 128, "stride": 2}, True),
        ("Fire", {}, None),
        ("MBConv", {"out_channels": 16}, False),
        ("MBConv", {"out_channels": 16, "stride": 2}, None),
    ],
)
def test_a_shortcut_is_drawn_as_it_computes(kind, params, dashed, session: Session):
    session.edit("Put", lambda graph: _with(graph, kind, params))
    assert shortcut(session.facts_of("made")) is dashed


def _with(graph, kind, params):
    return edits.insert(
        graph,
        Node(
            "made",
            kind,
            params | ({"width": 16} if "width" not in params and "Basic" in kind else {}),
        ),
        graph.into("layer2")["x"],
    )
