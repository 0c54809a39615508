"""What the window asks for weights, and what it makes of the answers; without an engine."""

import pytest

from explorer.app.weights_io import MOST_REMEMBERED
from explorer.catalog.datasets import PHOTOS
from explorer.graph import edits
from explorer.protocol.messages import (
    Build,
    Device,
    Export,
    Exported,
    Hello,
    Import,
    Imported,
    Train,
)

HELLO = Hello(devices=(Device("cpu", "a", 1),), torch="", pid=1)
ROWS = (
    ("no partner", "fc.bias", "", "10"),
    ("by order", "a.weight", "b.weight", "4×3"),
    ("by name", "fc.weight", "fc.weight", "10×4"),
)


def asked(session, kind: type):
    """The newest request of that kind."""
    return next(each for each in reversed(session.link.sent) if isinstance(each, kind))


@pytest.fixture
def ready(session):
    """A session whose engine has said hello."""
    session.link.hello = HELLO
    session.link.hello_said.emit(HELLO)
    return session


def bring(session, tmp_path, path="kept.safetensors") -> None:
    """Import, and answer as an engine does where all fits; the weights lie at `path`."""
    session.weights_io.read(tmp_path / "theirs.pth")
    (tmp_path / path).touch()
    session.link.imported.emit(
        Imported(
            generation=len(session.link.sent),
            path=str(tmp_path / path),
            sentence="All fits.",
            rows=ROWS,
        )
    )


def test_what_is_asked_before_the_engine_is_there_waits_for_it(session, tmp_path):
    session.weights_io.read(tmp_path / "theirs.pth")
    assert not session.link.sent
    session.link.hello = HELLO
    session.link.hello_said.emit(HELLO)
    assert asked(session, Import).file == str(tmp_path / "theirs.pth")


def test_imported_weights_are_what_is_built_with(ready, tmp_path, qtbot):
    with qtbot.waitSignal(ready.weights_io.reported) as told:
        bring(ready, tmp_path)
    assert told.args == ["theirs.pth into cifar_resnet8", "All fits.", ROWS, True]
    assert asked(ready, Build).weights == str(tmp_path / "kept.safetensors")
    ready.run.start()
    assert asked(ready, Train).weights == str(tmp_path / "kept.safetensors")


def test_weights_that_do_not_fit_change_nothing(ready, tmp_path, qtbot):
    bring(ready, tmp_path)
    ready.weights_io.read(tmp_path / "other.pth")
    with qtbot.waitSignal(ready.weights_io.reported):
        ready.link.imported.emit(
            Imported(
                generation=len(ready.link.sent),
                path=None,
                sentence="Nothing was loaded.",
                rows=ROWS,
            )
        )
    assert ready.document.weights == str(tmp_path / "kept.safetensors")


def test_what_fits_is_loaded_if_the_person_says_so(ready, tmp_path, qtbot):
    document = ready.document
    ready.edit("Set", lambda graph: edits.set_params(graph, "layer1", {"depth": 2}))
    ready.weights_io.read(tmp_path / "backbone.pth")
    assert not asked(ready, Import).partial
    answer = Imported(generation=len(ready.link.sent), path=None, sentence="No.", rows=ROWS, part=2)
    with (
        qtbot.assertNotEmitted(ready.weights_io.reported),
        qtbot.waitSignal(ready.weights_io.asked) as told,
    ):
        ready.link.imported.emit(answer)
    *words, load = told.args
    assert words == ["backbone.pth into cifar_resnet8", "No.", ROWS, 2]
    ready.new("lenet5")
    load()
    assert ready.document is document and asked(ready, Import).partial
    assert asked(ready, Import).file == str(tmp_path / "backbone.pth")
    ready.new("squeezenet1_1")
    ready.close(ready.documents.index(document))
    sent = len(ready.link.sent)
    load()
    assert len(ready.link.sent) == sent  # there is nothing left to load it into


def test_an_answer_to_nothing_is_not_heard(ready, qtbot):
    with qtbot.assertNotEmitted(ready.weights_io.reported):
        ready.link.imported.emit(Imported(generation=99, path="x", sentence="", rows=()))


def test_a_run_or_a_network_with_problems_takes_and_gives_no_weights(ready, tmp_path, qtbot):
    ready.edit("Set", lambda graph: edits.set_params(graph, "layer1", {"block": "BasicBlock"}))
    ready.run.start()
    with qtbot.waitSignal(ready.notified) as told:
        ready.weights_io.read(tmp_path / "theirs.pth")
    assert "stop it" in told.args[0]
    ready.run.record.state = "idle"
    ready.edit("Cut", lambda graph: edits.remove(graph, {"head"}))
    for do in (
        lambda: ready.weights_io.read(tmp_path / "theirs.pth"),
        lambda: ready.weights_io.write("onnx", tmp_path / "net.onnx"),
    ):
        with qtbot.waitSignal(ready.notified):
            do()
    assert not any(isinstance(each, Import | Export) for each in ready.link.sent)


def test_an_edit_of_just_now_is_built_before_it_is_written(ready, tmp_path):
    ready.edit("Set", lambda graph: edits.set_params(graph, "layer1", {"depth": 2}))
    ready.weights_io.write("safetensors", tmp_path / "net.safetensors")
    built, written = ready.link.sent[-2:]
    assert isinstance(built, Build) and isinstance(written, Export)
    assert built.graph == written.graph


def test_what_was_written_is_told(ready, qtbot):
    made = {"difference": 2e-6, "largest": 12.0}
    for answer, words in (
        ({"difference": None, "dynamic": None}, "net.onnx is written"),
        ({**made, "dynamic": True}, "at most 2.0e-06 (largest output 12)"),
        ({**made, "dynamic": True}, "any batch size"),
        ({**made, "dynamic": False}, "one picture at a time"),
    ):
        with qtbot.waitSignal(ready.notified) as told:
            ready.link.exported.emit(Exported(form="onnx", path="/a/net.onnx", **answer))
        assert words in told.args[0]


def test_a_file_finds_its_weights_and_photos_again(ready, tmp_path):
    ready.save(tmp_path / "net.cnn.json")
    ready.choose_data(PHOTOS)
    bring(ready, tmp_path)
    ready.new("lenet5")
    ready.close(0)
    ready.read(tmp_path / "net.cnn.json")
    assert ready.document.weights == str(tmp_path / "kept.safetensors")
    assert ready.data is PHOTOS
    ready.new("lenet5")
    ready.close(ready.documents.index(next(each for each in ready.documents if each.path)))
    (tmp_path / "kept.safetensors").unlink()
    ready.read(tmp_path / "net.cnn.json")
    assert ready.document.weights is None


def test_only_so_many_files_are_remembered_and_only_their_copies_kept(ready, tmp_path):
    weights_io = ready.weights_io
    weights_io._folder = tmp_path / "copies"
    weights_io._folder.mkdir()
    for number in range(MOST_REMEMBERED + 3):
        ready.document.path = tmp_path / f"{number}.cnn.json"
        copy = weights_io._folder / f"{number}.safetensors"
        copy.touch()
        bring(ready, weights_io._folder, copy.name)
    left = {int(path.stem) for path in weights_io._folder.glob("*.safetensors")}
    assert left == set(range(3, MOST_REMEMBERED + 3))
