"""The report on imported weights."""

from explorer.app.weights_report import WeightsReport

ROWS = [
    ["no partner", "fc.bias", "", "10"],
    ["by order", "a.weight", "b.weight", "4×3"],
    ["by name", "fc.weight", "fc.weight", "10×4"],
]


def test_the_report_lists_what_does_not_fit_in_red(qapp, qtbot, session):
    from PySide6.QtCore import Qt

    from explorer.app import theme

    report = WeightsReport("theirs.pth into net", "Nothing was loaded.", ROWS, False, None)
    qtbot.addWidget(report)
    report.show()
    model = report.table.model()
    cells = [[model.index(row, column).data() for column in range(4)] for row in range(3)]
    assert cells[0] == ["no partner", "fc.bias", "–", "10"] and cells[1][2] == "b.weight"
    colours = [model.index(row, 1).data(Qt.ItemDataRole.ForegroundRole).name() for row in range(3)]
    assert colours == [theme.DARK.problem, theme.DARK.text, theme.DARK.muted]


def test_what_fits_is_loaded_with_a_button(qapp, qtbot, session):
    from PySide6.QtWidgets import QPushButton

    loaded: list[bool] = []
    report = WeightsReport(
        "a into b", "Load what fits?", ROWS, False, None, ("Load 2", lambda: loaded.append(True))
    )
    report.show()
    load, close = report.findChildren(QPushButton)
    assert (load.text(), close.text()) == ("Load 2", "Close") and not loaded
    with qtbot.waitSignal(report.destroyed):
        load.click()
    assert loaded == [True]
