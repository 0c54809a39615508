"""A person goes from one network to another: what is shown of the first does not stand at the second."""

import os
import signal

from explorer.catalog.datasets import PICTURES
from explorer.graph import edits
from explorer.graph.graph import Graph


def drawn(person) -> None:
    """Wait until the panels have drawn what the engine told."""
    window = person.window
    person.wait(
        lambda: (
            bool(window.feature_maps.title.text())
            and window.feature_maps.stack.currentIndex() == 1
            and window.gradients.stack.currentIndex() == 1
        )
    )


def nothing_is_shown(person) -> bool:
    window, cards = person.window, person.scene.cards
    return (
        all(panel.stack.currentIndex() == 0 for panel in (window.feature_maps, window.gradients))
        and cards["input"].picture is None
        and cards["output"].subtitle == ""
        and all(card.gauge is None for card in cards.values())
    )


def test_another_tab_is_empty_until_the_engine_has_built_it(ready):
    person = ready
    drawn(person)
    person.session.new("lenet5")
    person.session.edit("Name", lambda graph: Graph("other", graph.input, graph.nodes, graph.wires))
    drawn(person)
    person.session.new("cifar_resnet20")
    assert nothing_is_shown(person)
    assert "Building cifar_resnet20" in person.window.gradients.empty.text()
    drawn(person)
    assert person.scene.cards["input"].picture is not None
    person.window.tabs.bar.setCurrentIndex(0)
    assert nothing_is_shown(person)
    drawn(person)
    assert set(person.window.gradients.profile.layers) == {
        layer.path for layer in person.session.report.layers() if layer.params
    }


def test_other_pictures_take_the_old_ones_answer_away(ready):
    person = ready
    drawn(person)
    person.session.choose_data(PICTURES["photos"])
    assert nothing_is_shown(person)
    assert person.scene.cards["input"].subtitle == PICTURES["photos"].title
    drawn(person)
    assert person.scene.cards["input"].subtitle == "chelsea"


def test_a_network_with_nothing_in_it_shows_nothing(ready):
    person = ready
    drawn(person)
    person.session.select(set(person.session.graph.nodes))
    person.window.actions_of_canvas.by_name["delete"].trigger()
    person.session.edit("Cut", lambda graph: edits.disconnect(graph, "output"))
    assert nothing_is_shown(person)
    assert "no problems" in person.window.feature_maps.empty.text()
    person.undo()
    person.undo()
    drawn(person)


def test_a_run_stays_with_its_network_when_the_engine_is_killed(ready, qtbot):
    person = ready
    drawn(person)
    window, link, run = person.window, person.session.link, person.session.run
    person.session.edit("Name", lambda graph: Graph("first", graph.input, graph.nodes, graph.wires))
    with qtbot.waitSignal(link.rows_arrived):
        person.train(epochs=50, steps=1000)  # all of it happens in the first
    person.wait(
        lambda: (
            window.training.stack.currentIndex() == 1 and "watching" in window.status.state.text()
        )
    )
    person.session.new("lenet5")
    assert nothing_is_shown(person) and window.training.stack.currentIndex() == 0
    assert "training first" in window.gradients.empty.text()
    with qtbot.waitSignal(link.rows_arrived):
        pass
    person.window.tabs.bar.setCurrentIndex(0)
    assert window.training.stack.currentIndex() == 1 and len(
        person.session.document.record.gradients
    )
    drawn(person)
    window.tabs.bar.setCurrentIndex(1)
    with qtbot.waitSignal(link.died):
        os.kill(link.hello.pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    assert "watching" not in window.status.state.text()
    assert window.training.stack.currentIndex() == 0
    assert window.run_bar.progress.text().startswith("first · epoch 1/50")
    window.tabs.bar.setCurrentIndex(0)
    assert window.training.stack.currentIndex() == 1
    assert window.run_bar.progress.text().startswith("epoch 1/50") and run.state == "died"
    window.tabs.bar.setCurrentIndex(1)
    assert "epoch" not in window.run_bar.progress.text()


def test_many_tabs_leave_the_bar_and_the_window_as_they_are(person):
    window, bar = person.window, person.window.run_bar
    for width in (1440, 1100):
        window.resize(width, 680)
        for name in ("resnext50_32x4d", "inception_v3", "efficientnet_v2_l", "vgg16_bn", "lenet5"):
            person.session.new(name)
            person.session.document.edit(
                "Name",
                lambda graph, name=name: Graph(
                    f"{name}_with_a_name_of_some_length", graph.input, graph.nodes, graph.wires
                ),
            )
            person.wait(
                lambda name=name: (
                    name in window.tabs.bar.tabText(window.tabs.bar.currentIndex())
                    and all(
                        box.width() >= box.sizeHint().width()
                        for box in (bar.data, bar.device, bar.mode)
                    )
                )
            )
            assert window.width() == width
        tabs = window.tabs.bar
        assert all(tabs.tabRect(number).width() >= 100 for number in range(tabs.count()))
        assert window.tabs.geometry().right() < bar.geometry().left()
