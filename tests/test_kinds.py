"""Nothing outside the catalogue knows a kind by its name: rules ask for traits, fixes for roles."""

import ast
from pathlib import Path

import explorer
from explorer.app.glyphs import blocks, curves, layers
from explorer.catalog import KINDS

ROOMS = Path(explorer.__file__).parent
DRAWN = ROOMS / "app" / "glyphs"


def test_no_kind_is_named_outside_the_catalogue():
    found = [
        f"{path.relative_to(ROOMS)}:{node.lineno} {node.value}"
        for path in ROOMS.rglob("*.py")
        if ROOMS / "catalog" not in path.parents and DRAWN not in path.parents
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in KINDS
    ]
    assert not found


def test_the_tables_of_glyphs_name_kinds_and_draw_each_that_is_drawn_by_no_category():
    tables = (layers.GLYPHS, curves.GLYPHS, blocks.GLYPHS)
    drawn = [name for table in tables for name in table]
    assert set(drawn) <= KINDS.keys() and len(drawn) == len(set(drawn))
    assert {name for name, kind in KINDS.items() if kind.category != "stage"} - set(drawn) <= {
        "Conv2d",  # the sign of its category, which needs its kernel
        "ClassifierHead",
    }
