"""Weights in and out of the engine, and photos through a network, over its real pipes."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from explorer import resource
from explorer.catalog import published, templates
from explorer.engine.model import build
from explorer.graph import edits, file
from explorer.protocol.messages import Built, Export, Exported, Failed, Import, Imported, State

CAT = str(resource.path("photos") / "chelsea.png")


@pytest.fixture(scope="module")
def squeezenet():
    return templates.build("squeezenet1_1")


def test_squeezenet_sees_the_photos(engine, squeezenet):
    engine.build(
        squeezenet,
        watch="features",
        image=0,
        data="photos",
        weights=str(published.weights("squeezenet1_1")),
    )
    built = engine.wait(Built)
    assert (built.kept, built.fresh) == (52, 0)
    probe = engine.seen()
    assert (probe.title, probe.label) == ("chelsea", -1)
    (name, chance), *others = probe.answers
    assert name == "Egyptian cat" and round(chance, 2) == 0.39 and len(others) == 4
    assert probe.confidence == chance and probe.shape == [512, 13, 13]
    assert probe.picture.shape == (224, 224, 3) and (probe.norms >= 0).all()
    engine.watch("features", 1)
    assert engine.seen(image=1).answers[0][0] == "espresso"
    engine.watch("features", 5)
    failed = engine.wait(Failed)
    assert "no photo 5; allowed: 0 to 4" in failed.sentence


def test_a_photo_through_a_network_for_small_grey_pictures(engine, tiny):
    engine.build(tiny(), watch="add", image=CAT)
    probe = engine.seen()
    assert (probe.title, probe.label, probe.image) == ("chelsea", -1, CAT)
    assert probe.picture.shape == (28, 28) and len(probe.answers) == 5
    engine.watch("add", 3)
    probe = engine.seen(image=3)
    assert probe.label in range(10) and probe.title == ""
    engine.watch("add", str(resource.path("photos") / "LICENSE"))
    assert "not a photo that can be read" in engine.wait(Failed).sentence


def test_a_network_of_any_input_and_output_looks_at_photos(engine, chain):
    graph = chain(
        "odd",
        ("conv", "Conv2d", {"out_channels": 5, "stride": 4}),
        ("bn", "BatchNorm2d", {}),
        input=(3, 48, 64),
    )
    engine.build(graph, watch="bn", image=2, data="photos")
    probe = engine.seen()
    assert probe.answers == [] and probe.guess == -1 and probe.title == "astronaut"
    assert probe.picture.shape == (48, 64, 3)
    engine.train(graph, data="photos")
    assert "no data set “photos”" in engine.wait(Failed).sentence


def test_imported_weights_are_what_a_network_begins_with(engine, tiny, tmp_path):
    graph = tiny()
    state = build(graph, torch.device("cpu"), 9).net.state_dict()
    torch.save({f"module.{name}": value for name, value in state.items()}, tmp_path / "theirs.pth")
    generation = engine.send(
        Import(
            graph=file.to_dict(graph),
            file=str(tmp_path / "theirs.pth"),
            to=str(tmp_path / "kept" / "ours.safetensors"),
        )
    )
    answer = engine.wait(Imported, generation=generation)
    ours = tmp_path / "kept" / "ours.safetensors"
    assert answer.path == str(ours) and "by name" in answer.sentence
    assert ("by name", "fc.bias", "module.fc.bias", "10") in answer.rows
    assert torch.equal(load_file(ours)["fc.weight"], state["fc.weight"])

    engine.build(graph, watch="fc", weights=str(ours))
    built = engine.wait(Built)
    assert built.fresh == 0
    probe = engine.seen()

    # An edit keeps what is unchanged; taken back, what was lost comes from the file again.
    engine.build(edits.set_params(graph, "fc", {"bias": False}), watch="fc", weights=str(ours))
    assert engine.wait(Built).fresh == 0
    engine.build(graph, watch="fc", weights=str(ours))
    assert engine.wait(Built).fresh == 0
    again = engine.seen()
    assert again.answers == probe.answers

    # Without the file, and with another seed, nothing of it is left.
    engine.build(graph, watch="fc")
    assert engine.wait(Built).kept == 0


def test_training_begins_with_imported_weights(engine, tiny, tmp_path):
    graph = tiny()
    state = build(graph, torch.device("cpu"), 9).net.state_dict()
    save_file(state, tmp_path / "ours.safetensors")
    engine.train(
        graph,
        weights=str(tmp_path / "ours.safetensors"),
        learning_rate=1e-8,
        weight_decay=0.0,
        out=str(tmp_path / "run"),
    )
    engine.wait(State, state="finished")
    trained = load_file(tmp_path / "run" / "weights.safetensors")
    torch.testing.assert_close(trained["fc.weight"], state["fc.weight"], atol=1e-5, rtol=0)


def test_weights_of_another_network_are_not_written(engine, tiny, tmp_path):
    engine.send(
        Import(
            graph=file.to_dict(tiny()),
            to=str(tmp_path / "ours.safetensors"),
            file=str(published.weights("squeezenet1_1")),
        )
    )
    answer = engine.wait(Imported)
    assert answer.path is None and "Nothing was loaded" in answer.sentence
    assert {"no partner", "left over"} <= {row[0] for row in answer.rows}
    assert list(tmp_path.iterdir()) == []


def test_of_another_network_what_fits_is_written_if_asked(engine, tiny, tmp_path):
    graph = tiny()
    state = build(graph, torch.device("cpu"), 9).net.state_dict()
    theirs = {name: value for name, value in state.items() if not name.startswith("fc")}
    torch.save({**theirs, "head.weight": torch.zeros(3, 7)}, tmp_path / "theirs.pth")
    ours = tmp_path / "ours.safetensors"
    request = {
        "graph": file.to_dict(graph),
        "file": str(tmp_path / "theirs.pth"),
        "to": str(ours),
    }
    generation = engine.send(Import(**request))
    answer = engine.wait(Imported, generation=generation)
    fits = sum("num_batches" not in name for name in theirs)
    assert answer.path is None and answer.part == fits and not ours.exists()
    assert "Nothing was loaded" in answer.sentence
    generation = engine.send(Import(**request, partial=True))
    answer = engine.wait(Imported, generation=generation)
    assert answer.path == str(ours) and "Drawn at random: fc.weight" in answer.sentence
    assert ("random", "fc.bias", "", "10") in answer.rows
    assert set(load_file(ours)) == set(theirs)  # the head is drawn from the seed of the run
    engine.build(graph, watch="fc", weights=str(ours))
    assert engine.wait(Built).fresh == 2


def test_a_file_of_weights_that_is_gone_is_told_and_the_network_drawn(engine, tiny, tmp_path):
    engine.build(tiny(), weights=str(tmp_path / "gone.safetensors"))
    assert "no file" in engine.wait(Failed).sentence
    built = engine.wait(Built)
    assert built.kept == 0


def test_exports_what_it_holds(engine, tiny, tmp_path):
    """To safetensors; to ONNX it does in the flow of photos."""
    engine.build(tiny(), watch="fc", seed=4)
    engine.wait(Built)
    path = tmp_path / "net.safetensors"
    engine.send(Export(graph=file.to_dict(tiny()), form="safetensors", path=str(path)))
    answer = engine.wait(Exported)
    assert answer.path == str(path)
    found, model = load_file(path), build(tiny(), torch.device("cpu"), 4)
    assert all(torch.equal(found[name], value) for name, value in model.net.named_parameters())
    engine.watch("fc", 1)  # and goes on
    assert np.isfinite(engine.seen(image=1).mean)


def test_what_cannot_be_asked(engine, tiny, tmp_path):
    engine.build(tiny())
    engine.wait(Built)
    held = {"type": "Export", "graph": file.to_dict(tiny())}
    for request in (
        {**held, "form": "gguf", "path": str(tmp_path / "x")},
        {**held, "form": "onnx", "path": ""},
        {**held, "form": "safetensors", "path": str(tmp_path)},
        {
            "type": "Export",
            "graph": file.to_dict(tiny(8)),
            "form": "safetensors",
            "path": str(tmp_path / "x"),
        },
        {"type": "Import", "graph": file.to_dict(tiny()), "file": None, "to": "x"},
        {"type": "Import", "graph": {}, "file": "x", "to": "x"},
    ):
        engine.send_raw(request)
        sentence = engine.wait(Failed).sentence
        assert "engine failed" not in sentence and "\n" not in sentence
