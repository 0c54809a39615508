"""The gradients of the layers on screen."""

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPointF

from explorer.analysis.report import analyse
from explorer.app import theme
from explorer.app.panels import viridis
from explorer.app.panels.gradient_story import MOST_COLUMNS, Course, compared, judge
from explorer.app.panels.gradients import GradientsPanel
from explorer.catalog import KINDS, templates
from explorer.protocol.messages import Built


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
        ([1, 0.4, 1.6, 1, 1], "good", "healthy: 0.4–1.6 of the median"),
        (np.geomspace(1, 1e4, 8), "problem", "vanishing: the first layers get 1/720 of the last"),
        (
            np.geomspace(1e4, 1, 8),
            "problem",
            "exploding: the first layers get 720 times the last",
        ),
        ([1, np.inf, 1], "problem", "exploding: the gradient of b is infinite"),
        ([1, 0, 1], "warning", "no gradient reaches b (1 of 3 layers)"),
        ([1, np.nan, 0], "warning", "no gradient reaches b (2 of 3 layers)"),
        ([0, 0], "problem", "no layer gets a gradient"),
        ([1, 1, 0.01, 1, 1], "warning", "uneven: 0.01–1 of the median, farthest c"),
        ([1, 1, 2914405, 1, 1], "warning", "uneven: 1–2,914,405 of the median, farthest c"),
        ([], "muted", "No layer here has weights."),
    ],
)
def test_sentence(norms, role, sentence):
    assert judge(np.array(norms, float), "abcdefgh") == (role, sentence)


def test_one_layer_at_the_end_does_not_decide():
    norms = np.array([1.0] * 10 + [1e-4])  # a last layer that has learned what it can
    role, sentence = judge(norms, "abcdefghijk")
    assert role == "warning" and sentence.startswith("uneven") and sentence.endswith("farthest k")


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


def test_course_of_any_length_is_bounded():
    course = Course("ab")
    for step in range(1, 5001):
        course.add(np.array([step]), np.array([[1.0, step]]))
    assert MOST_COLUMNS / 2 <= len(course) < MOST_COLUMNS
    assert np.all(np.diff(course.steps) > 0) and course.steps[-1] > 4980
    np.testing.assert_allclose(course.logs[0], 0)
    levels, low, high = course.levels()
    assert levels.shape == (2, len(course)) and low == 0 and 3.6 < high < 3.8
    assert levels.min() == 0 and levels.max() == 254


def test_course_with_zeros_and_what_is_no_number():
    course = Course("abc")
    course.add(np.array([1, 2]), np.array([[1.0, 0.0, np.inf], [10.0, 0.0, np.nan]]))
    levels, low, high = course.levels()
    assert (low, high) == (0.0, 1.0)
    np.testing.assert_array_equal(levels, [[0, 254], [0, 0], [255, 255]])
    assert Course("ab").levels()[0].shape == (2, 0)


def test_course_resumed_replaces_what_was_lost():
    course = Course("a")
    course.add(np.arange(1, 11), np.ones((10, 1)))
    course.add(np.array([6, 7]), np.full((2, 1), 100.0))
    np.testing.assert_array_equal(course.steps, [1, 2, 3, 4, 5, 6, 7])
    np.testing.assert_allclose(course.last(), [100], rtol=1e-5)


def test_before_a_run_the_probe_is_shown(panel, session, qtbot):
    assert panel.stack.currentWidget() is panel.empty
    session.link.say_probe(gradients=np.linspace(1, 2, len(session.layers)))
    qtbot.waitUntil(lambda: session.link.taken == 1)
    assert panel.title.text() == "gradient size over depth" and not panel.heat.isVisible()
    assert panel.sentence.text() == "healthy: 0.67–1.3 of the median"
    assert panel.sentence.palette().windowText().color() == theme.color("good")


def test_a_run_is_shown_over_depth_and_time(panel, session, qtbot):
    session.link.say_rows(
        range(1, 31), gradients=np.geomspace(1, 1e-3, 30)[:, None] * np.ones(len(session.layers))
    )
    qtbot.waitUntil(panel.heat.isVisible)
    assert panel.title.text() == "gradient size, depth × time"
    assert len(panel.seen.course) == 30
    words = panel.heat.words_at(QPointF(panel.heat.room().topLeft()))
    assert words == f"{session.layers[0]}  1.00  step 1"
    picture = panel.heat.grab().toImage()
    room = panel.heat.room()
    left, right = (
        picture.pixelColor(x, room.center().y()) for x in (room.left() + 2, room.right() - 2)
    )
    assert (left.rgb(), right.rgb()) == (viridis.table()[254], viridis.table()[0])


def test_the_runs_own_gradients_go_before_the_probes(panel, session):
    session.link.say_rows([1, 2], gradients=np.ones((2, len(session.layers))))
    session.link.say_probe(gradients=np.full(len(session.layers), 7.0))
    assert panel.seen.norms[0] == 1
    session.link.say_rows([1], gradients=np.full((1, len(session.layers)), 3.0))
    assert len(panel.seen.course) == 1 and panel.seen.norms[0] == 3


def test_after_a_new_build_the_probe_is_shown_again(panel, session):
    session.link.say_rows([1, 2], gradients=np.ones((2, len(session.layers))))
    session.link.built.emit(Built(params=1))
    session.link.say_probe(gradients=np.full(len(session.layers), 7.0))
    panel.draw()
    assert panel.seen.norms[0] == 7 and len(panel.seen.course) == 2 and panel.heat.isVisible()


def test_normalisations_are_drawn_but_not_compared(panel, session):
    kinds = ["Conv2d", "BatchNorm2d"] * (len(session.layers) // 2)
    facts = {path: SimpleNamespace(kind=KINDS[kind]) for path, kind in zip(session.layers, kinds)}
    layers = [SimpleNamespace(path=path, kind=each.kind.name) for path, each in facts.items()]
    session.run.report = SimpleNamespace(layers=lambda: layers, facts=facts, alive=set(facts))
    norms = np.array([1.0, 1e-4] * (len(session.layers) // 2))
    session.link.say_probe(gradients=norms)
    panel.draw()
    assert panel.sentence.text() == "healthy: 1–1 of the median"
    assert panel.seen.course.layers == session.layers[::2]
    assert panel.profile.words_at(QPointF(panel.profile.room().topRight())).endswith("1.0e-04")
    session.link.say_rows([1, 2], gradients=np.array([norms, norms]))
    panel.draw()
    assert panel.seen.course.logs.shape == (len(session.layers) // 2, 2)


def test_an_edited_network_starts_anew(panel, session):
    session.link.say_rows([1, 2], gradients=np.ones((2, 2)), layers=["a", "b"])
    session.link.say_probe()
    panel.draw()
    assert (
        panel.seen.layers == session.layers
        and not len(panel.seen.course)
        and not panel.heat.isVisible()
    )


def test_hover_names_the_layer(panel, session, qtbot):
    session.link.say_probe(gradients=np.arange(1, len(session.layers) + 1))
    panel.draw()
    room = panel.profile.room()
    qtbot.mouseMove(panel.profile, room.topLeft() + (room.center() - room.topLeft()) * 0)
    qtbot.mouseMove(panel.profile, room.center())
    qtbot.waitUntil(lambda: panel.hint.text() != "")
    assert panel.hint.text().split()[0] in session.layers


def test_zeros_and_infinities_are_drawn_without_a_warning(panel, session):
    for norms in (
        np.zeros(len(session.layers)),
        np.full(len(session.layers), np.nan),
        np.full(len(session.layers), np.inf),
    ):
        session.link.say_probe(gradients=norms)
        panel.draw()
        panel.grab()
        assert panel.sentence.text()


def test_a_long_verdict_is_whole_in_a_narrow_panel(panel, session, qtbot):
    panel.resize(300, 240)
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
    session.link.seen.emit(first)
    session.link.seen.emit(second)
    qtbot.waitUntil(lambda: session.link.taken == 2)
    session.link.seen.emit(last)  # only this one is what the link waits for
    qtbot.waitUntil(lambda: session.link.taken == 3)
