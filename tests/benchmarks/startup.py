"""How soon the window is on screen, against how long Python takes to import torch.

Both are whole processes, run in turn; the ratio of the medians should be below 1.
Run: python tests/benchmarks/startup.py [rounds]
"""

import os
import statistics
import subprocess
import sys
import time

WINDOW = """
import sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and type(watched).__name__ == "Window":
            print("shown", flush=True)
            self.app.quit()
        return False

watch = Watch()
watch.app = QApplication(sys.argv)
watch.app.installEventFilter(watch)
from explorer.app.main import run
run()
"""


def seconds(code: str, until: str | None) -> float:
    """Seconds from the start of a Python process to a line `until` of its output, or to its end."""
    began = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        if until is not None:
            for line in run.stdout:
                if line.strip() == until:
                    break
            else:
                sys.exit("the window did not come up")
            taken = time.perf_counter() - began
            run.wait()
            return taken
        run.wait()
        if run.returncode:
            sys.exit("the process failed")
        return time.perf_counter() - began


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    if not os.environ.get("DISPLAY") and sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.pop(
        "PYTHONDONTWRITEBYTECODE", None
    )  # both start from compiled modules, as installed
    windows, torches = [], []
    for number in range(rounds + 1):
        pair = seconds(WINDOW, "shown"), seconds("import torch", None)
        if number:  # the first round warms the disk
            windows.append(pair[0])
            torches.append(pair[1])
    window, torch = statistics.median(windows), statistics.median(torches)
    print(f"window on screen   {window:6.2f} s")
    print(f"import torch       {torch:6.2f} s")
    print(f"ratio              {window / torch:6.2f}   (below 1 is the aim)")


if __name__ == "__main__":
    main()
