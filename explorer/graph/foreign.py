"""Files that are no networks, called what they are: by their first bytes, an archive by what is in it."""

import re
import zipfile
from collections.abc import Callable
from typing import BinaryIO

from explorer.text import _

ZIP, PICKLE = b"PK\x03\x04", b"\x80"
"""How files begin that torch.save writes, and wrote before PyTorch 1.6."""
_HEAD = 512  # bytes; a tar archive names itself at 257
_LONGEST_HEADER = 100_000_000  # bytes, of a safetensors file

_HEADS: tuple[tuple[Callable[[bytes], object], str], ...] = (
    (
        re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]").match,
        _(
            "{name} is an ONNX file, which is written here but not read; import the weights as "
            "safetensors, or as a .pth file of PyTorch."
        ),
    ),
    (
        re.compile(rb"\x89HDF\r\n").match,
        _(
            "{name} is an HDF5 file, as Keras writes them, and is not read; save the weights as "
            "safetensors."
        ),
    ),
    (
        re.compile(rb"GGUF|.{4}TFL3|\x93NUMPY", re.DOTALL).match,
        _(
            "{name} is a file of another program (GGUF, TensorFlow Lite or NumPy), and is not read; "
            "save the weights as safetensors."
        ),
    ),
    (
        lambda head: (
            head[257:262] == b"ustar" or re.match(rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc|Rar!", head)
        ),
        _("{name} is an archive; unpack it, and take the file that is in it."),
    ),
)


def is_safetensors(head: bytes) -> bool:
    """Whether a file that begins so is one of safetensors: the length of a header, then the header."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _LONGEST_HEADER


def holds_weights(file: BinaryIO, name: str) -> bool:
    """Whether the file is one of weights by its first bytes: safetensors, or of torch.save."""
    head = _head(file)
    return _weights(head) and not sentence(file, name)


def sentence(file: BinaryIO, name: str) -> str:
    """What the file is and what to do with it, if it is one of those that this page knows and that
    are never read here; else "". name: how the sentence calls it."""
    head = _head(file)
    if head.startswith(ZIP):
        told = _archive(file)
    else:
        told = next((told for matches, told in _HEADS if matches(head)), "")
    if not told and name.lower().endswith((".py", ".pyw")) and b"\0" not in head:
        told = _(
            "{name} is Python source, which is not run here; open a network file, or import a file "
            "of weights."
        )
    return told.format(name=name)


def no_network(file: BinaryIO, name: str) -> str:
    """As `sentence`, also for a file of weights, which is no network."""
    if told := sentence(file, name):
        return told
    if _weights(_head(file)):
        return _(
            "{name} holds weights, not a network: open the network, then import the weights into it."
        ).format(name=name)
    return ""


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    return head


def _weights(head: bytes) -> bool:
    return head.startswith((ZIP, PICKLE)) or is_safetensors(head)


def _archive(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return ""
    finally:
        file.seek(0)
    inside = {name.partition("/")[2] for name in names} | set(names)
    if "constants.pkl" in inside and any(name.startswith("code/") for name in inside):
        return _(
            "{name} is a TorchScript program, and was not run; in the program that made it, save the "
            "model's state_dict()."
        )
    if inside & {"archive_format", "serialized_exported_program.json"}:
        return _(
            "{name} is a program that torch.export wrote, and was not run; in the program that made "
            "it, save the model's state_dict()."
        )
    if names and all(name.endswith(".npy") for name in names):
        return _("{name} is an archive of NumPy arrays, and is not read; save them as safetensors.")
    return ""
