"""Files of other programs are called what they are, wherever a network is asked for."""

import gzip
import io
import tarfile
import zipfile

import pytest

from explorer.graph import foreign
from explorer.graph.file import FileError, read


def archive(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for name in names:
            file.writestr(name, b"1")
    return written.getvalue()


def tar() -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as file:
        file.addfile(tarfile.TarInfo("w.pth"), io.BytesIO())
    return written.getvalue()


SAFETENSORS = (16).to_bytes(8, "little") + b"{" + bytes(15)
FILES = {
    "net.onnx": (b"\x08\x09\x12\x07pytorch\x1a\x062.13.0:", "an ONNX file"),
    "any name": (b"\x08\x0a:\xf9\x05\n\x9a\x01", "an ONNX file"),
    "net.pt": (archive("net/data.pkl", "net/constants.pkl", "net/code/a.py"), "TorchScript"),
    "net.pt2": (archive("net/archive_format", "net/models/model.json"), "torch.export wrote"),
    "old.pt2": (archive("serialized_exported_program.json", "version"), "torch.export wrote"),
    "arrays.npz": (archive("a.npy", "b.npy"), "NumPy arrays"),
    "net.h5": (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    "net.gguf": (b"GGUF\x03", "a file of another program"),
    "net.pth.tar": (tar(), "unpack it"),
    "net.pth.gz": (gzip.compress(b"weights"), "unpack it"),
    "net.py": (b"import torch\n", "Python source"),
    "w.pth": (archive("w/data.pkl", "w/data/0", "w/version"), "holds weights, not a network"),
    "old.pth": (b"\x80\x02\x8a\nl\xfc\x9cF", "holds weights, not a network"),
    "w.safetensors": (SAFETENSORS, "holds weights, not a network"),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_called_what_it_is(tmp_path, name):
    content, words = FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError) as fault:
        read(tmp_path / name)
    assert words in str(fault.value) and str(fault.value).startswith(name)
    with open(tmp_path / name, "rb") as file:
        assert foreign.holds_weights(file, name) == ("holds weights" in words)
        assert bool(foreign.sentence(file, name)) != ("holds weights" in words)


@pytest.mark.parametrize("content", [b"", b"{}", b"hello", b"PK\x03\x04 torn", b"\x89PNG\r\n"])
def test_of_other_files_nothing_is_said(content):
    assert foreign.sentence(io.BytesIO(content), "x.json") == ""
