"""A person begins with nothing: an empty canvas, on which the first cards are put."""

from PySide6.QtCore import QPointF, Qt

from explorer.graph.graph import Wire


def emptied(person) -> None:
    person.key(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    person.key(Qt.Key.Key_Delete)
    assert not person.session.graph.nodes


def places(person) -> dict[str, tuple[float, float]]:
    return {id: (person.centre(id).x(), person.centre(id).y()) for id in ("input", "output")}


def clear_of_each_other(person) -> bool:
    bodies = [card.body.translated(card.pos()) for card in person.scene.cards.values()]
    return not any(a.intersects(b) for at, a in enumerate(bodies) for b in bodies[at + 1 :])


def test_the_ends_stay_where_they_are_when_the_first_card_is_dropped(person):
    emptied(person)
    before = places(person)
    for kind, place in (
        ("Conv2d", QPointF(420, 20)),
        ("ReLU", QPointF(-300, -200)),
        ("ReLU", QPointF(60, 220)),
    ):
        person.drop(person.take(kind), place)
        assert places(person) == before
    assert clear_of_each_other(person)
    wire = person.scene.wires[Wire("input", "output")].path.boundingRect()
    assert wire.left() >= before["input"][0] and wire.right() <= before["output"][0]


def test_a_chain_is_wired_card_by_card_and_reads_from_left_to_right(person):
    emptied(person)
    person.drop(person.take("Conv2d"), QPointF(420, 160))
    person.wire("input", "conv1")
    assert clear_of_each_other(person)
    order = [person.centre(id).x() for id in ("input", "conv1", "output")]
    assert order == sorted(order)
    person.wire("conv1", "output")
    assert clear_of_each_other(person) and len(person.session.graph.wires) == 2
    order = [person.centre(id).x() for id in ("input", "conv1", "output")]
    assert order == sorted(order)


def test_a_card_dropped_on_the_only_wire_is_put_into_it(person):
    emptied(person)
    wire = person.scene.wires[Wire("input", "output")]
    person.drop(person.take("Conv2d", padding=1), wire.path.pointAtPercent(0.5))
    assert set(person.session.graph.wires) == {Wire("input", "conv1"), Wire("conv1", "output")}
    assert clear_of_each_other(person)


def menu_entry(menu, text: str):
    return next(action for action in menu.actions() if action.text() == text)


def test_an_empty_network_is_the_first_of_the_templates(person):
    menu = menu_entry(person.window.menus.menus[0], "&New from template").menu()
    assert menu.actions()[0].text() == "Empty network"
    menu.actions()[0].trigger()
    graph = person.session.graph
    assert not graph.nodes and graph.wires == (Wire("input", "output"),)
    assert graph.input == person.session.data.input
    person.window.palette_panel.placed.emit("Conv2d", {"padding": 1})
    assert set(person.session.graph.wires) == {Wire("input", "conv1"), Wire("conv1", "output")}
    person.undo()
    assert person.session.graph == graph


def test_networks_of_one_name_are_told_apart(person):
    tabs = person.window.tabs.bar
    emptied(person)  # what has been changed stays open
    person.session.new()
    person.session.new("lenet5")
    person.session.new()
    assert [tabs.tabText(at) for at in range(tabs.count())] == [
        "cifar_resnet8 ●",
        "cifar_resnet8 (2)",
        "lenet5",
        "cifar_resnet8 (3)",
    ]
    assert person.window.windowTitle().startswith("cifar_resnet8 (3)")
    assert person.session.graph.name == "cifar_resnet8"
