"""The words on a card fit it."""

import pytest

from explorer.analysis.layout import card_size
from explorer.app import theme
from explorer.app.canvas.words import fitted
from explorer.catalog import KINDS

EDGES = 24  # of a card's words: twelve pixels on each side


@pytest.mark.parametrize("name", KINDS)
def test_words_of_a_new_card_are_not_cut(name, qapp):
    theme.apply(qapp, theme.DARK)
    kind = KINDS[name]
    join = kind.category == "merge" and not kind.composite
    room = card_size(name)[0] - (10 if join else EDGES)
    id = KINDS[name].next_id(())
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
