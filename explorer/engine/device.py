"""The devices of this machine, their names and memory; threads and priority on the CPU."""

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import torch

from explorer.engine import device_memory
from explorer.engine.failure import EngineError
from explorer.protocol.messages import Device
from explorer.text import _


def find() -> list[Device]:
    """The devices that torch can use here, likely the fastest first; the CPU is always the last."""
    devices = []
    for index, gpu in _fastest_first(torch.cuda, "multi_processor_count"):
        free = min(device_memory.free_on_gpu(index), gpu.total_memory)
        devices.append(Device(f"cuda:{index}", gpu.name, gpu.total_memory, free))
    for index, xpu in _fastest_first(torch.xpu, "max_compute_units"):
        devices.append(Device(f"xpu:{index}", xpu.name, xpu.total_memory))
    if torch.backends.mps.is_available():
        devices.append(Device("mps", processor(), torch.mps.recommended_max_memory()))
    memory = psutil.virtual_memory()
    devices.append(Device("cpu", processor(), memory.total, memory.available))
    return devices


def _fastest_first(backend: Any, units: str) -> list[tuple[int, Any]]:
    """Index and properties of each GPU of a backend of torch, by the number of its `units` that
    compute times their clock rate, where that is known; of equal ones that with more memory."""
    if not backend.is_available():
        return []
    found = [
        (index, backend.get_device_properties(index)) for index in range(backend.device_count())
    ]

    def speed(entry: tuple[int, Any]) -> tuple[float, float]:
        gpu = entry[1]
        return getattr(gpu, units, 0) * (getattr(gpu, "clock_rate", 0) or 1), gpu.total_memory

    return sorted(found, key=speed, reverse=True)


def unused_gpu() -> str:
    """Why torch cannot use an NVIDIA GPU of this machine, and what to do, as a sentence; "" if it
    can, or there is none."""
    if torch.cuda.is_available() or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return ""
    name = device_memory.first_gpu()
    if not name:
        return ""
    sentence = (
        _(
            "This machine has an {gpu}, but PyTorch {version} is built without CUDA and cannot use "
            "it: install a build with CUDA, as https://pytorch.org/get-started/locally/ says."
        )
        if torch.version.cuda is None
        else _(
            "This machine has an {gpu}, but PyTorch {version} cannot use it: its NVIDIA driver is "
            "older than CUDA {cuda} needs, or broken; install the newest driver."
        )
    )
    return sentence.format(gpu=name, version=torch.__version__, cuda=torch.version.cuda)


def pick(name: str, preferred: str | None = None) -> torch.device:
    """The device with the id `name`; "auto" is the preferred one if it is here, else the first of
    `find`. Raises EngineError if there is no such device."""
    ids = [device.id for device in find()]
    if name == "auto":
        return torch.device(preferred if preferred in ids else ids[0])
    wanted = f"{name}:0" if name in ("cuda", "xpu") else name
    if wanted not in ids:
        sentence = _("There is no device “{name}” here; there are: {ids}.")
        reason = unused_gpu() if name.startswith("cuda") else ""
        raise EngineError(f"{sentence.format(name=name, ids=', '.join(ids))} {reason}".rstrip())
    return torch.device(wanted)


def processor() -> str:
    """The name that its maker gives the processor, else the system's name for the machine."""
    if sys.platform == "darwin":
        asked = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
        name = asked.stdout.strip()
    elif sys.platform == "win32":
        import winreg

        with winreg.OpenKey(
            winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        ) as key:
            name = str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
    else:
        name = _named_in_cpuinfo()
    return " ".join(name.split()) or platform.processor() or platform.machine()


def _named_in_cpuinfo() -> str:
    """The processor's name on Linux, "" where it is not known."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    named = (line for line in lines if line.startswith(("model name", "Model", "cpu model")))
    return next(named, "").partition(":")[2]


def physical_cores() -> int:
    """Number of cores, two threads of one core counted once, or the number that this process may use
    if that is less: with more threads torch is slower."""
    process = psutil.Process()
    allowed = len(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else os.cpu_count()
    return min(filter(None, (psutil.cpu_count(logical=False), allowed)), default=1)


def settle_threads() -> None:
    """Gives torch one thread per physical core, unless the environment sets a number itself."""
    set_outside = "OMP_NUM_THREADS" in os.environ or "MKL_NUM_THREADS" in os.environ
    if not set_outside and sys.platform == "linux":
        torch.set_num_threads(physical_cores())


def lower_priority() -> None:
    """Lets other programs go first, so that the window stays smooth while the CPU trains.

    Measured on two cores: at `nice` 10 the window's frames are as even as when idle. There is no
    way back for an unprivileged process, and none is needed.
    """
    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        return
    # Called twice, it must stay at 10. On Linux each thread has a niceness of its own, and torch's
    # pool may exist already, so every thread of the process is lowered.
    threads = [thread.id for thread in process.threads()] if sys.platform == "linux" else [0]
    for number in threads:
        try:
            if os.getpriority(os.PRIO_PROCESS, number) < 10:
                os.setpriority(os.PRIO_PROCESS, number, 10)
        except ProcessLookupError:  # a thread that ended meanwhile
            continue


def release(device: torch.device) -> None:
    """Gives the memory that torch keeps in reserve back to `device`; the CPU keeps none."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "xpu":
        torch.xpu.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def synchronise(device: torch.device) -> None:
    """Waits until `device` has done all queued work; the CPU has no queue."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "xpu":
        torch.xpu.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
