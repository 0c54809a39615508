"""The maps of a probe on screen."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor

from explorer.app import theme
from explorer.app.panels.maps.feature_maps import FeatureMapsPanel
from explorer.app.panels.maps.mosaic import Tiles
from explorer.app.widgets import viridis
from explorer.catalog.datasets import PHOTOS
from explorer.protocol.looks import Maps
from explorer.protocol.messages import Seen


@pytest.fixture
def session(live_session):
    return live_session


@pytest.fixture
def panel(qtbot, qapp, session):
    theme.apply(qapp, theme.DARK)
    panel = FeatureMapsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(520, 280)
    panel.show()
    return panel


def shown(panel, session, qtbot, **probe):
    taken = session.link.taken
    session.link.say_probe(**probe)
    qtbot.waitUntil(lambda: session.link.taken > taken)
    return panel.mosaic


def test_before_a_probe_it_says_what_will_come(panel):
    assert panel.stack.currentWidget() is panel.empty and panel.empty.text()


def test_a_probe_is_drawn_and_taken_once(panel, session, qtbot):
    shown(panel, session, qtbot)
    assert session.link.taken == 1
    assert panel.title.text() == "layer2 · 32×14×14 · strongest first"
    assert panel.label.text() == "Ankle boot" and "Ankle boot 93 %" in panel.guess.text()
    assert theme.DARK.good in panel.guess.text()
    assert panel.figures.rest == "mean 0.250 · 42 % zeros · probes 1.8 % of time"


def test_a_wrong_guess_is_red_and_many_maps_are_counted(panel, session, qtbot):
    shown(panel, session, qtbot, shape=(512, 7, 7), guess=7)
    assert panel.title.text() == "layer2 · 512×7×7 · strongest 64 of 512"
    measure = panel.title.fontMetrics()
    for room in range(measure.horizontalAdvance("layer2 · 512×7×7 · …"), panel.title.width() + 200):
        assert panel.title.text_in(room) in (panel.title.text(), "layer2 · 512×7×7 · …")
    assert panel.title.text_in(40).count("…") == 1
    assert "Sneaker" in panel.guess.text() and theme.DARK.problem in panel.guess.text()


def test_a_burst_shows_the_newest_only(panel, session, qtbot):
    for image in range(20):
        session.link.say_probe(image=image)
    qtbot.waitUntil(lambda: session.link.taken == 1)
    assert panel.label.toolTip() == "test picture 19"


def test_a_hidden_panel_takes_nothing(panel, session, qtbot):
    panel.hide()
    session.link.say_probe()
    assert session.link.taken == 0 and not panel.redraw.isActive()
    panel.show()
    assert session.link.taken == 1


@pytest.mark.parametrize(
    "shape", [(32, 14, 14), (16, 28, 28), (64, 56, 56), (512, 7, 7), (3, 5, 9)]
)
def test_tiles_are_whole_and_do_not_overlap(panel, session, qtbot, shape):
    mosaic = shown(panel, session, qtbot, shape=shape)
    places = [mosaic.place(index) for index in range(min(64, shape[0]))]
    for index, place in enumerate(places):
        assert mosaic.rect().contains(place)
        assert not any(place.intersects(other) for other in places[:index])
    _columns, scale, enlarged = mosaic.arrangement()
    assert enlarged.isEmpty() and (scale < 1 or 2 * scale == int(2 * scale))


def test_pixels_are_those_of_the_engine(panel, session, qtbot):
    mosaic = shown(panel, session, qtbot)
    picture = mosaic.grab().toImage()
    for index in (0, 1, 17, 31):
        assert picture.pixelColor(mosaic.place(index).center()).rgb() == viridis.table()[index * 3]


def test_source_of_a_tile_with_and_without_gaps():
    for gap in (0, 1):
        mosaic = np.zeros((2 * 4 + gap, 3 * 5 + 2 * gap), np.uint8)
        arrays = {"mosaic": mosaic, "order": np.arange(6)}
        figures = {"tile": [4, 5], "columns": 3}
        tiles = Tiles.of(Seen(look=Maps("a", 0), figures=figures, arrays=arrays))
        assert tiles.source(5) == QRect(2 * (5 + gap), 4 + gap, 5, 4)


def test_hover_names_the_channel_and_a_click_keeps_it_large(panel, session, qtbot):
    mosaic = shown(panel, session, qtbot)
    place = mosaic.place(2).center()
    qtbot.mouseMove(mosaic, place)
    qtbot.waitUntil(lambda: panel.hint.text() == "channel 29")
    qtbot.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=place)
    assert mosaic.pin == 29 and mosaic.arrangement()[2].width() > 100
    shown(panel, session, qtbot, image=1)
    assert mosaic.pin == 29 and panel.hint.text() == "channel 29"
    qtbot.keyClick(mosaic, Qt.Key.Key_Right)
    assert mosaic.pin == 28
    qtbot.keyClick(mosaic, Qt.Key.Key_Escape)
    assert mosaic.pin == -1 and mosaic.arrangement()[2].isEmpty()
    qtbot.mouseClick(mosaic, Qt.MouseButton.LeftButton, pos=place)
    shown(panel, session, qtbot, path="layer3")
    assert mosaic.pin == -1


def test_the_output_is_drawn_as_named_bars(panel, session, qtbot):
    shown(panel, session, qtbot, path="head", shape=(10,), guess=7)
    assert panel.views.currentWidget() is panel.bars
    assert panel.bars.names[9] == "Ankle boot"
    np.testing.assert_array_equal(panel.bars.values, np.linspace(-1, 3.5, 10, dtype=np.float32))
    colours = panel.bars.grab().toImage()
    found = {
        colours.pixelColor(QPoint(x, y)).name()
        for x in range(0, colours.width(), 2)
        for y in range(0, colours.height(), 2)
    }
    assert {theme.DARK.good, theme.DARK.problem} <= {QColor(name).name() for name in found}


def test_a_long_vector_has_bars_without_names(panel, session, qtbot):
    shown(panel, session, qtbot, path="head.pool", shape=(64,))
    assert panel.views.currentWidget() is panel.bars and len(panel.bars.values) == 64
    assert panel.title.text() == "head.pool · 64"


def test_other_pictures_are_asked_for(panel, session, qtbot):
    shown(panel, session, qtbot, image=0)
    panel.next.click()
    panel.previous.click()
    panel._random.seed(1)
    panel.random.click()
    images = [asked.looks[0].image for asked in session.link.sent]
    assert {asked.looks[0].path for asked in session.link.sent} == {"layer2"}
    assert images[:2] == [1, 9_999] and 0 <= images[2] < 10_000


def test_a_colour_picture_and_a_set_without_names(panel, session, qtbot):
    colour = np.full((32, 32, 3), (200, 20, 20), np.uint8)
    shown(panel, session, qtbot, picture=colour, label=12)
    assert panel.label.text() == "class 12"
    assert panel.picture.pixmap().toImage().pixelColor(5, 5) == QColor(200, 20, 20)


PHOTO = {
    "label": -1,
    "title": "chelsea",
    "image": "/photos/chelsea.png",
    "answers": [["Egyptian cat", 0.39], ["tiger cat", 0.34], ["tabby", 0.25]],
}


def test_a_photo_has_answers_instead_of_a_label(panel, session, qtbot):
    shown(panel, session, qtbot, **PHOTO)
    assert panel.label.text() == "chelsea" and panel.label.toolTip() == "/photos/chelsea.png"
    assert panel.answers.isVisible() and not panel.guess.isVisible()
    assert panel.answers.accessibleName() == "Egyptian cat 39 %, tiger cat 34 %, tabby 25 %"
    beside = panel.mosaic.parentWidget()  # the layout settles with the next events
    qtbot.waitUntil(lambda: panel.side.geometry().right() < beside.geometry().left())
    panel.resize(250, 280)  # no room for five: the likeliest alone
    assert not panel.answers.isVisible() and panel.guess.text() == "Egyptian cat 39 %"
    qtbot.waitUntil(lambda: panel.side.geometry().right() < beside.geometry().left())
    panel.next.click()
    assert session.link.sent[-1].looks[0] == Maps("layer2", 0)
    shown(panel, session, qtbot)
    assert panel.guess.isVisible() and not panel.answers.isVisible()


def test_photos_are_asked_for_by_name(panel, session, qtbot):
    shown(panel, session, qtbot)
    coffee, own = panel.photos.menu().actions()[1], panel.photos.menu().actions()[-1]
    coffee.trigger()
    look = session.link.sent[-1].looks[0]
    assert look.path == "layer2" and look.image.endswith("coffee.png")
    session.choose_data(PHOTOS)
    session.run.build()
    shown(panel, session, qtbot, **PHOTO)
    coffee.trigger()
    assert session.link.sent[-1].looks[0].image == 1
    with qtbot.waitSignal(panel.photo_wanted):
        own.trigger()


def test_viridis_is_even():
    assert len(viridis.table()) == 256
    light = [QColor(value).lightnessF() for value in viridis.table()]
    assert (
        QColor(viridis.table()[0]).name() == "#440154"
        and QColor(viridis.table()[-1]).name() == "#fde725"
    )
    assert light[0] < light[128]
