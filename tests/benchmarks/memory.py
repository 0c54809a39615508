"""The forecast of memory against what training really takes, network by network.

    python tests/benchmarks/memory.py [--networks resnet18 …] [--batches 2 8] [--device auto]
                                      [--precision float32]

The network is that of the engine, the step that of the engine's run (forward in the mode, gradients
of the step before let go, backward, fused SGD with Nesterov momentum); the second step is measured,
for the momentum is there by then. On a GPU the peak is what torch's allocator counts
(torch.cuda.max_memory_allocated, reset before the step). Elsewhere it is counted by `Alive`: a
dispatch mode that hears of every operation, holds a weak reference to the memory of each tensor that
comes out, and adds up what is alive. Neither sees the other's share: the allocator counts
workspaces too, and rounds to 512 bytes. `kept` is what autograd saves for the backward pass, each
piece of memory once, the weights left out; saved_tensors_hooks tell. Sizes in MB (1e6 bytes); a
ratio is forecast / measured, aimed at 0.9 to 1.1.
"""

import argparse
import gc
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from explorer.analysis.memory_forecast import forecast
from explorer.analysis.report import Report, analyse
from explorer.analysis.source import class_name, source
from explorer.catalog import templates
from explorer.engine import device as devices
from explorer.engine.precision import PRECISIONS, Precision
from explorer.runs.recipe import MOMENTUM

NETWORKS = ("resnet18", "resnet34", "resnet50", "vgg16", "cifar_resnet56")
MODE = {"float32": PRECISIONS["float32"], "bfloat16": PRECISIONS["bfloat16 channels-last"]}


class Alive(TorchDispatchMode):
    """Counts the bytes of all tensors that are alive, operation by operation.

    now: alive after the last operation; peak: the most there was behind any. Tensors made before
    must be told by `know`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[int, tuple[StorageWeakRef, int]] = {}
        self.peak = 0

    def know(self, tensors) -> None:
        """These are alive too."""
        for tensor in tensors:
            storage = tensor.untyped_storage()
            key = storage._cdata
            if key not in self._known or self._known[key][0].expired():
                self._known[key] = StorageWeakRef(storage), storage.nbytes()
        self.peak = max(self.peak, self.now)

    @property
    def now(self) -> int:
        self._known = {key: each for key, each in self._known.items() if not each[0].expired()}
        return sum(size for _reference, size in self._known.values())

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        self.know(each for each in tree_leaves(found) if isinstance(each, Tensor))
        return found


class Steps:
    """A network and its optimiser, in the engine's way."""

    def __init__(self, report: Report, batch: int, place: torch.device, mode: Precision) -> None:
        space: dict = {"__name__": "network"}
        exec(source(report).text, space)
        self.mode, self.batch, self.report, self.place = mode, batch, report, place
        self.net: nn.Module = mode.place(space[class_name(report.graph)]().to(place)).train()
        fused = place.type in ("cpu", "cuda") or None
        self.optimiser = torch.optim.SGD(
            self.net.parameters(), lr=1e-6, momentum=MOMENTUM, nesterov=True, fused=fused
        )
        self.labels = torch.zeros(batch, dtype=torch.int64, device=place)

    @property
    def standing(self) -> list[Tensor]:
        """What is there between two steps."""
        weights = list(self.net.parameters())
        states = [value for state in self.optimiser.state.values() for value in state.values()]
        return [
            *weights,
            *self.net.buffers(),
            *(w.grad for w in weights if w.grad is not None),
            *(each for each in states if isinstance(each, Tensor)),
            self.labels,
        ]

    def _pictures(self) -> Tensor:
        return torch.zeros(self.batch, *self.report.graph.input, device=self.place)

    def train(self) -> None:
        """One training step."""
        logits = self.mode.logits(self.net, self._pictures())
        loss = F.cross_entropy(logits, self.labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()

    def infer(self) -> None:
        """One forward pass in eval mode."""
        self.net.eval()
        with torch.no_grad():
            self.mode.logits(self.net, self._pictures())
        self.net.train()

    def kept(self) -> int:
        """Bytes that autograd keeps after a forward pass, the weights themselves left out."""
        own = {
            each.untyped_storage().data_ptr()
            for each in (*self.net.parameters(), *self.net.buffers())
        }
        kept: dict[int, Tensor] = {}
        with torch.autograd.graph.saved_tensors_hooks(
            lambda tensor: kept.setdefault(id(tensor), tensor), lambda tensor: tensor
        ):
            logits = self.mode.logits(self.net, self._pictures())
        sizes = {
            each.untyped_storage().data_ptr(): each.untyped_storage().nbytes()
            for each in kept.values()
        }
        del logits
        return sum(size for where, size in sizes.items() if where not in own)


def peak(steps: Steps, work) -> int:
    """The most bytes of tensors while `work` runs, what stands before included."""
    if steps.place.type == "cuda":
        gc.collect()
        torch.cuda.synchronize(steps.place)
        torch.cuda.reset_peak_memory_stats(steps.place)
        before = torch.cuda.memory_allocated(steps.place) - _bytes(steps.standing)
        work()
        return torch.cuda.max_memory_allocated(steps.place) - before
    alive = Alive()
    alive.know(steps.standing)
    with alive:
        work()
    return alive.peak


def _bytes(tensors: list[Tensor]) -> int:
    sizes = {each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in tensors}
    return sum(sizes.values())


def measured(report: Report, batch: int, place: torch.device, mode: Precision) -> dict[str, int]:
    """Bytes: kept for backward, and the peaks of training and inference."""
    steps = Steps(report, batch, place, mode)
    found = {"kept": steps.kept()}
    steps.train()
    found["training"] = peak(steps, steps.train)
    steps.optimiser.zero_grad()
    steps.optimiser.state.clear()
    found["inference"] = peak(steps, steps.infer)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--batches", nargs="+", type=int, default=[2, 8])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", choices=MODE, default="float32")
    given = parser.parse_args()
    place = devices.pick(given.device)
    how = "torch.cuda.max_memory_allocated" if place.type == "cuda" else "tensors alive, counted"
    print(f"{place}, {given.precision}, peaks by {how}; MB forecast / measured = ratio")
    worst = 1.0
    for name in given.networks:
        report = analyse(templates.build(name))
        for batch in given.batches:
            plan = forecast(report, batch, given.precision, "momentum", place.type)
            found = measured(report, batch, place, MODE[given.precision])
            cells = []
            for what, said in (
                ("kept", plan.activations + plan.copies),
                ("training", plan.training),
                ("inference", plan.inference),
            ):
                ratio = said / found[what]
                worst = max(worst, ratio, 1 / ratio, key=lambda each: abs(each - 1))
                cells.append(f"{what} {said / 1e6:8.1f} / {found[what] / 1e6:8.1f} = {ratio:5.3f}")
            print(f"{name:<20} batch {batch:>3}   " + "   ".join(cells), flush=True)
    print(f"furthest from 1: {worst:.3f}")


if __name__ == "__main__":
    main()
