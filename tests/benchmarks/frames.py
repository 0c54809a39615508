"""The window's frame times while the engine trains on the CPU of the same machine.

A frame is asked for every 10 ms and drawn at once (the canvas, moved by a pixel); its time is the
gap to the frame before. First idle, then in a run with every live view on.
Run: python tests/benchmarks/frames.py [seconds]
"""

import os
import sys
import time

import numpy as np


def main() -> None:
    duration = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    if not os.environ.get("DISPLAY") and sys.platform.startswith("linux"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QCoreApplication, Qt, QTimer
    from PySide6.QtWidgets import QApplication

    QCoreApplication.setOrganizationName("CNN Explorer benchmark")
    app = QApplication(sys.argv)
    from explorer.app import theme
    from explorer.app.main import settle
    from explorer.app.session import Session
    from explorer.app.window import Window

    theme.start(app)
    session = Session()
    window = Window(session)
    window.resize(1440, 900)
    window.show()
    times: list[float] = []

    def frame() -> None:
        bar = window.canvas.horizontalScrollBar()
        bar.setValue(bar.value() + (1 if len(times) % 2 else -1))
        window.canvas.viewport().repaint()
        times.append(time.perf_counter())

    def measured(name: str) -> None:
        clock = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=10)
        clock.timeout.connect(frame)
        times.clear()
        clock.start()
        end = time.perf_counter() + duration
        while time.perf_counter() < end:
            app.processEvents()
            time.sleep(0.0005)
        clock.stop()
        gaps = np.diff(times) * 1e3
        print(
            f"{name:9} {len(gaps):5} frames  median {np.median(gaps):5.1f} ms  99 % under "
            f"{np.percentile(gaps, 99):5.1f} ms  longest {gaps.max():6.1f} ms  "
            f"under 20 ms: {np.mean(gaps < 20):.2%}"
        )

    def wait(condition, patience: float = 120.0) -> None:
        end = time.perf_counter() + patience
        while not condition():
            if time.perf_counter() > end:
                sys.exit("the engine did not answer")
            app.processEvents()
            time.sleep(0.005)

    session.link.start()
    probes: list = []
    session.link.seen.connect(lambda seen: seen.more or probes.append(seen))
    wait(lambda: probes)
    settle(window)
    measured("idle")
    start = time.perf_counter()
    session.select({"layer2"})
    window.inspector.redraw.settle()
    print(f"the first selection of a stage took {(time.perf_counter() - start) * 1e3:.1f} ms")
    rows: list = []
    session.link.rows_arrived.connect(rows.append)
    session.run.start()
    wait(lambda: rows)
    probes.clear()
    measured("training")
    print(
        f"meanwhile {rows[-1].images_per_second:,.0f} images/s trained, {len(probes)} "
        f"probes shown, watching took {rows[-1].watching:.1%} of the time"
    )
    session.link.close()


if __name__ == "__main__":
    main()
