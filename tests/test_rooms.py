"""Who may enter which room: by the imports in the text, and by what is loaded in a process."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "explorer"
FILES = sorted(PACKAGE.rglob("*.py"))

# What may be imported from outside the standard library, and from which of our rooms.
NOTHING: frozenset[str] = frozenset()
QT = frozenset(("PySide6", "pyqtgraph", "numpy", "PIL", "platformdirs"))
TORCH = frozenset(("torch", "numpy", "safetensors", "PIL", "onnxruntime", "psutil", "pynvml"))
GROUND = frozenset(("text", "resource", ""))
ARROWS = {
    "": (NOTHING, frozenset()),  # explorer/__init__.py
    "__main__": (NOTHING, frozenset(("cli",))),
    "text": (NOTHING, GROUND),
    "resource": (NOTHING, GROUND),
    "graph": (NOTHING, GROUND | {"graph"}),
    "catalog": (NOTHING, GROUND | {"graph", "catalog"}),
    "analysis": (NOTHING, GROUND | {"graph", "catalog", "analysis"}),
    "protocol": (frozenset(("numpy",)), GROUND | {"graph", "catalog", "analysis", "protocol"}),
    "engine": (TORCH, GROUND | {"graph", "catalog", "analysis", "protocol", "engine"}),
    "app": (QT, GROUND | {"graph", "catalog", "analysis", "protocol", "app"}),
    # A command imports what it needs, where it needs it: the window and the engine inside functions.
    "cli": (
        NOTHING,
        GROUND
        | {"graph", "catalog", "analysis", "engine", "app", "terminal", "exchange", "export"},
    ),
    "export": (NOTHING, GROUND | {"analysis", "app", "engine", "exchange"}),  # its forms
    "exchange": (NOTHING, GROUND | {"graph", "catalog", "analysis", "engine"}),  # its commands
    "terminal": (NOTHING, GROUND),  # how the command line shows a run
}


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path, top: bool = False) -> set[str]:
    """Full names of all modules that the text imports; top: not those inside functions."""
    tree = ast.parse(path.read_text("utf-8"))
    hidden = (
        {
            inner
            for node in ast.walk(tree)
            for inner in ast.walk(node)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        if top
        else set()
    )
    found = set()
    for node in ast.walk(tree):
        if node in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {
                f"{node.module}.{alias.name}" if node.module == "explorer" else node.module
                for alias in node.names
            }
    return found


def test_every_file_is_in_a_room():
    assert {room(path) for path in FILES} == set(ARROWS)


def test_every_package_is_installed():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))
    there = {".".join(path.parent.relative_to(PACKAGE.parent).parts) for path in FILES}
    assert set(project["tool"]["setuptools"]["packages"]) == there | {"explorer.resources"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_arrows_go_down(path):
    outside, rooms = ARROWS[room(path)]
    for name in imports(path):
        first, _, rest = name.partition(".")
        if first == "explorer":
            there = rest.partition(".")[0].replace("__version__", "")
            assert there in rooms, f"{room(path)} may not enter {there}"
        else:
            assert first in sys.stdlib_module_names or first in outside, f"{name} in {room(path)}"


def test_the_command_line_loads_neither_window_nor_engine():
    for name in imports(PACKAGE / "cli.py", top=True):
        assert not name.startswith(("explorer.app", "explorer.engine", "explorer.analysis"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_named_for_what_it_holds(path):
    assert path.stem not in ("utils", "util", "helpers", "helper", "manager", "misc", "common")


def loaded(*modules: str) -> set[str]:
    """Top-level names of what a fresh process has loaded after these imports."""
    program = f"import sys, {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=PACKAGE.parent,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stdout.split())


def names(*rooms: str) -> list[str]:
    """Every module of these rooms, but for those that run when imported."""
    return [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in FILES
        if room(path) in rooms and path.stem != "__main__"
    ]


def test_the_core_loads_neither_torch_nor_qt():
    found = loaded(*names("text", "resource", "graph", "catalog", "analysis", "cli"))
    assert not found & {"torch", "PySide6", "pyqtgraph", "numpy"}
    assert not loaded("explorer.protocol") & {"torch", "PySide6", "pyqtgraph"}


def test_the_engine_never_loads_qt():
    found = loaded(*names("engine", "protocol"))
    assert "torch" in found and not found & {"PySide6", "pyqtgraph", "shiboken6"}


def test_the_window_never_loads_torch():
    found = loaded(*names("app", "protocol"))
    assert "PySide6" in found and not found & {"torch", "safetensors", "torchvision"}


def test_check_and_templates_load_neither():
    program = (
        "import sys; from explorer.cli import main; main(['templates']); "
        "main(['check', 'lenet5', '--json']); main(['export', 'lenet5', '--to', 'pytorch']); "
        "assert not {'torch', 'PySide6', 'numpy'} & set(sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=PACKAGE.parent,
    )
    assert ran.returncode == 0, ran.stderr
