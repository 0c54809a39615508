"""A person makes mistakes: each turns red, says what is expected, and can be mended."""

from dataclasses import replace
from functools import partial

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QPushButton

from explorer.analysis.fixes import fixes
from explorer.analysis.problem import problems
from explorer.graph import edits
from explorer.graph.graph import Wire


def set_params(person, id, **params):
    person.session.edit(f"Set {id}", partial(edits.set_params, id=id, params=params))


def problems_text(person) -> str:
    session = person.session
    return " ".join(each.message for each in (*problems(session.report), *session.misfits))


@pytest.fixture
def wrong_add(person):
    """An Add of layer1 (16×28×28) and layer2 (32×14×14) before layer3."""
    wire = person.scene.wires[Wire("layer2", "layer3")]
    person.drop(person.take("Add"), wire.path.pointAtPercent(0.5))
    person.wire("layer1", "add1", "b")
    return person


def test_an_add_of_different_shapes_turns_red_and_says_why(wrong_add):
    person = wrong_add
    assert person.scene.cards["add1"].problem == "≠"
    assert person.scene.wires[Wire("layer1", "add1", "b")].problem
    assert not person.scene.wires[Wire("layer2", "add1", "a")].problem
    said = problems_text(person)
    assert "32×14×14, 16×28×28" in said and "channels 32 ≠ 16" in said
    assert person.scene.cards["head"].shape_out == (10,)
    assert person.window.docks["problems"].windowTitle() == "Problems 1"


def test_the_card_of_the_mismatch_mends_it_with_one_click(wrong_add, qtbot):
    person = wrong_add
    card = person.canvas.overlays.mismatch
    assert card is not None and card.isVisible()
    fix = next(button for button in card.findChildren(QPushButton) if "Project" in button.text())
    fix.click()
    assert person.session.report.ok
    nodes = person.session.graph.nodes
    assert nodes["projection1"].params == {"out_channels": 32, "stride": 2}
    assert person.scene.wires[Wire("projection1", "add1", "b")].dashed
    assert person.canvas.overlays.mismatch is None
    person.undo()
    assert not person.session.report.ok


@pytest.mark.parametrize("size", [(1440, 900), (1000, 640), (820, 480)])
def test_the_card_of_the_mismatch_never_covers_a_card(wrong_add, qtbot, size):
    """However far the person zooms and wherever they look; where there is no room it is away, and
    comes back when there is."""
    person, canvas = wrong_add, wrong_add.canvas
    person.window.resize(*size)
    shown = []
    for zoom in (0.5, 0.7, 1.0, 1.4, 2.0):
        for id in ("add1", "head", "stem"):
            canvas.resetTransform()
            canvas.scale(zoom, zoom)
            canvas.look_at(person.centre(id))
            card = canvas.overlays.mismatch
            bodies = [
                canvas.mapFromScene(each.scene_body).boundingRect()
                for each in person.scene.cards.values()
            ]
            hidden = [body for body in bodies if body.intersects(card.geometry())]
            assert not (card.isVisible() and hidden), (size, zoom, id)
            shown.append(card.isVisible())
    assert any(shown) or size != (1440, 900)
    person.window.docks["problems"].raise_()
    qtbot.waitUntil(lambda: bool(person.window.problems.rows))
    assert person.window.problems.rows[0].buttons, "the fixes are in the list in any case"


def test_the_list_of_problems_leads_to_the_node(wrong_add, qtbot):
    person = wrong_add
    person.session.select(())
    person.window.docks["problems"].raise_()
    person.window.problems.lead_to(0)
    assert str(person.session.selected) == "add1"


@pytest.mark.parametrize(
    ("kind", "params", "after", "words", "fix"),
    [
        (
            "Conv2d",
            {"kernel_size": 31, "out_channels": 32},
            "layer2",
            "kernel_size 31 is larger than the padded input 14×14 of conv2; allowed: 1 to 14",
            "Set padding 9",
        ),
        (
            "Conv2d",
            {"groups": 5, "out_channels": 32, "padding": 1},
            "layer2",
            "groups 5 of conv2 does not divide its 32 input channels; allowed: 1, 2, 4, 8, 16, 32",
            "Set groups 4",
        ),
    ],
)
def test_a_parameter_that_does_not_fit(person, kind, params, after, words, fix):
    target = person.scene.graph.out_of(after)[0]
    person.drop(person.take(kind, **params), person.scene.wires[target].path.pointAtPercent(0.5))
    assert words in problems_text(person)
    assert person.scene.cards["conv2"].problem and person.scene.cards["head"].shape_out == (10,)
    offered = {
        each.label: each
        for problem in problems(person.session.report)
        for each in fixes(person.session.report, problem)
    }
    person.session.edit(fix, offered[fix].edit, whole=True)
    assert person.session.report.ok


def test_a_head_with_the_wrong_number_of_classes(person):
    set_params(person, "head", classes=100)
    assert "100" in problems_text(person) and "10 classes" in problems_text(person)
    assert not person.scene.wires[Wire("head", "output")].problem, "the network itself is sound"
    (problem,) = person.session.misfits
    person.session.edit("Fix", fixes(person.session.report, problem)[0].edit, whole=True)
    assert person.session.report.ok and person.session.misfits == ()


def test_an_unconnected_input(person):
    person.session.edit("Cut", partial(edits.disconnect, target="layer2"))
    assert "The input of layer2 is not connected" in problems_text(person)
    assert person.scene.cards["layer1"].shape_out == (16, 28, 28)
    assert person.scene.cards["layer3"].shape_out is None
    (problem,) = problems(person.session.report)
    assert fixes(person.session.report, problem)[0].label == "Connect layer1 to layer2"
    person.session.edit("Fix", fixes(person.session.report, problem)[0].edit, whole=True)
    assert person.session.report.ok


def test_a_network_for_other_pictures(person):
    person.session.edit("Input", lambda graph: replace(graph, input=(3, 32, 32)), whole=True)
    assert "pictures of 3×32×32" in problems_text(person) and "1×28×28" in problems_text(person)
    assert not person.scene.cards["input"].problem, "the network itself is sound"
    person.window.run_bar.run_actions["run"].trigger()
    assert "cannot be trained like this: The network takes pictures of 3×32×32" in (
        person.window.notice.text()
    )


def test_a_run_that_cannot_start_says_why(wrong_add):
    person = wrong_add
    person.window.run_bar.run_actions["run"].setEnabled(True)
    person.window.run_bar.run_actions["run"].trigger()
    assert "cannot run yet" in person.window.notice.text()
    assert not person.session.run.active


def test_a_problem_inside_a_block_shows_on_its_card(person):
    set_params(person, "layer1", stride=28)
    set_params(person, "layer2", stride=1)
    place = person.centre("layer2") + QPointF(0, 1)
    assert person.session.report.ok
    assert person.scene.card_at(place).shape_out == (32, 1, 1)
