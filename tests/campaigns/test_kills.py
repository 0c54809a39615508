"""Kill -9 at any moment: no edit that was acknowledged is lost, no file is torn, and a run ends with the
weights of one that nobody killed."""

import random
import signal
import subprocess
import sys
import time

import pytest
from safetensors.torch import load_file

from explorer.catalog import check
from explorer.engine.run_files import earlier
from explorer.graph import file
from explorer.runs import folder
from tests.cli.test_train import QUICK, TINY
from tests.patience import PATIENCE

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9"),
]
WINDOWS, TRAININGS = 200, 20

WINDOW = """
import hashlib, random, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from explorer.app import main
from explorer.app.engine_link import EngineLink
from explorer.graph import edits, file
from explorer.graph.graph import Node

EngineLink.start = lambda self: None
rng = random.Random(int(sys.argv[1]))

def say(word, document):
    digest = hashlib.sha256(file.dumps(document.graph).encode()).hexdigest()
    print(word, document.undo.index(), document.undo.count(), digest, flush=True)

def act():
    window = next(each for each in QApplication.topLevelWidgets() if hasattr(each, "canvas"))
    session = window.session
    document = session.document
    if not window.isVisible() or document.journal is None:
        return
    if timer.interval():
        timer.setInterval(0)
        say("restored", document)
    what, ids = rng.random(), list(session.graph.nodes)
    if what < 0.1:
        document.step_back()
    elif what < 0.15:
        document.step_forward()
    elif what < 0.25:
        session.save(sys.argv[2])
    elif what < 0.6 and len(ids) < 40:
        wire = rng.choice(session.graph.wires)
        node = Node(f"relu{rng.randrange(10**9)}", "ReLU")
        session.edit("Insert", lambda g: edits.insert(g, node, wire))
    elif what < 0.8 and len(ids) > 3:
        gone = rng.choice(ids)
        session.edit("Remove", lambda g: edits.remove(g, [gone], bridge=True))
    else:
        moved = rng.choice(ids)
        place = rng.randrange(9000), rng.randrange(9000)
        session.edit("Move", lambda g: edits.move(g, {moved: place}), rng.choice([None, "drag"]))
    say("did", document)

app = QApplication(sys.argv[:1])
timer = QTimer(interval=5)
timer.timeout.connect(act)
timer.start()
sys.exit(main.run())
"""


def test_windows_that_are_killed_lose_no_edit(tmp_path):
    saved, last, edits = tmp_path / "saved.cnn.json", None, 0
    for number in range(WINDOWS):
        rng = random.Random(number)
        with subprocess.Popen(
            [sys.executable, "-c", WINDOW, str(number), str(saved)],
            stdout=subprocess.PIPE,
            text=True,
        ) as window:
            word, *restored = window.stdout.readline().split()
            assert word == "restored"
            # One more edit may have been done, of which nobody read.
            if last is not None and restored != last:
                assert abs(int(restored[0]) - int(last[0])) <= 1, f"{number}: {last} → {restored}"
            end = time.monotonic() + rng.uniform(0, 0.6)
            lines = []
            while time.monotonic() < end:
                lines.append(window.stdout.readline().split())
            window.kill()
            lines += [line.split() for line in window.stdout.read().splitlines(keepends=True)]
        whole = [line[1:] for line in lines if len(line) == 4 and len(line[3]) == 64]
        edits += len(whole)
        last = whole[-1] if whole else restored
        if saved.exists():
            check.read(saved)  # whole, whatever was killed
            assert len(list(tmp_path.glob(".*.tmp"))) <= 1
    print(f"{WINDOWS} kills, {edits} edits, none lost")


def test_trainings_that_are_killed_end_as_one_that_was_not(tmp_path):
    net = tmp_path / "tiny.cnn.json"
    file.write(TINY, net)
    begin = [sys.executable, "-m", "explorer", "train", net, "--epochs", 300, *QUICK, "--out"]
    subprocess.run([*map(str, begin), str(tmp_path / "whole")], check=True, timeout=10 * PATIENCE)
    out, kills = tmp_path / "killed", 0
    command = [*begin, out]
    rng = random.Random(0)
    while kills < TRAININGS:
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as training:
            time.sleep(rng.uniform(2.5, 6))
            training.kill()
        kills += 1
        if not (out / folder.ABOUT).exists():
            continue
        command = [sys.executable, "-m", "explorer", "train", "--resume", out]
        folder.read(out)  # it can be read at any moment
        about = folder.RunAbout.read(out)
        if about.state == "finished":
            break
        assert not folder.held(out)
        earlier(str(out))
    subprocess.run(list(map(str, command)), check=True, timeout=10 * PATIENCE)
    whole, resumed = (load_file(each / folder.WEIGHTS) for each in (tmp_path / "whole", out))
    assert all(whole[name].equal(resumed[name]) for name in whole)
    assert (tmp_path / "whole" / folder.METRICS).read_text() == (out / folder.METRICS).read_text()
    print(f"{kills} kills, the same weights")
