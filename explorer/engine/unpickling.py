"""What torch.save wrote, read without running anything of it.

A pickle names the functions and classes that it needs. torch.load(weights_only=True) knows those of
tensors and containers; every other name stands here for a placeholder that does nothing.
"""

import contextlib
import io
import pickle
import pickletools
import re
import warnings
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import torch

from explorer.engine.checkpoint import MOST_TENSORS
from explorer.engine.failure import EngineError, out_of_memory
from explorer.graph.foreign import ZIP
from explorer.text import _

_MOST_NAMES = 200
_MOST_CONTAINERS = 16
"""Unknown classes whose objects are mappings or lists."""
_LEGACY_PICKLES = 4
"""Those up to the object's, in a file from before PyTorch 1.6."""
_MOST_UNPACKED = 4
"""How many times its own size an archive may unpack to, and a mebibyte; torch.save compresses nothing."""
_ENTRIES = 16
"""The records of an archive beside those of its tensors, at most."""


class Placeholder:
    """Stands for an object of a class that is not known. state: what it was to be restored from."""

    state: object = None

    def __new__(cls, *_args: object, **_named: object) -> Any:
        return super().__new__(cls)

    def __init__(self, *_args: object, **_named: object) -> None: ...

    def __setstate__(self, state: object) -> None:
        self.state = state


def load(path: Path) -> Any:
    """The content of a file that torch.save wrote: tensors on the CPU, containers and placeholders.

    Raises EngineError with one sentence for a file that is damaged, of another sort, or too large.
    """
    try:
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about other protocols
            names = _names(path, file)
            return _load(file, names)
    except (pickle.UnpicklingError, EOFError) as fault:
        raise EngineError(_unsafe(path, str(fault))) from None
    except EngineError:
        raise
    except Exception as fault:  # noqa: BLE001  a file from elsewhere can make the reader fail in any way
        if out_of_memory(fault):
            sentence = _("{path} cannot be read: its tensors need more memory than there is.")
        elif "Tensor subclass" in str(fault):
            sentence = _(
                "{path} holds tensors of a class of another program; in that program, save the model's "
                "state_dict() with plain tensors."
            )
        else:
            sentence = _("{path} is damaged, or was not written by torch.save.")
        raise EngineError(sentence.format(path=path)) from None


def _load(file: BinaryIO, names: list[str]) -> Any:
    """The content, with placeholders for `names`. Which of these are mappings or lists shows when they
    are filled; then it is read again."""
    makers: list[type] = [
        type(f"Placeholder{number}", (Placeholder,), {}) for number in range(len(names))
    ]
    for last in (*[False] * _MOST_CONTAINERS, True):
        file.seek(0)
        try:
            with torch.serialization.safe_globals(list(zip(makers, names, strict=True))):
                return torch.load(file, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, TypeError) as fault:  # in older PyTorch a TypeError
            filled = re.search(r"'(?:[\w.]+\.)?Placeholder(\d+)'", str(fault))
            if filled is None or last:
                raise
            make = list if re.search("Can only (append|extend)", str(fault)) else OrderedDict
            number = int(filled[1])
            makers[number] = type(f"Filled{number}", (), {"__new__": partial(_made, make)})
    raise AssertionError("the last attempt returns or raises")


def _made(make: Callable[[], object], *_args: object, **_named: object) -> object:
    return make()


def _names(path: Path, file: BinaryIO) -> list[str]:
    """The functions and classes that the pickle names. Raises EngineError for a file that would take
    too much to read."""
    if file.read(len(ZIP)) == ZIP:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_TENSORS + _ENTRIES:
                raise _too_many(path)
            if sum(each.file_size for each in entries) > _MOST_UNPACKED * file.seek(0, 2) + 2**20:
                raise EngineError(
                    _(
                        "{path} is not read: it unpacks to more than {times} times its size, which no "
                        "file of weights does."
                    ).format(path=path, times=_MOST_UNPACKED)
                )
            pickled = [each for each in entries if each.filename.partition("/")[2] == "data.pkl"]
            if len(pickled) != 1:
                raise ValueError("no pickle, or several")
            return _globals(path, io.BytesIO(archive.read(pickled[0])), 1)
    file.seek(0)
    return _globals(path, file, _LEGACY_PICKLES)


def _globals(path: Path, stream: BinaryIO, pickles: int) -> list[str]:
    """The names in a number of pickles, as PyTorch calls them, each once; fewer, if these are torn."""
    names: dict[str, None] = {}
    tensors = 0
    with contextlib.suppress(ValueError):  # PyTorch says what is wrong
        for op, arg, _at in chain.from_iterable(pickletools.genops(stream) for _ in range(pickles)):
            if op.name == "GLOBAL":
                module, _space, name = str(arg).partition(" ")
                new = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
                names[".".join(new)] = None
            tensors += op.name == "BINPERSID"
            if tensors > MOST_TENSORS:
                raise _too_many(path)
    if len(names) > _MOST_NAMES:
        raise EngineError(
            _("{path} holds more than tensors: objects of {count} classes.").format(
                path=path, count=len(names)
            )
        )
    return list(names)


def _too_many(path: Path) -> EngineError:
    return EngineError(
        _("{path} is not read: it holds more than {most} tensors.").format(
            path=path, most=MOST_TENSORS
        )
    )


def _unsafe(path: Path, fault: str) -> str:
    called = re.search(r"GLOBAL ([\w.]+)", fault)
    return (
        _(
            "{path} holds more than tensors: it calls {name}, and nothing of it was run; in the "
            "program that made it, save the model's state_dict() alone."
        )
        if called
        else _(
            "{path} holds more than tensors: it is a pickle of another sort, and nothing of it "
            "was run; in the program that made it, save the model's state_dict() alone."
        )
    ).format(path=path, name=called and called[1])
