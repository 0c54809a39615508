"""What the inspector says of a node's receptive field, of what a convolution saves by sharing, and of
what a run keeps."""

from explorer.analysis.facts import Facts
from explorer.analysis.receptive_field import ReceptiveField
from explorer.analysis.report import Report
from explorer.analysis.sharing import unshared
from explorer.analysis.table import centre_text, jump_text
from explorer.app.number import bytes_text, grouped, shape_text, short
from explorer.app.run_memory import RunMemory
from explorer.graph.graph import Shape
from explorer.text import _

Row = tuple[str, str, str]


def field_rows(field: ReceptiveField | None, picture: Shape) -> list[Row]:
    """Name, value and tool tip of each figure of a receptive field; picture: the input's shape."""
    name = _("Receptive field")
    if field is None:
        return [(name, "?", _("Unknown, for something before it is wrong"))]
    size = shape_text(field.size)
    if field.clipped:
        return [
            (
                name,
                _("{size}, clipped").format(size=size),
                _(
                    "What one position sees of the picture, in pixels; after a layer that sees all of its "
                    "input (global pooling, Flatten, a gate) it is clipped to the picture"
                ),
            ),
            *_jump(field),
        ]
    tip = _(
        "What one place sees of the picture, height × width in pixels; statistics of a "
        "normalisation are not counted"
    )
    if any(seen > side for seen, side in zip(field.size, picture[1:])):
        tip = _(
            "{tip}. It is larger than the picture of {picture}: every place sees padding too"
        ).format(tip=tip, picture=shape_text(picture[1:]))
    return [
        (name, size, tip),
        *_jump(field),
        (
            _("Centre of the first"),
            centre_text(field),
            _("Where in the picture the first place looks, in pixels; 0 is the first pixel"),
        ),
    ]


def _jump(field: ReceptiveField) -> list[Row]:
    if not any(field.jump):
        return []
    return [
        (
            _("Jump"),
            jump_text(field),
            _("Pixels of the picture between what neighbouring places see"),
        )
    ]


def sharing_rows(facts: Facts) -> list[Row]:
    """Name, value and tool tip of what a convolution saves; none for any other layer."""
    sharing = unshared(facts)
    if sharing is None:
        return []
    return [
        (name, _fewer(count / facts.params), tip.format(count=grouped(count)))
        for name, count, tip in (
            (
                _("Against unshared"),
                sharing.local,
                _("{count} parameters, if every place had a kernel and a bias of its own"),
            ),
            (
                _("Against fully connected"),
                sharing.full,
                _("{count} parameters, if every number that comes out saw all that come in"),
            ),
        )
    ]


def _fewer(ratio: float) -> str:
    """How many times fewer parameters there are, in words."""
    if ratio <= 1:
        return _("as many") if ratio == 1 else _("more")
    return _("{ratio}× fewer").format(ratio=short(int(ratio) if ratio == int(ratio) else ratio))


def kept_row(memory: RunMemory, report: Report) -> Row:
    """What a training step keeps of the whole network: the same figure as the forecast's."""
    found = memory.forecast
    return (
        _("Activations, batch {count}").format(count=memory.batch),
        "…"
        if memory.forecast_of is not report
        else bytes_text(found.activations)
        if found
        else "?",
        _(
            "All that a training step keeps for the backward pass, as the forecast in the run "
            "settings has it"
        ),
    )
