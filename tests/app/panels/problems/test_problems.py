"""The list of problems, and the card of a mismatch."""

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QLabel

from explorer.analysis.problem import problems as problems_of
from explorer.app import glyphs, theme
from explorer.app.panels.problems.problems import Problems
from explorer.app.widgets import tensor_box
from explorer.app.widgets.mismatch_card import MismatchCard, differences, pair_of
from explorer.catalog import KINDS
from explorer.graph import edits
from explorer.graph.graph import Node, Wire
from explorer.graph.path import NodePath
from explorer.runs.recipe import Recipe
from tests.app.conftest import Drawn


def wrong_add(graph):
    for node in (
        Node("conv_a", "Conv2d", {"out_channels": 64, "padding": 1}),
        Node("conv_b", "Conv2d", {"out_channels": 128, "stride": 2, "padding": 1}),
        Node("relu", "ReLU"),
        Node("add", "Add"),
    ):
        graph = edits.add(graph, node)
    for source, target, port in (
        ("layer1", "conv_a", "x"),
        ("layer1", "conv_b", "x"),
        ("conv_b", "relu", "x"),
        ("conv_a", "add", "a"),
        ("relu", "add", "b"),
    ):
        graph = edits.connect(graph, source, target, port)
    return graph


@pytest.fixture
def problems(session, qtbot):
    panel = Problems(session)
    panel.resize(930, 400)
    qtbot.addWidget(panel)
    panel.show()
    return Drawn(panel)


def words(widget):
    QApplication.processEvents()
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def test_no_problems_is_said(problems):
    assert problems.rows == [] and problems.empty.isVisible()
    assert "No problems" in problems.empty.text() and problems.card is None


def test_mismatch_is_listed_explained_and_mended(problems, session, qtbot):
    with qtbot.waitSignal(problems.count_changed) as counted:
        session.edit("Wrong", wrong_add)
    assert counted.args == [1]
    (row,) = problems.rows
    assert "64×28×28, 128×14×14" in words(row) and not problems.empty.isVisible()
    assert problems.card.isVisible()
    assert row.buttons[0].text().startswith("Project conv_a: 1×1, stride 2")
    assert row.buttons[0].text().endswith("+8.45k")
    assert "+8,448 parameters" in row.buttons[0].toolTip()
    with qtbot.waitSignal(problems.count_changed) as counted:
        qtbot.mouseClick(row.buttons[0], Qt.MouseButton.LeftButton)
    assert counted.args == [0] and session.report.ok and problems.card is None
    assert session.document.undo.undoText() == "Project conv_a: 1×1, stride 2"
    session.document.step_back()
    assert len(problems.rows) == 1


def test_what_does_not_fit_the_run_is_a_kind_of_its_own(problems, session, qtbot):
    """A normalisation over a batch of one: the network is sound, and the run is refused."""
    pool = Node("pool", "AdaptiveAvgPool2d")
    norm = Node("norm", "BatchNorm2d")

    def narrow(graph):
        head = graph.into("output")["x"].source
        graph = edits.insert(graph, pool, graph.into(head)["x"])
        return edits.insert(graph, norm, Wire("pool", head, "x"))

    told = []
    session.notified.connect(told.append)
    session.edit("Narrow", narrow)
    assert session.report.ok and problems.unfit == []
    session.run.change_recipe({"batch_size": 1})
    (row,) = problems.unfit
    assert problems.rows == [] and "1×1 and a batch of one picture" in words(row)
    assert "DOES NOT FIT THE RUN 1" in words(problems) and not problems.empty.isVisible()
    session.run.start()
    assert "cannot be trained like this: norm gets maps of 1×1" in told[-1]
    assert session.run.record is None
    qtbot.mouseClick(row.buttons[1], Qt.MouseButton.LeftButton)
    assert problems.unfit == [] and session.graph.nodes["norm"].kind == "GroupNorm"
    session.document.step_back()
    (row,) = problems.unfit
    qtbot.mouseClick(row.buttons[0], Qt.MouseButton.LeftButton)
    assert problems.unfit == [] and session.run.recipe.batch_size == Recipe.batch_size


def test_click_and_enter_lead_to_the_node(problems, session, qtbot):
    session.edit("Wrong", wrong_add)
    session.edit("Wrong", lambda graph: edits.set_params(graph, "conv_a", {"groups": 3}))
    session.open(("layer2",))
    QApplication.processEvents()
    qtbot.mouseClick(problems.rows[0], Qt.MouseButton.LeftButton, pos=QPoint(20, 8))
    assert session.view == () and str(session.selected) == "conv_a"
    problems.rows[1].setFocus()
    qtbot.keyClick(problems.rows[1], Qt.Key.Key_Return)
    assert str(session.selected) == "add"
    session.select(())
    problems.lead_to(0)
    assert str(session.selected) == "conv_a"


def test_many_problems_are_cut(problems, session):
    def loose(graph):
        for number in range(50):
            graph = edits.add(graph, Node(f"add{number}", "Add"))
        return graph

    session.edit("Loose", loose)
    assert len(problems.rows) == 30 and "and 20 more" in words(problems)


def test_hidden_it_only_counts(problems, session, qtbot):
    problems.hide()
    with qtbot.waitSignal(problems.count_changed):
        session.edit("Wrong", wrong_add)
    assert problems.rows == []
    problems.show()
    assert len(problems.rows) == 1


def test_card_says_what_differs_and_who_set_it(session, qtbot):
    session.edit("Wrong", wrong_add)
    first, other, blame = pair_of(session, problems_of(session.report)[0])
    assert (first.source, first.shape) == ("conv_a", (64, 28, 28))
    assert (other.source, blame.nodes) == ("relu", ("conv_b",))
    assert blame.stated.replace("\N{NO-BREAK SPACE}", " ") == "128 channels, stride 2"
    card = MismatchCard(session, problems_of(session.report)[0], closable=True)
    qtbot.addWidget(card)
    card.resize(card.sizeHint())
    card.show()
    shown = words(card)
    assert "Add needs equal shapes" in shown
    assert "channels 64 ≠ 128" in shown and "size 28 ≠ 14" in shown and "conv_b" in shown
    assert card.buttons[0].property("primary")
    qtbot.mouseClick(card.buttons[0], Qt.MouseButton.LeftButton)
    assert session.report.ok


def test_card_inside_a_group_and_from_the_input(session, qtbot):
    session.edit_inside(NodePath.of("layer1"))

    def wrong(graph):
        graph = edits.add(graph, Node("add", "Add"))
        graph = edits.add(graph, Node("conv", "Conv2d", {"out_channels": 7, "padding": 1}))
        graph = edits.connect(graph, "input", "conv")
        graph = edits.connect(graph, "input", "add", "a")
        return edits.connect(graph, "conv", "add", "b")

    assert session.edit("Wrong", wrong)
    problem = next(each for each in problems_of(session.report) if str(each.path) == "layer1.add")
    assert pair_of(session, problem)[2].nodes == ("conv",)
    card = MismatchCard(session, problem)
    qtbot.addWidget(card)
    assert not card.grab().isNull()


def unpadded(graph):
    """Three convolutions that do not pad, and a shortcut round them."""
    for number in range(3):
        node = Node(f"c{number}", "Conv2d", {"out_channels": 16, "kernel_size": 3})
        graph = edits.connect(
            edits.add(graph, node), f"c{number - 1}" if number else "layer1", node.id
        )
    graph = edits.add(graph, Node("add", "Add"))
    return edits.connect(edits.connect(graph, "c2", "add", "a"), "layer1", "add", "b")


def test_the_card_blames_the_convolutions_that_do_not_pad(session, qtbot):
    """And not the input, or the channels of what a size differs in."""
    session.edit("Wrong", unpadded)
    [problem] = problems_of(session.report)
    first, other, blame = pair_of(session, problem)
    assert (first.source, other.source) == ("layer1", "c2")
    assert blame.nodes == ("c0", "c1", "c2") and blame.stated == "kernel size 3, padding 0"
    card = MismatchCard(session, problem)
    qtbot.addWidget(card)
    assert "channels" not in words(card) and "<b>c1</b>" in words(card)
    assert card.buttons[0].text().startswith("Match c0, c1 and c2: padding 1  +")
    assert card.buttons[0].text().endswith("MACs")
    crop = next(button for button in card.buttons if button.text().startswith("Crop"))
    assert "rows and columns at the edges are lost" in crop.toolTip()
    card.buttons[0].click()
    assert session.report.ok


def test_differences():
    assert differences((64, 56, 56), (64, 28, 28)) == ["size 56 ≠ 28"]
    assert differences((64, 56, 28), (32, 56, 28)) == ["channels 64 ≠ 32"]
    assert differences((64, 56, 28), (32, 56, 56)) == ["channels 64 ≠ 32", "size 56×28 ≠ 56"]
    assert differences((64, 56, 28), (32, 56, 56), sizes_only=True) == ["size 56×28 ≠ 56"]
    assert differences((10,), (20,)) == ["features 10 ≠ 20"]
    assert differences((10,), (20, 1, 1)) == ["a map ≠ a vector"]


def painted(draw, width=90, height=60):
    """Which pixels `draw` painted: (left, top, right, bottom), None if none."""
    image = QImage(width, height, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    draw(painter)
    painter.end()
    spots = [(x, y) for x in range(width) for y in range(height) if image.pixelColor(x, y).alpha()]
    if not spots:
        return None
    xs, ys = [x for x, _y in spots], [y for _x, y in spots]
    return min(xs), min(ys), max(xs), max(ys)


def box(shape, largest):
    return painted(
        lambda painter: tensor_box.paint_tensor(
            painter, QRectF(10, 5, 60, 50), shape, QColor("white"), QColor("grey"), largest
        )
    )


def test_tensors_are_drawn_to_scale(qapp):
    shapes = [(3, 224, 224), (64, 56, 56), (2048, 7, 7), (1000,)]
    largest = tensor_box.largest_of(*shapes)
    assert largest == (2048, 224, 224)
    found = [box(shape, largest) for shape in shapes]
    heights = [bottom - top for _left, top, _right, bottom in found]
    assert heights == sorted(heights, reverse=True) and heights[0] >= 45
    assert found[2][2] - found[2][0] > 2 * (found[0][2] - found[0][0] - 18)
    for left, top, right, bottom in found:
        assert left >= 9 and top >= 3 and right <= 71 and bottom <= 56
    assert tensor_box.differing((1, 2, 3), (1, 5, 3)) == {tensor_box.HEIGHT}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_a_glyph(name, qapp):
    theme.apply(qapp, theme.DARK)
    settings = KINDS[name].settings({})
    left, top, right, bottom = painted(
        lambda painter: glyphs.paint_kind(painter, QRectF(10, 5, 56, 28), name, settings)
    )
    assert left >= 8 and top >= 3 and right <= 68 and bottom <= 35
    assert right - left >= 20 and bottom - top >= 5


def test_shortcut_is_drawn_as_it_computes():
    kind = KINDS["BasicBlock"]
    assert glyphs.is_dashed(kind.settings({})) is False
    assert glyphs.is_dashed(kind.settings({"stride": 2})) is True
    assert glyphs.is_dashed(kind.settings({"shortcut": "projection"})) is True
    assert glyphs.is_dashed(kind.settings({"shortcut": "none", "stride": 2})) is None
