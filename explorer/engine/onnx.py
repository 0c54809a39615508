"""A network as an ONNX file, through PyTorch's own exporter, and checked by onnxruntime."""

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
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.onnx.errors import OnnxExporterError

from explorer.engine.failure import EngineError
from explorer.engine.model import Model
from explorer.engine.precision import PLAIN
from explorer.text import _

NEEDED = ("onnx", "onnxscript", "onnxruntime")
TOLERANCE = 1e-4
"""Of outputs, relative to the largest of them where that is above 1."""
_BATCH = 3
_ONE_FILE = 1_800_000_000
"""Bytes of weights in the file itself; protobuf ends at 2 GiB, so more lie beside it in NAME.data."""


@dataclass(frozen=True)
class Exported:
    """files: what was written. difference: the largest between the outputs of onnxruntime and of
    PyTorch on the same random pictures. largest: of those outputs, without its sign. dynamic: any
    number of pictures at a time; otherwise one."""

    files: tuple[Path, ...]
    difference: float
    largest: float
    dynamic: bool


def write(model: Model, path: Path) -> Exported:
    """Writes the network with its weights to `path`, input "pictures" and output "output", float32.

    The file takes its place only after onnxruntime gave the same outputs with it, to 1e-4. Raises
    EngineError, also if the packages are missing.
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
    # Weights that lie beside the file are found by their name in it, so it is written in place then.
    temporary = path if large else path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        dynamic = _export(net, model.graph.input, temporary, large)
        difference, largest = _difference(
            net, model.graph.input, temporary, _BATCH if dynamic else 1
        )
        os.replace(temporary, path)
    except OSError as fault:
        raise EngineError(
            _("{path} cannot be written: {fault}.").format(path=path, fault=fault.strerror or fault)
        ) from None
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
    """Writes the file; whether the number of pictures is free in it."""
    pictures = torch.zeros(2, *input)
    try:
        _run_exporter(net, pictures, ({0: torch.export.Dim("batch")},), path, beside)
        return True
    except OnnxExporterError:  # what it cannot do with a free batch, it may do without
        pass
    try:
        _run_exporter(net, pictures[:1], None, path, beside)
        return False
    except OnnxExporterError as fault:
        first = next(iter(str(fault).strip().splitlines()), type(fault).__name__)
        raise EngineError(
            _("PyTorch cannot write this network as ONNX: {fault}").format(fault=first[:300])
        ) from fault


def _run_exporter(
    net: nn.Module,
    pictures: Tensor,
    shapes: tuple[dict[int, Any], ...] | None,
    path: Path,
    beside: bool,
) -> None:
    with _quiet():
        torch.onnx.export(
            net,
            (pictures,),
            path,
            dynamo=True,
            input_names=["pictures"],
            output_names=["output"],
            dynamic_shapes=shapes,
            external_data=beside,
            verbose=False,
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells of its steps and of other packages' old habits; neither helps anyone."""
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
                "With these weights the outputs are not finite, so that onnxruntime's cannot "
                "be compared with them; nothing was written."
            )
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    with _quiet():
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: pictures.numpy()})
    if found.shape != expected.shape:
        raise EngineError(
            _(
                "onnxruntime gives {found} where the network gives {wanted}; nothing was written."
            ).format(found=found.shape, wanted=expected.shape)
        )
    with np.errstate(all="ignore"):
        difference = float(np.abs(found - expected).max())
    largest = float(np.abs(expected).max())
    if not difference <= TOLERANCE * max(1.0, largest):
        raise EngineError(
            _(
                "onnxruntime's outputs differ by up to {difference:.2g}; nothing was written."
            ).format(difference=difference)
        )
    return difference, largest
