"""Faults of the engine, each as one sentence that a person can act on."""

from pathlib import Path

import torch

from explorer.graph.file import FileError
from explorer.protocol.codec import MessageError
from explorer.runs.recipe import RecipeError
from explorer.text import _, printable


class EngineError(Exception):
    """A fault that is not one of the program; its message is the sentence for a person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(printable(sentence))


def unwritable(path: Path, fault: Exception) -> EngineError:
    """The error for a file or folder that cannot be written, because of `fault`."""
    reason = getattr(fault, "strerror", None) or fault
    return EngineError(_("{path} cannot be written: {reason}.").format(path=path, reason=reason))


_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "ALLOC_FAILED",  # CUDNN_STATUS_, CUBLAS_STATUS_, CUFFT_ …
    "ALLOCATION_FAILED",  # CUDNN_STATUS_INTERNAL_ERROR_DEVICE_, …_HOST_
    "OUT_OF_DEVICE_MEMORY",  # UR_RESULT_ERROR_, of XPU
    "OUT_OF_HOST_MEMORY",
)
_DEVICE = ("CUDA error", "device-side assert", "CUDNN_STATUS", "CUBLAS_STATUS", "XPU error")


def out_of_memory(fault: BaseException) -> bool:
    """Whether `fault` means that host or device memory ran out; on CPU and MPS, and where a library
    such as cuDNN could not allocate, it is a RuntimeError."""
    if isinstance(fault, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(fault, RuntimeError) and any(words in str(fault) for words in _MEMORY)


def device_lost(fault: BaseException) -> bool:
    """Whether the device has failed for this process, so that only a new engine can use it."""
    return (
        isinstance(fault, RuntimeError)
        and not out_of_memory(fault)
        and any(words in str(fault) for words in _DEVICE)
    )


def sentence(fault: BaseException) -> str:
    """One sentence for a person about `fault`, with what to do where that is known."""
    if isinstance(fault, EngineError | FileError | MessageError | RecipeError):
        return str(fault)
    if out_of_memory(fault):
        return _(
            "The memory of the device is full: choose a smaller batch size or a smaller network."
        )
    first = next(iter(str(fault).strip().splitlines()), "") or _("no more is known")
    if device_lost(fault):
        return _("The device failed, and the engine must start again: {fault}").format(fault=first)
    return _("The engine failed: {kind}: {fault}").format(kind=type(fault).__name__, fault=first)
