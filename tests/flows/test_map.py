"""A person sees the map of the network, and what would lie behind it."""

from PySide6.QtCore import QPointF, QRect, Qt


def behind_map(person) -> list[str]:
    canvas = person.canvas
    return [
        id
        for id, card in person.scene.cards.items()
        if canvas.mapFromScene(card.body.translated(card.pos()))
        .boundingRect()
        .intersects(canvas.overlays.map.geometry())
    ]


def test_the_map_makes_way_for_a_card_that_is_moved_under_it(person):
    map = person.canvas.overlays.map
    corner = QRect(map.geometry())
    place = person.canvas.mapToScene(corner.center())
    person.drag(person.centre("head") + QPointF(0, 12), place)
    assert map.geometry() != corner and not behind_map(person)
    person.undo()
    assert map.geometry() == corner, "it is where one looks for it again"


def test_no_card_lies_under_the_map_after_tidying_up(person):
    for name in ("cifar_resnet8", "squeezenet1_1", "resnet18", "lenet5", "vgg11"):
        person.session.new(name)
        person.key(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        map = person.canvas.overlays.map
        assert not behind_map(person) or map.pale


def test_where_no_corner_is_free_the_map_lets_cards_be_seen(person):
    canvas, map = person.canvas, person.canvas.overlays.map
    for id, at in (
        ("head", map.geometry().center()),
        ("layer1", canvas.viewport().rect().bottomLeft()),
        ("layer2", canvas.viewport().rect().topRight()),
    ):
        off = {"layer1": QPointF(90, -60), "layer2": QPointF(-90, 60)}.get(id, QPointF())
        place = canvas.mapToScene((QPointF(at) + off).toPoint())
        person.drag(person.centre(id) + QPointF(0, 12), place)
    assert behind_map(person) and map.pale
