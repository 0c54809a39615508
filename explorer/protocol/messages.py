"""Every message between window and engine: one frozen class each, requests and then answers.

The window asks with a generation that counts up, which the answers repeat. Epochs and steps count
from 1; accuracies, shares and confidence go from 0 to 1; memory is in bytes. Files and folders are
absolute paths on the engine's machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from explorer.protocol.looks import Look
from explorer.runs.recipe import Recipe

VERSION = 4
"""Of the protocol. The engine's first message states it; a window takes no other."""

Json = Mapping[str, Any]
Arrays = Mapping[str, np.ndarray]


def _nothing() -> np.ndarray:
    """The default of an array that a message may leave out."""
    return np.empty(0, np.float32)


@dataclass(frozen=True, kw_only=True)
class Message:
    """generation: of the request, or of the one that is answered."""

    generation: int = 0


# What the window asks


@dataclass(frozen=True, kw_only=True)
class Watching(Message):
    """A request that states what to look at; if empty, the looks stay as they were."""

    looks: tuple[Look, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Network(Watching):
    """A request about a network, which is `graph` as its file has it. data: a data set, or "photos".
    weights: the file with the weights that it starts with."""

    graph: Json
    data: str = "fashion-mnist"
    device: str = "auto"
    weights: str | None = None


@dataclass(frozen=True, kw_only=True)
class Build(_Network):
    """Build the network, keeping weights whose path and shape are unchanged; `Built`, then `Seen`."""

    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Watch(Watching):
    """Look at something else."""


@dataclass(frozen=True, kw_only=True)
class Taken(Message):
    """The last answers to looks are drawn: more may be sent."""


@dataclass(frozen=True, kw_only=True)
class Train(_Network):
    """Train the network: `State`, `Modes`, `Rows`, `Validated`, `Saved`, `Seen`.

    out: the run's folder, new or empty; if there is something in it, a number is added to its name; a
    relative path lies in the engine's folder of runs. None: nothing is kept. required: without that
    folder there is no run; otherwise it goes on, and that it is not kept is sent as `Failed`.
    resume: the folder of a run, or a checkpoint; its graph, recipe and data set then count, and it
    goes on in that folder.
    """

    recipe: Recipe = field(default_factory=Recipe)
    out: str | None = None
    required: bool = False
    resume: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pause(Message):
    """Pause the run after the present step."""


@dataclass(frozen=True, kw_only=True)
class Resume(Message):
    """Go on after a pause."""


@dataclass(frozen=True, kw_only=True)
class Step(Message):
    """Do one training step, then pause."""


@dataclass(frozen=True, kw_only=True)
class Stop(Message):
    """End the run, and keep a checkpoint."""


@dataclass(frozen=True, kw_only=True)
class Import(Message):
    """Match the weights in `file` to the network, and write them to `to` under its names;
    `Imported`. partial: also where only some fit; then these alone are written."""

    graph: Json
    file: str
    to: str
    partial: bool = False


@dataclass(frozen=True, kw_only=True)
class Export(Message):
    """Write the network that was built last, which is `graph`, with its weights; `Exported`.

    form: the id of one that the engine makes (`explorer/analysis/form.py`).
    """

    graph: Json
    form: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Quit(Message):
    """End the engine; a run that is under way is saved in a checkpoint."""


# What the engine answers


@dataclass(frozen=True)
class Device:
    """id: as torch spells it, "cpu" or "cuda:0"; name: for a person; memory, free: bytes in all,
    and of those unused now; 0 where unknown."""

    id: str
    name: str
    memory: int
    free: int = 0


@dataclass(frozen=True, kw_only=True)
class Hello(Message):
    """Sent without a request, once the engine is ready. version: of the protocol; torch: its
    version; unused: why torch cannot use an NVIDIA GPU that is there, a sentence, or ""."""

    devices: tuple[Device, ...]
    torch: str
    pid: int
    version: int = VERSION
    unused: str = ""


@dataclass(frozen=True, kw_only=True)
class Built(Message):
    """params: number of parameters; kept, fresh: numbers of tensors kept, and drawn anew."""

    params: int
    kept: int = 0
    fresh: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen(Message):
    """The answer to one look. more: another answer for the same picture follows; cost: share of the
    run's time that watching takes."""

    look: Look
    figures: Json
    arrays: Arrays
    cost: float = 0.0
    more: bool = False


@dataclass(frozen=True, kw_only=True)
class Modes(Message):
    """measured: each mode with its images per second; the first is the fastest and `chosen`."""

    measured: tuple[tuple[str, float], ...]
    chosen: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows(Message):
    """The figures of the steps since the last message.

    rows: (steps, columns) float64. gradients: (n, layers) float32, the L2 norms of the gradients of
    `layers` at the steps `gradient_steps` (n,) int64. seconds_left: None until it is known. watching:
    share of the time. memory: the peak of the run so far, validation included, without the data set;
    None where the device does not report it.
    """

    columns: tuple[str, ...]
    rows: np.ndarray
    gradients: np.ndarray = field(default_factory=_nothing)
    gradient_steps: np.ndarray = field(default_factory=_nothing)
    layers: tuple[str, ...] = ()
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    images_per_second: float = 0.0
    seconds_left: float | None = None
    watching: float = 0.0
    memory: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Validated(Message):
    """The score on the validation pictures. confusion: (classes, classes) int64, rows are labels, columns
    guesses."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    confusion: np.ndarray = field(default_factory=_nothing)


@dataclass(frozen=True, kw_only=True)
class Saved(Message):
    """A checkpoint was written."""

    path: str
    step: int
    epoch: int


@dataclass(frozen=True, kw_only=True)
class State(Message):
    """state: "measuring", "running", "paused", "stopped" or "finished"; with the last come the
    accuracy on the test pictures and the files of the results. folder: that of the run; None if
    nothing is kept."""

    state: str
    accuracy: float | None = None
    files: tuple[str, ...] = ()
    folder: str | None = None


@dataclass(frozen=True, kw_only=True)
class Imported(Message):
    """path: None if the weights do not fit and nothing was written. rows: what became of each tensor,
    its name in the network, its name in the file, its shape. part: of weights that do not fit, how many
    tensors would be written with `partial`; the rows are as they would be then."""

    path: str | None
    sentence: str
    rows: tuple[tuple[str, ...], ...] = ()
    part: int = 0


@dataclass(frozen=True, kw_only=True)
class Exported(Message):
    """For ONNX also: difference, the largest between onnxruntime's outputs and PyTorch's; largest, of
    those outputs; dynamic: the file takes any number of pictures."""

    form: str
    path: str
    difference: float | None = None
    largest: float | None = None
    dynamic: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Failed(Message):
    """A sentence for a person, and the traceback for the log."""

    sentence: str
    detail: str = ""


REQUESTS = (Build, Watch, Taken, Train, Pause, Resume, Step, Stop, Import, Export, Quit)
ANSWERS = (
    Hello,
    Built,
    Seen,
    Modes,
    Rows,
    Validated,
    Saved,
    State,
    Imported,
    Exported,
    Failed,
)
