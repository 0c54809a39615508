"""The network that a command is about: files that are none, names that there are not."""

import json

import pytest

from explorer.graph import file
from tests.cli.conftest import GOOD


def hostile() -> dict[str, tuple[str, str]]:
    good = json.loads(file.dumps(GOOD))

    def changed(**what):
        return json.dumps(good | what)

    node = good["nodes"][0]
    return {
        "not json": ("{", "not JSON"),
        "empty": ("", "not JSON"),
        "a list": ("[]", '"format"'),
        "deep": ("[" * 100_000, "not JSON"),
        "newer": (changed(version=9), "newer CNN Explorer"),
        "cycle": (changed(wires=[["a", "a"]]), "cycle: a → a"),
        "kind": (changed(nodes=[node | {"kind": "Warp"}]), "a is of the unknown kind Warp"),
        "range": (changed(nodes=[node | {"params": {"out_channels": 0}}]), "allowed: 1 to 65536"),
        "bool": (
            changed(nodes=[node | {"params": {"stride": True}}]),
            "must be one whole number, or two",
        ),
        "word": (
            changed(nodes=[node | {"params": {"stride": "2"}}]),
            "must be one whole number, or two",
        ),
        "name": (changed(nodes=[node | {"id": "__import__('os')"}]), "cannot name a node"),
        "two": (changed(nodes=[node, node]), "Two nodes are called a"),
        "wire": (changed(wires=[["a", "b"]]), "cannot be connected at b"),
        "input": (changed(input=[3, 0, 8]), '"input" is [3, 0, 8]'),
        "escape": (changed(nodes=[node | {"kind": "\x1b[2J"}]), "unknown kind"),
        "million": (
            '{"format": "cnn-explorer", "version": 1, "input": [1, 1, 1], "wires": [], '
            '"nodes": [' + ",".join(["{}"] * 1_000_000) + "]}",
            "more than 20,000 nodes",
        ),
    }


@pytest.mark.parametrize("what", hostile())
def test_a_hostile_file_gives_one_sentence(run, tmp_path, what, refused):
    text, words = hostile()[what]
    path = tmp_path / "hostile.cnn.json"
    path.write_text(text, "utf-8")
    for command in (["check"], ["check", "--json"], ["export", "--to", "pytorch"], ["train"]):
        sentence = refused(run(command[0], path, *command[1:]))
        assert words in sentence and "hostile.cnn.json: " in sentence and "\x1b" not in sentence
        if what in ("deep", "million"):
            break


def test_what_is_not_there(run, tmp_path, refused):
    assert "did you mean resnet18" in refused(run("check", "resnet17"))
    assert "cnn-explorer templates lists them" in refused(run("check", "zzz"))
    assert "neither a file nor a template" in refused(run("check", "n" * 300))
    refused(run("check", tmp_path))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    assert "not text" in refused(run("check", tmp_path / "picture.png"))
