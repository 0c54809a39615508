"""A person opens the example, looks at photos, imports weights and takes a network away."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from safetensors.torch import load_file

from explorer import resource
from explorer.app.weights_report import WeightsReport
from explorer.catalog import templates
from explorer.catalog.datasets import DATASETS, PICTURES
from explorer.catalog.preprocess import of_graph, with_preprocess
from explorer.engine.model import build
from explorer.graph import edits, file
from explorer.protocol.looks import Answers


def open_example(person) -> None:
    action = next(action for action in person.window.actions() if "SqueezeNet" in action.text())
    action.trigger()


def answered(person, name: str) -> None:
    """Wait until the likeliest answer is this."""
    panel = person.window.feature_maps
    person.wait(lambda: bool(panel.answers.answers) and panel.answers.answers[0][0] == name)
    assert panel.answers.isVisible() or name in panel.guess.text()  # the room decides


def drop(person, *paths) -> None:
    """Drop files onto the window, over its canvas."""
    drop_urls(person, *(QUrl.fromLocalFile(str(path)) for path in paths))


def drop_urls(person, *urls: QUrl) -> None:
    """Drop addresses, from a file manager that proposes to move the files."""
    mime = QMimeData()
    mime.setUrls(list(urls))
    both, left = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    plain = Qt.KeyboardModifier.NoModifier
    for event in (
        QDragEnterEvent(QPoint(400, 200), both, mime, left, plain),
        QDragMoveEvent(QPoint(400, 200), both, mime, left, plain),
        QDropEvent(QPointF(400, 200), both, mime, left, plain),
    ):
        event.setDropAction(Qt.DropAction.MoveAction)
        QApplication.sendEvent(person.window, event)
        assert event.isAccepted() and event.dropAction() == Qt.DropAction.CopyAction


def weights_of(name: str, seed: int) -> dict:
    graph = templates.build(name, DATASETS["fashion-mnist"].input, 10)
    return build(graph, torch.device("cpu"), seed).net.state_dict()


def test_the_example_names_the_cat_and_the_coffee(ready):
    person = ready
    open_example(person)
    answered(person, "Egyptian cat")
    panel, scene = person.window.feature_maps, person.scene
    assert round(panel.answers.answers[0][1], 2) == 0.39 and len(panel.answers.answers) == 5
    assert panel.label.text() == "chelsea"
    assert "features · 512×13×13" in panel.title.text()
    assert scene.cards["input"].subtitle == "chelsea"
    assert scene.cards["output"].subtitle == "Egyptian cat"
    assert person.session.report.ok and person.window.run_bar.chosen_data() == "photos"
    panel.next.click()
    answered(person, "espresso")
    panel.previous.click()
    answered(person, "Egyptian cat")
    person.click("classifier")
    person.wait(lambda: "classifier · 1000×1×1" in panel.title.text())
    person.window.run_bar.run_actions["run"].trigger()
    assert "no labels" in person.window.notice.text() and person.session.run.state == "idle"


def test_photos_are_chosen_by_name_and_of_ones_own(ready, tmp_path, monkeypatch):
    person = ready
    open_example(person)
    answered(person, "Egyptian cat")
    panel = person.window.feature_maps
    next(action for action in panel.photos.menu().actions() if action.text() == "coffee").trigger()
    answered(person, "espresso")
    own = tmp_path / "my cat.png"
    QImage(str(resource.path("photos") / "chelsea.png")).save(str(own))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_what: (str(own), ""))
    panel.photos.menu().actions()[-1].trigger()
    answered(person, "Egyptian cat")
    assert panel.label.text() == "my cat" and panel.label.toolTip() == str(own)
    panel.next.click()
    person.wait(lambda: panel.label.text() == "chelsea")


def test_a_photo_dropped_on_a_network_for_clothes(ready):
    person = ready
    panel = person.window.feature_maps
    drop(person, resource.path("photos") / "coffee.png")
    person.wait(lambda: panel.label.text() == "coffee")
    assert {name for name, _chance in panel.answers.answers} <= set(
        DATASETS["fashion-mnist"].classes
    )
    panel.next.click()
    person.wait(lambda: panel.label.text() in DATASETS["fashion-mnist"].classes)
    assert panel.guess.isVisible() and not panel.answers.isVisible()


@pytest.mark.parametrize("name", ["coffee.avif", "coffee.jfif", "coffee.data", "coffee"])
def test_a_photo_is_known_by_its_content(ready, tmp_path, name):
    person = ready
    form = "AVIF" if name.endswith("avif") else "JPEG"
    Image.open(resource.path("photos") / "coffee.png").convert("RGB").save(tmp_path / name, form)
    drop(person, tmp_path / name)
    person.wait(lambda: person.window.feature_maps.label.toolTip() == str(tmp_path / name))


def test_a_network_is_known_by_its_content(ready, tmp_path):
    person = ready
    file.write(templates.build("lenet5"), tmp_path / "net.txt")
    drop(person, tmp_path / "net.txt")
    assert person.session.graph.name == "lenet5"


def test_a_refused_drop_says_why(ready, tmp_path):
    person = ready
    notice = person.window.notice
    (tmp_path / "notes.txt").write_text("a photo of a cat")
    (tmp_path / "paper.png").write_bytes(b"%PDF-1.7")
    for path, words in (
        (tmp_path / "notes.txt", "neither a network nor a file of weights nor a photo"),
        (tmp_path / "paper.png", "is a PDF document"),
        (tmp_path / "none.png", "cannot be opened"),
        (tmp_path, "cannot be opened"),
        (Path("/dev/zero"), "cannot be opened"),
    ):
        drop(person, path)
        assert words in notice.text() and path.name in notice.text()
    drop_urls(person, QUrl("https://example.org/cat.png"))
    assert "not a file of this machine" in notice.text()


def test_pixels_that_are_not_finite_are_told_beside_the_photo(ready, tmp_path):
    person = ready
    values = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (40, 1))
    values[3, 4] = np.nan
    Image.fromarray(values).save(tmp_path / "wild.tif")
    drop(person, tmp_path / "wild.tif")
    label = person.window.feature_maps.label
    person.wait(lambda: label.text() == "wild ⚠")
    assert "1 pixel is not finite" in label.toolTip()


def test_what_a_network_states_of_its_pictures_is_an_edit_like_any_other(person, tmp_path):
    session = person.session
    before = session.graph
    stated = DATASETS["fashion-mnist"].preprocess
    session.edit("State the preprocessing", partial(with_preprocess, preprocess=stated))
    assert of_graph(session.graph) == stated
    session.save(tmp_path / "net.cnn.json")
    session.document.undo.undo()
    assert session.graph == before
    session.document.undo.redo()
    session.read(tmp_path / "net.cnn.json")
    assert of_graph(session.graph) == stated
    wrong = replace(session.graph, more='{"preprocess": {"input": [1, 28, 28]}}')
    session.edit("State nonsense", lambda _graph: wrong)
    assert of_graph(session.graph) == stated and '"resize" of' in person.window.notice.text()


def test_every_document_looks_at_its_own_pictures(ready):
    person = ready
    person.session.edit("Set", partial(edits.set_params, id="layer3", params={"width": 48}))
    open_example(person)
    answered(person, "Egyptian cat")
    person.window.tabs.bar.setCurrentIndex(0)
    panel = person.window.feature_maps
    person.wait(lambda: panel.label.text() == "Ankle boot")
    assert person.window.run_bar.chosen_data() == "fashion-mnist"
    person.session.choose_data(PICTURES["photos"])
    assert person.session.report.ok
    person.wait(lambda: panel.label.text() == "chelsea")


def test_imported_weights_are_shown_and_reported(ready, tmp_path, qtbot):
    person = ready
    state = weights_of("cifar_resnet8", 7)
    torch.save(
        {name.replace("layer", "group"): value for name, value in state.items()},
        tmp_path / "theirs.pth",
    )
    with qtbot.waitSignal(person.session.link.built) as built:
        drop(person, tmp_path / "theirs.pth")
    assert built.args[0].fresh == 0
    notice = person.window.notice
    assert "by the tail of the name" in notice.text() and notice.more.isVisible()
    notice.more.click()
    (report,) = person.window.findChildren(WeightsReport)
    assert report.isVisible() and not report.isModal()
    shown = {
        report.table.model().index(row, 2).data() for row in range(report.table.model().rowCount())
    }
    assert "group1.0.conv1.weight" in shown
    report.close()


@pytest.mark.parametrize("name", ["model_best.pth.tar", "resnet8.th", "w.ckpt", "no suffix"])
def test_weights_are_taken_by_their_content(ready, tmp_path, qtbot, name, monkeypatch):
    person = ready
    state = {f"module.{key}": value for key, value in weights_of("cifar_resnet8", 7).items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / name)
    with qtbot.waitSignal(person.session.link.built) as built:
        drop(person, tmp_path / name)
    assert built.args[0].fresh == 0 and "match by name" in person.window.notice.text()
    asked: list[tuple] = []
    monkeypatch.setattr(
        QFileDialog,
        "getOpenFileName",
        lambda *what: asked.append(what) or (str(tmp_path / name), ""),
    )
    with qtbot.waitSignal(person.session.weights_io.reported):
        person.window.menus.actions["import_weights"].trigger()
    assert "*.pth.tar" in asked[0][3] and asked[0][3].endswith("All files (*)")


def test_a_dropped_file_that_is_not_taken_is_called_what_it_is(ready, tmp_path):
    person = ready
    (tmp_path / "net.py").write_text("import torch\n")
    (tmp_path / "net.onnx").write_bytes(b"\x08\x09\x12\x07pytorch")
    for name, words in (("net.py", "is Python source"), ("net.onnx", "is an ONNX file")):
        drop(person, tmp_path / name)
        assert f"{name} {words}" in person.window.notice.text()


def test_a_published_backbone_gets_a_new_head(ready, tmp_path, qtbot):
    person = ready
    state = weights_of("cifar_resnet8", 7)
    state["fc.weight"], state["fc.bias"] = torch.zeros(100, 64), torch.zeros(100)
    torch.save(state, tmp_path / "hundred.pth")
    with qtbot.waitSignal(person.session.weights_io.asked):
        drop(person, tmp_path / "hundred.pth")
    (question,) = person.window.findChildren(WeightsReport)
    model = question.table.model()
    rows = [
        [model.index(row, column).data() for column in (0, 1)] for row in range(model.rowCount())
    ]
    assert ["random", "fc.weight"] in rows and ["by name", "conv1.weight"] in rows
    button = next(each for each in question.findChildren(QPushButton) if "45" in each.text())
    with qtbot.waitSignal(person.session.link.built) as built:
        button.click()
    assert built.args[0].fresh == 2
    assert "45 of 47 tensors were loaded" in person.window.notice.text()


def test_imported_weights_are_found_again(ready, tmp_path, qtbot):
    person = ready
    session = person.session
    torch.save(weights_of("cifar_resnet8", 7), tmp_path / "theirs.pth")
    session.save(tmp_path / "net.cnn.json")
    with qtbot.waitSignal(session.link.built):
        person.window.files.import_weights(str(tmp_path / "theirs.pth"))
    with qtbot.waitSignal(
        session.link.seen, check_params_cb=lambda seen: isinstance(seen.look, Answers)
    ) as probed:
        pass
    answers = probed.args[0].figures["answers"]
    session.new("lenet5")
    session.close(0)
    with qtbot.waitSignal(
        session.link.seen,
        check_params_cb=lambda seen: isinstance(seen.look, Answers),
    ) as probed:
        session.read(tmp_path / "net.cnn.json")
    assert probed.args[0].figures["answers"] == answers
    assert "theirs" not in json.dumps(json.loads((tmp_path / "net.cnn.json").read_text()))


def test_files_that_do_not_fit_are_told_in_one_sentence_and_change_nothing(ready, tmp_path):
    person = ready
    (tmp_path / "torn.pth").write_bytes(b"PK\x03\x04 torn")
    (tmp_path / "text.png").write_text("no photo")
    other = resource.path("squeezenet1_1") / "squeezenet1_1.safetensors"
    for path, words in (
        (tmp_path / "torn.pth", "is damaged"),
        (other, "Nothing was loaded"),
        (tmp_path / "text.png", "not a photo that can be read"),
    ):
        drop(person, path)
        person.wait(lambda words=words: words in person.window.notice.text())
        assert person.session.document.weights is None
    person.click("layer2")  # the picture before the photo is there again
    person.wait(lambda: "layer2" in person.window.feature_maps.title.text())
    assert person.window.feature_maps.label.text() == "Ankle boot"


def test_weights_leave_the_photo_that_was_chosen(ready, tmp_path, qtbot):
    person = ready
    panel, link = person.window.feature_maps, person.session.link
    own = tmp_path / "a photo of my own with quite a long name.png"
    QImage(str(resource.path("photos") / "coffee.png")).save(str(own))
    drop(person, own)
    person.wait(lambda: panel.label.toolTip() == str(own))
    assert own.stem in person.scene.cards["input"].toolTip()
    (tmp_path / "torn.pth").write_bytes(b"PK\x03\x04 torn")
    torch.save(weights_of("cifar_resnet8", 7), tmp_path / "theirs.pth")
    with qtbot.waitSignal(link.failed):
        drop(person, tmp_path / "torn.pth")
    with qtbot.waitSignal(
        link.seen,
        check_params_cb=lambda seen: seen.look.image == str(own),
    ):
        drop(person, tmp_path / "theirs.pth")
    person.session.run.build()
    with qtbot.waitSignal(link.seen) as probed:
        pass
    assert probed.args[0].look.image == str(own)


@pytest.mark.parametrize(
    ("form", "command", "words"),
    [
        ("safetensors", "export_weights", "is written"),
        ("onnx", "export_onnx", "differ by at most"),
    ],
)
def test_the_network_that_the_engine_holds_is_taken_away(
    ready, tmp_path, monkeypatch, form, command, words
):
    person = ready
    path = tmp_path / f"net.{form}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_what: (str(path), ""))
    person.window.menus.actions[command].trigger()
    assert "Writing" in person.window.notice.text()
    person.wait(lambda: words in person.window.notice.text())
    assert path.stat().st_size > 100_000
    if form == "safetensors":
        state = weights_of("cifar_resnet8", 0)
        assert torch.equal(load_file(path)["conv1.weight"], state["conv1.weight"])
    else:
        assert "any batch size" in person.window.notice.text()
    person.click("layer2")  # and the engine goes on
    person.wait(lambda: "layer2" in person.window.feature_maps.title.text())
