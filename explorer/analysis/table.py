"""The report as a table and as JSON."""

import csv
import io
import json

from explorer.analysis.report import Layer, Report
from explorer.catalog.layers import text_of
from explorer.text import _


def _shape_list(shape) -> list[int] | None:
    return None if shape is None else list(shape)


def _row(layer: Layer) -> dict:
    shapes = [_shape_list(shape) for shape in layer.ins]
    return {"path": layer.path, "kind": layer.kind,
            "in": shapes[0] if len(shapes) == 1 else shapes, "out": _shape_list(layer.out),
            "params": layer.params, "macs": layer.macs}


def as_json(report: Report) -> str:
    """One JSON object. Shapes are lists without the batch dimension, null where unknown; "in" of a
    layer that joins branches is a list of shapes; macs are multiply-adds for one picture."""
    whole = {
        "name": report.graph.name, "input": list(report.graph.input),
        "output": _shape_list(report.output), "ok": report.ok,
        "problems": [{"path": problem.path, "rule": problem.rule, "message": problem.message,
                      "fixes": [fix.label for fix in problem.fixes]}
                     for problem in report.problems],
        "params": report.params, "macs": report.macs,
        "layers": [_row(layer) for layer in report.layers()]}
    lines = [f' "{key}": ' + (_lines(value) if key in ("problems", "layers") else _json(value))
             for key, value in whole.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _lines(items: list) -> str:
    """A list, one item a line."""
    return "[" + ",".join(f"\n  {_json(item)}" for item in items) + ("\n ]" if items else "]")


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False)


def as_text(report: Report) -> str:
    """The table of layers for a terminal, the totals and the problems below it."""
    head, rows, total = _cells(report)
    widths = [max(len(row[column]) for row in (head, *rows, total))
              for column in range(len(head))]

    def line(row):
        return "  ".join(cell.ljust(width) if column < 2 else cell.rjust(width)
                         for column, (cell, width) in enumerate(zip(row, widths))).rstrip()

    rule = "─" * (sum(widths) + 2 * (len(head) - 1))
    lines = [_("{name}, input {input}").format(name=report.graph.name,
                                               input=text_of(report.graph.input)), "",
             line(head), rule, *map(line, rows), rule, line(total),
             _("activations {size:,.1f} MB a picture (float32)").format(
                 size=report.activations * 4 / 1e6)]
    for problem in report.problems:
        lines += ["", f"✗ {problem.path}: {problem.message}",
                  *(f"    → {fix.label}" + (f" ({fix.cost})" if fix.cost else "")
                    for fix in problem.fixes)]
    return "\n".join(lines)


def _cells(report: Report) -> tuple[tuple[str, ...], list[tuple[str, ...]], tuple[str, ...]]:
    """The table's head, its rows and its last line, as a person reads them; the first two columns
    are words, the others figures."""
    head = (_("layer"), _("kind"), _("output"), _("parameters"), _("MACs"))
    rows = [(layer.path, layer.kind, text_of(layer.out) if layer.out else "?",
             f"{layer.params:,}", f"{layer.macs:,}") for layer in report.layers()]
    total = (_("total") if report.known else _("at least"), "",
             text_of(report.output) if report.output else "?",
             f"{report.params:,}", f"{report.macs:,}")
    return head, rows, total


def as_csv(report: Report) -> str:
    """The table as CSV: the same columns, without the totals; figures without separators, shapes
    as 64x56x56, unknown ones empty."""
    head, rows, _total = _cells(report)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([*row[:2], *map(_plain, row[2:])] for row in rows)
    return text.getvalue()


def _plain(cell: str) -> str:
    """A figure or a shape as a spreadsheet reads it."""
    return cell.replace(",", "").replace("×", "x").replace("?", "")


def as_markdown(report: Report) -> str:
    """The table as Markdown, figures to the right, the totals below."""
    head, rows, total = _cells(report)

    def line(row):
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n"

    rule = "|" + "---|" * 2 + "---:|" * (len(head) - 2) + "\n"
    return line(head) + rule + "".join(map(line, rows)) + line(
        tuple(f"**{cell}**" if cell else "" for cell in total))
