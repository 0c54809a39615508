"""A person takes the network away: as source, as a picture for a page, as a table."""

import ast
import csv

import pytest
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QMessageBox

from explorer.analysis.form import FORMS


@pytest.fixture
def export(person, tmp_path, monkeypatch):
    """export(entry, name, filter) chooses the entry of File > Export and types that name; the
    path as typed."""

    def go(entry: str, name: str, chosen: str = "") -> object:
        asked = []

        def answer(_window, _title, proposed, filters):
            asked.append((proposed, filters))
            return str(tmp_path / name) if name else "", chosen

        monkeypatch.setattr("explorer.app.files.QFileDialog.getSaveFileName", answer)
        file_menu = person.window.menus.menus[0]
        menu = next(action.menu() for action in file_menu.actions() if action.text() == "&Export")
        action = next(
            action for action in menu.actions() if action.text().replace("&", "").startswith(entry)
        )
        assert action.statusTip()
        action.trigger()
        go.asked = asked
        return tmp_path / name

    return go


def test_the_whole_network_as_a_picture(person, export):
    path = export("Diagram", "net.svg")
    assert QSvgRenderer(str(path)).isValid()
    assert str(path) in person.window.notice.text()
    proposed, filters = export.asked[0]
    assert proposed.endswith("cifar_resnet8.svg") and filters.count("*.") == 3
    path = export("Diagram", "net.pdf")
    assert path.read_bytes().startswith(b"%PDF")


def test_the_picture_is_of_what_is_shown(person, export):
    whole = QImage(str(export("Diagram", "whole.png")))
    person.double_click("layer2")
    inside = QImage(str(export("Diagram", "inside.png")))
    assert export.asked[0][0].endswith("cifar_resnet8-layer2.svg")
    assert not whole.isNull() and not inside.isNull() and whole.size() != inside.size()


def test_a_picture_is_made_to_be_printed(person, export):
    """Light though the window is dark, and without what is selected."""
    before = QImage(str(export("Diagram", "a.png")))
    person.click("layer2")
    after = QImage(str(export("Diagram", "b.png")))
    assert before == after and before.pixelColor(2, 2).name() == "#ffffff"


def test_a_name_without_suffix_gets_that_of_the_chosen_form(person, export, tmp_path, monkeypatch):
    export("Diagram", "net", "PNG (*.png)")
    assert [path.name for path in tmp_path.glob("net*")] == ["net.png"]
    export("Table", "net.v2", "Markdown (*.md)")
    assert (tmp_path / "net.v2.md").read_text("utf-8").startswith(("#", "|"))
    (tmp_path / "net.png").write_text("mine")
    monkeypatch.setattr(
        "explorer.app.files.QMessageBox.question", lambda *_args: QMessageBox.StandardButton.No
    )
    export("Diagram", "net", "PNG (*.png)")
    assert (tmp_path / "net.png").read_text() == "mine"


@pytest.mark.parametrize("entry", sorted({form.entry.words for form in FORMS.values()}))
def test_the_dialog_lists_the_forms_of_the_entry(export, entry):
    export(entry.replace("&", ""), "")
    assert export.asked[0][1].split(";;") == [
        f"{form.title} (*{form.suffix})" for form in FORMS.values() if form.entry.words == entry
    ]


def test_the_table(person, export):
    rows = list(csv.reader(export("Table", "net.csv").read_text("utf-8").splitlines()))
    report = person.session.report
    assert [row[0] for row in rows[1:]] == [layer.path for layer in report.layers()]


def test_the_source_keeps_its_key(person, export):
    path = export("PyTorch", "net.py")
    assert ast.parse(path.read_text("utf-8"))
    keys = {action.shortcut().toString() for action in person.window.actions()}
    assert {"Ctrl+Shift+E", "Ctrl+Shift+D", "Ctrl+Shift+T"} <= keys


def test_what_cannot_be_written_is_told(person, export):
    path = export("Diagram", "none/net.svg")
    notice = person.window.notice.text()
    assert str(path) in notice and "No such file" in notice
    assert export("Table", "").is_dir() and person.window.notice.text() == notice
