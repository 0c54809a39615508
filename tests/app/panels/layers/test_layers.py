"""The table of layers."""

import csv

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from explorer.analysis.report import analyse
from explorer.analysis.table import CSV, as_csv
from explorer.app.panels.layers.layer_table import (
    FIELD,
    FULL,
    JUMP,
    KIND,
    LOCAL,
    MACS,
    PARAMS,
    PATH,
    LayerTable,
    rows_of,
)
from explorer.app.panels.layers.layers import Layers
from explorer.catalog import templates
from explorer.graph import edits
from explorer.graph.graph import Node
from tests.app.conftest import Drawn


@pytest.fixture
def layers(session, qtbot):
    panel = Layers(session)
    panel.resize(930, 300)
    qtbot.addWidget(panel)
    panel.show()
    return Drawn(panel)


def column(layers, number):
    table = layers.table
    return [table.index(row, number).data() for row in range(table.rowCount())]


def click(layers, row):
    place = layers.view.visualRect(layers.table.index(row, PATH)).center()
    QTest.mouseClick(layers.view.viewport(), Qt.MouseButton.LeftButton, pos=place)


def head(layers, section):
    header = layers.view.horizontalHeader()
    place = QPoint(header.sectionViewportPosition(section) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_rows_are_the_layers_in_order_of_execution(layers, session):
    assert column(layers, PATH) == [layer.path for layer in session.report.layers()]
    assert column(layers, PATH)[:2] == ["conv1", "bn1"]
    assert layers.table.index(0, PARAMS).data() == "144"
    right = layers.table.index(0, PARAMS).data(Qt.ItemDataRole.TextAlignmentRole)
    assert right & Qt.AlignmentFlag.AlignRight
    assert layers.totals.text() == "32 layers · 77,754 parameters · 9.35M MACs"
    assert not layers.grab().isNull()


@pytest.mark.parametrize("name", ["resnet50", "vgg16", "lenet5", "cifar_plain20"])
def test_places_lead_to_the_layers(name):
    report = analyse(templates.build(name))
    rows = rows_of(report)
    assert len({row.place for row in rows}) == len(rows) == len(report.layers())
    for row in rows:
        assert report.producer(row.place) == row.layer.path


def test_row_leads_to_the_canvas_and_back(layers, session):
    click(layers, 0)
    assert session.view == ("stem",) and str(session.selected) == "stem.conv1"
    session.open(())
    session.select({"layer2"})
    assert layers.view.currentIndex().data() == "layer2.0.conv1"
    assert str(session.selected) == "layer2"
    session.select(())
    assert not layers.view.selectionModel().hasSelection()


def test_heading_sorts_both_ways_and_back(layers):
    plain = column(layers, PATH)
    for wanted in (False, True):
        head(layers, PARAMS)
        counts = [int(text.replace(",", "")) for text in column(layers, PARAMS)]
        assert counts == sorted(counts, reverse=wanted)
    head(layers, PARAMS)
    assert column(layers, PATH) == plain
    head(layers, KIND)
    assert column(layers, KIND) == sorted(column(layers, KIND))


def test_filter_and_its_totals(layers, qtbot):
    qtbot.keyClicks(layers.filter, "conv2d")
    assert set(column(layers, KIND)) == {"Conv2d"}
    macs = sum(int(text.replace(",", "")) for text in column(layers, MACS))
    assert layers.totals.text().startswith("9 of 32 layers · ")
    assert layers.totals.toolTip() == f"{macs:,} MACs"
    layers.filter.clear()
    qtbot.keyClicks(layers.filter, "64x7x7")
    assert column(layers, PATH)[0] == "layer3.0.conv1"


def test_copy_gives_csv(layers, session, qtbot):
    layers.view.setFocus()
    qtbot.keyClick(layers.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    rows = list(csv.reader(QGuiApplication.clipboard().text().splitlines()))
    assert rows[0] == list(CSV)
    assert rows[1][:8] == ["conv1", "Conv2d", "1×28×28", "16×28×28", "144", "112896", "3", "3"]
    assert "\n".join(",".join(row) for row in rows) + "\n" == as_csv(session.report)
    assert sum(int(row[4]) for row in rows[1:]) == 77754
    click(layers, 0)
    QTest.mouseClick(
        layers.view.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ShiftModifier,
        layers.view.visualRect(layers.table.index(2, PATH)).center(),
    )
    layers.copy_button.click()
    assert QGuiApplication.clipboard().text().count("\n") == 4


def test_it_follows_only_what_changes_it_and_only_when_seen(layers, session, monkeypatch):
    shown = []
    show_report = LayerTable.show_report
    monkeypatch.setattr(
        LayerTable,
        "show_report",
        lambda table, report: shown.append(show_report(table, report)) or shown[-1],
    )
    session.edit("Move", lambda graph: edits.move(graph, {"layer1": (1.0, 2.0)}))
    assert "77,754 parameters" in layers.totals.text() and shown == []
    session.edit("Set", lambda graph: edits.set_params(graph, "head", {"classes": 20}))
    assert "78,404 parameters" in layers.totals.text() and shown == [True]
    layers.hide()
    session.edit("Set", lambda graph: edits.set_params(graph, "layer1", {"depth": 2}))
    assert shown == [True]
    layers.show()
    assert shown == [True, True] and "layer1.1.conv1" in column(layers, PATH)


def test_a_faulty_layer_counts_as_unknown(layers, session):
    session.edit(
        "Set",
        lambda graph: edits.insert(
            graph,
            Node("conv", "Conv2d", {"out_channels": 16, "groups": 3}),
            graph.into("layer2")["x"],
        ),
    )
    row = column(layers, PATH).index("conv")
    assert column(layers, PARAMS)[row] == column(layers, MACS)[row] == "?"


def test_receptive_fields_stand_beside_the_layers(layers, session):
    fields = dict(zip(column(layers, PATH), column(layers, FIELD)))
    assert fields["conv1"].strip() == "3×3" and fields["layer1.0.conv2"].strip() == "7×7"
    assert fields["avgpool"] == fields["fc"] == "28×28*"
    row = column(layers, PATH).index("avgpool")
    assert "Clipped to the picture" in layers.table.index(row, FIELD).data(
        Qt.ItemDataRole.ToolTipRole
    )
    jumps = dict(zip(column(layers, PATH), column(layers, JUMP)))
    assert jumps["conv1"] == "1" and jumps["layer3.0.conv2"] == "4" and jumps["fc"] == "–"
    layers.table.sort(FIELD, Qt.SortOrder.DescendingOrder)
    sizes = [int(text.split("×")[0]) for text in column(layers, FIELD)]
    assert sizes == sorted(sizes, reverse=True)


def test_what_sharing_saves_stands_beside_the_convolutions(layers):
    row = column(layers, PATH).index("conv1")
    assert column(layers, LOCAL)[row] == "113k" and column(layers, FULL)[row] == "9.83M"
    assert layers.table.index(row, LOCAL).data(Qt.ItemDataRole.ToolTipRole) == (
        "112,896 parameters, 784× as many"
    )
    assert {
        text for text, kind in zip(column(layers, LOCAL), column(layers, KIND)) if kind != "Conv2d"
    } == {""}


def test_a_column_can_be_put_away_for_good(session, layers, qtbot):
    layers.show_column(FULL, False)
    again = Layers(session)
    qtbot.addWidget(again)
    assert again.view.isColumnHidden(FULL) and not again.view.isColumnHidden(FIELD)
    again.show_column(FULL, True)
    assert not again.view.isColumnHidden(FULL)


def test_another_network_begins_at_its_first_layer_with_whole_names(layers, session):
    session.new("cifar_resnet110")
    session.select({"layer3"})
    assert layers.view.verticalScrollBar().value() > 0
    session.new("cifar_resnet56")
    assert layers.view.verticalScrollBar().value() == 0
    layers.resize(1400, 300)
    QApplication.processEvents()
    longest = max((row.layer.path for row in layers.table.all), key=len)
    assert layers.view.columnWidth(PATH) >= layers.view.fontMetrics().horizontalAdvance(longest) + 6
