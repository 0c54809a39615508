"""What is free on a device, and the peak of a run; GPUs and their driver are played by stand-ins."""

from functools import partial
from types import SimpleNamespace

import pynvml
import pytest
import torch

from explorer.engine import device, device_memory
from explorer.engine.device_memory import Peak


class Counter:
    """An allocator that counts as torch.cuda's does."""

    def __init__(self):
        self.now = self.most = 0

    def take(self, size):
        self.now += size
        self.most = max(self.most, self.now)

    def max_memory_allocated(self, _device):
        return self.most

    def reset_peak_memory_stats(self, _device):
        self.most = self.now


class Driver:
    """NVML as far as it is asked: one GPU with `free` bytes; what is `silent` raises."""

    def __init__(self, monkeypatch, free=5, silent="", named="GPU-"):
        self.free, self.silent, self.calls, self.named = free, silent, [], named
        for name in ("Init", "DeviceGetHandleByUUID", "DeviceGetMemoryInfo", "Shutdown"):
            monkeypatch.setattr(pynvml, f"nvml{name}", partial(self._answer, name))

    def _answer(self, name, *arguments):
        self.calls.append(name)
        unknown = name == "DeviceGetHandleByUUID" and not arguments[0].startswith(self.named)
        if name == self.silent or unknown:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_UNKNOWN)
        return SimpleNamespace(free=self.free)


@pytest.fixture
def nvidia(monkeypatch):
    """torch knows of a GPU of NVIDIA's."""
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=f"1234-{index}")
    )


@pytest.fixture
def counter(monkeypatch):
    found = Counter()
    monkeypatch.setattr(device_memory.torch, "cuda", found)
    return found


def test_the_cpu_says_what_is_free():
    cpu = device.find()[-1]
    assert 0 < cpu.free < cpu.memory


def test_a_gpu_says_what_is_free_through_its_driver(nvidia, monkeypatch):
    driver = Driver(monkeypatch, free=7 * 2**30)
    assert device_memory.free_on_gpu(1) == 7 * 2**30
    assert driver.calls == ["Init", "DeviceGetHandleByUUID", "DeviceGetMemoryInfo", "Shutdown"]


def test_a_part_of_a_gpu_has_a_name_of_its_own(nvidia, monkeypatch):
    Driver(monkeypatch, free=3 * 2**30, named="MIG-")
    assert device_memory.free_on_gpu(0) == 3 * 2**30


def test_what_is_free_for_a_run_counts_the_reserve_of_torch(nvidia, monkeypatch):
    Driver(monkeypatch, free=3 * 2**30)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _device: 2**30)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _device: 2**29)
    assert device_memory.free_on(torch.device("cuda:0")) == 3 * 2**30 + 2**29
    monkeypatch.setattr(device_memory, "free_on_gpu", lambda _index: 0)
    assert device_memory.free_on(torch.device("cuda:0")) == 0
    assert device_memory.free_on(torch.device("xpu:0")) == 0
    assert device_memory.free_on(torch.device("cpu")) > 2**20


@pytest.mark.parametrize("silent", ["Init", "DeviceGetHandleByUUID", "DeviceGetMemoryInfo"])
def test_what_the_driver_does_not_tell_is_unknown(nvidia, monkeypatch, silent):
    driver = Driver(monkeypatch, silent=silent)
    assert device_memory.free_on_gpu(0) == 0
    assert driver.calls.count("Init") - (silent == "Init") == driver.calls.count("Shutdown")


def test_the_driver_names_the_first_gpu(monkeypatch):
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlShutdown", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", lambda index: index)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda _handle: "NVIDIA A10")
    assert device_memory.first_gpu() == "NVIDIA A10"
    Driver(monkeypatch, silent="Init")
    assert device_memory.first_gpu() == ""


def test_without_the_driver_or_on_another_makers_gpu_it_is_unknown(nvidia, monkeypatch):
    assert device_memory.free_on_gpu(0) == 0  # this machine has no GPU "1234-0"
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: SimpleNamespace())
    assert device_memory.free_on_gpu(0) == 0


def test_the_peak_leaves_out_what_it_looked_away_from(counter):
    counter.take(100)  # the data set
    counter.take(900)
    counter.take(-900)
    peak = Peak(torch.device("cuda:0"), 100)
    assert peak.bytes == 0
    counter.take(300)
    counter.take(-300)
    with peak.paused():
        counter.take(5000)
        counter.take(-5000)
    assert peak.bytes == 300
    counter.take(400)
    assert peak.bytes == 400


def test_the_cpu_tells_no_peak():
    peak = Peak(torch.device("cpu"))
    with peak.paused():
        pass
    assert peak.bytes is None
