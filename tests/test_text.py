"""Sentences are found by who translates them, and shown in the language of the person."""

import ast
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import explorer
from explorer.text import listed

PROGRAM = """
import sys
from pathlib import Path
from explorer import resource
resource.path = Path(sys.argv[1]).joinpath
from explorer.text import _
sys.stdout.buffer.write("|".join((_("Layers"), _("Problems"))).encode())
"""


def catalogue(sentences: dict[str, str]) -> bytes:
    """A .mo file of these sentences, as msgfmt writes it."""
    rows = [("", "Content-Type: text/plain; charset=UTF-8\n"), *sorted(sentences.items())]
    table, texts, start = b"", b"", 28 + 16 * len(rows)
    for column in (0, 1):
        for row in rows:
            text = row[column].encode()
            table += struct.pack("<2I", len(text), start + len(texts))
            texts += text + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(rows), 28, 28 + 8 * len(rows), 0, 28)
    return head + table + texts


@pytest.mark.parametrize(
    ("language", "shown"), [("de", "Schichten|Problems"), ("fr", "Layers|Problems")]
)
def test_a_sentence_that_is_translated_is_shown_so(tmp_path, monkeypatch, language, shown):
    file = tmp_path / "locale" / "de" / "LC_MESSAGES" / "explorer.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(catalogue({"Layers": "Schichten"}))
    monkeypatch.setenv("LANGUAGE", language)
    said = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True)
    assert said.stdout.decode() == shown, said.stderr


def test_every_sentence_can_be_extracted():
    for path in Path(explorer.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for sentence in node.args[: {"_": 1, "ngettext": 2}.get(node.func.id, 0)]:
                    whole = isinstance(sentence, ast.Constant) and sentence.value
                    assert whole, f"{path}:{node.lineno}: not one text, without a variable in it"


def test_listed():
    lists = [listed(["conv1", "conv2", "fc"][:count]) for count in range(4)]
    assert lists == ["", "conv1", "conv1 and conv2", "conv1, conv2 and fc"]
