"""The report as a table for a terminal, as JSON, as CSV and as Markdown."""

import csv
import io
import json
import textwrap
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from explorer.analysis.advice import advise
from explorer.analysis.fixes import fixes
from explorer.analysis.layer import Layer
from explorer.analysis.memory_table import bytes_text
from explorer.analysis.misfits import misfits
from explorer.analysis.problem import ADVICE, problems
from explorer.analysis.receptive_field import ReceptiveField
from explorer.analysis.report import Report
from explorer.analysis.sharing import unshared
from explorer.catalog.layers import text_of
from explorer.graph.graph import Shape
from explorer.runs.recipe import Recipe
from explorer.text import _

CSV = (
    "layer",
    "kind",
    "in",
    "out",
    "params",
    "macs",
    "receptive_field_h",
    "receptive_field_w",
    "jump_h",
    "jump_w",
    "centre_h",
    "centre_w",
    "clipped",
    "unshared",
    "fully_connected",
)
_LISTS = ("problems", "advice", "layers")
CLIPPED = "*"  # after the size of a field that is clipped to the picture


def _shape_list(shape: Shape | None) -> list[int] | None:
    return None if shape is None else list(shape)


def _plain(number: int | Fraction | None) -> int | float | None:
    return float(number) if isinstance(number, Fraction) else number


def _row(layer: Layer, field: ReceptiveField | None) -> dict[str, Any]:
    shapes = [_shape_list(shape) for shape in layer.ins]
    size, jump, centre, clipped = field or (None, None, None, None)
    row = {
        "path": layer.path,
        "kind": layer.kind,
        "in": shapes[0] if len(shapes) == 1 else shapes,
        "out": _shape_list(layer.out),
        "params": layer.params,
        "macs": layer.macs,
        "receptive_field": size and list(size),
        "jump": jump and list(map(_plain, jump)),
        "centre": centre and list(map(_plain, centre)),
        "clipped": clipped,
    }
    if sharing := unshared(layer.facts):
        row |= {"unshared": sharing.local, "fully_connected": sharing.full}
    return row


def as_json(
    report: Report, memory: dict[str, Any] | None = None, recipe: Recipe | None = None
) -> str:
    """The report as one JSON object, one problem, piece of advice or layer a line.

    Shapes are lists without the batch dimension, null where unknown; "in" of a layer that joins
    branches is a list of shapes; macs are fused multiply-adds for one picture. receptive_field,
    jump and centre: [height, width] in pixels, see ReceptiveField; null where unknown. unshared and
    fully_connected, of convolutions only: numbers of parameters, see Unshared. memory: the value
    under that key, see memory_table.as_dict. The problems include what keeps the network from being
    trained on the report's data by `recipe`, see `misfits`.
    """
    unfit = misfits(report, report.data, recipe)
    whole: dict[str, Any] = {
        "name": report.graph.name,
        "input": list(report.graph.input),
        "output": _shape_list(report.output),
        "ok": report.ok and not unfit,
        "problems": [
            {
                "path": str(problem.path),
                "rule": problem.rule,
                "message": problem.message,
                "fixes": [fix.label for fix in fixes(report, problem)],
            }
            for problem in (*problems(report), *unfit)
        ],
        "advice": [
            {
                "path": str(advice.path),
                "rule": advice.rule,
                "message": advice.message,
                "reason": advice.reason,
                "fixes": [fix.label for fix in fixes(report, advice)],
            }
            for advice in advise(report)
        ],
        "params": report.params,
        "macs": report.macs,
        "memory": memory,
        "layers": list(map(_row, report.layers(), report.layer_fields)),
    }
    lines = [
        f' "{key}": ' + (_lines(value) if key in _LISTS else _json(value))
        for key, value in whole.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}"


def _lines(items: list[Any]) -> str:
    """A list as JSON, one item a line."""
    return "[" + ",".join(f"\n  {_json(item)}" for item in items) + ("\n ]" if items else "]")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def size_text(field: ReceptiveField | None) -> str:
    """The size of a field: "43×43"; "224×224*" if it is clipped to the picture, "?" if unknown."""
    if field is None:
        return "?"
    return text_of(field.size) + (CLIPPED if field.clipped else "")


def jump_text(field: ReceptiveField | None) -> str:
    """The jump of a field: "4", "2×1" where height and width differ, "–" where there is only one
    position, "?" if it is unknown."""
    if field is None:
        return "?"
    parts = ["–" if not jump else str(jump) for jump in field.jump]
    return parts[0] if parts[0] == parts[1] else "×".join(parts)


def clipped_note() -> str:
    """The sentence that explains the mark of a clipped field."""
    return _("{mark} clipped to the picture: after a layer that sees all of its input").format(
        mark=CLIPPED
    )


def as_text(report: Report, more: Iterable[str] = (), recipe: Recipe | None = None) -> str:
    """The table of layers for a terminal; below it the totals, the lines `more`, the problems,
    what keeps the network from being trained on the report's data by `recipe`, and the advice, with
    their fixes."""
    head = (_("layer"), _("kind"), _("output"), _("receptive field"), _("parameters"), _("MACs"))
    fields = report.layer_fields
    anywhere = any(field and field.clipped for field in fields)
    space = " " if anywhere else ""  # keeps the figures aligned, with the mark after them
    rows = [
        (
            layer.path,
            layer.kind,
            text_of(layer.out) if layer.out else "?",
            size_text(field) + ("" if field and field.clipped else space),
            f"{layer.params:,}",
            f"{layer.macs:,}",
        )
        for layer, field in zip(report.layers(), fields)
    ]
    total = (
        _("total") if report.known else _("at least"),
        "",
        text_of(report.output) if report.output else "?",
        "",
        f"{report.params:,}",
        f"{report.macs:,}",
    )
    widths = [max(map(len, cells)) for cells in zip(head, *rows, total)]

    def line(row: Iterable[str]) -> str:
        return "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()

    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [
        _("{name}, input {input}").format(
            name=report.graph.name, input=text_of(report.graph.input)
        ),
        "",
        line(head),
        rule,
        *map(line, rows),
        rule,
        line(total),
        _("activations: {size} per picture (float32)").format(
            size=bytes_text(report.activations * 4)
        ),
    ]
    if anywhere:
        lines.append(clipped_note())
    lines += more
    for problem in (
        *problems(report),
        *misfits(report, report.data, recipe),
        *advise(report),
    ):
        lines += [
            "",
            f"{'△' if problem.grade == ADVICE else '✗'} {problem.path}: {problem.message}",
            *textwrap.wrap(problem.reason, 92, initial_indent="    ", subsequent_indent="    "),
            *(
                f"    → {fix.label}" + (f" ({fix.cost})" if fix.cost else "")
                for fix in fixes(report, problem)
            ),
        ]
    return "\n".join(lines)


def as_csv(report: Report) -> str:
    """The layers as CSV under the heading `CSV`, one layer a line.

    Figures are plain numbers, shapes are written 64×56×56, those of several inputs joined by " + ";
    a field is empty where its figure is unknown or does not exist.
    """
    return csv_of(zip(report.layers(), report.layer_fields))


def csv_of(rows: Iterable[tuple[Layer, ReceptiveField | None]]) -> str:
    """These layers as CSV, see `as_csv`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV)
    for layer, field in rows:
        size, jump, centre, clipped = field or ((None, None),) * 3 + (None,)
        writer.writerow(
            [
                layer.path,
                layer.kind,
                _ins(layer),
                text_of(layer.out) if layer.out else "",
                layer.params,
                layer.macs,
                *size,
                *map(_plain, jump),
                *map(_plain, centre),
                clipped if clipped is None else int(clipped),
                *(unshared(layer.facts) or (None, None)),
            ]
        )
    return text.getvalue()


def _ins(layer: Layer) -> str:
    return " + ".join(text_of(shape) if shape else "?" for shape in layer.ins)


def as_markdown(report: Report) -> str:
    """The layers as a table in Markdown, with the totals in its last line."""
    head = (
        _("layer"),
        _("kind"),
        _("in"),
        _("out"),
        _("parameters"),
        _("MACs"),
        _("receptive field"),
        _("jump"),
        _("centre"),
        _("parameters if unshared"),
        _("if fully connected"),
    )
    fields = report.layer_fields
    rows = [
        (
            f"`{layer.path}`",
            layer.kind,
            _ins(layer),
            text_of(layer.out) if layer.out else "?",
            f"{layer.params:,}",
            f"{layer.macs:,}",
            size_text(field).replace(CLIPPED, "\\" + CLIPPED),
            jump_text(field),
            centre_text(field),
            *_unshared_cells(layer),
        )
        for layer, field in zip(report.layers(), fields)
    ]
    total = (
        f"**{_('total') if report.known else _('at least')}**",
        "",
        "",
        text_of(report.output) if report.output else "?",
        f"{report.params:,}",
        f"{report.macs:,}",
        *[""] * 5,
    )
    lines = [
        _("# {name}").format(name=_escaped(report.graph.name)),
        "",
        _("Input {input}; one fused multiply-add is one MAC, for one picture.").format(
            input=text_of(report.graph.input)
        ),
        "",
        *(
            "| " + " | ".join(row) + " |"
            for row in (head, ("---", "---", *["---:"] * (len(head) - 2)), *rows, total)
        ),
    ]
    if any(field and field.clipped for field in fields):
        lines += ["", "\\" + clipped_note()]
    return "\n".join(lines) + "\n"


def centre_text(field: ReceptiveField | None) -> str:
    """The centre of the first position's field: "3", "3.5", "3, 5" where height and width differ,
    "–" where that position sees nothing, "?" if it is unknown."""
    if field is None:
        return "?"
    parts = ["–" if centre is None else f"{float(centre):g}" for centre in field.centre]
    return parts[0] if parts[0] == parts[1] else ", ".join(parts)


def _unshared_cells(layer: Layer) -> list[str]:
    sharing = unshared(layer.facts)
    return [f"{count:,}" for count in sharing] if sharing else ["", ""]


def _escaped(text: str) -> str:
    """The text with what Markdown would interpret escaped."""
    return "".join("\\" + sign if sign in "\\`*_{}[]<>#|" else sign for sign in text)
