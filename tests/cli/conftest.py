"""Networks in files, and how a command line that cannot be used ends."""

import pytest

from explorer.graph import edits, file
from explorer.graph.graph import Graph, Node, Wire

GOOD = Graph(
    "good",
    (3, 8, 8),
    {"a": Node("a", "Conv2d", {"out_channels": 4})},
    (Wire("input", "a"), Wire("a", "output")),
)
BAD = edits.set_params(GOOD, "a", {"kernel_size": 99})


@pytest.fixture
def good(tmp_path):
    file.write(GOOD, tmp_path / "good.cnn.json")
    return tmp_path / "good.cnn.json"


@pytest.fixture
def bad(tmp_path):
    file.write(BAD, tmp_path / "bad.cnn.json")
    return tmp_path / "bad.cnn.json"


@pytest.fixture
def refused():
    """refused(answer of `run`): exit status 2 and one sentence; the sentence."""

    def told(answer) -> str:
        status, out, err = answer
        assert status == 2 and out == ""
        assert err.startswith("cnn-explorer: ") and err.count("\n") == 1 and len(err) < 500
        return err

    return told
