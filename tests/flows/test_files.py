"""A person saves, closes, reopens; wrong files leave everything as it was."""

import json

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST, PHOTOS
from explorer.graph import file


@pytest.fixture
def saved(person, tmp_path, monkeypatch):
    """The first network with a change, saved as net.cnn.json."""
    path = tmp_path / "mine" / "net.cnn.json"
    path.parent.mkdir()
    person.click("layer2")
    person.window.actions_of_canvas.by_name["duplicate"].trigger()
    person.undo()
    person.session.new("lenet5")
    monkeypatch.setattr(
        "explorer.app.files.QFileDialog.getSaveFileName", lambda *_args: (str(path), "")
    )
    assert person.window.files.save()
    return path


def test_what_is_saved_and_opened_again_is_the_same(person, saved):
    graph = person.session.graph
    assert not person.session.document.modified
    person.session.close(1)
    assert person.session.graph.name == "cifar_resnet8"
    person.window.files.open(str(saved))
    assert person.session.graph.nodes == graph.nodes
    assert person.session.graph.wires == graph.wires
    assert person.session.graph.input == graph.input
    assert person.window.files.recent[0] == str(saved)


@pytest.mark.parametrize(
    ("input", "data"),
    [((1, 28, 28), FASHION_MNIST), ((3, 224, 224), PHOTOS), ((1, 32, 32), PHOTOS)],
)
def test_a_network_that_is_opened_looks_at_pictures_that_it_takes(person, tmp_path, input, data):
    path = tmp_path / "net.cnn.json"
    file.write(templates.build("resnet18", input), path)
    person.window.files.open(str(path))
    session = person.session
    assert session.data == data and session.report.ok
    assert [each.rule for each in session.misfits] == (["classes"] if data.labelled else [])


def test_an_undone_and_redone_change_is_known_to_be_unsaved(person, saved):
    person.click("conv1")
    person.window.actions_of_canvas.by_name["delete"].trigger()
    assert person.session.document.modified
    assert person.window.isWindowModified()
    person.undo()
    assert not person.session.document.modified


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ('{"format": "other"}', '"format"'),
        (json.dumps({"format": "cnn-explorer", "version": 9}), "newer"),
        (
            json.dumps(
                {
                    "format": "cnn-explorer",
                    "version": 1,
                    "name": "x",
                    "input": [1, 8, 8],
                    "nodes": [{"id": "a", "kind": "Warp"}],
                    "wires": [],
                }
            ),
            "unknown kind Warp",
        ),
        (
            json.dumps(
                {
                    "format": "cnn-explorer",
                    "version": 1,
                    "name": "x",
                    "input": [1, 8, 8],
                    "nodes": [{"id": "a", "kind": "Conv2d", "params": {"stride": 0}}],
                    "wires": [],
                }
            ),
            "stride is 0; allowed: 1 to 64",
        ),
        (
            json.dumps(
                {
                    "format": "cnn-explorer",
                    "version": 1,
                    "name": "x",
                    "input": [1, 8, 8],
                    "nodes": [{"id": "a", "kind": "ReLU"}, {"id": "b", "kind": "ReLU"}],
                    "wires": [["a", "b"], ["b", "a"]],
                }
            ),
            "cycle",
        ),
    ],
)
def test_a_wrong_file_leaves_the_open_document_untouched(person, tmp_path, text, words):
    before, count = person.session.graph, len(person.session.documents)
    path = tmp_path / "wrong.cnn.json"
    path.write_text(text)
    person.window.files.open(str(path))
    assert words in person.window.notice.text() and person.window.notice.isVisible()
    assert person.session.graph == before and len(person.session.documents) == count


def test_a_crash_in_the_middle_of_saving_loses_nothing(person, saved, monkeypatch):
    before = saved.read_text()
    person.click("conv1")
    person.window.actions_of_canvas.by_name["delete"].trigger()

    def crash(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", crash)
    assert not person.window.files.save()
    assert saved.read_text() == before
    assert "No space left" in person.window.notice.text()
    assert person.session.document.modified
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def choose(words):
    """Click that button of the question that comes."""

    def click():
        box = QApplication.activeModalWidget()
        assert "has changed net.cnn.json" in box.text()
        next(each for each in box.buttons() if each.text() == words).click()

    QTimer.singleShot(0, click)


@pytest.fixture
def changed(person, saved):
    """The saved network, edited here and by another program too; what the latter wrote."""
    person.click("relu1")
    person.window.actions_of_canvas.by_name["delete"].trigger()
    theirs = saved.read_text().replace("lenet5", "theirs")
    saved.write_text(theirs)
    return theirs


def test_what_another_program_wrote_is_not_replaced_unasked(person, saved, changed):
    mine = person.session.graph
    choose("Cancel")
    assert not person.window.files.save() and saved.read_text() == changed
    choose("Replace it")
    assert person.window.files.save() and file.read(saved) == mine
    assert person.window.files.save(), "it is asked once"


def test_both_versions_are_kept(person, saved, changed, monkeypatch):
    other, mine = saved.with_name("mine.cnn.json"), person.session.graph
    monkeypatch.setattr(
        "explorer.app.files.QFileDialog.getSaveFileName", lambda *_args: (str(other), "")
    )
    choose("Keep both…")
    assert person.window.files.save()
    assert saved.read_text() == changed and file.read(other) == mine
    assert person.session.document.path == other


def test_the_other_version_is_reloaded_and_mine_is_an_undo_away(person, saved, changed):
    mine = person.session.graph
    choose("Reload it")
    assert person.window.files.save()
    assert person.session.graph.name == "theirs" and not person.session.document.modified
    person.undo()
    assert person.session.graph == mine and person.session.document.modified


def test_the_other_version_is_looked_at_beside_mine(person, saved, changed):
    mine = person.session.document
    choose("Open it beside")
    assert not person.window.files.save()
    assert person.session.graph.name == "theirs" and person.session.document.path is None
    assert mine in person.session.documents and mine.modified and saved.read_text() == changed


def test_closing_with_changes_asks_and_can_be_cancelled(person, saved):
    person.click("conv1")
    person.window.actions_of_canvas.by_name["delete"].trigger()

    def answer():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        box.button(QMessageBox.StandardButton.Cancel).click()

    QTimer.singleShot(0, answer)
    person.window.close()
    assert person.window.isVisible()
    assert person.session.document.modified


def test_several_networks_are_open_at_once(person):
    person.session.new("resnet18")
    person.click("layer1")
    person.window.actions_of_canvas.by_name["delete"].trigger()
    person.session.new("lenet5")
    tabs = person.window.tabs.bar
    assert [tabs.tabText(n) for n in range(tabs.count())] == ["resnet18 ●", "lenet5"]
    tabs.setCurrentIndex(0)
    assert "layer1" not in person.scene.cards and "layer4" in person.scene.cards
    person.undo()
    assert "layer1" in person.scene.cards


def test_the_saved_text_reads_well_in_version_control(person, saved):
    lines = saved.read_text().splitlines()
    assert sum('"kind"' in line for line in lines) == len(person.session.graph.nodes)
    assert max(map(len, lines)) < 140
    assert file.read(saved) == person.session.graph


def test_the_panels_places_are_remembered(person, qtbot):
    from explorer.app.window import Window

    person.window.docks["layers"].close()
    person.window.docks["code"].setFloating(True)
    person.window.close()
    again = Window(person.session)
    qtbot.addWidget(again)
    again.show()
    assert again.docks["layers"].isHidden() and again.docks["code"].isFloating()
    again.reset_layout()
    assert not again.docks["layers"].isHidden() and not again.docks["code"].isFloating()
