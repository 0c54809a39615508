"""What the documents for people who change the program name is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ROOT / "explorer"
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md")
PATH = re.compile(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|md|toml))`")


def is_there(name: str) -> bool:
    """Below the root or, within a room's row of the table, below a room."""
    return (ROOT / name).exists() or any(ROOMS.glob(name)) or any(ROOMS.glob(f"*/{name}"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_path_in_backticks_exists(document):
    """But for "the new file `…`" of an example."""
    text = re.sub(
        r"^( *)```.*?^\1```$", "", (ROOT / document).read_text("utf-8"), flags=re.M | re.S
    )
    named = PATH.findall(re.sub(r"new file\s+`[^`]+`", "", text))
    assert len(named) > 10
    assert not [name for name in named if not is_there(name)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_name_after_which_its_file_stands_is_in_it(document):
    """As in "`Session.edit` (`explorer/app/session.py`)"."""
    text = (ROOT / document).read_text("utf-8")
    pairs = re.findall(r"`([A-Za-z_.]+)`\s+(?:\(|in\s+)`(explorer/[\w/]+\.py)`", text)
    missing = [
        (name, file)
        for name, file in pairs
        if not re.search(rf"\b{name.rpartition('.')[2]}\b", (ROOT / file).read_text("utf-8"))
    ]
    assert not missing
