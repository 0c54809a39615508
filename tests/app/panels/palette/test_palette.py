"""The palette: what it offers, finds, folds, drags and places."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDrag
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from explorer.app import theme
from explorer.app.node_drag import content_of
from explorer.app.own_blocks import folder
from explorer.app.panels.palette.entries import entries
from explorer.app.panels.palette.palette import Palette
from explorer.app.panels.palette.rows import ALL, FEW, FOLDED, ROW, Heading
from explorer.app.panels.palette.search import matching
from explorer.catalog import KINDS, templates
from explorer.graph.path import NodePath


@pytest.fixture
def palette(session, qtbot):
    panel = Palette(session)
    panel.resize(196, 820)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def titles(palette):
    return [palette.rows.index(row).data() for row in range(palette.rows.rowCount())]


def at(palette, title):
    index = palette.rows.index(titles(palette).index(title))
    return palette.list.visualRect(index).center()


def click(palette, title):
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=at(palette, title))


def test_every_kind_and_template_is_offered():
    offered = entries()
    assert {entry.kind for entry in offered if entry.kind} == KINDS.keys() - {"Group"}
    assert {entry.title for entry in offered if entry.is_template} == set(templates.names())
    for entry in offered:
        assert entry.title in entry.tip() and entry.doc in entry.tip()
        if entry.kind:
            assert KINDS[entry.kind].fault(entry.params) is None


def test_sections_stand_in_order_and_templates_are_folded(palette):
    rows = [palette.rows.index(row).data(ROW) for row in range(palette.rows.rowCount())]
    assert [row.title for row in rows if isinstance(row, Heading)] == [
        "Stems",
        "Stages",
        "Blocks",
        "Heads",
        "Convolution",
        "Normalisation",
        "Activation",
        "Pooling",
        "Merge",
        "Shape, dropout",
        "My blocks",
        "Templates",
    ]
    shown = titles(palette)
    assert shown.index("Basic ×N") < shown.index("BasicBlock") < shown.index("Pool + linear")
    assert shown.index("Conv2d") < shown.index("ReLU") < shown.index("Add")
    assert "resnet18" not in shown


def test_common_kinds_come_first_and_the_rest_by_a_click(palette, qtbot):
    rows = palette.rows
    for row in range(rows.rowCount()):
        heading = rows.index(row).data(ROW)
        inside = [
            entry
            for entry in rows.entries
            if isinstance(heading, Heading) and entry.section == heading.section
        ]
        common = [entry for entry in inside if entry.common]
        if inside and len(inside) > FEW and heading.section != "templates":
            assert heading.more == len(inside) - len(common) and common
            assert inside[: len(common)] == common
    before = titles(palette)
    index = rows.index(rows.row_of("activation"))
    more = index.data(ROW).more
    assert "Hardswish" not in before and index.data(ROW).more_text == f"{more} more"
    place = palette.list.visualRect(index).center()
    place.setX(palette.list.width() - 40)
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert "Hardswish" in titles(palette) and len(titles(palette)) == len(before) + more
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert titles(palette) == before
    for count in (len(before) + more, len(before) + more):
        qtbot.keyClick(palette.list, Qt.Key.Key_Right)
        assert len(titles(palette)) == count
    qtbot.keyClick(palette.list, Qt.Key.Key_Left)
    assert titles(palette) == before
    qtbot.keyClick(palette.list, Qt.Key.Key_Left)
    assert "ReLU" not in titles(palette)


@pytest.mark.parametrize(
    ("query", "kind", "params"),
    [
        (
            "conv 64 3x3 s2",
            "Conv2d",
            {"out_channels": 64, "kernel_size": 3, "stride": 2, "padding": 1},
        ),
        ("conv 128 1×1", "Conv2d", {"out_channels": 128, "kernel_size": 1, "padding": 0}),
        ("conv 5x5 p0", "Conv2d", {"kernel_size": 5, "padding": 0}),
        ("conv 32 g32", "Conv2d", {"out_channels": 32, "groups": 32}),
        ("stage 64 x3 s2", "Stage", {"block": "BasicBlock", "width": 64, "depth": 3, "stride": 2}),
        ("bottleneck 128", "Bottleneck", {"width": 128}),
        ("max pool 2x2", "MaxPool2d", {"kernel_size": 2, "padding": 0}),
        ("linear 10", "Linear", {"out_features": 10}),
        ("dropout .3", "Dropout", {"p": 0.3}),
        ("cifar 3x3 32", "CifarStem", {"out_channels": 32}),
        ("bn", "BatchNorm2d", {}),
        ("depthwise", "Conv2d", {"kernel_size": 3, "padding": 1}),
        ("fully connected", "Linear", {}),
        (
            "conv 3x5 64 s2 p1 same g32 d2",
            "Conv2d",
            {
                "out_channels": 64,
                "kernel_size": (3, 5),
                "stride": 2,
                "padding": "same",
                "groups": 32,
                "dilation": 2,
            },
        ),
        ("conv 1x7 128", "Conv2d", {"out_channels": 128, "kernel_size": (1, 7), "padding": (0, 3)}),
        (
            "conv 3x3 64 d2",
            "Conv2d",
            {"out_channels": 64, "kernel_size": 3, "dilation": 2, "padding": 2},
        ),
        (
            "conv 3 64 s2x1",
            "Conv2d",
            {"out_channels": 64, "kernel_size": 3, "stride": (2, 1), "padding": 1},
        ),
        ("conv 64", "Conv2d", {"out_channels": 64}),
        ("dw 3x3", "Conv2d", {"kernel_size": 3, "padding": 1}),
        (
            "dw 5x5 s2 96",
            "Conv2d",
            {"out_channels": 96, "kernel_size": 5, "stride": 2, "padding": 2},
        ),
        ("pool 3 s2", "MaxPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
        ("convt 4 s2 p1", "ConvTranspose2d", {"kernel_size": 4, "stride": 2, "padding": 1}),
        (
            "convt 3 s2",
            "ConvTranspose2d",
            {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
        ),
        ("deconvolution", "ConvTranspose2d", {}),
        ("swish", "SiLU", {}),
        ("relu", "ReLU", {}),
        ("concat", "Concat", {}),
        ("batch norm", "BatchNorm2d", {}),
        ("layer norm", "LayerNorm2d", {}),
        ("global pool", "AdaptiveAvgPool2d", {}),
        ("residual", "BasicBlock", {}),
        ("fc 10", "Linear", {"out_features": 10}),
    ],
)
def test_query_means(query, kind, params):
    top = matching(entries(), query)[0]
    assert (top.kind, dict(top.params)) == (kind, params)
    assert KINDS[kind].fault(top.params) is None


def test_numbers_out_of_range_are_left_out():
    top = matching(entries(), "conv 0 999x999 s2")[0]
    assert dict(top.params) == {"stride": 2}


def test_template_is_found_by_name_and_nothing_by_nonsense():
    assert matching(entries(), "resnet50")[0].title == "resnet50"
    assert matching(entries(), "resnet 50")[0].title == "resnet50"
    assert matching(entries(), "qwerty") == []


def test_typing_and_enter_place_the_top_match(palette, qtbot):
    palette.list.setFocus()
    palette.focus_search()
    assert palette.search.hasFocus()
    qtbot.keyClicks(palette.search, "conv 64 3x3 s2")
    assert titles(palette)[0] == "Conv2d"
    assert palette.rows.index(0).data(ROW).note == "3×3, 64, s2"
    with qtbot.waitSignal(palette.placed) as placed:
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert placed.args == [
        "Conv2d",
        {"out_channels": 64, "kernel_size": 3, "stride": 2, "padding": 1},
    ]
    qtbot.keyClicks(palette.search, "relu")  # takes the place of what was looked for
    assert palette.search.text() == "relu" and "ReLU" in titles(palette)
    qtbot.keyClick(palette.search, Qt.Key.Key_Escape)
    assert palette.search.text() == "" and titles(palette)[0] == "Stems"


def test_arrows_go_through_the_matches(palette, qtbot):
    qtbot.keyClicks(palette.search, "pool")
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    second = titles(palette)[1]
    with qtbot.waitSignal(palette.placed) as placed:
        qtbot.keyClick(palette.search, Qt.Key.Key_Enter)
    assert (KINDS[placed.args[0]].title or placed.args[0]) == second


def test_double_click_places_a_preset(palette, qtbot):
    click(palette, "Bottleneck ×N")
    with qtbot.waitSignal(palette.placed) as placed:
        QTest.mouseDClick(
            palette.list.viewport(), Qt.MouseButton.LeftButton, pos=at(palette, "Bottleneck ×N")
        )
    assert placed.args == ["Stage", {"block": "Bottleneck"}]


def test_heading_folds_by_mouse_and_keys_and_is_remembered(palette, session, qtbot):
    click(palette, "Stems")
    assert "CIFAR 3×3" not in titles(palette)
    qtbot.keyClick(palette.list, Qt.Key.Key_Right)
    assert "CIFAR 3×3" in titles(palette)
    qtbot.keyClick(palette.list, Qt.Key.Key_Left)
    another = Palette(session)
    qtbot.addWidget(another)
    assert "CIFAR 3×3" not in titles(another) and "Conv2d" in titles(another)


def test_template_opens_a_document_once(palette, session, qtbot):
    click(palette, "Templates")
    palette.list.scrollTo(palette.rows.index(titles(palette).index("lenet5")))
    click(palette, "lenet5")
    assert session.graph.name == "lenet5" and session.graph.input == (1, 28, 28)
    count = len(session.documents)
    QTest.mouseDClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=at(palette, "lenet5"))
    assert len(session.documents) == count


def test_drag_carries_kind_and_parameters(palette, qtbot, monkeypatch):
    drags = []
    monkeypatch.setattr(
        QDrag,
        "exec",
        lambda drag, *actions: (
            drags.append((content_of(drag.mimeData()), drag.pixmap().width()))
            or Qt.DropAction.CopyAction
        ),
    )
    place, view = at(palette, "Basic ×N"), palette.list.viewport()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    for step in (4, 12, 30):
        QTest.mouseMove(view, place + QPoint(step, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place)
    if not drags:  # a screen without a pointer sends no moves
        palette.list.setCurrentIndex(palette.list.indexAt(place))
        palette.list.startDrag(Qt.DropAction.CopyAction)
    assert drags[0][0] == {"kind": "Stage", "params": {"block": "BasicBlock"}}
    assert drags[0][1] > 100


def test_templates_are_not_dragged(palette):
    palette.rows.show_section("templates", ALL)
    palette.rows.show_section("templates/VGG", ALL)
    index = palette.rows.index(titles(palette).index("vgg16"))
    assert not palette.rows.flags(index) & Qt.ItemFlag.ItemIsDragEnabled


def test_it_paints_in_both_themes(palette, qapp):
    dark = palette.grab().toImage()
    theme.apply(qapp, theme.LIGHT)
    light = palette.grab().toImage()
    assert dark.pixelColor(2, 2) != light.pixelColor(2, 2)
    palette.search.setText("qwerty")
    assert titles(palette) == [] and not palette.grab().isNull()


def test_depthwise_takes_the_channels_of_the_map_that_it_gets(palette, session, qtbot):
    session.select({"layer2"})
    palette.search.setText("dw 5x5 s2")
    with qtbot.waitSignal(palette.placed) as placed:
        qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert placed.args == [
        "Conv2d",
        {"kernel_size": 5, "padding": 2, "stride": 2, "out_channels": 32, "groups": 32},
    ]


def test_templates_stand_by_family(palette, session, qtbot):
    palette.rows.show_section("templates", ALL)
    assert "VGG" in titles(palette) and "lenet5" in titles(palette)
    assert "vgg16" not in titles(palette)
    index = palette.rows.index(titles(palette).index("VGG"))
    palette.list.scrollTo(index)
    click(palette, "VGG")
    assert "vgg16" in titles(palette)
    another = Palette(session)
    qtbot.addWidget(another)
    assert "vgg16" in titles(another)


def own_group(session):
    """The id of a group in the document, its inside one's own."""
    session.edit_inside(NodePath.of("layer2"))
    session.open(())
    session.select({"layer2"})
    return session.graph.nodes["layer2"]


def test_a_saved_group_is_listed_placed_renamed_and_removed(palette, session, qtbot):
    group = own_group(session)
    palette.rows.show_section("mine", FOLDED)
    with qtbot.waitSignal(session.notified) as said:
        session.keep_block(NodePath.of("layer2"))
    assert "layer2 is in the palette" in said.args[0]
    assert palette.list.currentIndex().data() == "layer2"
    session.keep_block(NodePath.of("layer2"))
    assert "layer2 2" in titles(palette)
    with qtbot.waitSignal(palette.group_placed) as placed:
        palette.list.doubleClicked.emit(palette.rows.index(palette.rows.row_of_own("layer2")))
    assert placed.args[0] == "layer2" and placed.args[1].inner == group.inner
    index = palette.rows.index(palette.rows.row_of_own("layer2 2"))
    palette.list.setCurrentIndex(index)
    palette.list.setFocus()
    qtbot.keyClick(palette.list, Qt.Key.Key_F2)
    editor = palette.list.viewport().findChild(QLineEdit)
    qtbot.keyClicks(editor, "My stage")
    with qtbot.assertNotEmitted(palette.group_placed):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: "My stage" in titles(palette))
    assert "layer2 2" not in titles(palette)
    assert session.own_blocks.read("My stage").inner == group.inner
    palette.list.setCurrentIndex(palette.rows.index(palette.rows.row_of_own("My stage")))
    with qtbot.waitSignal(session.notified) as said:
        qtbot.keyClick(palette.list, Qt.Key.Key_Delete)
    assert "My stage" not in titles(palette) and "its file is kept" in said.args[0]


def test_a_name_that_no_file_can_have_is_refused_with_a_sentence(palette, session, qtbot):
    own_group(session)
    session.keep_block(NodePath.of("layer2"))
    session.keep_block(NodePath.of("layer2"))
    for wrong in ("a/b", "", " ", "..", "x" * 99, "layer2"):
        with qtbot.waitSignal(session.notified):
            palette.rows.setData(palette.rows.index(palette.rows.row_of_own("layer2 2")), wrong)
    assert session.own_blocks.names() == ["layer2", "layer2 2"]


def test_enter_behind_a_refused_name_places_nothing(palette, session, qtbot):
    own_group(session)
    session.keep_block(NodePath.of("layer2"))
    palette.list.setCurrentIndex(palette.rows.index(palette.rows.row_of_own("layer2")))
    palette.list.setFocus()
    qtbot.keyClick(palette.list, Qt.Key.Key_F2)
    editor = palette.list.viewport().findChild(QLineEdit)
    qtbot.keyClicks(editor, "a/b")
    with qtbot.assertNotEmitted(palette.group_placed), qtbot.waitSignal(session.notified):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: palette.list.viewport().findChild(QLineEdit) is None)
    with qtbot.waitSignal(palette.group_placed):
        qtbot.keyClick(palette.list, Qt.Key.Key_Return)


def test_a_spoilt_block_is_told_of_and_harms_nothing(palette, session, qtbot):
    own_group(session)
    session.keep_block(NodePath.of("layer2"))
    (folder() / "layer2.cnn.json").write_text("{")
    with qtbot.waitSignal(session.notified) as said:
        palette.list.doubleClicked.emit(palette.rows.index(palette.rows.row_of_own("layer2")))
    assert "not JSON" in said.args[0]
    assert palette.list.drag_data(palette.rows.entries[-1 - len(templates.names())]) is None


def test_only_a_group_can_be_saved(session, qtbot):
    with qtbot.waitSignal(session.notified) as said:
        session.keep_block(NodePath.of("layer2"))
    assert "Edit inside" in said.args[0] and session.own_blocks.names() == []
