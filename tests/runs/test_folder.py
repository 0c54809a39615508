"""The folder of a run: what was written is read, and what is none is refused in one sentence."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.runs import folder
from explorer.runs.folder import RunAbout, RunError, RunFolder, Scored
from explorer.runs.recipe import Recipe

LAYERS = ("conv1", "fc")
ABOUT = RunAbout(
    "lenet5",
    "fashion-mnist",
    Recipe(epochs=3, mode="float32", learning_rate=0.1),
    device="cpu",
    state="running",
    steps=30,
    started="2026-01-02T03:04:05+00:00",
    versions={"torch": "2"},
)
GRAPH = templates.build("lenet5", FASHION_MNIST.input, 10)


def rows(first, last):
    """Steps of epochs of ten."""
    return np.array([[n, (n - 1) // 10 + 1, 1 / n, n / 100, 0.1] for n in range(first, last + 1)])


def score(epoch):
    return Scored(epoch, 10 * epoch, 0.5 / epoch, 0.8 + epoch / 100, np.eye(10, dtype=int) * epoch)


@pytest.fixture
def run(tmp_path):
    """A run in its second epoch."""
    out = RunFolder(folder.claim(tmp_path / "lenet5"), ABOUT)
    out.begin(GRAPH)
    out.add_rows(rows(1, 7))
    out.add_gradients(LAYERS, np.array([1, 5]), np.array([[1, 2], [3, 4]], np.float32))
    out.add_rows(rows(8, 10))
    out.add_score(score(1))
    out.add_rows(rows(11, 15))
    out.add_gradients(LAYERS, np.array([12]), np.array([[5, 6]], np.float32))
    return out


def table(out, name):
    return list(csv.DictReader((out.path / name).read_text("utf-8").splitlines()))


def test_what_was_written_is_read(run):
    record = folder.read(run.path)
    assert record.graph == GRAPH and record.data is FASHION_MNIST
    assert record.recipe == ABOUT.recipe and record.folder == str(run.path)
    assert record.state == "died" and not record.resumable, "there is no checkpoint"
    np.testing.assert_allclose(record.history.points[:, :3], rows(1, 15)[:, [0, 2, 3]], rtol=1e-5)
    assert record.history.validations == [(10, 0.5, 0.81)]
    assert record.progress.step == 15 and record.progress.steps == 30
    assert record.gradients.layers == LAYERS
    np.testing.assert_array_equal(record.gradients.steps, [1, 5, 12])
    np.testing.assert_array_equal(record.gradients.newest, [5, 6])
    np.testing.assert_array_equal(record.confusion, np.eye(10))
    (run.path / folder.CHECKPOINT).touch()
    assert folder.read(run.path).resumable


def test_the_table_has_a_line_for_each_step_and_the_score_in_that_of_its_epoch(run):
    run.add_rows(rows(16, 20))
    assert [int(line["step"]) for line in table(run, folder.METRICS)] == list(range(1, 20))
    run.add_score(score(2))
    lines = table(run, folder.METRICS)
    assert [int(line["step"]) for line in lines] == list(range(1, 21))
    scores = {line["step"]: line["validation_accuracy"] for line in lines}
    assert {step: text for step, text in scores.items() if text} == {"10": "0.81", "20": "0.82"}
    assert len(table(run, folder.CONFUSION)) == 20 and run.about.best == pytest.approx(0.82)


@pytest.mark.parametrize("step", [0, 4, 10, 13])
def test_a_run_that_goes_on_from_a_checkpoint_writes_the_rest_again(run, step):
    """Each step stands in the tables once, whatever was written after the checkpoint."""
    scores = [score(1)] if step >= 10 else []
    again = RunFolder(run.path, RunAbout.read(run.path))
    again.rewrite(rows(1, step), scores)
    for each in table(run, folder.GRADIENTS):
        assert int(each["step"]) <= step
    again.add_rows(rows(step + 1, 10))
    if step < 10:
        again.add_score(score(1))
    again.add_rows(rows(max(step, 10) + 1, 20))
    again.add_score(score(2))
    assert [int(line["step"]) for line in table(run, folder.METRICS)] == list(range(1, 21))
    assert [line["epoch"] for line in table(run, folder.CONFUSION)] == ["1"] * 10 + ["2"] * 10


def test_a_run_that_ended_in_a_validation_keeps_its_last_step(run):
    run.rewrite(rows(1, 20), [score(1)])
    assert len(table(run, folder.METRICS)) == 19
    run.add_score(score(2))
    assert len(table(run, folder.METRICS)) == 20


def test_half_a_line_is_passed_over(run):
    for name in (folder.METRICS, folder.GRADIENTS, folder.CONFUSION):
        path = run.path / name
        path.write_text(path.read_text().rstrip("\n")[:-2])
    record = folder.read(run.path)
    assert record.history.last_step == 14 and list(record.gradients.steps) == [1, 5]


def test_a_folder_is_taken_once(tmp_path):
    wanted = tmp_path / "runs" / "net"
    names = []
    for _time in range(3):
        path = folder.claim(wanted)
        (path / "x").touch()
        names.append(path.name)
    assert names == ["net", "net-2", "net-3"]
    (tmp_path / "empty").mkdir()
    assert folder.claim(tmp_path / "empty").name == "empty"
    with folder.lock(tmp_path / "empty"):
        assert folder.claim(tmp_path / "empty").name == "empty-2"
    (tmp_path / "empty" / folder.LOCK).touch()  # its process was killed
    assert folder.claim(tmp_path / "empty").name == "empty"
    with pytest.raises(OSError):
        folder.claim(wanted / "x")


def test_runs_are_listed_the_latest_first(run, tmp_path):
    later = replace(ABOUT, name="later", started="2026-02-02T03:04:05+00:00")
    RunFolder(folder.claim(tmp_path / "later"), later).begin(GRAPH)
    (tmp_path / "no run").mkdir()
    (tmp_path / "file").touch()
    assert [about.name for _path, about in folder.listed(tmp_path)] == ["later", "lenet5"]


def test_whether_it_is_being_trained(run):
    assert not folder.held(run.path)
    with folder.lock(run.path):
        assert folder.held(run.path)
    assert not folder.held(run.path)


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 2},
        {"version": None},
        {"recipe": {"epochs": 0}},
        {"recipe": None},
        {"data": {"name": "imagenet"}},
        {"state": "dancing"},
        {"step": "5"},
        {"best": "high"},
        {"versions": []},
        None,
    ],
)
def test_what_makes_no_sense_is_refused(run, change):
    path = run.path / folder.ABOUT
    if change is None:
        path.write_text("[" * 100_000)
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RunError) as refused:
        folder.read(run.path)
    sentence = str(refused.value)
    assert "lenet5" in sentence and str(run.path.parent) not in sentence and "\n" not in sentence


@pytest.mark.parametrize("name", [folder.NETWORK, folder.METRICS, folder.GRADIENTS])
def test_a_damaged_file_is_named(run, name):
    (run.path / name).write_bytes(b"\xff\x00 nonsense\n1,2\n")
    with pytest.raises(RunError, match="lenet5"):
        folder.read(run.path)
