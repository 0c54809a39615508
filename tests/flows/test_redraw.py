"""Whatever a person does, each view draws it once."""

from functools import partial

import pytest

from explorer.app.canvas.scene import NetworkScene
from explorer.app.docks import PANELS
from explorer.app.panels.inspector.inspector import Inspector
from explorer.app.panels.layers.layers import Layers
from explorer.app.panels.problems.problems import Problems
from explorer.catalog.datasets import PICTURES
from explorer.graph import edits

DRAWING = {NetworkScene: "sync", Inspector: "refresh", Layers: "refresh", Problems: "refresh"}


@pytest.fixture
def counts(monkeypatch):
    """How often each view was drawn, of all that are made from now on."""
    counts = dict.fromkeys(DRAWING, 0)

    def counting(view, draw):
        def counted(self):
            counts[view] += 1
            draw(self)

        return counted

    for view, name in DRAWING.items():
        monkeypatch.setattr(view, name, counting(view, getattr(view, name)))
    return counts


@pytest.fixture
def drawn(counts, person):
    """drawn(act): how often each view was drawn when all is drawn after `act`."""
    for name in ("layers", "problems"):
        person.window.docks[name].setFloating(True)
        person.window.docks[name].show()
    person.wait(lambda: person.window.layers.isVisible() and person.window.problems.isVisible())

    window = person.window
    panels = window.inspector, window.layers, window.problems

    def settled() -> bool:
        return not any(panel.redraw.isActive() for panel in panels)

    def after(act) -> dict:
        person.wait(settled)
        counts.update(dict.fromkeys(DRAWING, 0))
        act()
        person.wait(settled)
        return {view.__name__: count for view, count in counts.items()}

    return after


ONCE = {"NetworkScene": 1, "Inspector": 1, "Layers": 1, "Problems": 1}


def test_each_view_draws_a_change_once(drawn, person):
    session, window = person.session, person.window
    session.advice.changed.disconnect()  # advice comes later, and is a change of its own
    actions = window.actions_of_canvas.by_name
    narrow = partial(edits.set_params, id="layer3", params={"width": 48})
    assert drawn(lambda: person.click("layer2")) == {**ONCE, "NetworkScene": 0}
    assert drawn(lambda: session.edit("Set", narrow)) == ONCE
    assert drawn(person.undo) == ONCE
    assert drawn(person.redo) == ONCE
    assert drawn(actions["delete"].trigger) == ONCE  # and with it what was selected
    assert drawn(lambda: session.open(("layer1",))) == ONCE
    assert drawn(lambda: session.example("squeezenet1_1")) == ONCE
    assert drawn(lambda: window.tabs.bar.setCurrentIndex(0)) == ONCE
    assert session.data is PICTURES["fashion-mnist"]  # other data than those of the other tab
    assert drawn(lambda: session.choose_data(PICTURES["photos"])) == {
        **ONCE,
        "Layers": 0,  # which are what they were
    }
    assert drawn(lambda: session.select(session.selection)) == dict.fromkeys(ONCE, 0)


def test_a_burst_of_edits_is_drawn_once_by_the_panels(drawn, person):
    def burst() -> None:
        for width in (40, 48, 56):
            narrow = partial(edits.set_params, id="layer3", params={"width": width})
            person.session.edit("Set", narrow, burst="width")
        person.session.select({"layer3"})

    assert drawn(burst) == {**ONCE, "NetworkScene": 3}
    assert person.window.inspector.form.fields["width"].text() == "56"


def test_forms_are_made_before_they_are_asked_for(person):
    inspector = person.window.inspector
    person.wait(lambda: not inspector._idle.isActive())
    assert {facts.kind.name for facts in person.session.shown_facts.values()} <= set(
        inspector._forms
    )


@pytest.mark.parametrize(
    ("id", "front"), [(panel.id, panel.place) for panel in PANELS if isinstance(panel.place, str)]
)
def test_a_panel_behind_another_tab_is_drawn_when_its_tab_is_chosen(person, id, front):
    docks = person.window.docks
    panel = docks[id].widget()
    narrow = partial(edits.set_params, id="layer3", params={"width": 48})
    docks[front].raise_()
    person.wait(lambda: docks[id].visibleRegion().isEmpty())
    person.session.edit("Set", narrow)
    assert panel.redraw.due and not panel.redraw.isActive()
    docks[id].raise_()
    person.wait(lambda: not panel.redraw.due)


def test_the_cards_follow_the_engine_while_no_panel_shows_its_answers(ready):
    docks, cards = ready.window.docks, ready.scene.cards
    maps, gradients = docks["maps"].widget(), docks["gradients"].widget()
    docks["problems"].raise_()
    docks["code"].raise_()
    ready.wait(lambda: all(docks[id].visibleRegion().isEmpty() for id in ("maps", "gradients")))
    for image in (1, 2, 3):  # the engine answers one only after the one before was drawn
        before = cards["layer2"].gauge
        ready.session.run.watch("layer2", image)
        ready.wait(lambda: cards["layer2"].gauge != before)
    assert maps.redraw.due and gradients.redraw.due
    docks["maps"].raise_()
    docks["gradients"].raise_()
    ready.wait(lambda: not (maps.redraw.due or gradients.redraw.due))
