"""A run: step by step through the recipe, its figures left on the device until they are fetched."""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.engine import checkpoint
from explorer.engine.data import Pictures
from explorer.engine.device import synchronise
from explorer.engine.device_memory import Peak
from explorer.engine.failure import EngineError
from explorer.engine.model import Model
from explorer.engine.precision import PRECISIONS, measure
from explorer.engine.validation import Score, validate
from explorer.runs.folder import COLUMNS
from explorer.runs.recipe import MOMENTUM, Recipe
from explorer.text import _

GRADIENT_SECONDS, GRADIENT_ROWS = 0.25, 400
"""The least time between two rows of gradients, and about the most rows in a run."""
_PACE_SECONDS = 3.0
_RANDOM: Mapping[str, Any] = {"cuda": torch.cuda, "xpu": torch.xpu, "mps": torch.mps}
"""By the type of a device, the module with its random state, which dropout draws from."""
_MODE_IMAGES, _MODE_MACS = 2, 1_000_000_000


@dataclass(frozen=True)
class StepRows:
    """The figures of the steps since the last time, a row for each.

    rows: (n, 5) float64 as COLUMNS; gradients: (k, layers) float32, the L2 norm of each weight's
    gradient; gradient_steps: (k,) int64. lost: why the run cannot go on, a sentence, or None.
    """

    rows: np.ndarray
    gradients: np.ndarray
    gradient_steps: np.ndarray
    lost: str | None = None


@dataclass(frozen=True)
class EpochScore:
    """The score on the validation pictures after an epoch; epochs and steps count from 1."""

    epoch: int
    step: int
    score: Score


class TrainingRun:
    """One training run of a model; `advance()` does one step of it.

    Deterministic for a recipe on one device: the weights come from the model, the order of an epoch
    is a permutation that depends on seed and epoch only, and dropout draws from a generator that
    checkpoints carry. The step has no hooks and waits for nothing: losses stay on the device until
    `fetch()`.
    """

    def __init__(self, model: Model, pictures: Pictures, recipe: Recipe) -> None:
        """recipe.mode must be one that was chosen, not "auto"."""
        recipe = recipe.settled(
            any(isinstance(each, nn.BatchNorm2d) for each in model.net.modules())
        )
        self.model, self.pictures, self.recipe = model, pictures, recipe
        self.mode = PRECISIONS[recipe.mode]
        self.mode.place(model.net).train()
        images = pictures.count
        self.batch = min(recipe.batch_size, recipe.limit or images, images)
        self.steps_per_epoch = recipe.steps_per_epoch(images)
        self.steps = self.steps_per_epoch * recipe.epochs
        self.step = 0
        self.history: list[np.ndarray] = []
        self.validated: list[EpochScore] = []
        self.tested: Score | None = None
        self.optimiser = _optimiser(model, recipe)
        self._weights = model.weights
        self._validation: Iterator[Score | None] | None = None
        self._validation_seconds = 0.0
        self._order: tuple[int, Tensor] | None = None
        self._figures: list[tuple[int, int, float]] = []
        self._losses: list[Tensor] = []
        self._rights: list[Tensor] = []
        self._norms: list[Tensor] = []
        self._norm_steps: list[int] = []
        self._norm_time = -GRADIENT_SECONDS
        self._last_norm = -self.steps
        self._busy, self._images = 0.0, 0
        self._pace: deque[tuple[float, int]] = deque([(0.0, 0)], maxlen=128)
        self.peak = Peak(model.device, pictures.bytes)
        torch.manual_seed(recipe.seed)

    @property
    def epoch(self) -> int:
        """The epoch of the last step, from 1; 0 before the first."""
        return -(-self.step // self.steps_per_epoch)

    @property
    def validating(self) -> bool:
        """Whether the next `advance()` validates rather than trains."""
        return self._validation is not None

    @property
    def finished(self) -> bool:
        return self.step >= self.steps and not self.validating

    @property
    def images_per_second(self) -> float:
        """Training images per second over about the last three seconds, without pauses and
        validation."""
        seconds, images = self._pace[-1][0] - self._pace[0][0], self._pace[-1][1] - self._pace[0][1]
        return images / seconds if seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the run ends at this pace; None while the pace is not known."""
        pace = self.images_per_second
        if not pace:
            return None
        epochs = self.recipe.epochs - len(self.validated)
        return (self.steps - self.step) * self.batch / pace + epochs * self._validation_seconds

    def advance(self) -> EpochScore | None:
        """One training step; after the last of an epoch, one batch of validation at a time.

        Returns the score when a validation is complete.
        """
        if self._validation is not None:
            return self._validate(self._validation)
        start = time.perf_counter()
        self._train()
        self._busy += time.perf_counter() - start
        self._images += self.batch
        if self.step % self.steps_per_epoch == 0:
            self._begin_validation()
        return None

    def wait(self) -> None:
        """Waits until the device has done all steps, which is time that training takes."""
        start = time.perf_counter()
        synchronise(self.model.device)
        self._busy += time.perf_counter() - start

    def fetch(self) -> StepRows:
        """The rows since the last call; waits for the device, so call it at display rate only.

        Once the loss is NaN or infinite the weights are lost, which `lost` of the rows states.
        """
        start = time.perf_counter()
        count = len(self._figures)
        rows = np.empty((count, len(COLUMNS)))
        if count:
            counted = torch.stack([*self._losses, *(right.float() for right in self._rights)])
            values = counted.cpu().numpy().astype(np.float64)
            steps, epochs, rates = zip(*self._figures, strict=True)
            rows[:, 0], rows[:, 1], rows[:, 4] = steps, epochs, rates
            rows[:, 2], rows[:, 3] = values[:count], values[count:] / self.batch
        layers = len(self._weights)
        if self._norms and layers:
            gradients = torch.stack(self._norms).cpu().numpy().astype(np.float32)
        else:
            gradients = np.empty((0, layers), np.float32)
        gradient_steps = np.array(self._norm_steps[: len(gradients)], np.int64)
        fetched = StepRows(rows, gradients, gradient_steps, _loss_lost(rows))
        for pending in (self._figures, self._losses, self._rights, self._norms, self._norm_steps):
            pending.clear()
        self._busy += time.perf_counter() - start
        if count:
            self.history.append(rows)
            self._pace.append((self._busy, self._images))
            while len(self._pace) > 2 and self._busy - self._pace[0][0] > _PACE_SECONDS:
                self._pace.popleft()
        return fetched

    @property
    def rows(self) -> np.ndarray:
        """The figures of all steps that were fetched, (n, 5) float64 as COLUMNS."""
        return np.concatenate([np.empty((0, len(COLUMNS))), *self.history])

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The state that `restore` reads: tensors by name, and values for JSON. Call after
        `fetch()`."""
        tensors = dict(self.model.net.state_dict())
        for name, weight in self.model.net.named_parameters():
            for slot, value in self.optimiser.state.get(weight, {}).items():
                if isinstance(value, Tensor):
                    tensors[f"optimiser.{name}.{slot}"] = value
        tensors["random.cpu"] = torch.get_rng_state()
        place = self.model.device
        if place.type in _RANDOM:
            tensors[f"random.{place.type}"] = _RANDOM[place.type].get_rng_state(place)
        tensors["history.rows"] = torch.from_numpy(self.rows)
        validated = [
            [
                each.epoch,
                each.step,
                each.score.loss,
                each.score.accuracy,
                each.score.confusion.tolist(),
            ]
            for each in self.validated
        ]
        about = {
            "step": self.step,
            "epoch": self.epoch,
            "validated": validated,
            "divided": self.pictures.validation is not None,
        }
        return tensors, about

    def restore(self, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
        """Continues from a `state`; raises EngineError if it is another network's or damaged."""
        net = self.model.net
        checkpoint.load(
            net, {key: value for key, value in tensors.items() if key in net.state_dict()}
        )
        for name, weight in net.named_parameters():
            buffer = tensors.get(f"optimiser.{name}.momentum_buffer")
            if buffer is not None:
                if buffer.shape != weight.shape:
                    raise EngineError(
                        _(
                            "The checkpoint is damaged: the momentum of {name} has a wrong shape."
                        ).format(name=name)
                    )
                kept = torch.empty_like(weight, requires_grad=False).copy_(buffer)
                self.optimiser.state[weight]["momentum_buffer"] = kept
        rows = tensors.get("history.rows")
        try:
            self.step = about["step"]
            if type(self.step) is not int or not 0 <= self.step <= self.steps:
                raise ValueError
            self.validated = [
                EpochScore(
                    int(epoch),
                    int(step),
                    Score(float(loss), float(accuracy), np.array(counts, np.int64)),
                )
                for epoch, step, loss, accuracy, counts in about["validated"]
            ]
            torch.set_rng_state(tensors["random.cpu"])
            if rows is None or rows.ndim != 2 or rows.shape[1] != len(COLUMNS):
                raise ValueError
        except (KeyError, TypeError, ValueError, RuntimeError):
            raise EngineError(
                _("The checkpoint is damaged: its description of the run is invalid.")
            ) from None
        place = self.model.device
        if f"random.{place.type}" in tensors and place.type in _RANDOM:
            _RANDOM[place.type].set_rng_state(tensors[f"random.{place.type}"], place)
        self.history = [rows.numpy().astype(np.float64)]
        if self.step and self.step % self.steps_per_epoch == 0 and len(self.validated) < self.epoch:
            self._begin_validation()
        self._begin_test()

    def _train(self) -> None:
        indices = self._indices()
        split, net = self.pictures.train, self.model.net
        labels = split.labels[indices]
        logits = self.mode.logits(net, self.pictures.normalised(split.images[indices]))
        loss = F.cross_entropy(logits, labels)
        rate = self.recipe.rate(self.step, self.steps_per_epoch)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        loss.backward()
        self._measure_gradients()
        self.optimiser.step()
        self.step += 1
        self._figures.append((self.step, self.epoch, rate))
        self._losses.append(loss.detach())
        self._rights.append((logits.detach().argmax(1) == labels).sum())

    def _indices(self) -> Tensor:
        """The indices of the next step's pictures: a slice of the epoch's order."""
        epoch, place = divmod(self.step, self.steps_per_epoch)
        if self._order is None or self._order[0] != epoch:
            # Seed and epoch make one seed, of a generator of its own, which leaves dropout's alone.
            generator = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + epoch)
            order = torch.randperm(self.pictures.count, generator=generator)
            order = order.to(self.model.device)
            learned = self.pictures.learned
            self._order = epoch, order if learned is None else learned[order]
        return self._order[1][place * self.batch : (place + 1) * self.batch]

    def _measure_gradients(self) -> None:
        now = time.perf_counter()
        if now - self._norm_time < GRADIENT_SECONDS or not self._weights:
            return
        if self.step - self._last_norm < self.steps // GRADIENT_ROWS:
            return
        self._norm_time, self._last_norm = now, self.step
        gradients = [_gradient(weight) for weight in self._weights]
        self._norms.append(torch.stack(torch._foreach_norm(gradients)))
        self._norm_steps.append(self.step + 1)

    def _validate(self, validation: Iterator[Score | None]) -> EpochScore | None:
        start = time.perf_counter()
        score = next(validation)
        took = time.perf_counter() - start
        if not self.validated:
            self._validation_seconds += took
        if score is None:
            return None
        self._validation = None
        if len(self.validated) == self.recipe.epochs:
            self.tested = score
            return None
        self.validated.append(EpochScore(self.epoch, self.step, score))
        self._begin_test()
        return self.validated[-1]

    def _begin_validation(self) -> None:
        split = self.pictures.validation or self.pictures.test
        self._validation = validate(self.model, self.pictures, split, self.mode, self.batch)

    def _begin_test(self) -> None:
        """After the last validation, which was on other pictures."""
        if len(self.validated) == self.recipe.epochs:
            if self.pictures.validation is None:
                self.tested = self.validated[-1].score
            else:
                test = self.pictures.test
                self._validation = validate(self.model, self.pictures, test, self.mode, self.batch)


def _gradient(weight: Tensor) -> Tensor:
    assert weight.grad is not None  # it was just made
    return weight.grad


def _loss_lost(rows: np.ndarray) -> str | None:
    wrong = rows[~np.isfinite(rows[:, 2])]
    if not len(wrong):
        return None
    return _(
        "The loss is NaN or infinite since step {step}, at learning rate {rate:.3g}:"
        " train again with a lower one, or with BatchNorm layers."
    ).format(step=int(wrong[0, 0]), rate=wrong[0, 4])


def _optimiser(model: Model, recipe: Recipe) -> torch.optim.SGD:
    weights = [weight for weight in model.net.parameters() if weight.requires_grad]
    # Matrices and kernels decay; biases and scales do not, LayerScale's (channels, 1, 1) neither.
    groups = [
        {"params": [w for w in weights if w.ndim in (2, 4)], "weight_decay": recipe.weight_decay},
        {"params": [w for w in weights if w.ndim not in (2, 4)], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if not groups:
        raise EngineError(_("The network has no weights, so there is nothing to train."))
    assert recipe.learning_rate is not None  # it is settled
    fused = model.device.type in ("cpu", "cuda") or None
    return torch.optim.SGD(
        groups, lr=recipe.learning_rate, momentum=MOMENTUM, nesterov=True, fused=fused
    )


def choose(model: Model, pictures: Pictures, recipe: Recipe) -> Iterator[list[tuple[str, float]]]:
    """Measures the modes with this network; yields each mode with its images per second, fastest
    first (see `measure`)."""
    count = min(recipe.batch_size, len(pictures.train))
    if model.device.type == "cpu":  # a batch of a large network takes minutes there
        count = min(count, max(_MODE_IMAGES, _MODE_MACS // max(1, model.report.macs)))
    split = pictures.train
    images = pictures.normalised(split.images[:count])
    yield from measure(model.net, images, split.labels[:count])
