"""Files of tensors: whole or not at all, and nothing but tensors."""

import os
import pickle

import pytest
import torch
from safetensors.torch import save_file

from explorer.engine import checkpoint
from explorer.engine.failure import EngineError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "run.safetensors"


def test_what_is_written_is_read(path):
    tensors = {
        "maps": torch.randn(2, 3, 4, 5).contiguous(memory_format=torch.channels_last),
        "count": torch.tensor(7),
        "nothing": torch.empty(0, 5),
        "half": torch.ones(3, dtype=torch.bfloat16),
    }
    checkpoint.write(path, tensors, {"format": checkpoint.FORMAT, "version": 1, "name": "größe"})
    found = checkpoint.read_run(path)
    assert found.about["name"] == "größe"
    assert all(torch.equal(found.tensors[name], tensors[name]) for name in tensors)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_fault_in_the_middle_leaves_the_old_file(path, monkeypatch):
    checkpoint.write(path, {"a": torch.ones(2)}, {})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(EngineError, match="disk full"):
        checkpoint.write(path, {"a": torch.zeros(2)}, {})
    assert checkpoint.read(path).tensors["a"].tolist() == [1, 1]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_others_may_read_it_as_the_user_has_it(path):
    before = os.umask(0o027)
    try:
        checkpoint.write(path, {"a": torch.ones(2)}, {})
        assert path.stat().st_mode & 0o777 == 0o640
        path.chmod(0o600)
        checkpoint.write(path, {"a": torch.ones(2)}, {})
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_other_files_are_refused_with_a_sentence(tmp_path):
    whole = tmp_path / "whole"
    checkpoint.write(whole, {"a": torch.ones(1000)}, {"format": checkpoint.FORMAT, "version": 2})
    content = whole.read_bytes()
    (tmp_path / "torn").write_bytes(content[:-100])
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_text("not tensors at all")
    (tmp_path / "pickle").write_bytes(pickle.dumps({"a": 1}))
    (tmp_path / "huge").write_bytes(b"\xff" * 64)
    save_file({"a": torch.ones(1)}, tmp_path / "plain")
    save_file({"a": torch.ones(1)}, tmp_path / "list", {"cnn-explorer": "[]"})
    save_file({"a": torch.ones(1)}, tmp_path / "words", {"cnn-explorer": "{"})
    for name in (
        "torn",
        "empty",
        "text",
        "pickle",
        "huge",
        "list",
        "words",
        "missing",
        "whole",
        "plain",
        ".",
    ):
        with pytest.raises(EngineError) as fault:
            checkpoint.read_run(tmp_path / name)
        assert str(fault.value).endswith(".") and "\n" not in str(fault.value), name


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be written"):
        checkpoint.write(tmp_path / "file" / "run.safetensors", {}, {})
