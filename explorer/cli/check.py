"""check: every layer's shape, parameters and MACs, the network's problems and its memory."""

from argparse import ArgumentParser, Namespace
from functools import partial

from explorer.catalog.datasets import DATASETS
from explorer.cli import network
from explorer.cli.parser import Noted, UsageError, cut, figure, refuse_unused, shape
from explorer.runs.recipe import FIELDS, OPTIMISERS, PRECISIONS, Recipe
from explorer.text import _


def declare(parser: ArgumentParser) -> None:
    """Adds its arguments."""
    network.declare(parser)
    parser.add_argument(
        "--input", type=shape, metavar="CxHxW", help=_("shape of the input picture")
    )
    parser.add_argument(
        "--data", choices=DATASETS, help=_("also check that the network fits this data set")
    )
    parser.add_argument("--json", action="store_true", help=_("print JSON"))
    memory = parser.add_argument_group(_("memory"))
    memory.add_argument(
        "--memory",
        action="store_true",
        help=_("forecast the memory that training and inference take"),
    )
    memory.add_argument(
        "--batch",
        action=Noted,
        type=partial(figure, FIELDS["batch_size"]),
        default=Recipe.batch_size,
        help=_("pictures per batch (%(default)s)"),
    )
    memory.add_argument(
        "--precision",
        action=Noted,
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help=_("number format of the computation; weights stay float32 (%(default)s)"),
    )
    memory.add_argument(
        "--optimiser",
        action=Noted,
        choices=OPTIMISERS,
        default="momentum",
        help=_("optimiser to forecast for; train uses momentum (%(default)s)"),
    )
    memory.add_argument(
        "--device",
        metavar="DEVICE|BYTES",
        help=_(
            "also print the largest batch that fits this device (auto, cpu, cuda:0, …) or amount of "
            "memory (24GB)"
        ),
    )


def run(given: Namespace) -> int:
    """Prints the figures and problems of the network; 1 if it has problems."""
    from explorer.analysis import memory_table, table
    from explorer.analysis.memory_forecast import forecast
    from explorer.analysis.misfits import misfits
    from explorer.analysis.report import analyse

    asked = given.memory or given.device or given.json
    if not asked:
        refuse_unused(given, (), _("{option} has no effect here; it is an option of --memory"))
    data = DATASETS.get(given.data)
    report = analyse(network.load(given.network, given.input, data), data)
    kind, room, named = _room(given.device)
    found = forecast(report, given.batch, given.precision, given.optimiser, kind, room)
    recipe = Recipe(batch_size=given.batch) if asked else None
    if given.json:
        print(table.as_json(report, memory_table.as_dict(report, found, room, named), recipe))
    else:
        lines = memory_table.as_lines(report, found, room) if given.memory or given.device else []
        print(table.as_text(report, ["", *lines] if lines else (), recipe))
    return 0 if report.ok and not misfits(report, data, recipe) else 1


def _room(device: str | None) -> tuple[str, int | None, bool]:
    """The kind of a device, the bytes that tensors may take there, and whether it is a real one.

    Bytes: the amount if one is given, else what other programs and the driver of the device leave;
    None where no device is given or its memory is unknown. Raises UsageError.
    """
    from explorer.analysis.memory_forecast import room_on
    from explorer.analysis.memory_table import bytes_of

    if device is None or bytes_of(device) is not None:
        return "cuda", bytes_of(device) if device else None, False
    if device.strip().replace(".", "", 1).isdecimal():
        raise UsageError(
            _(
                "--device {number} has no unit; write {number}GB for that much memory, or "
                "the name of a device, such as cuda:0"
            ).format(number=cut(device.strip()))
        )
    from explorer.engine.device import find, pick
    from explorer.engine.failure import EngineError

    try:
        place = pick(device)
    except EngineError as error:
        raise UsageError(str(error)) from None
    found = next(each for each in find() if each.id == str(place))
    memory = found.free or found.memory
    return place.type, room_on(memory) if memory else None, True
