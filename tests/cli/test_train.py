"""train: what it says before the first step, and a run that is interrupted and goes on."""

import os
import signal

import pytest
from safetensors.torch import load_file

from explorer import folders
from explorer.cli import terminal
from explorer.engine import training_session
from explorer.graph import file
from explorer.graph.graph import Graph, Node, Wire
from explorer.runs import folder

QUICK = ("--limit", 320, "--batch-size", 32, "--mode", "float32", "--device", "cpu")


TINY = Graph(
    "tiny",
    (1, 28, 28),
    {
        "conv": Node("conv", "Conv2d", {"out_channels": 4, "kernel_size": 5, "stride": 4}),
        "relu": Node("relu", "ReLU"),
        "drop": Node("drop", "Dropout", {"p": 0.3}),
        "flat": Node("flat", "Flatten"),
        "fc": Node("fc", "Linear", {"out_features": 10}),
    },
    tuple(
        map(
            Wire,
            ["input", "conv", "relu", "drop", "flat", "fc"],
            ["conv", "relu", "drop", "flat", "fc", "output"],
        )
    ),
)


@pytest.fixture
def net(tmp_path):
    file.write(TINY, tmp_path / "tiny.cnn.json")
    return tmp_path / "tiny.cnn.json"


def test_a_folder_that_cannot_be_written_is_told_before_the_first_step(
    run, net, tmp_path, monkeypatch
):
    monkeypatch.setattr(training_session, "choose", lambda *_: pytest.fail("it began"))
    (tmp_path / "file").write_text("mine")
    for place in ("file", "file/inside"):
        answer = run("train", net, "--epochs", 1, "--out", tmp_path / place)
        assert "cannot be written" in refused_train(answer)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_goes_on_bit_for_bit_after_ctrl_c(run, net, tmp_path, monkeypatch):
    status, out, _err = run("train", net, "--epochs", 2, *QUICK, "--out", tmp_path / "whole")
    assert status == 0 and str(tmp_path / "whole" / "weights.safetensors") in out

    class Impatient(terminal.TrainingBar):
        def __call__(self, run, validated):
            if run.step >= 4:
                os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as impatient:
        impatient.setattr(terminal, "TrainingBar", Impatient)
        impatient.setattr(training_session, "DISPLAY_SECONDS", 0)
        status, _out, err = run("train", net, "--epochs", 2, *QUICK)
    assert status == 130 and "stopped after step 4; " in err and "train --resume " in err
    assert os.listdir(folders.runs()) == ["tiny"]
    status, out, _err = run("train", "--resume", "tiny")
    assert status == 0 and "test accuracy" in out
    one, other = tmp_path / "whole", folders.runs() / "tiny"
    whole, resumed = (load_file(each / folder.WEIGHTS) for each in (one, other))
    assert all(whole[name].equal(resumed[name]) for name in whole)
    assert (one / folder.METRICS).read_text() == (other / folder.METRICS).read_text()
    assert (one / folder.CONFUSION).read_text() == (other / folder.CONFUSION).read_text()
    about = folder.RunAbout.read(other)
    assert (about.state, about.step, about.steps) == ("finished", 20, 20)


def test_a_second_run_replaces_nothing(run, net, tmp_path):
    for _time in range(2):
        assert run("train", net, "--epochs", 1, *QUICK, "--out", tmp_path / "out")[0] == 0
    assert (tmp_path / "out" / folder.WEIGHTS).exists()
    assert (tmp_path / "out-2" / folder.WEIGHTS).exists()


def test_what_to_train_or_to_resume_is_stated(run, net):
    for words in ((), (net, "--resume", "tiny")):
        assert "state a network to train, or the run to --resume" in refused_train(
            run("train", *words)
        )
    assert "--epochs is that of the run" in refused_train(
        run("train", "--resume", "tiny", "--epochs", 3)
    )
    assert "There is no run tiny." in refused_train(run("train", "--resume", "tiny"))


def refused_train(answer) -> str:
    status, _out, err = answer
    assert status == 2 and err.startswith("cnn-explorer: ") and err.count("\n") == 1
    return err
