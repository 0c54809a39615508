"""Every kind has a drawing of its own."""

import itertools

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from explorer.app import glyphs, theme
from explorer.app.glyphs import blocks, curves, layers
from explorer.catalog import KINDS

# These look the same on purpose: variants of one idea.
ALIKE = [
    {"LayerNorm", "LayerNorm2d"},
    {"ConvNormAct", "BasicConv2d"},
    {"MBConv", "InvertedResidualV3"},
    {"Inception", *(f"Inception{letter}" for letter in "ABCDE")},
]


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


def test_the_tables_of_glyphs_name_kinds_and_draw_each_that_is_drawn_by_no_category():
    tables = (layers.GLYPHS, curves.GLYPHS, blocks.GLYPHS)
    drawn = [name for table in tables for name in table]
    assert set(drawn) <= KINDS.keys() and len(drawn) == len(set(drawn))
    assert {name for name, kind in KINDS.items() if kind.category != "stage"} - set(drawn) <= {
        "Conv2d",  # the sign of its category, which needs its kernel
        "ClassifierHead",
    }
