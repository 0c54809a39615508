"""The window where there is none."""

import sys

import pytest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always one")
@pytest.mark.parametrize("words", [[], ["open"], ["open", "resnet18"], ["some.cnn.json"]])
def test_no_display(run, monkeypatch, words, refused):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    sentence = refused(run(*words))
    assert "no display" in sentence
    assert all(command in sentence for command in ("the other commands need none",))
