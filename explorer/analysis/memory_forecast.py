"""How much memory a network will take: a forecast from its report alone, before anything runs."""

from collections.abc import Generator
from dataclasses import dataclass
from math import prod
from weakref import WeakKeyDictionary

from explorer.analysis.facts import Child
from explorer.analysis.footprint import FULL, HALF, Line, Manner, composing, envelope
from explorer.analysis.forward import evaluation
from explorer.analysis.report import Report
from explorer.graph.graph import OUTPUT, PORT
from explorer.runs.recipe import MOST_PICTURES, OPTIMISERS, PRECISIONS, Recipe

DRIVER, LOST = 2**29, 0.05


@dataclass(frozen=True)
class Forecast:
    """Bytes of tensors while a network runs on batches of `batch` pictures.

    parameters, gradients: of float32 in every precision. optimiser: what it keeps for each
    parameter: nothing ("sgd"), a mean of gradients ("momentum"), that and a mean of their squares
    ("adam", "adamw"). buffers: running statistics. copies: the weights of convolutions and linear
    layers once more in 16 bits, for autocast. activations: all tensors that the backward pass needs,
    each counted once however many layers read it, masks and indices and the input batch among
    them. transient: how far the peak of a training step is above the sum of all these: values in
    scope, the loss, gradients of activations on the way back.

    training: the peak of a step as the engine does it (forward, gradients of the step before let
    go, backward, a fused optimiser), from the second step on. inference: the peak of a forward pass
    in eval mode without gradients. In-place operations are not used. Not counted: the data set,
    the workspaces of cuDNN, what the driver and the allocator's rounding take.
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

    @property
    def parts(self) -> dict[str, int]:
        """What adds up to `training`."""
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
) -> Forecast | None:
    """The forecast for batches of so many pictures; None for a network that cannot run.

    precision: one of PRECISIONS; the last two mean autocast. optimiser: one of OPTIMISERS. device:
    "cpu" or "cuda": on the CPU the mask of a Dropout is float32, and autocast keeps other layers
    in float32. Raises KeyError, ValueError for another precision or optimiser.
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
    return Forecast(
        batch=batch,
        precision=precision,
        optimiser_name=optimiser,
        device=device,
        transient=training - sum(parts.values()),
        training=training,
        inference=_highest(plan.inference, batch),
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
    """The most pictures in a batch with which the peak of training (else of inference) is at most
    `room` bytes, in training no more than a run may have; 0 if not even one fits, or the network
    cannot run."""
    if not report.ok:
        return 0
    plan = _plan(report, precision != "float32", device)
    room -= FULL * report.params * OPTIMISERS[optimiser] if training else 0
    lines = plan.training if training else plan.inference
    most = MOST_PICTURES if training else 2**31
    fitting = (
        (room - fixed) // each if each > 0 else 0 if fixed > room else most for fixed, each in lines
    )
    return max(0, min(most, *fitting))


def room_on(memory: int) -> int:
    """Bytes of a device's memory that tensors can take: on a GPU half a GB goes to the driver and
    the libraries, and 5 % is lost between the allocator's blocks; on the CPU the same share is left
    to the rest of the machine."""
    return max(0, int(memory * (1 - LOST)) - DRIVER)


def _highest(lines: tuple[Line, ...], batch: int) -> int:
    return max(fixed + each * batch for fixed, each in lines)


@dataclass(frozen=True)
class _Plan:
    """What does not depend on the batch: the peaks as straight lines over its size. training is
    without the optimiser's state."""

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
    """The work for the forecasts of a network that can run, child by child; what comes of it is
    remembered as long as the report is, and forecasts of any batch are at once there."""
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
    rest = yield from composing(order, result, graph.input, Manner(False, half, cuda), FULL, False)
    train = yield from composing(order, result, graph.input, Manner(True, half, cuda), FULL, False)

    picture, scores = FULL * prod(graph.input), FULL * prod(output)
    # Half precision comes with channels last: the batch is there in both orders.
    both = picture * 2 if half and graph.input[0] > 1 else picture
    weights = FULL * report.params
    standing = weights + train.buffers
    cast = scores * HALF // FULL if train.width == HALF else 0  # the loss takes float32
    inference = [(standing + fixed, both + each) for fixed, each in rest.forward]
    inference.append((standing + rest.kept[0], both + scores + cast))

    end = 0 if train.view else prod(output) * train.width
    left = picture if train.keeps_input or train.view else 0
    fixed, each = train.kept
    kept = (
        fixed - train.copies,
        each + (picture if train.keeps_input else 0) + (end if train.keeps_output else 0),
    )
    # The step before left its gradients; they go when the loss is there.
    lines = [(standing + weights + fixed_, both + each_) for fixed_, each_ in train.forward]
    held = left + each + (end if cast == 0 or train.keeps_output else 0)
    lines.append((standing + weights + fixed, both + each + end + scores * bool(cast)))
    # Behind the network: the scores, their logarithms (kept) and two gradients of that size.
    loss = scores * bool(cast) + scores
    lines.append((standing + weights + fixed, held + loss))
    lines.append((standing + fixed, held + loss + 2 * scores))
    back = held + scores * bool(cast) + scores + cast
    lines += [(standing + fixed + fixed_, back + each_) for fixed_, each_ in train.backward]
    lines.append((standing + weights, left + end))
    return _Plan(train.buffers, train.copies, kept, envelope(lines), envelope(inference))
