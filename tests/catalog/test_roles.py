"""Nothing outside the catalogue knows a kind by its name: rules ask for traits, fixes for roles."""

import ast
from pathlib import Path

import explorer
from explorer.catalog import KINDS, roles

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


def test_every_role_is_played_by_a_kind():
    played = {
        name: kind for name, kind in vars(roles).items() if name.isupper() and name != "KINDS"
    }
    assert len(played) > 5 and all(KINDS[kind.name] is kind for kind in played.values())
