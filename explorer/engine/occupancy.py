"""How full the memory of a device is: what is free of it, and the most that training took."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch


class _Memory(ctypes.Structure):  # nvmlMemory_t
    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


def free_on_gpu(index: int) -> int:
    """Bytes that nobody uses on cuda:`index`; 0 where it cannot be known.

    Asks the driver's own library (NVML): torch.cuda.mem_get_info would set up a context of some
    hundred MB on every GPU that it is asked about.
    """
    try:
        name = f"GPU-{torch.cuda.get_device_properties(index).uuid}"
        library = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
    except (AttributeError, OSError, RuntimeError):  # another maker's, or no such library
        return 0
    return _free_by_nvml(library, name.encode())


def _free_by_nvml(library: ctypes.CDLL, name: bytes) -> int:
    """Bytes free on the GPU of that UUID; every function of NVML answers 0 if all is well."""
    if library.nvmlInit_v2():
        return 0
    handle, found = ctypes.c_void_p(), _Memory()
    try:
        if library.nvmlDeviceGetHandleByUUID(name, ctypes.byref(handle)):
            return 0
        return 0 if library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(found)) else found.free
    finally:
        library.nvmlShutdown()


def free_in_machine(meminfo: Path = Path("/proc/meminfo")) -> int:
    """Bytes of the machine's memory that programs can still have, the system's caches included; 0
    where it cannot be known. meminfo: what Linux says."""
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else 0


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
