"""Who may enter which room, by what is loaded in a process; the imports in the text are checked by
the contracts in pyproject.toml."""

import os
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE

PACKAGE = Path(__file__).resolve().parent.parent / "explorer"
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def test_every_package_is_installed():
    """A folder without __init__.py would be left out of what people install."""
    for path in FILES:
        assert (path.parent / "__init__.py").exists(), f"{path.parent} is no package"


def test_a_file_is_named_for_what_it_holds():
    words = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
    assert not [path for path in FILES if path.stem in words]


def test_the_tests_mirror_the_rooms():
    """tests/graph/test_edits.py is for explorer/graph/edits.py; whole actions and campaigns are for
    many modules, and this file for all."""
    folder = Path(__file__).resolve().parent
    for path in folder.rglob("test_*.py"):
        where = path.relative_to(folder)
        if where.parts[0] in ("flows", "campaigns") or path == Path(__file__).resolve():
            continue
        module = PACKAGE / where.parent / path.stem.removeprefix("test_")
        assert module.is_dir() or module.with_suffix(".py").exists(), f"{where}: for which module?"


def loaded(*modules: str) -> set[str]:
    """Top-level names of what a fresh process has loaded after these imports."""
    program = f"import sys, {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
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
    core = names("text", "resource", "graph", "catalog", "analysis", "cli")
    assert not loaded(*core, "explorer.runs.recipe") & {"torch", "PySide6", "pyqtgraph", "numpy"}
    assert not loaded(*names("runs", "protocol")) & {"torch", "PySide6", "pyqtgraph"}


def test_the_engine_never_loads_qt():
    found = loaded(*names("engine", "protocol"), "explorer.engine.__main__")
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
        timeout=PATIENCE,
        cwd=PACKAGE.parent,
    )
    assert ran.returncode == 0, ran.stderr
