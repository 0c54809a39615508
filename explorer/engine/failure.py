"""What goes wrong in the engine, as one sentence that a person can act on."""

import torch

from explorer.graph.file import FileError
from explorer.protocol.codec import MessageError
from explorer.runs.recipe import RecipeError
from explorer.text import _


class EngineError(Exception):
    """A fault whose message is the sentence for the person; nothing is wrong with the program."""


_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_DEVICE = ("CUDA error", "device-side assert", "CUDNN_STATUS", "CUBLAS_STATUS", "XPU error")


def out_of_memory(fault: BaseException) -> bool:
    """Whether `fault` says that host or device memory ran out; the CPU and MPS say it as a
    RuntimeError."""
    if isinstance(fault, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(fault, RuntimeError) and any(words in str(fault) for words in _MEMORY)


def device_lost(fault: BaseException) -> bool:
    """Whether the device can do nothing more for this process, so that only a new engine can go
    on."""
    return (
        isinstance(fault, RuntimeError)
        and not out_of_memory(fault)
        and any(words in str(fault) for words in _DEVICE)
    )


def sentence(fault: BaseException) -> str:
    """One sentence about `fault`, and what to do about it where that is known."""
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
