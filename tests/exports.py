"""Templates as exported files, loaded where nothing is known of this program."""

import contextlib
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import torch

from explorer.analysis.class_name import class_name
from explorer.analysis.report import Report, analyse
from explorer.analysis.source import source
from explorer.catalog import templates
from explorer.engine.model import build
from tests.patience import PATIENCE
from tests.undrawn import PATCH, undrawn

# Fills a network with numbers that depend on its state's names alone, and keeps them small enough
# for hundreds of layers; both sides run this same text.
_FILL = """
import torch

def answer(network, shape):
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, tensor in sorted(network.state_dict().items()):
            if not tensor.is_floating_point():
                continue
            low, high = -0.1, 0.15
            if tensor.dim() > 1:
                high = (3 / max(1, tensor[0].numel())) ** 0.5
                low = -high
            elif name.endswith("running_var"):
                low, high = 0.9, 1.15
            elif name.endswith("weight"):
                low, high = 0.1, 0.35
            tensor.uniform_(low, high, generator=generator)
        return network.eval()(torch.rand(shape, generator=generator)).numpy()
"""
_PROGRAM = (
    _FILL
    + """
import json, runpy, sys
import numpy as np

def undraw():
"""
    + textwrap.indent(PATCH, "    ")
    + """

torch.set_num_threads(1)
undraw()
for name in sys.argv[1:]:
    with open(name + ".json") as file:
        network_name, shape = json.load(file)
    space = runpy.run_path(name + ".py", run_name=name)
    with torch.device("meta"):  # which draws no weights: those of `answer` are compared
        network = space[network_name]()
    np.save(name + ".npy", answer(network.to_empty(device="cpu"), shape))
assert not [name for name in sys.modules if name.split(".")[0] in ("explorer", "torchvision")]
"""
)


def _report(name: str) -> Report:
    # Small pictures, so that all of them take minutes and not hours: every layer still runs.
    channels, side, _width = templates.template(name).input
    side = min(side, 96)
    return analyse(templates.build(name, (channels, side, side)))


def run_alone(names: list[str], folder: Path) -> None:
    """Loads the files of these templates, one after another in an interpreter of their own; what
    the network of each computes lies in the folder."""
    for name in names:
        report = _report(name)
        (folder / f"{name}.py").write_bytes(source(report).text.encode())
        about = class_name(report.graph), (1, *report.graph.input)
        (folder / f"{name}.json").write_text(json.dumps(about))
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM, *names],
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
        timeout=5 * PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr


def compare(name: str, folder: Path) -> None:
    """Asserts that the network of a file that was loaded computed what the engine's computes."""
    report = _report(name)
    with undrawn():
        model = build(report.graph, torch.device("meta"))
    assert model.text == (folder / f"{name}.py").read_text("utf-8")
    space: dict = {}
    exec(_FILL, space)
    with one_thread():
        ours = space["answer"](model.net.to_empty(device="cpu"), (1, *report.graph.input))
    theirs = np.load(folder / f"{name}.npy")
    assert np.isfinite(theirs).all() and theirs.std() > 0
    assert np.array_equal(ours, theirs)


@contextlib.contextmanager
def one_thread():
    """Torch computes with one thread: sums are added in one order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
