"""Whatever goes wrong stands in one file, which is bounded and can be looked at."""

import logging
import os
import subprocess
import sys

import pytest

from explorer import folders
from explorer.app import log
from explorer.app.log_window import LogWindow
from tests.patience import PATIENCE

WORDS = """
import faulthandler, logging, sys
from PySide6.QtCore import qWarning
from explorer.app import log
log.start()
logging.getLogger("explorer.engine").info("loading torch")
qWarning("a warning of Qt")
"""


def write(program: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", WORDS + program], capture_output=True, text=True, timeout=PATIENCE
    )


def test_window_engine_qt_and_faults_write_to_one_file():
    ran = write("log._log.error('a fault', exc_info=ValueError('seven'))")
    assert ran.returncode == 0
    text = log.path().read_text()
    for words in ("explorer.engine: loading torch", "a warning of Qt", "ValueError: seven"):
        assert words in text
    assert "a warning of Qt" in ran.stderr and "loading torch" not in ran.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a crashed process in its own way")
def test_a_crash_leaves_where_it_was():
    assert write("faulthandler._sigsegv()").returncode != 0
    assert "Segmentation fault" in log.path().read_text()


def test_the_file_is_bounded(monkeypatch):
    ran = write(
        "log.LARGEST = 4096\nlog.start()\n"
        "for number in range(1000): logging.getLogger('x').info('line %d', number)"
    )
    assert ran.returncode == 0
    sizes = [file.stat().st_size for file in log.path().parent.iterdir()]
    assert len(sizes) == 2 and max(sizes) <= 4096
    assert log.tail().rstrip().endswith("line 999")


def test_without_a_folder_the_program_goes_on(monkeypatch):
    folders.log().parent.mkdir(parents=True)
    folders.log().write_text("a file where the folder should be")
    ran = write("print('on')")
    assert ran.stdout == "on\n" and "there is no log file" in ran.stderr
    assert log.tail() == ""


def test_the_tail_begins_with_a_line():
    log.path().parent.mkdir(parents=True)
    log.path().write_text("".join(f"line {number}\n" for number in range(100)))
    assert log.tail() == log.path().read_text()
    assert log.tail(20) == "line 98\nline 99\n"


def test_the_window_shows_and_follows_the_log(qtbot, qapp):
    log.path().parent.mkdir(parents=True)
    log.path().write_text("first\n")
    window = LogWindow()
    qtbot.addWidget(window)
    window.show()
    assert window.text.toPlainText() == "first"
    with log.path().open("a") as file:
        file.write("second\n" * 500)
    qtbot.waitUntil(lambda: window.text.toPlainText().endswith("second"))
    bar = window.text.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    bar.setValue(3)  # the person reads further up
    with log.path().open("a") as file:
        file.write("third\n")
    qtbot.waitUntil(lambda: window.text.toPlainText().endswith("third"))
    assert bar.value() == 3
    window.copy()
    assert qapp.clipboard().text() == log.path().read_text().rstrip()


def test_what_the_engine_writes_is_logged(qapp, caplog):
    from explorer.app.engine_link import EngineLink

    link = EngineLink()
    with caplog.at_level(logging.INFO, "explorer.engine"):
        link._add_to_log("Traceback", "MemoryError")
    assert caplog.messages == ["Traceback", "MemoryError"]
    assert link.log == "Traceback\nMemoryError"
    link.deleteLater()
