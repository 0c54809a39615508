"""What a person sees before they have done anything, and that figures follow what they do."""

import pytest

from explorer.app.number import grouped
from explorer.graph.graph import Wire


@pytest.fixture(autouse=True)
def engine_command():
    """The window's own, `python -m explorer.engine`, where other flows have one that is warm."""


def test_the_first_window_shows_a_residual_network_for_fashion_mnist(ready):
    person = ready
    report = person.session.report
    assert list(person.session.graph.nodes) == ["stem", "layer1", "layer2", "layer3", "head"]
    shapes = {
        (wire.source, wire.target): item.shape_of for wire, item in person.scene.wires.items()
    }
    assert shapes[("input", "stem")] == (1, 28, 28)
    assert shapes[("layer2", "layer3")] == (32, 14, 14) and shapes[("head", "output")] == (10,)
    totals = person.window.status.totals.text()
    assert f"{grouped(report.params)} parameters" in totals and "9.35M MACs" in totals
    person.wait(lambda: person.session.memory.ready)
    assert "training takes 64.1 MiB of" in person.window.status.memory.text()
    assert "at batch 128" in person.window.status.memory.text()
    devices = person.window.run_bar.device
    assert "cpu" in [devices.itemData(number) for number in range(devices.count())]
    assert person.window.run_bar.data.currentText() == "Fashion-MNIST 60,000"
    assert person.canvas.width() > 0.5 * person.window.width()


def test_every_figure_follows_an_edit_at_once(person, qtbot):
    person.click("layer3")
    field = person.window.inspector.form.fields["width"]
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "128")
    report = person.session.report
    assert report.facts["layer3"].out == (128, 7, 7)
    assert person.scene.cards["layer3"].shape_out == (128, 7, 7)
    assert person.scene.wires[Wire("layer3", "head")].shape_of == (128, 7, 7)
    bars = {bar.id: bar.params for bar in person.window.inspector.bars.bars}
    # Two 3×3 convolutions, the 1×1 projection, three BatchNorms.
    assert bars["layer3"] == 32 * 128 * 9 + 128 * 128 * 9 + 32 * 128 + 3 * 2 * 128
    assert grouped(report.params) in person.window.status.totals.text()
    person.undo()
    assert grouped(person.session.report.params) in person.window.status.totals.text()
    assert person.session.report.params == 77_754


def test_the_basic_block_nets_begin_solid_and_the_bottleneck_nets_dashed(person):
    from explorer.app.canvas.card import shortcut

    for name, dashed in (("resnet18", False), ("resnet34", False), ("resnet50", True)):
        person.session.new(name)
        first = next(iter(person.scene.cards["layer1"].facts.children)).facts
        assert shortcut(first) is dashed, name
        second = next(iter(person.scene.cards["layer2"].facts.children)).facts
        assert shortcut(second) is True
