"""A network as an ONNX file, written by PyTorch's own exporter and checked with onnxruntime."""

import contextlib
import copy
import importlib.util
import io
import json
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.onnx.errors import OnnxExporterError

from explorer.catalog.layers import text_of
from explorer.engine import checkpoint
from explorer.engine.failure import EngineError, unwritable
from explorer.engine.model import Model
from explorer.engine.precision import PLAIN
from explorer.text import _

NEEDED = ("onnx", "onnxscript", "onnxruntime")
TOLERANCE = 1e-4
"""The largest difference of outputs, relative to the largest output where that is above 1."""
_BATCH = 3
_ONE_FILE = 1_800_000_000
"""Most bytes of weights in the file itself; protobuf ends at 2 GiB, so more go into NAME.data."""


@dataclass(frozen=True)
class Exported:
    """files: those written. difference: the largest between the outputs of onnxruntime and of PyTorch
    for the same random pictures. largest: the largest absolute value of those outputs. dynamic: the
    file takes any number of pictures at a time; otherwise one."""

    files: tuple[Path, ...]
    difference: float
    largest: float
    dynamic: bool


def write(model: Model, path: Path) -> Exported:
    """Writes the network with its weights to `path`, input "pictures" and output "output", float32;
    how pictures are preprocessed, where that is known, in its metadata as JSON.

    The file is renamed to `path` only after onnxruntime gave the same outputs with it, within
    TOLERANCE. Raises EngineError, also if the packages are missing.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise EngineError(
            _(
                "ONNX needs the packages {names}: install them with pip install "
                '"cnn-explorer[onnx]".'
            ).format(names=", ".join(missing))
        )
    net = PLAIN.place(copy.deepcopy(model.net).to("cpu", torch.float32))
    net.eval().requires_grad_(False)
    large = sum(value.nbytes for value in net.state_dict().values()) > _ONE_FILE
    # A file refers to the weights beside it by their name, so such a file is not renamed.
    temporary = path if large else path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        about = {
            key: json.dumps(value) for key, value in checkpoint.described(model.stated).items()
        }
        dynamic = _export(_writable(net), model.graph.input, temporary, large, about)
        difference, largest = _difference(
            net, model.graph.input, temporary, _BATCH if dynamic else 1
        )
        os.replace(temporary, path)
    except OSError as fault:
        raise unwritable(path, fault) from None
    finally:
        if temporary != path:
            temporary.unlink(missing_ok=True)
    return Exported(
        (path, path.with_name(path.name + ".data")) if large else (path,),
        difference,
        largest,
        dynamic,
    )


def _export(
    net: nn.Module, input: tuple[int, ...], path: Path, beside: bool, about: Mapping[str, str]
) -> bool:
    """Writes the file with `about` in its metadata, for any number of pictures, or for one where PyTorch
    cannot; whether for any."""
    for dynamic in (True, False):
        try:
            with _quiet():
                program = torch.onnx.export(
                    net,
                    (torch.zeros(2 if dynamic else 1, *input),),
                    dynamo=True,
                    input_names=["pictures"],
                    output_names=["output"],
                    dynamic_shapes=({0: torch.export.Dim("batch")},) if dynamic else None,
                    verbose=False,
                )
                assert program is not None  # dynamo=True gives one
                program.model.metadata_props.update(about)
                program.save(path, external_data=beside)
            return dynamic
        except OnnxExporterError as fault:
            last = fault
    raise _unwritten(net, input, last)


class _SlicedMaxPool(nn.Module):
    """AdaptiveMaxPool2d, which ONNX lacks, by slices and maxima: first over rows, then over columns.

    Place i of n along a side of s pixels sees those from ⌊i s/n⌋ to ⌈(i+1) s/n⌉ (ATen,
    AdaptivePooling.h)."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: (N, C, H, W); (N, C, *size)."""
        for dim, places in zip((2, 3), self.size):
            side = x.shape[dim]
            windows = [(i * side // places, -(-(i + 1) * side // places)) for i in range(places)]
            x = torch.cat(
                [x.narrow(dim, a, b - a).amax(dim, keepdim=True) for a, b in windows], dim
            )
        return x


def _writable(net: nn.Module) -> nn.Module:
    """The network, sharing its tensors, with slices and maxima in place of each AdaptiveMaxPool2d to more
    than one place."""
    shared = {id(tensor): tensor for tensor in (*net.parameters(), *net.buffers())}
    net = copy.deepcopy(net, shared)
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.AdaptiveMaxPool2d):
            size: Any = module.output_size
            high, wide = size if isinstance(size, tuple) else (size, size)
            if (high, wide) != (1, 1):
                net.set_submodule(name, _SlicedMaxPool((high, wide)))
    return net


def _unwritten(net: nn.Module, input: tuple[int, ...], fault: BaseException) -> EngineError:
    """The error for a network that PyTorch cannot write, with the node at which it failed if that is
    known."""
    name = re.search(r"translating node %(\w+)", str(fault))
    if name:
        with _quiet():
            graph = torch.export.export(net, (torch.zeros(1, *input),)).graph
        for node in graph.nodes:
            if node.name == name[1] and (stack := node.meta.get("nn_module_stack")):
                path, kind = list(stack.values())[-1]
                return EngineError(
                    _("PyTorch cannot write {path} ({kind}) as ONNX; nothing was written.").format(
                        path=path, kind=getattr(kind, "__name__", str(kind).rpartition(".")[2])
                    )
                )
    while fault.__cause__ is not None:
        fault = fault.__cause__
    reason = next(iter(str(fault).strip().splitlines()), type(fault).__name__)
    return EngineError(
        _("PyTorch cannot write this network as ONNX: {reason}").format(
            reason=re.sub(r"\x1b\[[\d;]*m", "", reason)[:300]
        )
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """A context without the exporter's progress lines and its warnings about other packages."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _difference(
    net: nn.Module, input: tuple[int, ...], path: Path, batch: int
) -> tuple[float, float]:
    """The largest difference of the outputs, and the largest output."""
    import onnxruntime

    generator = torch.Generator().manual_seed(0)
    pictures = torch.randn(batch, *input, generator=generator)
    with torch.inference_mode():
        expected = net(pictures).numpy()
    if not np.isfinite(expected).all():
        raise EngineError(
            _(
                "With these weights the outputs are not finite, so they cannot be compared with "
                "onnxruntime's; nothing was written."
            )
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    with _quiet():
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        (outputs,) = session.run(None, {session.get_inputs()[0].name: pictures.numpy()})
    if outputs.shape != expected.shape:
        raise EngineError(
            _(
                "onnxruntime gives {outputs} where the network gives {expected}; nothing was "
                "written."
            ).format(outputs=text_of(outputs.shape), expected=text_of(expected.shape))
        )
    with np.errstate(all="ignore"):
        difference = float(np.abs(outputs - expected).max())
    largest = float(np.abs(expected).max())
    if not difference <= TOLERANCE * max(1.0, largest):
        raise EngineError(
            _(
                "onnxruntime's outputs differ by up to {difference:.2g}; nothing was written."
            ).format(difference=difference)
        )
    return difference, largest
