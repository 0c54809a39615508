"""The panel of the source, and where in it a node is made."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from explorer.analysis.problem import problems
from explorer.analysis.report import analyse
from explorer.analysis.source import source
from explorer.app import theme
from explorer.app.panels.code.code import Code
from explorer.catalog import templates
from explorer.graph import edits
from explorer.graph.path import NodePath


@pytest.fixture
def code(session, qtbot):
    panel = Code(session)
    panel.resize(930, 300)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def marked(code):
    code.redraw.settle()
    lines = code.text.toPlainText().split("\n")
    return [lines[number].strip() for number in code.marked]


def test_it_shows_what_the_engine_runs(code, session):
    assert code.text.toPlainText() == source(session.report).text
    assert code.text.isReadOnly()
    code.copy_button.click()
    assert QGuiApplication.clipboard().text() == source(session.report).text


def test_it_follows_an_edit_soon(code, session, qtbot):
    session.edit("Set", lambda graph: edits.set_params(graph, "layer3", {"width": 80}))
    qtbot.waitUntil(lambda: "nn.Linear(80, 10)" in code.text.toPlainText())


def test_a_network_with_problems_shows_the_sentence(code, session, qtbot):
    session.edit("Cut", lambda graph: edits.disconnect(graph, "output"))
    qtbot.waitUntil(lambda: not code.text.isVisible())
    assert code.problem.text() == problems(session.report)[0].message
    assert code.problem.isVisible() and not code.export_button.isVisible()
    qtbot.mouseClick(code.problem_button, Qt.MouseButton.LeftButton)
    assert session.selection == {"output"}
    session.document.step_back()
    qtbot.waitUntil(code.text.isVisible)


def test_selection_marks_the_line(code, session):
    session.select({"layer2"})
    assert marked(code)[0].startswith("self.layer2 = nn.Sequential(BasicBlock(16, 32")
    session.lead_to(NodePath.of("layer2.0.conv2"))
    assert marked(code) == ["self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)"]
    session.lead_to(NodePath.of("stem.conv1"))
    assert marked(code)[0].startswith("self.conv1 = nn.Conv2d(1, 16, 3")
    session.lead_to(NodePath.of("layer2.0.add"))
    assert "+ self.downsample(x)" in marked(code)[0]
    session.open(())
    assert marked(code) == []
    session.select({"head"})
    assert [line.split(" = ")[0] for line in marked(code)] == [
        "self.avgpool",
        "self.flatten",
        "self.fc",
    ]


def test_items_of_a_sequence_have_lines_of_their_own():
    written = source(analyse(templates.build("vgg16")))
    lines = written.text.split("\n")

    def line(*ids):
        return [lines[number].strip() for number in written.lines(ids)]

    assert line("features", "group1", "2") == ["nn.Conv2d(64, 64, 3, padding=1),"]
    assert line("classifier", "6") == ["nn.Linear(4096, 1000),"]
    assert line("features")[0].startswith("self.features = nn.Sequential(")
    assert line("features")[-1].startswith(")")
    assert line("flatten") == ["self.flatten = nn.Flatten()  # 25088"]
    assert line("nothing") == [] and line() == []


@pytest.mark.parametrize(
    ("name", "ids", "wanted"),
    [
        (
            "densenet121",
            ("features", "denseblock2", "denselayer5", "conv2"),
            "self.conv2 = nn.Conv2d(128",
        ),
        (
            "densenet121",
            ("features", "denseblock2", "denselayer5"),
            '*((f"denselayer{i + 1}", DenseL',
        ),
        ("densenet121", ("features", "norm0"), '("norm0", nn.BatchNorm2d(64)),'),
        (
            "regnet_y_400mf",
            ("trunk_output", "block3", "block3-2"),
            '*((f"block3-{i + 1}", RegNetBlock(',
        ),
        (
            "regnet_y_400mf",
            ("trunk_output", "block3", "block3-2", "f", "se"),
            '("se", SqueezeExcitation(',
        ),
        ("mobilenet_v2", ("features", "0", "1"), "nn.BatchNorm2d(32),"),
        (
            "convnext_tiny",
            ("features", "1", "2", "layer_scale"),
            "self.layer_scale = nn.Parameter(",
        ),
        ("shufflenet_v2_x1_0", ("stage2", "1", "branch2", "3"), "nn.Conv2d("),
        (
            "shufflenet_v2_x1_0",
            ("stage2", "1", "left"),
            "return self.shuffle(torch.cat([torch.chunk(",
        ),
        ("inception_v3", ("Mixed_7b", "branch3x3_concat"), "branch3x3 = torch.cat(["),
        ("resnet50", ("layer3", "0", "downsample", "0"), "nn.Conv2d(in_channels, 4 * width, 1"),
    ],
)
def test_deep_inside(name, ids, wanted):
    """Rows with names, rows in rows, blocks that share a line, a parameter that is no module."""
    written = source(analyse(templates.build(name)))
    found = written.lines(ids)
    assert len(found) and written.text.split("\n")[found[0]].strip().startswith(wanted)


@pytest.mark.parametrize("name", templates.names())
def test_every_layer_of_every_template_has_a_line(name):
    report = analyse(templates.build(name))
    written = source(report)

    def check(path, facts):
        assert written.lines(path), path
        for child in facts.children:
            check((*path, child.id), child.facts)

    for id, facts in report.facts.items():
        check((id,), facts)


def test_export_is_asked(code, qtbot):
    with qtbot.waitSignal(code.export_asked):
        qtbot.mouseClick(code.export_button, Qt.MouseButton.LeftButton)


def test_hidden_it_writes_nothing(session, qtbot):
    panel = Code(session)
    qtbot.addWidget(panel)
    session.edit("Set", lambda graph: edits.set_params(graph, "layer3", {"width": 80}))
    session.select({"layer2"})
    assert panel.text.toPlainText() == ""
    panel.show()
    assert "nn.Linear(80, 10)" in panel.text.toPlainText() and len(panel.marked)


def test_colours_follow_the_theme(code, qapp):
    def colours():
        return {
            span.format.foreground().color().name()
            for number in range(20)
            for span in code.text.document().findBlockByNumber(number).layout().formats()
        }

    assert theme.CATEGORY["block"] in colours()
    dark = code.grab().toImage().pixelColor(5, 200)
    theme.apply(qapp, theme.LIGHT)
    assert code.grab().toImage().pixelColor(5, 200) != dark
