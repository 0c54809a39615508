"""The devices that there are, and manners on the CPU."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from explorer.engine import device
from explorer.engine.failure import EngineError, device_lost, out_of_memory, sentence
from tests.patience import PATIENCE


def test_the_cpu_is_always_the_last():
    found = device.find()
    assert found[-1].id == "cpu" and found[-1].name.strip() and found[-1].memory > 0
    assert device.pick("auto") == torch.device(found[0].id)
    assert device.pick("cpu") == torch.device("cpu")
    with pytest.raises(EngineError, match="cpu"):
        device.pick("cuda:99")


class Backend:
    """torch.cuda or torch.xpu with these GPUs: (units, clock rate, memory in GiB)."""

    def __init__(self, unit, *gpus):
        self.gpus = [
            SimpleNamespace(
                **{unit: units},
                name=f"{units} units",
                total_memory=memory * 2**30,
                **({"clock_rate": clock} if clock else {}),
            )
            for units, clock, memory in gpus
        ]

    def is_available(self):
        return bool(self.gpus)

    def device_count(self):
        return len(self.gpus)

    def get_device_properties(self, index):
        return self.gpus[index]


def test_the_fastest_gpu_is_the_first_and_the_one_that_auto_takes(monkeypatch):
    gpus = [(10, 1000, 4), (132, 1700, 80), (132, 1900, 80), (132, 1900, 90)]
    monkeypatch.setattr(device.torch, "cuda", Backend("multi_processor_count", *gpus))
    monkeypatch.setattr(device.torch, "xpu", Backend("max_compute_units", (8, 0, 2), (64, 0, 16)))
    monkeypatch.setattr(device.device_memory, "free_on_gpu", lambda index: 100 * 2**30)
    found = device.find()
    assert [each.id for each in found] == [
        "cuda:3",
        "cuda:2",
        "cuda:1",
        "cuda:0",
        "xpu:1",
        "xpu:0",
        "cpu",
    ]
    assert found[0].free == 90 * 2**30, "a part of a GPU has no more free than it has"
    assert device.pick("auto") == torch.device("cuda:3")
    assert device.pick("cuda") == torch.device("cuda:0")


def test_a_torch_that_cannot_use_the_gpu_that_is_there_says_what_to_install(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(device.device_memory, "first_gpu", lambda: "NVIDIA A10")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(torch.version, "cuda", None)
    said = device.unused_gpu()
    assert "has an NVIDIA A10" in said and "without CUDA" in said and "get-started" in said
    with pytest.raises(EngineError, match=r"there are: cpu\. This machine has an NVIDIA A10"):
        device.pick("cuda:0")
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    assert "driver is older than CUDA 12.8 needs" in device.unused_gpu()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert device.unused_gpu() == ""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(device.device_memory, "first_gpu", lambda: "")
    assert device.unused_gpu() == ""


def test_memory_is_released_where_torch_keeps_a_reserve(monkeypatch):
    told = []
    for name in ("cuda", "xpu", "mps"):
        monkeypatch.setattr(
            getattr(torch, name), "empty_cache", lambda name=name: told.append(name)
        )
    for name in ("cuda", "xpu", "mps", "cpu"):
        device.release(torch.device(name))
    assert told == ["cuda", "xpu", "mps"]


def test_threads_are_one_a_core():
    assert 1 <= device.physical_cores() <= 1024


@pytest.mark.skipif(sys.platform == "win32", reason="niceness is POSIX's")
def test_priority_is_lowered_once_for_every_thread():
    code = """
import os, threading
from explorer.engine import device
stop = threading.Event()
thread = threading.Thread(target=stop.wait); thread.start()
device.lower_priority(); device.lower_priority()
print(os.getpriority(os.PRIO_PROCESS, 0), os.getpriority(os.PRIO_PROCESS, thread.native_id))
stop.set()
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    here, there = map(int, found.stdout.split())
    assert here >= 10 and (there == here or not sys.platform.startswith("linux"))


def test_a_full_memory_says_what_to_do():
    faults = [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"
        ),
        RuntimeError("MPS backend out of memory (MPS allocated: 5 GB)"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError(
            "level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)"
        ),
    ]
    for fault in faults:
        assert out_of_memory(fault) and not device_lost(fault)
        assert "smaller batch size" in sentence(fault)
    assert not out_of_memory(RuntimeError("shape mismatch"))
    broken = RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED")
    assert device_lost(broken) and not out_of_memory(broken)
    assert "\n" not in sentence(RuntimeError("first\nsecond"))
