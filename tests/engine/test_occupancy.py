"""What is free on a device, and the peak of a run; GPUs and their driver are played by stand-ins."""

import ctypes
from types import SimpleNamespace

import pytest
import torch

from explorer.engine import device, occupancy
from explorer.engine.occupancy import Peak


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
    """NVML as far as it is asked; `answers` are what its functions return."""

    def __init__(self, free=5, **answers):
        self.free, self.answers, self.calls = free, answers, []

    def __getattr__(self, name):
        def call(*arguments):
            self.calls.append(name)
            if name == "nvmlDeviceGetMemoryInfo" and not self.answers.get(name, 0):
                arguments[1]._obj.free = self.free
            return self.answers.get(name, 0)

        return call


@pytest.fixture
def counter(monkeypatch):
    found = Counter()
    monkeypatch.setattr(occupancy.torch, "cuda", found)
    return found


def test_the_cpu_says_what_is_free(tmp_path):
    cpu = device.find()[-1]
    assert 0 <= cpu.free <= cpu.memory
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       100 kB\nMemAvailable:    40 kB\n")
    assert occupancy.free_in_machine(meminfo) == 40 * 1024
    assert occupancy.free_in_machine(tmp_path / "none") == 0


def test_a_gpu_says_what_is_free_through_its_driver(monkeypatch):
    driver = Driver(free=7 * 2**30)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda index: SimpleNamespace(uuid=f"1234-{index}")
    )
    monkeypatch.setattr(ctypes, "CDLL", lambda name: driver)
    assert occupancy.free_on_gpu(1) == 7 * 2**30
    assert driver.calls == [
        "nvmlInit_v2",
        "nvmlDeviceGetHandleByUUID",
        "nvmlDeviceGetMemoryInfo",
        "nvmlShutdown",
    ]


@pytest.mark.parametrize(
    "silent", ["nvmlInit_v2", "nvmlDeviceGetHandleByUUID", "nvmlDeviceGetMemoryInfo"]
)
def test_what_the_driver_does_not_tell_is_unknown(silent):
    assert occupancy._free_by_nvml(Driver(**{silent: 1}), b"GPU-1") == 0


@pytest.mark.parametrize("about", [SimpleNamespace(), SimpleNamespace(uuid="1234")])
def test_without_the_driver_it_is_unknown(monkeypatch, about):
    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: about)
    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert occupancy.free_on_gpu(0) == 0


def test_the_peak_leaves_out_what_it_looked_away_from(counter):
    counter.take(100)  # the data set
    counter.take(900)
    counter.take(-900)
    peak = Peak(torch.device("cuda:0"), 100)
    assert peak.bytes == 0
    counter.take(300)
    counter.take(-300)
    with peak.looking_away():
        counter.take(5000)
        counter.take(-5000)
    assert peak.bytes == 300
    counter.take(400)
    assert peak.bytes == 400


def test_the_cpu_tells_no_peak():
    peak = Peak(torch.device("cpu"))
    with peak.looking_away():
        pass
    assert peak.bytes is None
