"""A run with every live view on, against the same loop written by hand in plain PyTorch.

Both train the same network by the same recipe in the same mode on the same pictures, in one
process, taking turns block by block, so that what else the machine does hits both alike; the order
in each pair of blocks changes. While the loop by hand has its turn, the engine's clock stands
still. By hand: a loop as in PyTorch's tutorials, which adds the losses up on the device and shows
nothing. Ours: the engine's whole service with rows 20 times a second, gradient norms, probes taken
at once as by a fast window, and checkpoints, all written as frames to a pipe that another thread
empties.

    python tests/benchmarks/training.py [--template cifar_resnet8] [--steps 300] [--device auto]
"""

import argparse
import os
import tempfile
import threading
import time
from types import SimpleNamespace

import torch
import torch.nn.functional as F

from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine import budget, data, device, service, training, training_session
from explorer.engine.model import build
from explorer.engine.stream import ReplyStream
from explorer.graph import file
from explorer.protocol.codec import decode
from explorer.protocol.frames import Decoder
from explorer.protocol.looks import all_of
from explorer.protocol.messages import Failed, Message, Quit, Rows, Seen, Taken, Train
from explorer.runs.recipe import MOMENTUM, Recipe


class ByHand:
    """The plain loop; `steps` does some of its steps and counts the seconds."""

    def __init__(self, graph, pictures: data.Pictures, recipe: Recipe, mode: str) -> None:
        self.pictures, self.recipe, self.place = pictures, recipe.settled(True), pictures.device
        self.half = mode.startswith("bfloat16")
        last = "channels-last" in mode
        self.layout = torch.channels_last if last else torch.contiguous_format
        self.net = build(graph, self.place, recipe.seed, FASHION_MNIST).net.train()
        self.net.to(memory_format=self.layout)
        weights = list(self.net.parameters())
        self.optimiser = torch.optim.SGD(
            [
                {
                    "params": [w for w in weights if w.ndim > 1],
                    "weight_decay": recipe.weight_decay,
                },
                {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=0.1,
            momentum=MOMENTUM,
            nesterov=True,
            fused=self.place.type in ("cpu", "cuda") or None,
        )
        self.order = torch.randperm(len(pictures.train)).to(self.place)
        self.total = torch.zeros((), device=self.place)
        self.step, self.seconds = 0, 0.0

    def steps(self, count: int) -> None:
        device.synchronise(self.place)
        start = time.perf_counter()
        split, size = self.pictures.train, self.recipe.batch_size
        epoch = len(split) // size
        for _ in range(count):
            place = self.step % epoch * size
            chosen = self.order[place : place + size]
            images = split.images[chosen].float()
            images = (images - self.pictures.mean) / self.pictures.deviation
            images = images.contiguous(memory_format=self.layout)
            for group in self.optimiser.param_groups:
                group["lr"] = self.recipe.rate(self.step, epoch)
            with torch.autocast(self.place.type, torch.bfloat16, enabled=self.half):
                logits = self.net(images)
            loss = F.cross_entropy(logits.float(), split.labels[chosen])
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.total += loss.detach()
            self.step += 1
        device.synchronise(self.place)
        self.seconds += time.perf_counter() - start


class Desk:
    """Stands for the pipe's other end: gives out requests, empties the answers, takes probes.

    The service asks it for requests before every unit of its work: there the loop by hand has its
    turns, in the same thread.
    """

    def __init__(self, train: Train, hand: ByHand, steps: int, block: int) -> None:
        self.hand, self.steps, self.block = hand, steps, block
        self.probes, self.share, self.seconds = 0, 0.0, 0.0
        reading, writing = os.pipe()
        self.answers = ReplyStream(writing)
        self._waiting = [train]
        self._lock = threading.Lock()
        self._unit, self._began = -1, 0.0
        self._thread = threading.Thread(target=self._read, args=(reading,))
        self._thread.start()

    def take(self, wait: bool) -> list[Message]:
        with self._lock:
            found, self._waiting = self._waiting, []
        return found if wait else found + self._turn()

    def _turn(self) -> list[Message]:
        """Called between two steps of ours. The first block of each warms up and is not counted."""
        self._unit += 1
        block, place = divmod(self._unit, self.block)
        if place:
            return []
        device.synchronise(self.hand.place)
        if block > 1:
            self.seconds += engine_time.perf_counter() - self._began
        if block == 0 or block % 2:  # by hand twice in every second turn: the order changes
            start = time.perf_counter()
            self.hand.steps(self.block * (1 if block == 0 else 2))
            engine_time.away += time.perf_counter() - start
        if block == 0:
            self.hand.seconds = 0.0
        self._began = engine_time.perf_counter()
        return [Quit()] if self._unit >= self.steps + self.block else []

    def close(self) -> None:
        self.answers.close()
        self._thread.join()

    def _read(self, reading: int) -> None:
        decoder = Decoder()
        while piece := os.read(reading, 1 << 20):
            for found in decoder.feed(piece):
                message = decode(*found)
                assert not isinstance(message, Failed), message
                if isinstance(message, Seen) and not message.more:
                    self.probes += 1
                    with self._lock:
                        self._waiting.append(Taken())
                if isinstance(message, Rows):
                    self.share = message.watching
        os.close(reading)


class EngineTime(SimpleNamespace):
    """The clock as the engine sees it: without the time that passes while it is away."""

    away = 0.0

    def perf_counter(self) -> float:
        return time.perf_counter() - self.away


engine_time = EngineTime()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--template", default="cifar_resnet8")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--mode", default="auto")
    asked = parser.parse_args()
    device.settle_threads()
    place = device.pick(asked.device)
    graph = templates.build(asked.template, FASHION_MNIST.input, len(FASHION_MNIST.classes))
    pictures, recipe = data.load(FASHION_MNIST.name, place), Recipe()
    model = build(graph, place, 0, FASHION_MNIST)
    *_, measured = training.choose(model, pictures, recipe)
    speeds = dict(measured)
    for name, speed in measured:
        times = speed / speeds["float32"]
        print(f"{name:24} {speed:8.0f} images/s, {times:.2f} × plain float32")
    mode = measured[0][0] if asked.mode == "auto" else asked.mode

    for module in (training_session, budget, service, training):
        module.time = engine_time
    block = 1 if place.type == "cpu" else 20
    most = len(pictures.train) // recipe.batch_size - 2 * block  # before a validation begins
    steps = min(asked.steps, most) // (2 * block) * 2 * block
    hand = ByHand(graph, pictures, recipe, mode)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(
            Train(
                graph=file.to_dict(graph),
                data=FASHION_MNIST.name,
                device=str(place),
                recipe=Recipe(mode=mode, epochs=100),
                looks=all_of(next(la.path for la in model.report.layers() if la.kind == "ReLU"), 0),
                checkpoint=folder,
            ),
            hand,
            steps,
            block,
        )
        service.Service(desk, desk.answers).serve()
        desk.close()
    print(
        f"{asked.template} on {place} ({torch.get_num_threads()} threads), {mode}, batch"
        f" {recipe.batch_size}, {steps} steps each: by hand {hand.seconds:.2f} s, watched"
        f" {desk.seconds:.2f} s with {desk.probes} probes, of which {100 * desk.share:.1f} % is"
        f" watching by its own account"
    )
    print(f"watched / by hand = {desk.seconds / hand.seconds:.3f} (the aim is at most 1.03)")


if __name__ == "__main__":
    main()
