"""Every template's export in an interpreter of its own: it prints what the analysis says, and
computes what the engine's model computes, bit for bit."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from explorer.catalog import templates
from explorer.engine.model import build

# Fills a network with numbers that depend on its state's names alone, and keeps them small enough
# for hundreds of layers; both sides run this same text.
FILL = """
import torch

def answer(network, shape):
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, tensor in sorted(network.state_dict().items()):
            if not tensor.is_floating_point():
                continue
            drawn = torch.rand(tensor.shape, generator=generator)
            if tensor.dim() > 1:
                tensor.copy_((2 * drawn - 1) * (3 / max(1, tensor[0].numel())) ** 0.5)
            else:
                tensor.copy_(drawn / 4 + {"weight": 0.1, "running_var": 0.9}.get(
                    name.rpartition(".")[2], -0.1))
        return network.eval()(torch.rand(shape, generator=generator)).numpy()
"""
PROGRAM = (
    FILL
    + """
import runpy, sys
import numpy as np

path, name, shape, out = sys.argv[1:]
torch.set_num_threads(1)
space = runpy.run_path(path, run_name="__main__")
assert not [name for name in sys.modules if name.split(".")[0] in ("explorer", "torchvision")]
np.save(out, answer(space[name](), eval(shape)))
"""
)


@pytest.mark.parametrize("name", templates.names())
def test_it_computes_what_the_engine_computes(name, tmp_path):
    # Small pictures, so that all of them take minutes and not hours: every layer still runs.
    side = min(templates.template(name).input[1], 96)
    graph = templates.build(name, (*templates.template(name).input[:1], side, side))
    model = build(graph, torch.device("cpu"))
    (tmp_path / "network.py").write_text(model.text, "utf-8")
    shape = (1, *graph.input)
    ran = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-c",
            PROGRAM,
            "network.py",
            type(model.net).__name__,
            repr(shape),
            "out.npy",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        f"{model.report.params:,} parameters",
        f"(1, {model.report.output[0]})",
    ]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    space: dict = {}
    exec(FILL, space)
    try:
        ours = space["answer"](model.net, shape)
    finally:
        torch.set_num_threads(threads)
    theirs = np.load(tmp_path / "out.npy")
    assert np.isfinite(theirs).all() and theirs.std() > 0
    assert np.array_equal(ours, theirs)
