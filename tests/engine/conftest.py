"""Small networks, and the engine as a real process over real pipes."""

import contextlib
import itertools
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from explorer.analysis.report import analyse
from explorer.catalog import KINDS
from explorer.graph import file
from explorer.graph.graph import Graph, Node, Wire
from explorer.protocol import messages
from explorer.protocol.codec import decode, encode
from explorer.protocol.frames import Decoder, frame
from explorer.protocol.looks import all_of
from explorer.protocol.messages import Failed, Message, Seen, Stop, Taken
from explorer.runs.recipe import Recipe
from tests.patience import PATIENCE


def _chain(
    name: str, *layers: tuple[str, str, dict], input: tuple[int, int, int] = (1, 28, 28)
) -> Graph:
    nodes = {id: Node(id, kind, params) for id, kind, params in layers}
    ids = ["input", *nodes, "output"]
    wires = tuple(Wire(source, target) for source, target in itertools.pairwise(ids))
    return Graph(name, input, nodes, wires)


def _tiny(channels: int = 4, dropout: float = 0.0) -> Graph:
    nodes = {
        node.id: node
        for node in (
            Node(
                "conv1",
                "Conv2d",
                {"out_channels": channels, "kernel_size": 3, "stride": 4, "padding": 1},
            ),
            Node("bn1", "BatchNorm2d"),
            Node("relu1", "ReLU"),
            Node("conv2", "Conv2d", {"out_channels": channels, "kernel_size": 3, "padding": 1}),
            Node("add", "Add"),
            Node("pool", "AdaptiveAvgPool2d"),
            Node("flatten", "Flatten"),
            Node("dropout", "Dropout", {"p": dropout}),
            Node("fc", "Linear", {"out_features": 10}),
        )
    }
    wires = [
        ("input", "conv1"),
        ("conv1", "bn1"),
        ("bn1", "relu1"),
        ("relu1", "conv2"),
        ("conv2", "add", "a"),
        ("relu1", "add", "b"),
        ("add", "pool"),
        ("pool", "flatten"),
        ("flatten", "dropout"),
        ("dropout", "fc"),
        ("fc", "output"),
    ]
    return Graph("tiny", (1, 28, 28), nodes, tuple(Wire(*wire) for wire in wires))


_FITTING = {  # parameters that suit 8 channels of 7×7, where the defaults do not
    "GroupNorm": {"num_groups": 4},
    "Linear": {"out_features": 6, "per_place": True},
    "DropPath": {"p": 0.5},
    "ChannelPad": {"before": 1, "behind": 2},
    "LayerScale": {"value": 0.5},
}


def _around(kind: str) -> Graph:
    """A network for Fashion-MNIST whose node "it" is of this kind, between a convolution and a
    head; every input of it is fed, from branches that differ."""
    declared = KINDS[kind]
    fitting = _FITTING.get(kind, {})
    offered = {param.name for param in declared.params}
    params = {"out_channels": 8, "width": 8, "inline": False, "shortcut": "automatic"}
    params = {key: value for key, value in params.items() if key in offered} | fitting
    nodes = [
        Node("conv1", "Conv2d", {"out_channels": 8, "kernel_size": 3, "stride": 4, "padding": 1}),
        Node("bn1", "BatchNorm2d"),
        Node("conv2", "Conv2d", {"out_channels": 8, "kernel_size": 3, "padding": 1}),
        Node("it", kind, params),
    ]
    feeding = ["bn1", "conv2"]
    wires = [Wire("input", "conv1"), Wire("conv1", "bn1"), Wire("bn1", "conv2")]
    wires += [Wire(feeding[-1 - number], "it", port) for number, port in enumerate(declared.inputs)]
    graph = Graph("net", (1, 28, 28), {node.id: node for node in nodes}, tuple(wires))
    out = analyse(graph).facts["it"].out
    end = Node("fc", "Linear") if len(out) == 1 else Node("head", "ClassifierHead")
    wires += [Wire("it", end.id), Wire(end.id, "output")]
    return Graph("net", graph.input, {**graph.nodes, end.id: end}, tuple(wires))


class Engine:
    """The engine's process; every wait has a limit, and ends at once when the process does."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            command or (sys.executable, "-m", "explorer.engine"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
        )
        self.heard: list[Message] = []
        self.log = b""
        self._deaf = False
        self._generation = self._deaf_until = 0
        self._frames: queue.SimpleQueue = queue.SimpleQueue()
        self._threads = [threading.Thread(target=work) for work in (self._read, self._read_log)]
        for thread in self._threads:
            thread.start()

    def begin(self) -> None:
        """Ends what runs, and from here on hears only answers to what is asked from here on."""
        self.send(Taken())
        self.send(Stop())
        self._deaf_until = self._generation
        self.heard.clear()

    def send(self, request: Message) -> int:
        self._generation += 1
        self.write(b"".join(encode(replace(request, generation=self._generation))))
        return self._generation

    def send_raw(self, header: dict) -> int:
        """Sends what need not be a message of ours."""
        self._generation += 1
        self.write(b"".join(frame({**header, "generation": self._generation}, {})))
        return self._generation

    def watch(self, path: str, image: int | str) -> int:
        return self.send(messages.Watch(looks=all_of(path, image)))

    def write(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def wait(self, *kinds: type, **figures) -> Message:
        """The next answer of one of these kinds whose figures are these; what is seen before it is
        taken."""
        end = time.monotonic() + PATIENCE
        while True:
            found = self._frames.get(timeout=max(0.01, end - time.monotonic()))
            assert found is not None, f"the engine ended: {self.log.decode()}"
            message = decode(*found)
            if self._deaf_until and message.generation <= self._deaf_until:
                continue
            self.heard.append(message)
            wanted = isinstance(message, kinds) and all(
                getattr(message, key) == value for key, value in figures.items()
            )
            if isinstance(message, Seen) and not message.more and not wanted:
                self.send(Taken())
            assert wanted or not isinstance(message, Failed), message
            if wanted:
                return message

    def seen(self, path: str | None = None, image: int | str | None = None, taken: bool = True):
        """What all looks at one picture say, the next or that of `path` and `image`: path, image,
        and their figures and arrays by name."""
        while True:
            parts = [self.wait(Seen)]
            while parts[-1].more:
                parts.append(self.wait(Seen, generation=parts[0].generation))
            if taken:
                self.send(Taken())
            found = SimpleNamespace(path=parts[0].look.path, image=parts[0].look.image)
            for part in parts:
                vars(found).update({**part.figures, **part.arrays})
            if path in (None, found.path) and image in (None, found.image):
                return found

    def build(self, graph: Graph, watch: str = "input", image: int = 0, **state) -> int:
        about = {"device": "cpu", "looks": all_of(watch, image), **state}
        return self.send(messages.Build(graph=file.to_dict(graph), **about))

    def train(self, graph: Graph, watch: str = "add", **state) -> int:
        about = {
            name: state.pop(name)
            for name in ("data", "device", "weights", "out", "required", "resume")
            if name in state
        }
        recipe = Recipe(
            **{
                "epochs": 1,
                "batch_size": 32,
                "learning_rate": 0.05,
                "mode": "float32",
                "limit": 320,
            }
            | state
        )
        return self.send(
            messages.Train(
                graph=file.to_dict(graph),
                recipe=recipe,
                looks=all_of(watch, 0),
                **{"device": "cpu", **about},
            )
        )

    def stop_listening(self) -> None:
        """Closes the pipe that the engine writes to, as a window that is killed does."""
        self._deaf = True

    def ended(self) -> int:
        """Waits for the end of the process; its exit status."""
        status = self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        return status

    def close(self) -> None:
        if not self.process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()
        try:
            self.process.wait(PATIENCE / 4)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.ended()
        self.process.stdout.close()
        self.process.stderr.close()

    def _read(self) -> None:
        decoder = Decoder()
        while piece := os.read(self.process.stdout.fileno(), 1 << 16):
            for found in decoder.feed(piece):
                self._frames.put(found)
            if self._deaf:
                self.process.stdout.close()
                break
        self._frames.put(None)

    def _read_log(self) -> None:
        while piece := os.read(self.process.stderr.fileno(), 1 << 16):
            self.log += piece


@pytest.fixture
def chain():
    """Makes a graph of layers (id, kind, parameters) one after another."""
    return _chain


@pytest.fixture
def tiny():
    """Makes a network small enough to train in a blink, with an Add."""
    return _tiny


@pytest.fixture
def around():
    """Makes a network around a node "it" of a kind."""
    return _around


@pytest.fixture(scope="module")
def _shared_engine(warm_engine):
    found = Engine(*warm_engine)
    yield found
    found.close()


@pytest.fixture
def engine(_shared_engine):
    """An engine that others have used before; what it still says to them is not heard."""
    _shared_engine.begin()
    return _shared_engine


@pytest.fixture
def start_engine(warm_engine):
    """Starts engines, and ends them: warm ones, unless a command is given."""
    started = []

    def start(*command: str, **environment: str) -> Engine:
        started.append(Engine(*(command or warm_engine), **environment))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def own_engine(start_engine):
    """An engine that may be harmed; it has said hello."""
    found = start_engine()
    found.hello = found.wait(messages.Hello)
    return found
