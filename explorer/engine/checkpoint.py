"""Checkpoints and weights as safetensors: tensors and JSON, nothing that could run."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from explorer.engine.failure import EngineError
from explorer.text import _

FORMAT, VERSION = "cnn-explorer checkpoint", 1
NAME = "checkpoint.safetensors"
_KEY = "cnn-explorer"


@dataclass(frozen=True)
class Checkpoint:
    """What a file held: tensors by name, on the CPU, and the account of the run."""

    tensors: dict[str, Tensor]
    about: dict[str, Any]


def write(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Writes a safetensors file, whole or not at all: to a temporary beside it, then renamed.

    Raises EngineError if the folder cannot be written.
    """
    # safetensors takes no channels-last tensor: it writes the bytes as they lie.
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise _unwritable(path, fault) from None
    try:
        # save_file makes files that nobody else may read; this one is as any that the user writes.
        with open(temporary, "wb") as file:
            mode = os.fstat(file.fileno()).st_mode
        save_file(plain, temporary, {"format": "pt", _KEY: json.dumps(dict(about))})
        os.chmod(temporary, (path.stat().st_mode if path.exists() else mode) & 0o777)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, SafetensorError) as fault:
        raise _unwritable(path, fault) from None
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> Checkpoint:
    """The file's tensors and account; raises EngineError if it is no whole safetensors file."""
    tensors = {}
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get(_KEY, "{}"))
            for name in file.keys():  # noqa: SIM118  it is no mapping
                tensors[name] = file.get_tensor(name)
    except FileNotFoundError:
        raise EngineError(_("There is no file {path}.").format(path=path)) from None
    except (OSError, SafetensorError, ValueError, RecursionError) as fault:
        raise EngineError(
            _("{path} is no whole safetensors file: {fault}.").format(path=path, fault=fault)
        ) from None
    if not isinstance(about, dict):
        raise EngineError(_("The account in {path} is no JSON object.").format(path=path))
    return Checkpoint(tensors, about)


def read_run(path: Path) -> Checkpoint:
    """As `read`, for a file that a run was saved to; raises EngineError for any other, and for
    newer ones."""
    found = read(path)
    if found.about.get("format") != FORMAT:
        raise EngineError(_("{path} holds weights, but no run that could go on.").format(path=path))
    if found.about.get("version") != VERSION:
        raise EngineError(
            _("{path} was written by a newer version: {found}, this one reads {known}.").format(
                path=path, found=repr(found.about.get("version"))[:20], known=VERSION
            )
        )
    return found


def load(net: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copies `tensors` into `net`, all or none; raises EngineError where a name or a shape
    differs."""
    wanted = net.state_dict()
    missing = [name for name in wanted if name not in tensors]
    unknown = [name for name in tensors if name not in wanted]
    if missing or unknown:
        raise EngineError(
            _(
                "These are another network's weights: {missing} missing, {unknown} unknown, "
                "first {name}."
            ).format(missing=len(missing), unknown=len(unknown), name=(missing + unknown)[0])
        )
    for name, tensor in wanted.items():
        if tensors[name].shape != tensor.shape:
            raise EngineError(
                _(
                    "These are another network's weights: {name} is {found}, but the network "
                    "needs {wanted}."
                ).format(name=name, found=_shape(tensors[name]), wanted=_shape(tensor))
            )
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(tensors[name])


def path_of(value: object) -> Path:
    """The path that a request bears; raises EngineError if it can be none."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise EngineError(_("{value} is no path of a file.").format(value=repr(value)[:80]))
    return Path(value)


def _unwritable(path: Path, fault: Exception) -> EngineError:
    return EngineError(_("{path} cannot be written: {fault}.").format(path=path, fault=fault))


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or _("one number")
