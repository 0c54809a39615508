"""Files of weights: what is read, what is refused in one sentence, and that nothing in them runs."""

import argparse
import pickle
import zipfile

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from explorer.analysis.form import WEIGHTS
from explorer.engine import weights
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


@pytest.mark.parametrize("write", ["torch", "old torch", "pickle", "wrapped"])
def test_a_pickle_that_would_run_code_is_refused_and_does_not(tmp_path, write):
    mark, path = tmp_path / "it-ran", tmp_path / "hostile.pth"
    if write == "pickle":
        path.write_bytes(pickle.dumps(Hostile(mark)))
    else:
        found = {"state_dict": STATE, "callback": Hostile(mark)}
        torch.save(
            found if write == "wrapped" else {**STATE, "x": Hostile(mark)},
            path,
            _use_new_zipfile_serialization=write != "old torch",
        )
    sentence = refused(path)
    assert "nothing of it was run" in sentence and "state_dict()" in sentence
    assert not mark.exists()
    with zipfile.ZipFile(path) if zipfile.is_zipfile(path) else open(path, "rb") as proof:
        assert proof  # it is what it was
    if write == "pickle":  # and it would have
        pickle.loads(path.read_bytes()).close()
        assert mark.exists()


def test_whole_models_and_other_objects_name_what_they_call(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "model.pt")
    assert "torch.nn.modules.linear.Linear" in refused(tmp_path / "model.pt")
    torch.save({"args": argparse.Namespace(lr=1), "model": STATE}, tmp_path / "args.pth")
    assert "argparse.Namespace" in refused(tmp_path / "args.pth")


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
        ([torch.zeros(2)], "but list"),
        (torch.zeros(2), "but Tensor"),
        ({}, "no tensors"),
        ({"conv.weight": 3.0}, "not a plain tensor"),
        ({1: torch.zeros(2)}, "not a plain tensor"),
        ({"x": torch.zeros(2, dtype=torch.complex64)}, "not a plain tensor"),
        ({"x": torch.eye(2).to_sparse()}, "not a plain tensor"),
    ],
)
def test_what_holds_no_state_dict(tmp_path, found, words):
    torch.save(found, tmp_path / "odd.pth")
    assert words in refused(tmp_path / "odd.pth")
