"""Number formats and memory layouts of a step, and which of them is the fastest here."""

import copy
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.engine.device import release, synchronise
from explorer.engine.failure import out_of_memory

SECONDS = 2.0
"""About how long all modes together are measured."""
_SLOW = 0.3
"""Seconds above which one step is enough to warm up: its set-up is short beside its work."""


@dataclass(frozen=True)
class Precision:
    """channels_last: maps lie in memory as N, H, W, C; half: products in bfloat16 under autocast.

    The weights stay float32 in every mode, and so do the loss and the optimiser.
    """

    name: str
    channels_last: bool
    half: bool

    @property
    def format(self) -> torch.memory_format:
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def place(self, net: nn.Module) -> nn.Module:
        """Lays out the weights of `net`, in place, as this mode wants them."""
        net.to(memory_format=self.format)  # type: ignore[call-overload]  # torch's stubs lack it
        return net

    def context(self, device: torch.device) -> AbstractContextManager[object]:
        """The context in which the forward pass runs."""
        return torch.autocast(device.type, torch.bfloat16, enabled=self.half)

    def logits(self, net: nn.Module, images: Tensor) -> Tensor:
        """The outputs of `net` for normalised `images` (N, C, H, W): (N, classes) float32."""
        with self.context(images.device):
            logits: Tensor = net(images.contiguous(memory_format=self.format))
            return logits.float()


PRECISIONS = MappingProxyType(
    {
        mode.name: mode
        for mode in (
            Precision("float32", False, False),
            Precision("float32 channels-last", True, False),
            Precision("bfloat16 channels-last", True, True),
        )
    }
)
PLAIN = PRECISIONS["float32"]


def supported(device: torch.device) -> list[Precision]:
    """The modes that `device` computes well.

    bfloat16 only where the hardware has it: elsewhere it is emulated (slow) or, on a CPU without
    AVX-512, refused by oneDNN. On MPS only plain float32: channels-last only adds copies there.
    """
    if device.type == "mps":
        return [PLAIN]
    if device.type == "cuda":
        with torch.cuda.device(device):  # it asks the current one
            half = torch.cuda.is_bf16_supported(including_emulation=False)
    elif device.type == "xpu":
        with torch.xpu.device(device):
            half = torch.xpu.is_bf16_supported()
    else:
        half = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return [mode for mode in PRECISIONS.values() if half or not mode.half]


class Trial:
    """Training steps of a network in one mode. All modes share a copy of the network that is
    trained afterwards, since several would take memory that the run does not need."""

    def __init__(self, mode: Precision, net: nn.Module, images: Tensor, labels: Tensor) -> None:
        self.mode, self.images, self.labels = mode, images, labels
        self.best = float("inf")  # seconds of the fastest step
        self._net = net
        self._optimiser = torch.optim.SGD(net.parameters(), lr=1e-4, momentum=0.9)

    def turn(self) -> None:
        """A step after another mode's, which warms up; if that was short, the step that counts."""
        self._net.zero_grad()
        self.mode.place(self._net)
        try:
            took = self.step()
            if took < _SLOW:
                took = self.step()
            self.best = min(self.best, took)
        finally:
            self._optimiser.state.clear()

    def step(self) -> float:
        """Seconds that one more step took."""
        device = self.images.device
        synchronise(device)
        start = time.perf_counter()
        loss = F.cross_entropy(self.mode.logits(self._net, self.images), self.labels)
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        synchronise(device)
        return time.perf_counter() - start


def measure(net: nn.Module, images: Tensor, labels: Tensor) -> Iterator[list[tuple[str, float]]]:
    """Images per second of each supported mode, fastest first; yielded after every turn, each more
    exact than the last.

    images: (N, C, H, W) normalised; labels: (N,) int64. The modes take turns, so that other load on
    the machine affects all alike, and the fastest step counts, but none of the first turn. `net`
    must not be in use; its weights, statistics and gradients stay as they were. Draws random numbers
    for dropout, so the caller seeds afterwards. A mode that runs out of memory is left out. What
    was measured on is released at the end.
    """
    start = time.perf_counter()
    copied = copy.deepcopy(net).train()
    waiting = [Trial(mode, copied, images, labels) for mode in supported(images.device)]
    trials: list[Trial] = []
    try:
        for trial in waiting:
            try:
                trial.turn()
            except (RuntimeError, MemoryError) as fault:
                if (trial is waiting[-1] and not trials) or not out_of_memory(fault):
                    raise
                continue
            trials.append(trial)
            trial.best = float("inf")
            yield []
        while True:
            for trial in trials:
                trial.turn()
                speeds = [(each.mode.name, len(images) / each.best) for each in trials]
                yield sorted(speeds, key=lambda entry: -entry[1])
            if time.perf_counter() - start > SECONDS:
                return
    finally:
        trials.clear()
        waiting.clear()
        del copied, trial
        release(images.device)
