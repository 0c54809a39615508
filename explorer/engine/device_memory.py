"""The memory of a device: how much is free, and the peak that training reached."""

from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pynvml
import torch


def free_on(device: torch.device) -> int:
    """Bytes that this process can still take on `device`, what its allocator keeps in reserve
    included; 0 where unknown."""
    if device.type == "cpu":
        return int(psutil.virtual_memory().available)
    if device.type != "cuda":
        return 0
    index = torch.cuda.current_device() if device.index is None else device.index
    reserve = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    free = free_on_gpu(index)
    return free + reserve if free else 0


def first_gpu() -> str:
    """The name of this machine's first NVIDIA GPU; "" if its driver reports none."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ""
    try:
        return str(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(0)))
    except pynvml.NVMLError:
        return ""
    finally:
        pynvml.nvmlShutdown()


def free_on_gpu(index: int) -> int:
    """Unused bytes of cuda:`index`; 0 where unknown.

    Asks the driver's own library (NVML): torch.cuda.mem_get_info would set up a context of some
    hundred MB on every GPU that it is asked about.
    """
    try:
        uuid = torch.cuda.get_device_properties(index).uuid
        pynvml.nvmlInit()
    except (AttributeError, RuntimeError, pynvml.NVMLError):  # not by NVIDIA, or no such library
        return 0
    try:
        # "MIG-" for a part of a GPU (NVIDIA, "Multi-Instance GPU User Guide").
        return next(filter(None, (_free(f"{kind}-{uuid}") for kind in ("GPU", "MIG"))), 0)
    finally:
        pynvml.nvmlShutdown()


def _free(name: str) -> int:
    """Unused bytes of the device that NVML calls by that name; 0 where unknown."""
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByUUID(name))
    except pynvml.NVMLError:
        return 0
    return int(memory.free)


class Peak:
    """The peak of the bytes of all tensors on a device since this was made, without the times when
    it was paused, and less `besides` bytes that are always there.

    The allocator of CUDA and XPU counts by itself, on the host, so that reading its count waits for
    nothing. Other devices report no peak.
    """

    def __init__(self, device: torch.device, besides: int = 0) -> None:
        self._device, self._besides, self._most = device, besides, 0
        self._counter = {"cuda": torch.cuda, "xpu": torch.xpu}.get(device.type)
        self._restart()

    @property
    def bytes(self) -> int | None:
        """The peak until now; None where the device does not report it."""
        if self._counter is None:
            return None
        self._record()
        return max(0, self._most - self._besides)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A context whose tensors do not count."""
        self._record()
        try:
            yield
        finally:
            self._restart()

    def _record(self) -> None:
        if self._counter is not None:
            self._most = max(self._most, self._counter.max_memory_allocated(self._device))

    def _restart(self) -> None:
        if self._counter is not None:
            self._counter.reset_peak_memory_stats(self._device)
