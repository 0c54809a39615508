"""Files of weights from any program, read as plain tensors; no code in them is run."""

import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.analysis.form import SAFETENSORS
from explorer.engine import checkpoint
from explorer.engine.failure import EngineError, out_of_memory
from explorer.text import _

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts keep the state dict, beside the optimiser's state."""
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"


@dataclass(frozen=True)
class Weights:
    """A state dict from a file, on the CPU.

    ordered: the tensors are in the order in which their modules were registered; safetensors files,
    and files made from them, are sorted by name instead. about: the description in a file that this
    program wrote.
    """

    path: Path
    tensors: dict[str, Tensor]
    ordered: bool
    about: dict[str, Any] = field(default_factory=dict)


def read(path: Path) -> Weights:
    """The state dict in a .safetensors file or in a .pth file of PyTorch; the file's first bytes
    decide which it is.

    A .pth file is a pickle: it is read by torch.load(weights_only=True), which makes tensors and
    containers and calls nothing else. Raises EngineError with one sentence for a file that is
    damaged or of another sort, that would run code, or that holds no tensors.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except FileNotFoundError:
        raise EngineError(_("There is no file {path}.").format(path=path)) from None
    except IsADirectoryError:
        raise EngineError(
            _("{path} is a folder, not a file of weights.").format(path=path)
        ) from None
    except (OSError, ValueError) as fault:
        raise EngineError(
            _("{path} cannot be read: {fault}.").format(path=path, fault=fault)
        ) from None
    if head.startswith((_ZIP, _PICKLE)):
        state = _state(path, _load(path))
        return Weights(path, state, not _sorted(state))
    if head[8:9] == b"{" or path.suffix == SAFETENSORS:  # after 8 bytes of length comes JSON
        content = checkpoint.read(path)
        tensors = content.tensors
        if content.about.get("format") == checkpoint.FORMAT:  # of a run: the network is part of it
            tensors = {
                name: tensor
                for name, tensor in tensors.items()
                if name.partition(".")[0] not in ("optimiser", "random", "history")
            }
        return Weights(path, _plain(path, tensors), False, content.about)
    raise EngineError(
        _(
            "{path} holds no weights: it is neither a safetensors file nor one that "
            "torch.save wrote."
        ).format(path=path)
    )


def _load(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about TorchScript archives and other protocols
            with open(path, "rb") as file:  # given a path, torch.load goes by its suffix
                return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as fault:
        called = re.search(r"GLOBAL ([\w.]+)", str(fault))
        raise EngineError(
            (
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
        ) from None
    except Exception as fault:  # a file from elsewhere can make the reader fail in any way
        if out_of_memory(fault):
            raise
        if "TorchScript" in str(fault):
            raise EngineError(
                _(
                    "{path} is a TorchScript program, and was not run; in the program that made it, save "
                    "the model's state_dict()."
                ).format(path=path)
            ) from None
        raise EngineError(
            _("{path} is damaged, or was not written by torch.save.").format(path=path)
        ) from None


def _state(path: Path, found: Any) -> dict[str, Tensor]:
    """The state dict in what was loaded, taken out of the wrapper of a training script."""
    for key in WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
            break
    if not isinstance(found, Mapping):
        raise EngineError(
            _("{path} holds no state dict, but {what}.").format(
                path=path, what=type(found).__name__
            )
        )
    return _plain(path, found)


def _plain(path: Path, found: Mapping[Any, Any]) -> dict[str, Tensor]:
    wrong = [
        name
        for name, tensor in found.items()
        if not isinstance(name, str)
        or not isinstance(tensor, Tensor)
        or tensor.layout != torch.strided
        or tensor.is_quantized
        or tensor.is_complex()
    ]
    if wrong:
        raise EngineError(
            _("{path} holds no state dict: {name} is not a plain tensor.").format(
                path=path, name=repr(wrong[0])[:80]
            )
        )
    if not found:
        raise EngineError(_("{path} holds no tensors.").format(path=path))
    return {name: tensor.detach() for name, tensor in found.items()}


def _sorted(state: Mapping[str, Tensor]) -> bool:
    """Whether it was read from a safetensors file and written again: a weight is registered before
    its bias, but comes after it in the alphabet."""
    names = [name for name, tensor in state.items() if tensor.is_floating_point()]
    return names == sorted(names)
