"""Rows of the inspector: the receptive field of a node, what a convolution saves by sharing its
weights, and what a training step keeps."""

from explorer.analysis.facts import Facts
from explorer.analysis.receptive_field import ReceptiveField
from explorer.analysis.report import Report
from explorer.analysis.sharing import unshared
from explorer.analysis.table import centre_text, jump_text
from explorer.app.number import bytes_text, grouped, shape_text, short
from explorer.app.run_memory import RunMemory
from explorer.graph.graph import Shape
from explorer.text import _, ngettext

Row = tuple[str, str, str]


def field_rows(field: ReceptiveField | None, picture: Shape) -> list[Row]:
    """Name, value and tool tip of each figure of a receptive field; None if it is unknown. picture:
    the shape of the network's input."""
    name = _("Receptive field")
    if field is None:
        return [(name, "?", _("Unknown, because something before it is wrong"))]
    size = shape_text(field.size)
    if field.clipped:
        return [
            (
                name,
                _("{size}, clipped").format(size=size),
                _(
                    "What one position sees of the picture, in pixels; clipped to the picture after a "
                    "layer that sees all of its input (global pooling, Flatten, a gate)"
                ),
            ),
            *_jump(field),
        ]
    tip = _(
        "What one position sees of the picture, height × width in pixels; the statistics of "
        "normalisations are not counted."
    )
    if any(size > side for size, side in zip(field.size, picture[1:])):
        tip += " " + _(
            "That is more than the picture, {picture}: every position sees padding too."
        ).format(picture=shape_text(picture[1:]))
    return [
        (name, size, tip),
        *_jump(field),
        (
            _("Centre of the first"),
            centre_text(field),
            _("Centre of what the first position sees, counting the picture's pixels from 0"),
        ),
    ]


def _jump(field: ReceptiveField) -> list[Row]:
    if not any(field.jump):
        return []
    return [
        (
            _("Jump"),
            jump_text(field),
            _("How many pixels apart the receptive fields of two neighbouring positions are"),
        )
    ]


def sharing_rows(facts: Facts) -> list[Row]:
    """Name, value and tool tip of what a convolution saves by sharing its weights; no row for any
    other layer."""
    sharing = unshared(facts)
    if sharing is None:
        return []
    return [
        (name, _times_fewer(count / facts.params), tip.format(count=grouped(count)))
        for name, count, tip in (
            (
                _("Against unshared"),
                sharing.local,
                ngettext(
                    "{count} parameter if every position had its own kernel and bias",
                    "{count} parameters if every position had its own kernel and bias",
                    sharing.local,
                ),
            ),
            (
                _("Against fully connected"),
                sharing.full,
                ngettext(
                    "{count} parameter if every output depended on every input",
                    "{count} parameters if every output depended on every input",
                    sharing.full,
                ),
            ),
        )
    ]


def _times_fewer(ratio: float) -> str:
    """A ratio of parameters in words: "9× fewer", "as many", "more"."""
    if ratio <= 1:
        return _("as many") if ratio == 1 else _("more")
    return _("{ratio}× fewer").format(ratio=short(int(ratio) if ratio == int(ratio) else ratio))


def kept_row(memory: RunMemory, report: Report) -> Row:
    """What a training step keeps of the whole network, as forecast; "…" until that is known."""
    return (
        _("Activations, batch {count}").format(count=memory.batch),
        "…"
        if memory.forecast_of is not report
        else bytes_text(memory.forecast.activations)
        if memory.forecast
        else "?",
        _(
            "Everything that a training step keeps for the backward pass; the run settings show "
            "the same forecast"
        ),
    )
