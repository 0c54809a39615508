"""The forecast of memory as JSON and as lines for a terminal."""

from typing import Any

from explorer.analysis.memory_forecast import Forecast, largest_batch
from explorer.analysis.report import Report
from explorer.text import _

TITLES = {
    "parameters": _("parameters"),
    "buffers": _("buffers"),
    "gradients": _("gradients"),
    "optimiser": _("optimiser"),
    "copies": _("weights in 16 bits"),
    "activations": _("activations kept"),
    "transient": _("transient"),
}
"""What a person reads for each part of the forecast, in the order in which they are shown."""


def as_dict(
    report: Report, forecast: Forecast | None, room: int | None = None, named: bool = False
) -> dict[str, Any] | None:
    """The forecast as JSON's values, under "memory" in `check --json`; None if the network cannot
    run.

    Amounts are in bytes, see Forecast. room: bytes that tensors may take; largest batches: the most
    pictures with which the peak is at most `room`, see `largest_batch`; both are null if `room` is
    not given. named: whether the person named the device; otherwise the forecast assumed its type.
    """
    if forecast is None:
        return None
    options = (forecast.precision, forecast.optimiser_name, forecast.device)
    return {
        "unit": "bytes",
        "batch": forecast.batch,
        "precision": forecast.precision,
        "optimiser": forecast.optimiser_name,
        "device_type": forecast.device if named else None,
        "assumed_device_type": None if named else forecast.device,
        "parameters": forecast.parameters,
        "buffers": forecast.buffers,
        "gradients": forecast.gradients,
        "optimiser_state": forecast.optimiser,
        "weight_copies": forecast.copies,
        "activations_kept": forecast.activations,
        "transient": forecast.transient,
        "training_peak": forecast.training,
        "inference_peak": forecast.inference,
        "validation_batch": forecast.validated,
        "validation_peak": forecast.validation,
        "room": room,
        "largest_training_batch": None if room is None else largest_batch(report, room, *options),
        "largest_inference_batch": None
        if room is None
        else largest_batch(report, room, *options, training=False),
    }


def as_lines(report: Report, forecast: Forecast | None, room: int | None = None) -> list[str]:
    """The forecast for a person: the parts of the peak of a training step, that peak, those of
    inference and validation, and the largest batches that fit into `room` bytes."""
    if forecast is None:
        return [_("memory: unknown, because the network cannot run")]
    shown = [
        (TITLES[name], size)
        for name, size in forecast.parts.items()
        if size or name not in ("buffers", "copies")
    ]
    shown += [
        (_("peak of training"), forecast.training),
        (_("peak of inference"), forecast.inference),
        (_("validation's peak"), forecast.validation),
    ]
    width = max(len(title) for title, _size in shown)
    lines = [
        _("memory at batch {batch}, {precision}, {optimiser}").format(
            batch=forecast.batch, precision=forecast.precision, optimiser=forecast.optimiser_name
        )
    ]
    lines += [f"  {title:<{width}}  {bytes_text(size):>8}" for title, size in shown]
    if room is not None:
        options = (forecast.precision, forecast.optimiser_name, forecast.device)
        lines.append(
            _(
                "  {room} holds a batch of {training:,} in training and of {inference:,} in inference"
            ).format(
                room=bytes_text(room),
                training=largest_batch(report, room, *options),
                inference=largest_batch(report, room, *options, training=False),
            )
        )
    return lines


def bytes_text(count: float) -> str:
    """An amount of memory in bytes, with binary prefixes: "19.3 MiB", "24 GiB"."""
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 999.5 or unit == "TiB":
            break
        value /= 1024
    figures = f"{value:.0f}" if unit == "B" or abs(value) >= 99.95 else f"{value:.1f}"
    return f"{figures.removesuffix('.0')} {unit}"


def bytes_of(text: str) -> int | None:
    """The bytes that a person wrote, "24GB", "24 GiB", "8g" or "100 B"; None if the text is no
    amount or has no unit. A GB is 1,024³ bytes, as for memory that is sold."""
    whole = text.strip().lower()
    amount = whole.removesuffix("b").removesuffix("i").rstrip()
    unit = amount[-1:] if amount[-1:] in "kmgt" else ""
    figures = amount.removesuffix(unit).rstrip()
    if figures == whole or not figures.replace(".", "", 1).isdecimal() or len(figures) > 20:
        return None
    return int(float(figures) * 1024 ** " kmgt".index(unit or " "))
