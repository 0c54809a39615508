"""The devices that there are, and manners on the CPU."""

import subprocess
import sys

import pytest
import torch

from explorer.engine import device
from explorer.engine.failure import EngineError, out_of_memory, sentence
from tests.patience import PATIENCE


def test_the_cpu_is_always_the_last():
    found = device.find()
    assert found[-1].id == "cpu" and found[-1].name.strip() and found[-1].memory > 0
    assert device.pick("auto") == torch.device(found[0].id)
    assert device.pick("cpu") == torch.device("cpu")
    with pytest.raises(EngineError, match="cpu"):
        device.pick("cuda:99")


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
    ]
    for fault in faults:
        assert out_of_memory(fault)
        assert "smaller batch size" in sentence(fault)
    assert not out_of_memory(RuntimeError("shape mismatch"))
    assert "\n" not in sentence(RuntimeError("first\nsecond"))
