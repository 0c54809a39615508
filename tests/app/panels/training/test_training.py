"""The curves of a run."""

import numpy as np
import pytest

from explorer.app import theme
from explorer.app.panels.training.training import TrainingPanel
from explorer.protocol.messages import Validated


@pytest.fixture
def session(live_session):
    live_session.run.start()
    return live_session


@pytest.fixture
def panel(qtbot, qapp, session):
    theme.apply(qapp, theme.DARK)
    panel = TrainingPanel(session)
    qtbot.addWidget(panel)
    panel.resize(900, 260)
    panel.show()
    return panel


def test_empty_panel_says_how_to_begin(panel):
    assert panel.stack.currentWidget() is panel.empty and "F5" in panel.empty.text()


def test_rows_are_drawn_with_their_figures(panel, session, qtbot):
    session.link.say_rows(range(1, 101), np.full(100, 0.4))
    session.link.validated.emit(Validated(epoch=1, step=90, loss=0.37, accuracy=0.884))
    qtbot.waitUntil(lambda: "validation" in panel.plots.loss.legend.text())
    assert panel.stack.currentIndex() == 1
    assert (
        "train 0.400" in panel.plots.loss.legend.text()
        and "validation 0.370" in panel.plots.loss.legend.text()
    )
    assert "validation 88.4 %" in panel.plots.accuracy.legend.text()
    steps, values = panel.plots.loss.train.getData()
    assert steps[-1] == 100 and values[-1] == pytest.approx(0.4)
    assert panel.plots.loss.plot.viewRange()[0] == [0, 1000]


def test_a_burst_is_drawn_once(panel, session, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        panel.redraw, "_draw", lambda: drawn.append(len(session.document.record.history))
    )
    for step in range(1, 60):
        session.link.say_rows([step])
    qtbot.waitUntil(lambda: bool(drawn))
    assert drawn == [59]


def test_a_hidden_panel_does_not_draw(panel, session, qtbot, monkeypatch):
    panel.hide()
    drawn = []
    monkeypatch.setattr(
        panel.redraw, "_draw", lambda: drawn.append(len(session.document.record.history))
    )
    session.link.say_rows([1, 2, 3])
    assert not panel.redraw.isActive() and not drawn
    panel.show()
    qtbot.waitUntil(lambda: drawn == [3])


def test_a_new_run_keeps_the_one_before_for_comparison(panel, session):
    session.link.say_rows(range(1, 51), np.full(50, 0.9))
    session.run.start()
    panel.draw()
    assert panel.plots.loss.before.getData()[0][-1] == 50  # at once, not with the first step
    session.link.say_rows(range(1, 21), np.full(20, 0.4))
    panel.draw()
    assert panel.plots.loss.train.getData()[0][-1] == 20
    assert "cifar_resnet8 0.900" in panel.plots.loss.legend.text()
    assert panel.plots.loss.before.getData()[0][-1] == 50


def test_hover_reads_the_step_under_the_mouse(panel, session):
    session.link.say_rows(range(1, 101), np.linspace(2, 1, 100))
    panel.draw()
    panel.plots.loss.hovered.emit(10.2)
    panel.draw()
    assert "step 10" in panel.plots.loss.legend.text() and panel.plots.accuracy.cross.isVisible()
    panel.plots.loss.hovered.emit(None)
    panel.draw()
    assert (
        "step" not in panel.plots.loss.legend.text() and not panel.plots.accuracy.cross.isVisible()
    )


def test_log_scale_and_narrow_panel(panel, session, qtbot):
    session.link.say_rows(range(1, 101), np.geomspace(2, 0.02, 100))
    panel.plots.log.click()
    panel.draw()
    low, high = panel.plots.loss.plot.viewRange()[1]
    assert -3 < low < high < 1
    panel.resize(300, 240)
    panel.draw()
    assert panel.plots.loss.isVisible() and not panel.plots.accuracy.isVisible()
    panel.plots._which.button(1).click()
    assert panel.plots.accuracy.isVisible() and not panel.plots.loss.isVisible()
    panel.resize(300, 500)
    assert panel.plots.accuracy.isVisible() and panel.plots.loss.isVisible()


def test_theme_is_worn(panel, session, qapp):
    session.link.say_rows([1, 2, 3])
    theme.apply(qapp, theme.LIGHT)
    panel.draw()
    colour = panel.plots.loss.plot.getPlotItem().getViewBox().background.brush().color()
    assert colour.name() == theme.LIGHT.plot
    theme.apply(qapp, theme.DARK)
