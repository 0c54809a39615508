"""A file with every kind in it, and what the command line says of it against what PyTorch computes
when the exported source runs."""

import contextlib
import io
import json
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from explorer.catalog import KINDS
from explorer.cli import main
from explorer.graph import file
from explorer.graph.graph import Graph, Node, Wire

# PyTorch says that an even kernel with "same" costs it a copy; the shape is what it is.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")

# Beside the defaults, where those do not suit 32 channels of 17×15.
PARAMS = {
    "out_channels": 24,
    "width": 8,
    "kernel_size": (3, 2),
    "padding": 1,
    "inline": False,
    "Linear": {"per_place": True, "out_features": 5},
    "Conv2d": {"padding": "same"},
    "MaxPool2d": {"ceil_mode": True},
    "AvgPool2d": {"count_include_pad": False},
    "ConvTranspose2d": {"output_padding": (1, 0), "groups": 4},
    "AdaptiveAvgPool2d": {"output_size": (3, 5)},
    "AdaptiveMaxPool2d": {"output_size": 4},
    "Upsample": {"scale_factor": 3, "mode": "bilinear"},
    "ChannelPad": {"before": 1, "behind": 3},
    "ZeroPad2d": {"left": 0, "right": 1, "top": 2, "bottom": 3},
    "ChannelShuffle": {"groups": 4},
    "Chunk": {"chunks": 4, "index": 3},
    "LayerScale": {"value": 1},
}
BLOCKS = next(param.choices for param in KINDS["Stage"].params if param.name == "block")


def all_kinds() -> Graph:
    """Every kind on a branch of its own behind two convolutions, a stage of every block; all come
    together as vectors."""
    nodes = [
        Node("left", "Conv2d", {"out_channels": 32, "kernel_size": 3, "stride": 2}),
        Node("right", "Conv2d", {"out_channels": 32, "kernel_size": 3, "stride": 2}),
    ]
    wires = [Wire("input", "left"), Wire("input", "right")]
    inner = Graph(
        "",
        (),
        {"conv": Node("conv", "Conv2d", {"out_channels": 8, "kernel_size": 1})},
        (Wire("input", "conv"), Wire("conv", "output")),
    )
    branches = [(f"k_{name}", name, {}) for name in KINDS]
    branches += [(f"s_{block}", "Stage", {"block": block}) for block in BLOCKS]
    ends = []
    for id, name, params in branches:
        offered = {param.name: param for param in KINDS[name].params}
        params = PARAMS.get(name, {}) | params
        params |= {
            key: value
            for key, value in PARAMS.items()
            if key in offered and key not in params and offered[key].fault(value) is None
        }
        nodes.append(Node(id, name, params, inner=inner if name == "Group" else None))
        for port, source in zip(KINDS[name].inputs, ("left", "right")):
            wires.append(Wire(source, id, port))
        last = id
        if name not in ("Flatten", "ClassifierHead"):
            nodes += [Node(f"{id}_pool", "AdaptiveAvgPool2d"), Node(f"{id}_flat", "Flatten")]
            wires += [Wire(id, f"{id}_pool"), Wire(f"{id}_pool", f"{id}_flat")]
            last = f"{id}_flat"
        ends.append(last)
    number = 0
    while len(ends) > 1:
        some, ends = ends[:20], ends[20:]
        number += 1
        nodes.append(Node(f"join{number}", "Concat"))
        wires += [
            Wire(source, f"join{number}", port)
            for source, port in zip(some, "abcdefghijklmnopqrst")
        ]
        ends.append(f"join{number}")
    nodes.append(Node("fc", "Linear"))
    wires += [Wire(ends[0], "fc"), Wire("fc", "output")]
    return Graph("every kind", (3, 36, 32), {node.id: node for node in nodes}, tuple(wires))


def said(*words: object) -> tuple[int, str]:
    """The exit status of a command and what it prints."""
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out):
        status = main([str(word) for word in words])
    out.seek(0)
    return status, out.read()


@pytest.fixture(scope="module")
def checked(tmp_path_factory) -> SimpleNamespace:
    """What `check` says of the file, and its exported source, run once with a hook on every
    module: the shapes that go in and come out."""
    path = tmp_path_factory.mktemp("every") / "every_kind.cnn.json"
    file.write(all_kinds(), path)
    status, told = said("check", path, "--json")
    found = json.loads(told)
    assert status == 0, found["problems"]
    status, source = said("export", path, "--to", "pytorch")
    assert status == 0
    space = {"__name__": "exported"}
    exec(compile(source, "every_kind.py", "exec"), space)
    net = space["EveryKind"]().eval()
    seen = {}
    for name, module in net.named_modules():
        module.register_forward_hook(
            lambda _module, given, out, name=name: seen.update(
                {name: ([list(each.shape[1:]) for each in given], list(out.shape[1:]))}
            )
        )
    with torch.no_grad():
        out = net(torch.zeros(2, *found["input"]))
    return SimpleNamespace(path=path, found=found, net=net, seen=seen, out=list(out.shape[1:]))


def test_every_kind_is_in_it(checked):
    graph = file.read(checked.path)
    assert {node.kind for node in graph.nodes.values()} == set(KINDS)
    assert file.dumps(graph) == checked.path.read_text("utf-8")
    primitives = {name for name, kind in KINDS.items() if not kind.composite}
    assert {layer["kind"] for layer in checked.found["layers"]} >= primitives


def multiplied(module: nn.Module, given: list[int], out: list[int]) -> int:
    """Multiply-adds by a count of its own: a convolution and a linear layer sum over a row of the
    weight for every number that comes out, a transposed one spreads every number that goes in."""
    if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        return 0
    numbers = given if isinstance(module, nn.ConvTranspose2d) else out
    return torch.Size(numbers).numel() * module.weight[0].numel()


def test_shapes_parameters_and_macs_are_those_of_pytorch(checked):
    found, net, seen = checked.found, checked.net, checked.seen
    modules, parameters = dict(net.named_modules()), dict(net.named_parameters())
    hooked = 0
    for layer in found["layers"]:
        path = layer["path"]
        if path not in modules:  # a line of the forward pass, or a parameter in one
            assert layer["macs"] == 0
            assert layer["params"] == (parameters[path].numel() if path in parameters else 0)
            continue
        hooked += 1
        ins, out = seen[path]
        assert ([layer["in"]], layer["out"]) == (ins, out), path
        own = modules[path].parameters(recurse=True)
        assert layer["params"] == sum(each.numel() for each in own), path
        assert layer["macs"] == multiplied(modules[path], ins[0], out), path
    leaves = [name for name, module in modules.items() if not list(module.children())]
    assert hooked == len(leaves), "every module of the source is a row of the table"
    assert found["params"] == sum(each.numel() for each in net.parameters())
    assert found["macs"] == sum(
        multiplied(modules[name], seen[name][0][0], seen[name][1]) for name in leaves
    )
    assert found["output"] == checked.out


def test_what_the_text_says(checked):
    status, told = said("check", checked.path)
    assert status == 0
    assert f"{checked.found['params']:,}" in told and f"{checked.found['macs']:,}" in told
    for layer in checked.found["layers"]:
        assert layer["path"] in told
