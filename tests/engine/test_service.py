"""The engine as the window meets it: a process, its pipes, and nothing else."""

import csv
import itertools
import os
import signal
import sys
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors import safe_open

from explorer.engine import device
from explorer.engine.service import Service, collapsed
from explorer.graph import file
from explorer.graph.graph import Graph, Node, Wire
from explorer.protocol.frames import FrameError
from explorer.protocol.messages import (
    Build,
    Built,
    Export,
    Failed,
    Hello,
    Pause,
    Quit,
    Resume,
    Rows,
    Saved,
    State,
    Step,
    Taken,
    Train,
    Validated,
    Watch,
)
from explorer.runs.folder import RunAbout


def test_says_hello_with_its_devices(start_engine):
    engine = start_engine(sys.executable, "-m", "explorer.engine")
    hello = engine.wait(Hello)
    assert hello.pid == engine.process.pid
    cpu = hello.devices[-1]
    assert cpu.id == "cpu" and cpu.name and cpu.memory > 2**28
    assert 0 <= cpu.free <= cpu.memory
    engine.send(Quit())
    assert engine.ended() == 0


def test_a_network_for_other_pictures_and_classes_is_shown_adapted_ones(engine):
    """It cannot be trained so, which is for the window to say; it can be looked at."""
    nodes = {"flat": Node("flat", "Flatten"), "fc": Node("fc", "Linear", {"out_features": 6})}
    ids = ("input", *nodes, "output")
    wires = tuple(itertools.starmap(Wire, itertools.pairwise(ids)))
    engine.build(Graph("other", (3, 20, 24), nodes, wires), watch="fc", image=7)
    engine.wait(Built)
    probe = engine.seen(taken=False)
    assert probe.title == "picture 7 of Fashion-MNIST, adapted to 3×20×24"
    assert probe.picture.shape == (20, 24, 3) and probe.label == -1
    assert 0 <= probe.guess < 6


def test_builds_and_shows_what_is_watched(engine, tiny):
    generation = engine.build(tiny(), watch="add", image=7, seed=7)
    built = engine.wait(Built)
    assert built.generation == generation
    assert built.params == 4 * 9 + 4 + 8 + 4 * 4 * 9 + 4 + 50
    assert built.kept == 0
    probe = engine.seen(taken=False)
    assert (probe.path, probe.shape, probe.tile) == ("add", [4, 7, 7], [7, 7])
    assert (probe.columns, probe.count, probe.shown) == (2, 4, 4)
    assert probe.mosaic.shape == (15, 15) and probe.mosaic.dtype == np.uint8
    assert sorted(probe.order) == [0, 1, 2, 3]
    assert probe.picture.shape == (28, 28)
    assert probe.layers == ["conv1", "bn1", "conv2", "fc"]
    assert (probe.norms > 0).all() and len(probe.norms) == 4
    assert probe.label in range(10) and probe.guess in range(10) and 0 < probe.confidence < 1

    # Not taken yet: what is asked for meanwhile comes after it was, and only the newest.
    for path in ("conv1", "conv2", "fc"):
        engine.watch(path, 7)
    engine.send(Taken())
    probe = engine.seen()
    assert (probe.path, probe.shape, probe.mosaic.shape) == ("fc", [10], (1, 19))
    engine.watch("input", 8)
    probe = engine.seen()
    assert (probe.path, probe.shape, probe.mosaic.shape) == (
        "input",
        [1, 28, 28],
        (28, 28),
    )

    # Another width of one layer: what is unchanged is kept.
    changed = tiny(channels=8)
    engine.build(changed, watch="add", image=8, seed=7)
    built = engine.wait(Built)
    assert built.kept == 2  # fc.bias, and the count of batches of bn1
    engine.seen()


def test_collapses_bursts_to_the_latest():
    kinds = [Watch, Pause, Watch, Watch, Taken]
    first, second = Build(graph={}, generation=1), Build(graph={}, generation=3)
    requests = [first, Watch(generation=2), second]
    requests += [kind(generation=4 + place) for place, kind in enumerate(kinds)]
    assert [request.generation for request in collapsed(requests)] == [3, 5, 7, 8]
    # What is exported is built before.
    kept = [first, Export(graph={}, form="onnx", path="x"), second]
    assert collapsed([first, *kept]) == kept
    assert collapsed([first, Train(graph={}), None]) == [Train(graph={}), Quit()]
    with pytest.raises(FrameError):
        collapsed([FrameError("Nonsense.")])


def test_trains_pauses_steps_and_finishes(engine, tiny, tmp_path):
    graph = tiny()
    generation = engine.train(graph, epochs=2, limit=1600, out=str(tmp_path))
    engine.wait(State, state="running", generation=generation)
    engine.wait(Rows)
    engine.send(Pause())
    engine.wait(State, state="paused")
    before = last_row(engine)
    engine.send(Step())
    rows = engine.wait(Rows, step=before + 1)
    assert rows.rows.shape == (1, 5)
    assert rows.memory is None, "the CPU tells no peak"
    assert rows.columns == ("step", "epoch", "loss", "accuracy", "learning_rate")
    engine.watch("conv1", 1)
    engine.seen(path="conv1")
    engine.send(Resume())
    engine.wait(State, state="running")
    validated = engine.wait(Validated, epoch=1)
    assert validated.confusion.shape == (10, 10) and validated.confusion.sum() == 6_000
    assert np.trace(validated.confusion) / 6_000 == pytest.approx(validated.accuracy)
    finished = engine.wait(State, state="finished")
    assert 0 <= finished.accuracy <= 1
    assert {message.step for message in engine.heard if isinstance(message, Rows)} >= {100}

    with safe_open(tmp_path / "weights.safetensors", "np") as weights:
        assert weights.get_tensor("conv1.weight").shape == (4, 1, 3, 3)
    lines = list(csv.DictReader((tmp_path / "metrics.csv").read_text("utf-8").splitlines()))
    assert [int(line["step"]) for line in lines] == list(range(1, 101))
    assert 0 <= float(lines[-1]["validation_accuracy"]) <= 1
    about = RunAbout.read(tmp_path)
    assert about.test == pytest.approx(finished.accuracy)
    assert file.read(tmp_path / "network.cnn.json") == graph
    assert not list(tmp_path.glob(".*"))

    # Resumed at its very end, it is finished at once.
    generation = engine.train(graph, resume=str(tmp_path / "checkpoint.safetensors"))
    again = engine.wait(State, state="finished", generation=generation)
    assert again.accuracy == finished.accuracy


def test_without_room_for_its_folder_a_run_goes_on_and_says_so(engine, tiny, tmp_path):
    (tmp_path / "file").write_text("mine")
    engine.train(tiny(), out=str(tmp_path / "file" / "run"))
    failed = engine.wait(Failed)
    assert failed.sentence.endswith("The run goes on, but it is not kept.")
    finished = engine.wait(State, state="finished")
    assert finished.folder is None and not finished.files
    engine.train(tiny(), out=str(tmp_path / "file" / "run"), required=True)
    engine.wait(State, state="stopped")
    assert "cannot be written" in engine.wait(Failed).sentence


def last_row(engine) -> int:
    return max(message.step for message in engine.heard if isinstance(message, Rows))


def test_an_edit_ends_the_run_and_keeps_what_it_learned(engine, tiny, tmp_path):
    graph = tiny()
    engine.build(graph, watch="add")
    engine.wait(Built)
    engine.train(graph, epochs=5000, out=str(tmp_path))
    engine.wait(Rows)
    engine.build(graph, watch="conv2")  # nothing that runs has changed: the run goes on
    assert engine.wait(Built).fresh == 0
    engine.seen(path="conv2")
    engine.wait(Rows)
    engine.build(tiny(dropout=0.5), watch="add")
    engine.wait(State, state="stopped")
    engine.wait(Saved)
    built = engine.wait(Built)
    assert built.fresh == 0 and built.kept  # no tensor changed, only the source
    assert (tmp_path / "checkpoint.safetensors").exists()


def test_the_last_step_finishes_the_run(engine, tiny):
    engine.train(tiny(), limit=3200, epochs=1)
    engine.wait(Rows)
    engine.send(Pause())
    engine.wait(State, state="paused")
    step = last_row(engine)
    while step < 100:
        engine.send(Step())
        step += 1
        engine.wait(Rows, step=step)
    engine.send(Resume())
    engine.wait(Validated, step=100)
    engine.wait(State, state="finished")
    engine.send(Step())  # too late: nothing happens
    engine.build(tiny(), watch="add")
    assert engine.wait(Built).fresh == 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")
def test_goes_on_from_a_checkpoint_after_kill_9(own_engine, start_engine, tiny, tmp_path):
    graph = tiny(dropout=0.3)
    whole = recorded(own_engine, own_engine.train(graph, limit=3200))
    own_engine.train(graph, limit=3200, out=str(tmp_path))
    own_engine.wait(Rows)
    own_engine.send(Pause())
    saved = own_engine.wait(Saved)
    own_engine.send(Resume())
    own_engine.wait(State, state="running")
    os.kill(own_engine.process.pid, signal.SIGKILL)
    own_engine.ended()

    again = start_engine()
    again.wait(Hello)
    rest = recorded(again, again.train(graph, resume=saved.path))
    assert min(rest) == saved.step + 1
    assert rest == {step: whole[step] for step in rest}


def recorded(engine, generation: int) -> dict[int, float]:
    """The losses by step of a run up to its end."""
    losses = {}
    while True:
        message = engine.wait(Rows, State, generation=generation)
        if isinstance(message, Rows):
            losses |= {int(row[0]): row[2] for row in message.rows}
        elif message.state == "finished":
            return losses


def look(path: str, image: int | str) -> dict:
    return dict(type="Watch", looks=[dict(type="Maps", path=path, image=image)])


def test_a_fault_is_a_sentence_and_not_the_end(engine, tiny, chain, tmp_path):
    wrong = {**file.to_dict(tiny()), "nodes": [{"id": "__import__('os')", "kind": "Conv2d"}]}
    (tmp_path / "torn.safetensors").write_bytes(b"\x20\0\0\0\0\0\0\0{")
    graph = file.to_dict(tiny())
    hostile = [
        dict(type="Build"),
        dict(type="Build", graph=None),
        dict(type="Build", graph=wrong),
        dict(type="Build", graph=[[]] * 1000),
        dict(type="Build", graph=file.to_dict(chain("x", ("fc", "Linear", {"out_features": 10})))),
        dict(type="Build", graph=graph, device="cuda:77"),
        dict(type="Build", graph=graph, data="../etc/passwd"),
        dict(type="Build", graph=graph, seed="0"),
        dict(type="Build", graph=graph, seed=2**31),
        dict(type="Build", graph=graph, looks="all"),
        look("nowhere", 0),
        look("add", 10_000),
        look("add", -1),
        look("add", "x"),
        dict(type="Train", graph=graph, recipe={"type": "Recipe", "epochs": 0}),
        dict(type="Train", graph=graph, recipe={"type": "Recipe", "mode": "float8"}),
        dict(type="Train", graph=graph, recipe={"type": "Recipe", "batch_size": 10**9}),
        dict(type="Train", graph=graph, resume=str(tmp_path / "none")),
        dict(type="Train", graph=graph, resume=str(tmp_path / "torn.safetensors")),
        dict(type="Pause"),
        dict(type="Pause", when="now"),
        dict(type="Dance"),
        dict(type=["Build"]),
        dict(type="Hello", version=1),
        dict(),
    ]
    engine.build(tiny(), watch="add")
    engine.seen()
    for request in hostile:
        generation = engine.send_raw(request)
        failed = engine.wait(Failed)
        assert failed.generation == generation, failed
        assert failed.sentence.count("\n") == 0
        assert "Traceback" in failed.detail
        assert "engine failed" not in failed.sentence, failed  # that would be a fault of ours
    engine.watch("add", 1)
    engine.seen(path="add", image=1)


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(engine, chain):
    layers = [
        (f"conv{n}", "Conv2d", {"out_channels": 8, "kernel_size": 3, "stride": 2}) for n in range(3)
    ]
    graph = chain(
        "wild", *layers, ("flatten", "Flatten", {}), ("fc", "Linear", {"out_features": 10})
    )
    engine.train(graph, learning_rate=100.0, epochs=20, watch="fc")
    failed = engine.wait(Failed)
    assert "learning rate" in failed.sentence
    engine.wait(State, state="stopped")
    engine.watch("conv1", 1)  # what is seen next is sound again
    assert np.isfinite(engine.seen(path="conv1", image=1).mean)
    engine.build(graph, watch="fc")
    engine.wait(Built)
    assert np.isfinite(engine.seen(path="fc").mean)


def test_garbage_ends_it_with_a_sentence(own_engine):
    own_engine.write(b"Segmentation fault (core dumped)\n")
    own_engine.wait(Failed)
    assert own_engine.ended() == 1


def test_a_print_cannot_break_the_stream(start_engine):
    code = (
        "import os, runpy, explorer.engine.stream as stream\n"
        "take = stream.take_output\n"
        "def loud():\n"
        "    aside = take()\n"
        "    print('from Python', flush=True)\n"
        "    os.write(1, b'from C')\n"
        "    return aside\n"
        "stream.take_output = loud\n"
        "runpy.run_module('explorer.engine', run_name='__main__')"
    )
    engine = start_engine(sys.executable, "-c", code)
    engine.wait(Hello)
    engine.send(Quit())
    assert engine.ended() == 0
    assert b"from Python" in engine.log and b"from C" in engine.log


def test_ends_when_its_input_does(own_engine, tiny, tmp_path):
    own_engine.train(tiny(), epochs=5000, out=str(tmp_path))
    own_engine.wait(Rows)
    own_engine.process.stdin.close()
    assert own_engine.ended() == 0
    assert (tmp_path / "checkpoint.safetensors").exists()


def test_keeps_the_run_when_the_window_dies(own_engine, tiny, tmp_path):
    own_engine.train(tiny(), epochs=5000, out=str(tmp_path))
    own_engine.wait(Rows)
    own_engine.stop_listening()
    assert own_engine.ended() == 0
    assert (tmp_path / "checkpoint.safetensors").exists()


# After a step that failed ---------------------------------------------------------------------


class Answers(list):
    send = list.append


HOLDER = SimpleNamespace(model=SimpleNamespace(device=torch.device("cuda:1")))
"""What holds a model: a session or a probe."""


@pytest.fixture
def released(monkeypatch):
    found = []
    monkeypatch.setattr(device, "release", found.append)
    return found


def test_what_a_failed_step_held_is_gone_when_memory_is_released(monkeypatch):
    """A fault keeps the frames of its step alive, and these the step's tensors."""
    held, alive = [], []
    monkeypatch.setattr(
        device, "release", lambda place: alive.append((place, held[0]() is not None))
    )
    answers = Answers()
    service = Service(None, answers)
    service._session = HOLDER

    def step():
        tensor = torch.zeros(8)
        held.append(weakref.ref(tensor))
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    assert not service._guarded(7, step)
    assert alive == [(torch.device("cuda:1"), False)]
    (failed,) = answers
    assert isinstance(failed, Failed) and "smaller batch size" in failed.sentence


def test_another_fault_releases_nothing(released):
    def step():
        raise ValueError("something else")

    service = Service(None, Answers())
    service._probe = HOLDER
    assert not service._guarded(7, step)
    assert released == []


def test_a_failed_allocation_of_a_library_does_not_end_the_engine(released):
    def step():
        raise RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")

    service = Service(None, Answers())
    service._probe = HOLDER
    assert not service._guarded(7, step)
    assert released == [torch.device("cuda:1")]
