"""What an earlier version kept elsewhere is found, moved, and none of it lost."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.app import former_folders
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the former places of Linux")

ADOPT = """
from PySide6.QtCore import QCoreApplication
QCoreApplication.setOrganizationName("CNN Explorer")
QCoreApplication.setApplicationName("CNN Explorer")
from explorer.app import former_folders, settings
from explorer.app.own_blocks import OwnBlocks
former_folders.adopt()
former_folders.adopt()
import json
print(json.dumps([settings.THEME.get(), settings.RECENT.get(), settings.RECIPE.get().epochs,
                  settings.OPENED_WITH.get(), OwnBlocks().names()]))
"""


@pytest.fixture
def former(tmp_path, monkeypatch):
    """The folders of version 0.1 with something in each, as that version wrote it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    settings = tmp_path / "config/CNN Explorer/CNN Explorer.conf"
    caches = tmp_path / "cache/CNN Explorer/CNN Explorer"
    for folder in (settings.parent / "blocks/removed", caches / "weights", caches / "runs/ab"):
        folder.mkdir(parents=True)
    write = (
        "from PySide6.QtCore import QCoreApplication, QSettings\n"
        "QCoreApplication.setOrganizationName('CNN Explorer')\n"
        "QCoreApplication.setApplicationName('CNN Explorer')\n"
        "import json, sys\n"
        "for key, value in json.loads(sys.argv[1]).items(): QSettings().setValue(key, value)\n"
    )
    weights = str(caches / "weights/w.safetensors")
    values = {
        "look/theme": "light",
        "files/recent": ["/a, b.cnn.json", "/c.cnn.json"],
        "run/recipe": '{"epochs": 7, "learning_rate": null}',
        "weights/of_files": [["/a", weights, "photos"], ["/b", "/elsewhere/x.pth", "photos"]],
    }
    subprocess.run([sys.executable, "-c", write, json.dumps(values)], check=True, timeout=PATIENCE)
    assert settings.exists()
    (settings.parent / "blocks/mine.cnn.json").write_text("a block")
    (settings.parent / "blocks/removed/old.cnn.json").write_text("an old block")
    Path(weights).write_text("weights")
    (caches / "runs/ab/checkpoint.pt").write_text("a run")
    return tmp_path


def adopt():
    ran = subprocess.run(
        [sys.executable, "-c", ADOPT], capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    return json.loads(ran.stdout)


def test_all_of_it_is_moved(former, monkeypatch):
    monkeypatch.delenv("CNN_EXPLORER_HOME")
    theme, recent, epochs, beginnings, blocks = adopt()
    assert theme == "light" and recent == ["/a, b.cnn.json", "/c.cnn.json"]
    assert epochs == 7
    assert blocks == ["mine"]
    weights = Path(beginnings["/a"][0])
    assert weights.read_text() == "weights" and "cache" not in weights.parts
    assert beginnings["/b"] == ["/elsewhere/x.pth", "photos"]
    data = weights.parent.parent
    assert (data / "blocks/removed/old.cnn.json").read_text() == "an old block"
    assert (data / "runs/ab/checkpoint.pt").read_text() == "a run"
    left = [path for path in former.rglob("*") if path.is_file() and "CNN Explorer" in path.parts]
    assert [path.name for path in left if path.stat().st_size > 1] == []
    assert data == former / "data/cnn-explorer"
    assert (former / "config/cnn-explorer/settings.ini").exists()


def test_a_folder_of_ones_own_takes_nothing_from_its_place(former):
    before = sorted(former.rglob("*"))
    assert adopt()[0] == "auto"
    assert sorted(former.rglob("*")) == before


@pytest.mark.parametrize("broken", [False, True])
def test_on_another_file_system_each_is_moved_whole_or_not_at_all(
    tmp_path, monkeypatch, broken, caplog
):
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "run").mkdir(parents=True)
    (old / "run/weights").write_text("0123456789")
    (old / "block").write_text("9876543210")

    def rename(path, target, real=Path.rename):
        if path.parent == old:
            raise OSError(errno.EXDEV, "another file system")
        return real(path, target)

    def torn(source, target):
        Path(target).write_text("01")
        raise OSError(errno.ENOSPC, "no space is left")

    monkeypatch.setattr(Path, "rename", rename)
    if broken:
        monkeypatch.setattr(former_folders.shutil, "copy2", torn)
        monkeypatch.setattr(former_folders.shutil, "copytree", torn)
    moved = former_folders._move(old, new)
    where = old if broken else new
    assert (where / "run/weights").read_text() == "0123456789"
    assert (where / "block").read_text() == "9876543210"
    assert bool(moved) is not broken and old.exists() is broken
    assert not (new / "run").exists() or not broken
    assert ("no space is left" in caplog.text) is broken
    monkeypatch.undo()
    if broken:  # the next start, with room again
        former_folders._move(old, new)
        assert (new / "run/weights").read_text() == "0123456789" and not old.exists()


def test_what_is_there_already_is_not_overwritten(former, monkeypatch):
    monkeypatch.delenv("CNN_EXPLORER_HOME")
    there = former / "data/cnn-explorer/blocks/mine.cnn.json"
    there.parent.mkdir(parents=True)
    there.write_text("a newer block")
    adopt()
    assert there.read_text() == "a newer block"
    old = former / "config/CNN Explorer/blocks/mine.cnn.json"
    assert old.read_text() == "a block"
    assert (there.parent / "removed/old.cnn.json").exists()


def test_nothing_to_adopt_leaves_nothing_behind(tmp_path, monkeypatch):
    for name in ("CONFIG", "CACHE", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    adopt()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
