"""The gradients of the layers on screen."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from explorer.analysis.report import analyse
from explorer.app import theme
from explorer.app.panels.gradients.diagnosis import compared, judge
from explorer.app.panels.gradients.gradients import GradientsPanel
from explorer.app.widgets import viridis
from explorer.catalog import templates
from explorer.protocol.looks import Gradients
from explorer.protocol.messages import Saved, Seen, State
from tests.app.conftest import LAYERS

LAYERS = tuple(LAYERS)


@pytest.fixture
def session(live_session):
    return live_session


@pytest.fixture
def panel(qtbot, qapp, session):
    theme.apply(qapp, theme.DARK)
    panel = GradientsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(420, 260)
    panel.show()
    return panel


@pytest.mark.parametrize(
    ("norms", "role", "sentence"),
    [
        ([1, 0.4, 1.6, 1, 1], "good", "healthy: 0.4 to 1.6 times the median"),
        (
            np.geomspace(1, 1e4, 8),
            "problem",
            "vanishing: the first layers get 1/720 of the gradient of the last",
        ),
        (
            np.geomspace(1e4, 1, 8),
            "problem",
            "exploding: the first layers get 720 times the gradient of the last",
        ),
        ([1, np.inf, 1], "problem", "exploding: the gradient of b is infinite"),
        ([1, 0, 1], "warning", "no gradient reaches b (1 of 3 layers)"),
        ([1, np.nan, 0], "warning", "no gradient reaches b (2 of 3 layers)"),
        ([0, 0], "problem", "no layer gets a gradient"),
        (
            [1, 1, 0.01, 1, 1],
            "warning",
            "uneven: 0.01 to 1 times the median; c is farthest from it",
        ),
        (
            [1, 1, 2914405, 1, 1],
            "warning",
            "uneven: 1 to 2,914,405 times the median; c is farthest from it",
        ),
        ([], "muted", "no layer has weights"),
        ([0.02, 1, 1, 1, 1], "good", "healthy but for a: 0.02 to 1 times the median"),
        (
            [0.001, 1, 1, 1, 1],
            "warning",
            "uneven: 0.001 to 1 times the median; a is farthest from it",
        ),
    ],
)
def test_sentence(norms, role, sentence):
    assert judge(np.array(norms, float), "abcdefgh") == (role, sentence)


def test_a_loss_that_is_lost_is_no_healthy_network():
    """Whatever the gradients are to one another."""
    even = np.ones(4)
    assert judge(even, "abcd", 2.3, 10)[0] == "good"
    assert judge(even, "abcd", 7032.0, 10) == (
        "problem",
        "exploding: the loss is 7,032, where guessing gives 2.3",
    )
    assert judge(even, "abcd", float("nan"), 10) == (
        "problem",
        "lost: the loss is no finite number",
    )


def test_one_layer_at_the_end_does_not_decide():
    norms = np.array([1.0] * 10 + [1e-4])  # a last layer that has learned what it can
    role, sentence = judge(norms, "abcdefghijk")
    assert (
        role == "warning"
        and sentence.startswith("uneven")
        and sentence.endswith("; k is farthest from it")
    )


@pytest.mark.parametrize("name", ["se_resnet18", "mobilenet_v3_small"])
def test_gates_and_normalisations_are_not_compared(name):
    report = analyse(templates.build(name))
    layers = tuple(layer.path for layer in report.layers() if layer.params)
    kinds = {layer.path: layer.kind for layer in report.layers()}
    main = compared(layers, report)
    left_out = {path for path, each in zip(layers, main) if not each}
    gates = {path for path in left_out if kinds[path] != "BatchNorm2d"}
    assert gates and left_out - gates
    assert all("fc" in path for path in gates)
    assert not any(".fc1" in path or ".fc2" in path for path in set(layers) - left_out)


def test_before_a_run_the_probe_is_shown(panel, session, qtbot):
    assert panel.stack.currentWidget() is panel.empty
    session.link.say_probe(gradients=np.linspace(1, 2, len(LAYERS)))
    qtbot.waitUntil(lambda: session.link.taken == 1)
    assert panel.title.text() == "gradient size over depth" and not panel.heat.isVisible()
    assert panel.sentence.text() == "healthy: 0.67 to 1.3 times the median"
    assert panel.sentence.palette().windowText().color() == theme.color("good")


def test_a_run_is_shown_over_depth_and_time(panel, session, qtbot):
    session.run.start()
    session.link.say_rows(
        range(1, 31), gradients=np.geomspace(1, 1e-3, 30)[:, None] * np.ones(len(LAYERS))
    )
    qtbot.waitUntil(panel.heat.isVisible)
    assert panel.title.text() == "gradient size, depth × time"
    assert panel.heat.text_at(QPointF(panel.heat.room().bottomRight())).endswith("step 30")
    words = panel.heat.text_at(QPointF(panel.heat.room().topLeft()))
    assert words == f"{LAYERS[0]}  1.00  step 1"
    picture = panel.heat.grab().toImage()
    room = panel.heat.room()
    left, right = (
        picture.pixelColor(x, room.center().y()) for x in (room.left() + 2, room.right() - 2)
    )
    assert (left.rgb(), right.rgb()) == (viridis.table()[254], viridis.table()[0])


def drawn(panel) -> float:
    """The norm of the first layer, as the profile shows it."""
    panel.draw()
    return panel.profile.norms[0]


def test_the_runs_own_gradients_go_before_the_probes(panel, session):
    session.run.start()
    session.link.say_rows([1, 2], gradients=np.ones((2, len(LAYERS))))
    session.link.say_probe(gradients=np.full(len(LAYERS), 7.0))
    assert drawn(panel) == 1 and panel.heat.isVisible()
    session.run.start()
    session.link.say_rows([1], gradients=np.full((1, len(LAYERS)), 3.0))
    assert drawn(panel) == 3 and not panel.heat.isVisible()


def test_after_a_new_build_the_probe_is_shown_again(panel, session):
    session.run.start()
    session.link.say_rows([1, 2], gradients=np.ones((2, len(LAYERS))))
    session.link.state_changed.emit(State(state="stopped"))
    session.run.build()
    session.link.say_probe(gradients=np.full(len(LAYERS), 7.0))
    assert drawn(panel) == 7 and panel.heat.isVisible()


def test_normalisations_are_drawn_but_not_compared(panel, session):
    layers = ("conv1", "bn1") * 3
    norms = np.array([1.0, 1e-4] * 3)
    look = Seen(
        look=Gradients(0), figures={"layers": layers}, arrays={"norms": norms, "loss": [2.3]}
    )
    session.link.say_seen(look)
    panel.draw()
    assert panel.sentence.text() == "healthy: 1 to 1 times the median"
    assert panel.profile.text_at(QPointF(panel.profile.room().topRight())).endswith("1.0e-04")
    session.run.start()
    session.link.say_rows([1, 2], gradients=np.array([norms, norms]), layers=layers)
    panel.draw()
    assert panel.heat.text_at(QPointF(panel.heat.room().bottomLeft())).startswith("conv1")


def test_an_edited_network_starts_anew_and_a_resumed_run_goes_on(panel, session):
    session.run.start()
    session.link.say_rows([1, 2], gradients=np.ones((2, 2)), layers=["a", "b"])
    session.link.saved.emit(Saved(path="kept", step=2, epoch=1))
    session.link.state_changed.emit(State(state="stopped"))
    session.run.build()
    session.link.say_probe()
    panel.draw()
    assert panel.profile.layers == LAYERS and not panel.heat.isVisible()
    session.run.resume()
    session.link.say_rows([3], gradients=np.ones((1, 2)), layers=["a", "b"])
    panel.draw()
    assert panel.profile.layers == ("a", "b")
    assert panel.heat.text_at(QPointF(panel.heat.room().topLeft())).endswith("step 1")
    assert panel.heat.text_at(QPointF(panel.heat.room().topRight())).endswith("step 3")


def test_hover_names_the_layer(panel, session, qtbot):
    session.link.say_probe(gradients=np.arange(1, len(LAYERS) + 1))
    panel.draw()
    room = panel.profile.room()
    qtbot.mouseMove(panel.profile, room.topLeft() + (room.center() - room.topLeft()) * 0)
    qtbot.mouseMove(panel.profile, room.center())
    qtbot.waitUntil(lambda: panel.hint.text() != "")
    assert panel.hint.text().split()[0] in LAYERS


def test_zeros_and_infinities_are_drawn_without_a_warning(panel, session):
    for norms in (
        np.zeros(len(LAYERS)),
        np.full(len(LAYERS), np.nan),
        np.full(len(LAYERS), np.inf),
    ):
        session.link.say_probe(gradients=norms)
        panel.draw()
        panel.grab()
        assert panel.sentence.text()


def test_a_long_verdict_is_whole_in_a_narrow_panel(panel, session, qtbot):
    panel.resize(300, 240)
    session.run.start()
    layers = [f"features.denseblock4.denselayer16.conv{n}" for n in range(1, 7)]
    session.link.say_rows([1], gradients=[[1, 1, 1, 1, 0.001, 1]], layers=layers)
    qtbot.waitUntil(lambda: "farthest" in panel.sentence.text())

    def wanted() -> int:
        return panel.sentence.heightForWidth(panel.sentence.width())

    qtbot.waitUntil(lambda: panel.sentence.height() >= wanted())
    assert wanted() > panel.sentence.fontMetrics().height()
    words = max(panel.sentence.text().split(), key=len)
    assert panel.sentence.fontMetrics().horizontalAdvance(words) <= panel.sentence.width()
    assert panel.profile.height() > 100


def test_what_comes_in_pieces_is_taken_after_the_last(panel, session, qtbot):
    parts = []
    session.link.seen.connect(parts.append)
    session.link.say_probe()
    qtbot.waitUntil(lambda: session.link.taken == 1)
    first, second, last = parts
    session.link.say_seen(first)
    session.link.say_seen(second)
    panel.draw()
    assert session.link.taken == 1
    session.link.say_seen(last)  # only this one is what the link waits for
    qtbot.waitUntil(lambda: session.link.taken == 2)
