"""A network as an ONNX file, written by PyTorch's own exporter and checked with onnxruntime."""

import contextlib
import copy
import importlib.util
import io
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.onnx.errors import OnnxExporterError

from explorer.catalog.layers import text_of
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
    """Writes the network with its weights to `path`, input "pictures" and output "output", float32.

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
        dynamic = _export(net, model.graph.input, temporary, large)
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


def _export(net: nn.Module, input: tuple[int, ...], path: Path, beside: bool) -> bool:
    """Writes the file, for any number of pictures, or for one where PyTorch cannot; whether for
    any."""
    for dynamic in (True, False):
        try:
            with _quiet():
                torch.onnx.export(
                    net,
                    (torch.zeros(2 if dynamic else 1, *input),),
                    path,
                    dynamo=True,
                    input_names=["pictures"],
                    output_names=["output"],
                    dynamic_shapes=({0: torch.export.Dim("batch")},) if dynamic else None,
                    external_data=beside,
                    verbose=False,
                )
            return dynamic
        except OnnxExporterError as fault:
            reason = next(iter(str(fault).strip().splitlines()), type(fault).__name__)
    raise EngineError(
        _("PyTorch cannot write this network as ONNX: {reason}").format(reason=reason[:300])
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
