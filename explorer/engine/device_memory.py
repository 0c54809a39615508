"""How full the memory of a device is: what is free of it, and the most that training took."""

from collections.abc import Iterator
from contextlib import contextmanager

import pynvml
import torch


def free_on_gpu(index: int) -> int:
    """Bytes that nobody uses on cuda:`index`; 0 where it cannot be known.

    Asks the driver's own library (NVML): torch.cuda.mem_get_info would set up a context of some
    hundred MB on every GPU that it is asked about.
    """
    try:
        name = f"GPU-{torch.cuda.get_device_properties(index).uuid}"
        pynvml.nvmlInit()
    except (AttributeError, RuntimeError, pynvml.NVMLError):  # another maker's, or no such library
        return 0
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByUUID(name))
        return int(memory.free)
    except pynvml.NVMLError:
        return 0
    finally:
        pynvml.nvmlShutdown()


class Peak:
    """The most bytes of tensors that there were on a device since this was made, but for what
    happened while it was told to look away, and but for `besides` bytes that always are there.

    The allocator of CUDA and XPU counts by itself, on the host: asking waits for nothing. Other
    devices tell no peak.
    """

    def __init__(self, device: torch.device, besides: int = 0) -> None:
        self._device, self._besides, self._most = device, besides, 0
        self._counter = {"cuda": torch.cuda, "xpu": torch.xpu}.get(device.type)
        self._begin()

    @property
    def bytes(self) -> int | None:
        """The peak until now; None where the device does not tell."""
        if self._counter is None:
            return None
        self._note()
        return max(0, self._most - self._besides)

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """What happens meanwhile does not count."""
        self._note()
        try:
            yield
        finally:
            self._begin()

    def _note(self) -> None:
        if self._counter is not None:
            self._most = max(self._most, self._counter.max_memory_allocated(self._device))

    def _begin(self) -> None:
        if self._counter is not None:
            self._counter.reset_peak_memory_stats(self._device)
