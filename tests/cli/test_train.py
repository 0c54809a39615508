"""What train says before the first step."""

import pytest


def test_a_folder_that_cannot_be_written_is_told_before_the_first_step(run, tmp_path, monkeypatch):
    from explorer.engine import training_driver

    monkeypatch.setattr(training_driver, "prepare", lambda *_: pytest.fail("it began"))
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full" / "weights.safetensors").mkdir(parents=True)
    for place in ("file", "file/inside", "full"):
        assert "cannot be written" in refused_train(
            run("train", "lenet5", "--epochs", 1, "--out", tmp_path / place)
        )
    assert (tmp_path / "file").read_text() == "mine"
    monkeypatch.setattr(
        training_driver, "prepare", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    assert run("train", "lenet5", "--epochs", 1, "--out", tmp_path / "new" / "run")[0] == 130
    assert not (tmp_path / "new").exists()


def refused_train(answer) -> str:
    """As `refused`; what data the network takes was printed before."""
    status, _out, err = answer
    assert status == 2 and err.startswith("cnn-explorer: ") and err.count("\n") == 1
    return err
