"""The memory that a network will take, forecast from its report alone, before anything runs."""

from collections.abc import Generator
from dataclasses import dataclass
from math import prod
from weakref import WeakKeyDictionary

from explorer.analysis.facts import Child
from explorer.analysis.footprint import FULL, HALF, Execution, Line, composing, envelope
from explorer.analysis.forward import evaluation
from explorer.analysis.report import Report
from explorer.graph.graph import OUTPUT, PORT
from explorer.runs.recipe import (
    MOST_PICTURES,
    MOST_VALIDATED,
    OPTIMISERS,
    PRECISIONS,
    Recipe,
)

DRIVER, LOST = 2**29, 0.05
"""Bytes and the share of a device's memory that tensors cannot take, see `room_on`."""
_FREELY = 2**28
"""Bytes that validation may take even where a training step takes less."""


@dataclass(frozen=True)
class Forecast:
    """Bytes of tensors while a network runs on batches of `batch` pictures.

    parameters, gradients: in float32 whatever the precision. optimiser: its state for each
    parameter: none ("sgd"), a mean of gradients ("momentum"), that and a mean of their squares
    ("adam", "adamw"). buffers: running statistics. copies: the weights of convolutions and linear
    layers in 16 bits, made by autocast. activations: all tensors that the backward pass needs, with
    masks, indices and the input batch, each counted once however many layers read it. transient: by
    how much the peak of a training step exceeds the sum of all these: values in scope, the loss,
    gradients of activations.

    training: the peak of a step as the engine runs it (forward pass, gradients of the step before
    released, backward pass, fused optimiser), from the second step on. inference: the peak of a
    forward pass in eval mode without gradients. validated: pictures in a batch of validation, see
    `forecast`; validation: the peak of that, during a run. No operation is in place. Not
    counted: the data set, the workspaces of cuDNN, what the driver takes and what the allocator's
    rounding wastes.
    """

    batch: int
    precision: str
    optimiser_name: str
    device: str
    parameters: int
    buffers: int
    gradients: int
    optimiser: int
    copies: int
    activations: int
    transient: int
    training: int
    inference: int
    validated: int
    validation: int

    @property
    def peak(self) -> int:
        """The most that a run takes, training or validating."""
        return max(self.training, self.validation)

    @property
    def parts(self) -> dict[str, int]:
        """The amounts that add up to `training`."""
        return {
            name: getattr(self, name)
            for name in (
                "parameters",
                "buffers",
                "gradients",
                "optimiser",
                "copies",
                "activations",
                "transient",
            )
        }


def forecast(
    report: Report,
    batch: int = Recipe.batch_size,
    precision: str = "float32",
    optimiser: str = "momentum",
    device: str = "cuda",
    room: int | None = None,
) -> Forecast | None:
    """The forecast for batches of so many pictures; None if the network cannot run.

    precision: one of PRECISIONS; the last two mean autocast. optimiser: one of OPTIMISERS. device:
    "cpu" or "cuda": on the CPU the mask of a Dropout is float32, and autocast keeps other layers
    in float32. room: bytes that tensors can take, as far as is known. Validation takes as many
    pictures at once as need no more than a training step or, where that is little, _FREELY, nor
    than there is room for; at most MOST_VALIDATED, at least one. Raises KeyError, ValueError for
    another precision or optimiser.
    """
    if not report.ok:
        return None
    plan = _plan(report, precision != "float32", device)
    state = FULL * report.params * OPTIMISERS[optimiser]
    if precision not in PRECISIONS:
        raise ValueError(precision)
    parts = {
        "parameters": FULL * report.params,
        "buffers": plan.buffers,
        "gradients": FULL * report.params,
        "optimiser": state,
        "copies": plan.copies,
        "activations": plan.kept[0] + plan.kept[1] * batch,
    }
    training = _highest(plan.training, batch) + state
    beside = parts["gradients"] + state
    allowed = max(training, _FREELY) if room is None else min(max(training, _FREELY), room)
    validated = max(1, _fitting(plan.inference, allowed - beside, MOST_VALIDATED))
    return Forecast(
        batch=batch,
        precision=precision,
        optimiser_name=optimiser,
        device=device,
        transient=training - sum(parts.values()),
        training=training,
        inference=_highest(plan.inference, batch),
        validated=validated,
        validation=_highest(plan.inference, validated) + beside,
        **parts,
    )


def largest_batch(
    report: Report,
    room: int,
    precision: str = "float32",
    optimiser: str = "momentum",
    device: str = "cuda",
    training: bool = True,
) -> int:
    """The most pictures in a batch with which the peak is at most `room` bytes; 0 if not even one
    fits, or the network cannot run.

    training: whether the peak of training counts, or that of inference; a batch of training has no
    more than MOST_PICTURES. The other arguments: see `forecast`.
    """
    if not report.ok:
        return 0
    plan = _plan(report, precision != "float32", device)
    room -= FULL * report.params * OPTIMISERS[optimiser] if training else 0
    lines = plan.training if training else plan.inference
    return _fitting(lines, room, MOST_PICTURES if training else 2**31)


def _fitting(lines: tuple[Line, ...], room: int, most: int) -> int:
    """The most pictures, of `most`, with which the highest of the lines is at most `room`."""
    fitting = (
        (room - fixed) // each if each > 0 else 0 if fixed > room else most for fixed, each in lines
    )
    return max(0, min(most, *fitting))


def room_on(memory: int) -> int:
    """Bytes of a device's `memory` that tensors can take. On a GPU 512 MiB go to the driver and the
    libraries, and 5 % is lost between the allocator's blocks; on the CPU as much is left to the
    rest of the machine."""
    return max(0, int(memory * (1 - LOST)) - DRIVER)


def _highest(lines: tuple[Line, ...], batch: int) -> int:
    return max(fixed + each * batch for fixed, each in lines)


@dataclass(frozen=True)
class _Plan:
    """The part of a forecast that is the same for all batches: the peaks as straight lines over the
    number of pictures. training: without the optimiser's state."""

    buffers: int
    copies: int
    kept: Line
    training: tuple[Line, ...]
    inference: tuple[Line, ...]


_plans: WeakKeyDictionary[Report, dict[tuple[bool, str], _Plan]] = WeakKeyDictionary()


def _plan(report: Report, half: bool, device: str) -> _Plan:
    for _step in steps(report, "bfloat16" if half else "float32", device):
        pass
    return _plans[report][half, device]


def steps(
    report: Report, precision: str = "float32", device: str = "cuda"
) -> Generator[None, None, None]:
    """Does the work for the forecasts of a network that can run, child by child, so that the caller
    can do other things. After it, forecasts for any batch take no time while the report is kept."""
    known, key = _plans.setdefault(report, {}), (precision != "float32", device)
    if key not in known:
        known[key] = yield from _planning(report, *key)


def _planning(report: Report, half: bool, device: str) -> Generator[None, None, _Plan]:
    graph, output = report.graph, report.output
    assert output is not None  # the network can run
    result = graph.into(OUTPUT)[PORT].source
    order = evaluation(
        [
            Child(id, facts, report.sources[id])
            for id, facts in report.facts.items()
            if id in report.alive
        ],
        result,
    )
    cuda = device != "cpu"
    yield
    inferring = yield from composing(
        order, result, graph.input, Execution(False, half, cuda), FULL, False
    )
    training = yield from composing(
        order, result, graph.input, Execution(True, half, cuda), FULL, False
    )

    picture, scores = FULL * prod(graph.input), FULL * prod(output)
    # Half precision uses channels-last: the batch exists in both memory layouts.
    both = picture * 2 if half and graph.input[0] > 1 else picture
    weights = FULL * report.params
    standing = weights + training.buffers
    cast = scores * HALF // FULL if training.width == HALF else 0  # the loss needs float32
    inference = [(standing + fixed, both + each) for fixed, each in inferring.forward]
    inference.append((standing + inferring.kept[0], both + scores + cast))

    end = 0 if training.view else prod(output) * training.width
    left = picture if training.keeps_input or training.view else 0
    fixed, each = training.kept
    kept = (
        fixed - training.copies,
        each + (picture if training.keeps_input else 0) + (end if training.keeps_output else 0),
    )
    # The gradients of the step before are released once the loss is computed.
    lines = [(standing + weights + fixed_, both + each_) for fixed_, each_ in training.forward]
    held = left + each + (end if cast == 0 or training.keeps_output else 0)
    lines.append((standing + weights + fixed, both + each + end + scores * bool(cast)))
    # After the network: the scores, their log-softmax (kept) and two gradients of that size.
    loss = scores * bool(cast) + scores
    lines.append((standing + weights + fixed, held + loss))
    lines.append((standing + fixed, held + loss + 2 * scores))
    back = held + scores * bool(cast) + scores + cast
    lines += [(standing + fixed + fixed_, back + each_) for fixed_, each_ in training.backward]
    lines.append((standing + weights, left + end))
    return _Plan(training.buffers, training.copies, kept, envelope(lines), envelope(inference))
