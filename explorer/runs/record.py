"""One run: what it trains and how, and its figures so far."""

from dataclasses import dataclass, field

import numpy as np

from explorer.catalog.datasets import DataSet
from explorer.graph.graph import Graph
from explorer.runs.course import Course
from explorer.runs.history import History
from explorer.runs.recipe import Recipe

ACTIVE = ("measuring", "running", "paused")


@dataclass(frozen=True)
class Progress:
    """How far a run is. step, steps: done, and in all epochs; seconds_left: None until it is known;
    watching: share of the time; memory: bytes of the peak, None where the device does not report
    it."""

    step: int = 0
    steps: int = 0
    epochs: int = 0
    images_per_second: float = 0.0
    seconds_left: float | None = None
    watching: float = 0.0
    memory: int | None = None


@dataclass(eq=False)
class RunRecord:
    """One run, from its first step on, through every pause and resume.

    weights: the file with the weights that it starts with. folder: with its files, on the engine's
    machine; "" until the engine has made it. checkpoint: the last one. before: the curves of the run
    before it, to compare with. state: "idle" where it could not start, "measuring", "running",
    "paused", "stopped", "finished" or "died". test: accuracy on the test pictures at the end.
    reason: why it ended, where it was not the person who ended it. trained: the file with its newest
    weights, where it was read from its folder and not trained since. gradients: of all layers with
    weights. confusion: (classes, classes) int64 of the newest validation, rows are labels, columns
    guesses.
    """

    graph: Graph
    data: DataSet
    recipe: Recipe
    weights: str | None = None
    folder: str = ""
    before: History | None = None
    state: str = "measuring"
    checkpoint: str | None = None
    reason: str = ""
    test: float | None = None
    trained: str | None = None
    progress: Progress | None = None
    gradients: Course = field(default_factory=Course)
    confusion: np.ndarray | None = None
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self.graph.name)

    @property
    def active(self) -> bool:
        """Whether it is under way, or paused."""
        return self.state in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether it was stopped, or the engine died in it, and there is a checkpoint to go on from."""
        return self.state in ("stopped", "died") and self.checkpoint is not None

    def add(
        self, steps: np.ndarray, losses: np.ndarray, accuracies: np.ndarray, progress: Progress
    ) -> None:
        """Appends the figures of new steps, each (n,); they replace all from the first of these
        steps on, because a resumed run repeats some."""
        self.progress = progress
        self.history.steps, self.history.epochs = progress.steps, progress.epochs
        self.history.add(steps, losses, accuracies)

    def add_gradients(self, layers: tuple[str, ...], steps: np.ndarray, norms: np.ndarray) -> None:
        """Appends the L2 norms (n, layers) of the layers' gradients at `steps` (n,)."""
        if layers != self.gradients.layers:
            self.gradients = Course(layers)
        self.gradients.add(steps, norms)

    def validate(self, step: int, loss: float, accuracy: float, confusion: np.ndarray) -> None:
        """Records the score on the validation pictures after `step`."""
        self.history.validate(step, loss, accuracy)
        self.confusion = confusion
