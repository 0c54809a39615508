"""What a terminal is sent: lines without control characters, and a progress bar, or a line every ten
seconds where the output is not a terminal."""

import sys
import time
from typing import TYPE_CHECKING, TextIO

from explorer.text import _, printable

if TYPE_CHECKING:
    from explorer.engine.training import EpochScore, TrainingRun

WIDTH = 28
LINE_SECONDS = 10.0


def say(*lines: object, stream: TextIO | None = None) -> None:
    """Prints lines that may hold names from elsewhere; control characters in them are replaced."""
    for line in lines:
        print(printable(str(line)), file=stream)


def clock(seconds: float) -> str:
    """Minutes and seconds: 1:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class TrainingBar:
    """Shows the progress of a run: called with the run, and with the score after an epoch."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self._start = self._shown = time.monotonic()

    def __call__(self, run: "TrainingRun", validated: "EpochScore | None") -> None:
        if validated is not None:
            self._line(
                _(
                    "epoch {epoch}/{epochs}  validation accuracy {accuracy:.2%}  loss {loss:.4f}"
                    "  {time}"
                ).format(
                    epoch=validated.epoch,
                    epochs=run.recipe.epochs,
                    accuracy=validated.score.accuracy,
                    loss=validated.score.loss,
                    time=clock(time.monotonic() - self._start),
                )
            )
        elif self.live or time.monotonic() - self._shown >= LINE_SECONDS:
            self._shown = time.monotonic()
            share = run.step / run.steps
            loss = run.history[-1][-1, 2] if run.history else float("nan")
            left = run.seconds_left
            bar = "█" * round(share * WIDTH) + "░" * (WIDTH - round(share * WIDTH))
            (self._draw if self.live else self._line)(
                f"{bar}  "
                + _(
                    "epoch {epoch}/{epochs} · step {step}/{steps} · loss {loss:.3f} · {speed:,.0f} "
                    "img/s · {left} left"
                ).format(
                    epoch=run.epoch,
                    epochs=run.recipe.epochs,
                    step=run.step,
                    steps=run.steps,
                    loss=loss,
                    speed=run.images_per_second,
                    left="–" if left is None else clock(left),
                )
            )

    def end(self) -> None:
        """Leaves nothing of the bar on the line."""
        if self.live:
            self._draw("")

    def _draw(self, text: str) -> None:
        self.stream.write(f"\r\x1b[2K{text}")
        self.stream.flush()

    def _line(self, text: str) -> None:
        if self.live:
            self._draw("")
        print(text, file=self.stream, flush=True)
