"""Checkpoints and weights as safetensors files: tensors and JSON, no code."""

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

from explorer.catalog.datasets import DATASETS
from explorer.catalog.layers import text_of
from explorer.catalog.preprocess import KEY, Preprocess, PreprocessError
from explorer.engine.failure import EngineError, unwritable
from explorer.graph.file import open_regular
from explorer.graph.graph import Shape
from explorer.text import _

FORMAT, VERSION = "cnn-explorer checkpoint", 1
NAME = "checkpoint.safetensors"
MOST_TENSORS = 50_000
"""More are refused before they are read, which takes up to 0.2 ms for each."""
_KEY = "cnn-explorer"


@dataclass(frozen=True)
class Checkpoint:
    """The content of a file: tensors by name, on the CPU, and the description of the run."""

    tensors: dict[str, Tensor]
    about: dict[str, Any]


def write(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Writes a safetensors file, whole or not at all: to a temporary beside it, then renamed.

    Raises EngineError if the folder cannot be written.
    """
    # safetensors writes the bytes in the order of memory, so a channels-last tensor is copied.
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise unwritable(path, fault) from None
    try:
        # save_file makes files that only the user may read; this one gets the usual permissions.
        with open(temporary, "wb") as file:
            mode = os.fstat(file.fileno()).st_mode
        save_file(plain, temporary, {"format": "pt", _KEY: json.dumps(dict(about))})
        os.chmod(temporary, (path.stat().st_mode if path.exists() else mode) & 0o777)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, SafetensorError) as fault:
        raise unwritable(path, fault) from None
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> Checkpoint:
    """The content of a file; raises EngineError if it is not a complete safetensors file."""
    tensors = {}
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {}).get(_KEY, "{}"))
            names = file.keys()
            if len(names) > MOST_TENSORS:
                raise EngineError(
                    _("{path} is not read: it holds more than {most} tensors.").format(
                        path=path, most=MOST_TENSORS
                    )
                )
            for name in names:
                tensors[name] = file.get_tensor(name)
    except FileNotFoundError:
        raise EngineError(_("There is no file {path}.").format(path=path)) from None
    except (OSError, SafetensorError, ValueError, RecursionError) as fault:
        raise EngineError(
            _("{path} is not a complete safetensors file: {fault}.").format(path=path, fault=fault)
        ) from None
    if not isinstance(about, dict):
        raise EngineError(
            _("{path} is damaged: its description is not a JSON object.").format(path=path)
        )
    return Checkpoint(tensors, about)


def about(path: Path) -> Mapping[str, Any]:
    """The description in a safetensors file; nothing for any other file."""
    try:
        with open_regular(path), safe_open(path, framework="pt") as file:
            values = json.loads((file.metadata() or {}).get(_KEY, "{}"))
    except (OSError, SafetensorError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def read_run(path: Path) -> Checkpoint:
    """As `read`, for the checkpoint of a run; raises EngineError for any other file, and for one of
    a newer version."""
    checkpoint = read(path)
    if checkpoint.about.get("format") != FORMAT:
        raise EngineError(
            _("{path} holds weights, but no run that could be resumed.").format(path=path)
        )
    if checkpoint.about.get("version") != VERSION:
        raise EngineError(
            _(
                "{path} is of version {version}, written by a newer CNN Explorer; this one reads "
                "version {known}."
            ).format(path=path, version=repr(checkpoint.about.get("version"))[:20], known=VERSION)
        )
    return checkpoint


def described(preprocess: Preprocess | None) -> dict[str, Any]:
    """What the description of weights states of the preprocessing; nothing if it is not known."""
    return {KEY: preprocess.as_dict()} if preprocess else {}


def preprocess_of(about: Mapping[str, Any]) -> Preprocess | None:
    """The preprocessing that the description of weights states, by itself or by its data set; raises
    EngineError if it is damaged."""
    data = DATASETS.get(str(about.get("data")))
    if KEY not in about:
        return data.preprocess if data else None
    try:
        return Preprocess.of(about[KEY])
    except PreprocessError as error:
        raise EngineError(str(error)) from None


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
                    "These are another network's weights: {name} is {given}, but the network "
                    "needs {wanted}."
                ).format(
                    name=name,
                    given=shape_text(tensors[name].shape),
                    wanted=shape_text(tensor.shape),
                )
            )
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(tensors[name])


def path_of(value: object) -> Path:
    """The path in a request; raises EngineError if `value` is not one."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise EngineError(_("{value} is not the path of a file.").format(value=repr(value)[:80]))
    return Path(value)


def shape_text(shape: Shape) -> str:
    """A tensor's shape as a person reads it: 64×3×3×3."""
    return text_of(shape) or _("one number")
