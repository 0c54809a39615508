"""The devices of this machine: which there are, their names and memory, and manners on the CPU."""

import ctypes
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from explorer.engine import occupancy
from explorer.engine.failure import EngineError
from explorer.text import _

_BELOW_NORMAL_PRIORITY_CLASS = 0x4000


@dataclass(frozen=True)
class Device:
    """id: as torch spells it, "cpu" or "cuda:0"; name: for a person; memory, free: bytes in all,
    and that nobody uses now; 0 where unknown."""

    id: str
    name: str
    memory: int
    free: int = 0


def find() -> list[Device]:
    """The devices that torch can use here, the likely fastest first; the CPU is always the last."""
    found = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        about = torch.cuda.get_device_properties(index)
        free = occupancy.free_on_gpu(index)
        found.append(Device(f"cuda:{index}", about.name, about.total_memory, free))
    for index in range(torch.xpu.device_count() if torch.xpu.is_available() else 0):
        about = torch.xpu.get_device_properties(index)
        found.append(Device(f"xpu:{index}", about.name, about.total_memory))
    if torch.backends.mps.is_available():
        found.append(Device("mps", processor(), torch.mps.recommended_max_memory()))
    found.append(Device("cpu", processor(), memory(), occupancy.free_in_machine()))
    return found


def pick(name: str) -> torch.device:
    """The device with the id `name`; "auto" is the first that there is. Raises EngineError if it is
    not here."""
    found = find()
    if name == "auto":
        return torch.device(found[0].id)
    wanted = f"{name}:0" if name in ("cuda", "xpu") else name
    if wanted not in [device.id for device in found]:
        raise EngineError(
            _("There is no device “{name}” here; there are: {ids}.").format(
                name=name, ids=", ".join(device.id for device in found)
            )
        )
    return torch.device(wanted)


def processor() -> str:
    """The processor's name as its maker gives it, else what the system calls the machine."""
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
        name = next(
            (
                line.split(":", 1)[1].strip()
                for line in _cpuinfo()
                if line.startswith(("model name", "Model", "cpu model"))
            ),
            "",
        )
    return " ".join(name.split()) or platform.processor() or platform.machine()


def memory() -> int:
    """Bytes of memory that the machine has; 0 where it cannot be known."""
    if sys.platform == "win32":

        class Status(ctypes.Structure):  # MEMORYSTATUSEX
            _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
                (name, ctypes.c_ulonglong)
                for name in (
                    "total",
                    "free",
                    "page_total",
                    "page_free",
                    "total_virtual",
                    "free_virtual",
                    "extended",
                )
            ]

        status = Status()
        status.length = ctypes.sizeof(status)
        return (
            int(status.total)
            if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
            else 0
        )
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return 0


def physical_cores() -> int:
    """Cores that this process may use, two threads of one core counted once: more threads than that
    slow torch down."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    cores, entry = set(), {}
    for line in [*_cpuinfo(), ""]:
        if line.strip():
            key, _colon, value = line.partition(":")
            entry[key.strip()] = value.strip()
        elif entry:
            number = int(entry.get("processor", -1))
            if (allowed is None or number in allowed) and "core id" in entry:
                cores.add((entry.get("physical id"), entry["core id"]))
            entry = {}
    return len(cores) or len(allowed or ()) or os.cpu_count() or 1


def settle_threads() -> None:
    """Gives torch one thread a physical core, unless the environment asks for a number itself."""
    if "OMP_NUM_THREADS" not in os.environ and "MKL_NUM_THREADS" not in os.environ:
        if sys.platform.startswith("linux"):
            torch.set_num_threads(physical_cores())


def lower_priority() -> None:
    """Lets other programs go first, so that the window stays smooth while the CPU trains.

    Measured on two cores: at `nice` 10 the window's frames are as even as when idle. There is no
    way back for an unprivileged process, and none is needed.
    """
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.GetCurrentProcess.restype = ctypes.c_void_p
        kernel.SetPriorityClass.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL_PRIORITY_CLASS)
    else:
        # os.nice adds up; asked for twice, it must stay at 10. A thread's niceness is its own on
        # Linux, and torch's pool may exist already, so every thread of the process is lowered.
        threads = Path("/proc/self/task")
        ids = [int(entry.name) for entry in threads.iterdir()] if threads.is_dir() else [0]
        for number in ids:
            try:
                if os.getpriority(os.PRIO_PROCESS, number) < 10:
                    os.setpriority(os.PRIO_PROCESS, number, 10)
            except ProcessLookupError:  # a thread that ended meanwhile
                continue


def synchronise(device: torch.device) -> None:
    """Waits until `device` has done all that it was given; the CPU always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "xpu":
        torch.xpu.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return []
