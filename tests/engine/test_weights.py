"""Files of weights: what is read, what is refused in one sentence, and that nothing in them runs."""

import argparse
import json
import pickle
import struct
import warnings
import zipfile

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from explorer.analysis.form import WEIGHTS
from explorer.engine import checkpoint, unpickling, weights
from explorer.engine.failure import EngineError
from explorer.graph import file
from explorer.protocol.messages import Train
from explorer.runs.recipe import Recipe

STATE = {"conv.weight": torch.randn(4, 3, 3, 3), "conv.bias": torch.randn(4)}


def equal(found: dict) -> bool:
    return list(found) == list(STATE) and all(
        torch.equal(found[name], STATE[name]) for name in STATE
    )


def refused(path) -> str:
    with pytest.raises(EngineError) as fault:
        weights.read(path)
    sentence = str(fault.value)
    assert str(path) in sentence and "\n" not in sentence and sentence.endswith(".")
    assert "\x1b" not in sentence and len(sentence) < 400
    return sentence


@pytest.mark.parametrize("wrapped", [None, "state_dict", "model", "model_state_dict"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dict_of_torch_save(tmp_path, wrapped, zipped):
    path = tmp_path / "weights.pth"
    found = {wrapped: STATE, "epoch": 3, "optimizer": {"lr": 0.1}} if wrapped else STATE
    torch.save(found, path, _use_new_zipfile_serialization=zipped)
    read = weights.read(path)
    assert equal(read.tensors) and read.ordered


@pytest.mark.parametrize("suffix", WEIGHTS)
def test_either_form_under_every_name_that_the_window_takes(tmp_path, suffix):
    path = tmp_path / f"weights{suffix}"
    for write, ordered in ((save_file, False), (torch.save, True)):
        write(STATE, path)
        read = weights.read(path)
        assert read.ordered == ordered and equal({name: read.tensors[name] for name in STATE})
        assert len(read.tensors) == len(STATE)


def test_a_checkpoint_of_a_run_gives_its_network_alone(tmp_path, tiny):
    from explorer.engine.training_driver import train

    recipe = Recipe(epochs=1, limit=64, mode="float32")
    graph = file.to_dict(tiny())
    train(Train(graph=graph, recipe=recipe, device="cpu", out=str(tmp_path)))
    read = weights.read(tmp_path / "weights.safetensors")
    assert read.about["data"] == "fashion-mnist" and "conv1.weight" in read.tensors


class Hostile:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("write", ["torch", "old torch", "wrapped"])
def test_a_pickle_that_would_run_code_is_read_and_does_not(tmp_path, write):
    mark, path = tmp_path / "it-ran", tmp_path / "hostile.pth"
    found = {"state_dict": STATE, "callback": Hostile(mark)}
    torch.save(
        found if write == "wrapped" else {**STATE, "x": Hostile(mark)},
        path,
        _use_new_zipfile_serialization=write != "old torch",
    )
    assert equal(weights.read(path).tensors)
    assert not mark.exists()


def test_a_pickle_of_another_sort_is_refused_and_does_not_run(tmp_path):
    mark, path = tmp_path / "it-ran", tmp_path / "hostile.pth"
    path.write_bytes(pickle.dumps(Hostile(mark)))
    sentence = refused(path)
    assert "nothing of it was run" in sentence and "state_dict()" in sentence
    assert not mark.exists()
    pickle.loads(path.read_bytes()).close()  # and it would have
    assert mark.exists()


def test_the_weights_of_a_whole_model(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.BatchNorm2d(4)), nn.ReLU())
    model.register_buffer("passing", torch.zeros(3), persistent=False)
    state = model.state_dict()
    for found, parts in ((model, ("",)), ({"epoch": 1, "ema": model}, ("ema.",))):
        torch.save(found, tmp_path / "model.pt")
        read = weights.read(tmp_path / "model.pt")
        assert read.parts == parts and list(read.tensors) == list(state) and read.ordered
        assert all(torch.equal(read.tensors[name], value) for name, value in state.items())


NESTED = {
    "net": ({"net": STATE, "acc": 91.5, "epoch": 3}, ("net.",)),
    "ema alone": ({"epoch": 3, "model_ema": STATE}, ("model_ema.",)),
    "nested twice": ({"model": {"state_dict": STATE}, "epoch": 3}, ("model.state_dict.",)),
    "flat with a number": ({**STATE, "epoch": 3}, ("",)),
    "a list": ([{"epoch": 3}, STATE], ("1.",)),
    "two": ({"model": STATE, "model_ema": dict(STATE)}, ("", "model.", "model_ema.")),
    "an optimiser": (
        {
            "optimizer": {"state": {0: {"momentum_buffer": torch.ones(4)}}, "param_groups": [{}]},
            "net": STATE,
        },
        ("net.",),
    ),
    "arguments": ({"args": argparse.Namespace(lr=1), "model": STATE}, ("model.",)),
}


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dict_in_any_nesting(tmp_path, name, zipped):
    found, parts = NESTED[name]
    torch.save(found, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    read = weights.read(tmp_path / "w.pth")
    assert read.parts == parts
    assert equal(read.part(parts[-1])) or name == "flat with a number"
    assert len(read.whole) == len(STATE) * (2 if name == "two" else 1)


def test_a_mapping_that_holds_itself_and_one_that_is_too_deep(tmp_path):
    found: dict = {"net": dict(STATE)}
    found["net"]["again"] = found
    torch.save(found, tmp_path / "round.pth")
    assert equal(weights.read(tmp_path / "round.pth").tensors)
    for _ in range(100):
        found = {"inner": found}
    torch.save(found, tmp_path / "deep.pth")
    assert "mappings lie inside one another" in refused(tmp_path / "deep.pth")


def test_names_send_nothing_to_a_terminal(tmp_path):
    torch.save({"a\x1b[31m": {"b\n": torch.zeros(2)}}, tmp_path / "w.pth")
    assert list(weights.read(tmp_path / "w.pth").whole) == ["a\ufffd[31m.b\ufffd"]
    save_file({"a\x1b[31m": torch.zeros(2)}, tmp_path / "w.safetensors")
    assert list(weights.read(tmp_path / "w.safetensors").tensors) == ["a\ufffd[31m"]
    torch.save({"a" * 1000: torch.zeros(2)}, tmp_path / "long.pth")
    assert "1000 characters" in refused(tmp_path / "long.pth")


@pytest.mark.parametrize("length", range(0x78, 0x90))
def test_a_header_of_any_length_is_one_of_safetensors(tmp_path, length):
    """Its length may begin with the byte that a pickle begins with."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", length) + header.ljust(length).encode() + bytes(8))
    assert list(weights.read(path).tensors) == ["w"]


def test_files_that_would_take_too_much_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpickling, "MOST_TENSORS", 40)
    monkeypatch.setattr(checkpoint, "MOST_TENSORS", 40)
    many = {f"{number}.weight": torch.zeros(2) for number in range(60)}
    save_file(many, tmp_path / "many.safetensors")
    for zipped in (True, False):
        torch.save(many, tmp_path / f"{zipped}.pth", _use_new_zipfile_serialization=zipped)
    views = torch.zeros(60).split(1)
    torch.save(dict(enumerate(views)), tmp_path / "views.pth")
    for name in ("many.safetensors", "True.pth", "False.pth", "views.pth"):
        assert "more than 40 tensors" in refused(tmp_path / name)


def test_an_archive_that_unpacks_to_far_more_is_refused(tmp_path):
    torch.save({"w": torch.zeros(1 << 22)}, tmp_path / "w.pth")
    with (
        zipfile.ZipFile(tmp_path / "w.pth") as plain,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for entry in plain.infolist():
            bomb.writestr(entry.filename, plain.read(entry))
    assert "unpacks to more than" in refused(tmp_path / "bomb.pth")


def test_shapes_without_numbers(tmp_path):
    torch.save({"conv.weight": torch.zeros(4, 3, device="meta")}, tmp_path / "meta.pth")
    assert "the shapes of tensors without their numbers: conv.weight" in refused(
        tmp_path / "meta.pth"
    )


def test_programs_are_called_what_they_are(tmp_path):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(net).save(str(tmp_path / "script.pt"))
        torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 8, 8),)), tmp_path / "e.pt2")
    assert "a TorchScript program, and was not run" in refused(tmp_path / "script.pt")
    assert "torch.export wrote, and was not run" in refused(tmp_path / "e.pt2")
    (tmp_path / "net.py").write_text("import torch\n")
    assert "Python source" in refused(tmp_path / "net.py")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.95])
def test_a_torn_file(tmp_path, suffix, share):
    path = tmp_path / f"torn{suffix}"
    torch.save(STATE, path) if suffix == ".pth" else save_file(STATE, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert any(word in refused(path) for word in ("damaged", "not a complete", "no weights"))


def test_what_is_no_file_of_weights(tmp_path):
    assert "no file" in refused(tmp_path / "none.pth")
    assert "folder" in refused(tmp_path)
    for name in ("text.pth", "text.pt"):
        (tmp_path / name).write_text("conv.weight: 1, 2, 3\n" * 20)
        assert "holds no weights" in refused(tmp_path / name)
    (tmp_path / "text.safetensors").write_text("hello" * 20)
    assert "not a complete safetensors file" in refused(tmp_path / "text.safetensors")
    with zipfile.ZipFile(tmp_path / "archive.pth", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    assert "was not written by torch.save" in refused(tmp_path / "archive.pth")


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([3, "weights"], "no tensors"),
        (torch.zeros(2), "one tensor without a name"),
        ({}, "no tensors"),
        ({"conv.weight": 3.0}, "no tensors"),
        (argparse.Namespace(lr=1), "no tensors"),
        ({"x": torch.zeros(2, dtype=torch.complex64)}, "not a plain tensor"),
        ({"x": torch.eye(2).to_sparse()}, "not a plain tensor"),
    ],
)
def test_what_holds_no_state_dict(tmp_path, found, words):
    torch.save(found, tmp_path / "odd.pth")
    assert words in refused(tmp_path / "odd.pth")
