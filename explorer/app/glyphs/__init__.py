"""Small drawings of the kinds in the colours of their categories, for cards, palette and menus."""

from types import SimpleNamespace

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from explorer.app import theme
from explorer.app.glyphs import blocks, curves, layers
from explorer.app.glyphs.blocks import Asked
from explorer.app.glyphs.blocks import dashed as is_dashed
from explorer.app.glyphs.pen import HEIGHT, WIDTH, fit
from explorer.catalog import KINDS

__all__ = ["HEIGHT", "WIDTH", "is_dashed", "paint_kind"]

_OF_LAYER = layers.GLYPHS | curves.GLYPHS
_OF_CATEGORY = {
    "head": layers.head,
    "convolution": layers.conv,
    "normalisation": layers.normal,
    "activation": curves.GLYPHS["ReLU"],
    "pooling": layers.GLYPHS["MaxPool2d"],
    "merge": layers.add,
    "shape": layers.identity,
}
_OF_BLOCK_CATEGORY = {
    "stem": blocks.GLYPHS["ImageNetStem"],
    "block": blocks.basic,
    "stage": blocks.bars((1, 6.5, 12), (9, 6.5, 12), (17, 6.5, 12)),
}


def paint_kind(
    painter: QPainter,
    rect: QRectF,
    kind_name: str,
    settings: SimpleNamespace | None = None,
    shortcut: Asked = "",
) -> None:
    """Paint the glyph of a kind as large as fits into `rect`, at its left and half-way up.

    settings: a kernel shows its size, dilation and groups; the arc of a block shows its shortcut,
    solid, dashed where it projects, absent in a plain block. shortcut: how the arc is drawn where
    more than the settings is known. A kind without a glyph of its own is drawn as its category.
    """
    kind = KINDS.get(kind_name)
    category = kind.category if kind else ""
    painter.save()
    fit(painter, rect)
    colour = theme.color(category or "muted")
    if kind_name in blocks.GLYPHS or (kind_name not in _OF_LAYER and category not in _OF_CATEGORY):
        draw = blocks.GLYPHS.get(kind_name) or _OF_BLOCK_CATEGORY.get(category, blocks.group)
        draw(painter, colour, settings, shortcut)
    else:
        (_OF_LAYER.get(kind_name) or _OF_CATEGORY[category])(painter, colour, settings)
    painter.restore()
