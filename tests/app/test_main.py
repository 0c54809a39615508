"""The program starts as a process of its own, whatever it is given and whatever was remembered."""

import json
import signal
import subprocess
import sys

import pytest

from explorer.app import folders, settings
from tests.patience import PATIENCE

START = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from explorer.app import main
from explorer.app.engine_link import EngineLink

EngineLink.start = lambda self: None

def look():
    window = next(each for each in QApplication.topLevelWidgets() if hasattr(each, "canvas"))
    if not window.isVisible():
        return
    timer.stop()
    canvas = window.canvas
    seen = canvas.mapToScene(canvas.viewport().rect()).boundingRect()
    hidden = [id for id, card in canvas.network.cards.items() if not seen.contains(card.pos())]
    print("open", window.session.graph.name, len(window.session.graph.nodes), "hidden", *hidden)
    window.close()

app = QApplication(sys.argv[:1])
timer = QTimer(interval=20)
timer.timeout.connect(look)
timer.start()
sys.exit(main.run(sys.argv[1] if len(sys.argv) > 1 else None))
"""


def start(*words: object) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", START, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stdout.strip()


EDIT = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from explorer.app import main
from explorer.app.engine_link import EngineLink
from explorer.graph import edits

EngineLink.start = lambda self: None

def act():
    window = next(each for each in QApplication.topLevelWidgets() if hasattr(each, "canvas"))
    session = window.session
    if not window.isVisible() or session.document.journal is None:
        return
    timer.stop()
    documents = session.documents
    for each in documents:
        print(each.graph.name, *each.graph.nodes, "undo", each.undo.index(), each.recovered)
    for _edit in range(2):
        session.edit("Remove", lambda g: edits.remove(g, [next(iter(g.nodes))], bridge=True))
    print("end", flush=True)

app = QApplication(sys.argv[:1])
timer = QTimer(interval=20)
timer.timeout.connect(act)
timer.start()
sys.exit(main.run(*sys.argv[1:]))
"""


def edit_and_end(number, *words):
    """Starts, edits twice as soon as the window is there, and ends by a signal."""
    with subprocess.Popen(
        [sys.executable, "-c", EDIT, *words], stdout=subprocess.PIPE, text=True
    ) as program:
        lines = list(iter(program.stdout.readline, "end\n"))
        program.send_signal(number)
        program.wait(PATIENCE)
    return program.returncode, lines


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_whatever_ends_it_no_edit_is_lost():
    """Each start finds what the one before left, and edits on."""
    status, _lines = edit_and_end(signal.SIGKILL, "lenet5")
    assert status == -signal.SIGKILL
    for undo, number in (2, signal.SIGTERM), (4, signal.SIGINT), (6, signal.SIGHUP):
        status, (line,) = edit_and_end(number)
        name, *nodes, _undo, index, recovered = line.split()
        assert (name, len(nodes), int(index)) == ("lenet5", 12 - undo, undo)
        assert recovered == "True" and status == 128 + number


@pytest.mark.parametrize("corner", [(3208, -2000), (-9000, 7000)])
def test_a_file_opens_wherever_its_cards_lie(tmp_path, corner):
    """Off the origin Qt scrolls as soon as the canvas has a scene."""
    x, y = corner
    file = tmp_path / "net.cnn.json"
    nodes = [
        {"id": f"relu{at}", "kind": "ReLU", "params": {}, "position": [x + 180 * at, y]}
        for at in range(3)
    ]
    wires = [["input", "relu0"], ["relu0", "relu1"], ["relu1", "relu2"], ["relu2", "output"]]
    network = {"format": "cnn-explorer", "version": 1, "name": "off", "input": [1, 28, 28]}
    file.write_text(json.dumps({**network, "nodes": nodes, "wires": wires}))
    assert start(file) == "open off 3 hidden"


def test_a_damaged_recipe_prevents_no_start():
    settings.store().setValue("run/recipe", '{"epochs": "x"}')
    assert start() == "open cifar_resnet8 5 hidden"


def test_a_settings_file_that_is_none_prevents_no_start():
    folders.settings().mkdir(parents=True)
    (folders.settings() / "settings.ini").write_bytes(bytes(range(256)) * 40)
    assert start("lenet5") == "open lenet5 12 hidden"
