"""The written source: it runs alone, it is what the report says, and nobody can put words in it."""

import ast
import itertools
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.analysis.problem import problems
from explorer.analysis.report import analyse
from explorer.analysis.source import NotRunnable, class_name, source
from explorer.catalog import KINDS, check, templates
from explorer.catalog.kind import PORTS
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Wire
from tests.patience import PATIENCE
from tests.undrawn import PATCH

MOST_LINES = {
    "resnet18": 90,
    "resnet34": 90,
    "resnet50": 95,
    "resnet101": 95,
    "resnet152": 95,
    "cifar_resnet110": 90,
    "cifar_plain56": 80,
    "vgg16": 80,
    "lenet5": 60,
}
# The network, its block, and the forms of the block that are not alike in structure.
MOST_CLASSES = {
    "SE-ResNet": 3,
    "SqueezeNet": 2,
    "Inception": 7,
    "DenseNet": 3,
    "MobileNet": 7,
    "ShuffleNet": 3,
    "EfficientNet": 9,
    "RegNet": 3,
    "ConvNeXt": 5,
    "CIFAR ResNet": 4,
    "Wide ResNet": 4,
}


@pytest.fixture(scope="module")
def texts():
    return {name: source(analyse(templates.build(name))).text for name in templates.names()}


def test_the_exported_files_run_alone(texts, tmp_path):
    """As a person would: python resnet18.py prints its parameters and its output's shape. In one
    interpreter of its own, at a folder of its own, to load torch once. Of networks of more than 200
    layers the file is only loaded; the campaign runs them too."""
    reports = {name: analyse(templates.build(name)) for name in texts}
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    shallow = {
        name
        for name, report in reports.items()
        if sum(facts.layers for facts in report.facts.values()) <= 200
    }
    program = (
        "import runpy, sys, torch\n"
        "before = set(sys.modules)\n"
        "torch.set_default_device('meta')\n" + PATCH + ""
        "for word in sys.argv[1:]:\n"
        "    name, run_name = word.split('=')\n"
        "    print(name)\n"
        "    runpy.run_path(name + '.py', run_name=run_name)\n"
        "assert not any(name.startswith(('explorer', 'torchvision', 'numpy.testing'))\n"
        "               for name in set(sys.modules) - before)\n"
    )
    words = [f"{name}={'__main__' if name in shallow else name}" for name in texts]
    ran = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", program, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    expected = []
    for name, report in reports.items():
        expected.append(name)
        if name in shallow:
            expected += [f"{report.params:,} parameters", f"(1, {report.output[0]})"]
    assert ran.stdout.splitlines() == expected


@pytest.mark.parametrize("name", templates.names())
def test_it_imports_torch_alone_and_is_worth_reading(name, texts):
    text = texts[name]
    tree = ast.parse(text)
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"torch", "collections"}
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100 and text.endswith("\n")
    assert all(line == line.rstrip() for line in lines)
    assert "\n\n\n\n" not in text
    assert len(lines) <= MOST_LINES.get(name, 300)
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes[-1] == class_name(templates.build(name)) and len(set(classes)) == len(classes)
    assert len(classes) <= MOST_CLASSES.get(templates.template(name).family, 2)
    called = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called <= {
        *classes,
        "super",
        "range",
        "print",
        "sum",
        "tuple",
        "network",
        "len",
        "OrderedDict",
        "activation",
    }


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("resnet18", "ResNet18"),
        ("cifar_resnet8", "CifarResNet8"),
        ("vgg16", "VGG16"),
        ("lenet5", "LeNet5"),
        ("my net", "MyNet"),
        ("3d", "Network3d"),
        ("", "Network"),
        ("é", "Network"),
        ("conv2d", "Conv2d"),
        ("Conv2d", "Conv2dNet"),
        ("true", "TrueNet"),
        ("None", "NoneNet"),
        ("basicBlock", "BasicBlockNet"),
        ("torch", "Torch"),
        ("a" * 200, "A" + "a" * 199),
    ],
)
def test_class_name(name, wanted):
    if name == "conv2d":
        wanted = "Conv2dNet"
    assert class_name(Graph(name)) == wanted


@pytest.mark.parametrize(
    "name", ["cifar_resnet8", "cifar_plain20", "lenet5", "resnet18", "resnet50"]
)
def test_layers_by_hand_equal_the_network(name, module, walk):
    """Bit for bit, with batch statistics and without, on the Fashion-MNIST fit."""
    report = analyse(templates.build(name, (1, 28, 28), 10))
    torch.manual_seed(0)
    network = module(report)
    pictures = torch.randn(2, 1, 28, 28)
    for training in (True, False):
        with torch.no_grad():
            network.train(training)
            out = network(pictures)
            values = walk(report, network, pictures)
        assert torch.equal(out, values[report.outputs["output"]])
        assert out.shape == (2, 10) and out.isfinite().all()


@pytest.mark.parametrize("first", ["Add", "Multiply", "LayerScale"])
@pytest.mark.parametrize("second", ["Add", "Multiply", "LayerScale", "Chunk", "Concat"])
def test_an_operation_inside_another_is_computed_first(first, second, draw, module, walk):
    """A product of a sum, a part of a product and so on, bit for bit."""
    joins = ("Add", "Multiply", "Concat")
    graph = draw(
        ("conv", "Conv2d", {"out_channels": 4, "kernel_size": 1}),
        ("tanh", "Tanh", {}),
        ("first", first, {"value": 0.5} if first == "LayerScale" else {}),
        ("second", second, {"value": 0.5} if second == "LayerScale" else {}),
        wires=[
            f"input conv first{'.a' if first in joins else ''}",
            f"first second{'.a' if second in joins else ''}",
            "second output",
            *(["conv tanh first.b"] if first in joins else []),
            *(["conv second.b"] if second in joins else []),
        ],
    )
    report = analyse(edits.remove(graph, ["tanh"]) if first not in joins else graph)
    network, pictures = module(report), torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        values = walk(report, network, pictures)
        assert torch.equal(network(pictures), values[report.outputs["output"]])


def test_a_network_with_problems_has_no_source(draw):
    with pytest.raises(NotRunnable, match="not connected"):
        source(analyse(draw(("a", "ReLU", {}), wires=["a output"])))


# Hostile names --------------------------------------------------------------------------------

HOSTILE = [
    '"""\nimport os\nos.abort()\n"""',
    '""" + __import__("os").abort() + """',
    "a\\",
    "\\",
    '"',
    '""',
    '\\"""',
    "{x}",
    "%s",
    "\n\nraise SystemExit",
    "\r",
    "\u2028x",
    "\x00",
    "\ud800",
    "class",
    "__import__",
    "'",
    "# é «»",
    "\\N{BULLET}",
    "\\u0041",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_ever_a_word(name):
    graph = replace(templates.build("lenet5"), name=name)
    text = source(analyse(graph)).text
    tree = ast.parse(text)
    plain = ast.parse(source(analyse(templates.build("lenet5"))).text)
    assert [type(node) for node in ast.walk(tree)] == [type(node) for node in ast.walk(plain)]
    text.encode("utf-8")
    exec(compile(text, "x.py", "exec"), {"__name__": "exported"})


@pytest.mark.parametrize(
    "id",
    [
        "true",
        "false",
        "none",
        "net",
        "G",
        "g",
        "Conv2d",
        "conv2d",
        "out",
        "block",
        "add",
        "v0",
        "0",
        "000",
        "True_",
        "nn_",
        "torch_",
        "sum",
        "tuple",
        "network",
        "Net",
        "module",
        "list",
        "isinstance",
    ],
)
def test_any_good_name_of_a_group_and_its_nodes(id, module):
    inner = Graph(
        "",
        (),
        {id: Node(id, "Conv2d", {"out_channels": 3, "kernel_size": 1}), "b": Node("b", "ReLU")},
        (Wire("input", id), Wire(id, "b"), Wire("b", "output")),
    )
    graph = Graph(
        "net",
        (3, 4, 4),
        {
            id: Node(id, "Group", inner=inner),
            "join": Node("join", "Add"),
            "again": Node("again", "Group", inner=inner),
        },
        (
            Wire("input", id),
            Wire(id, "again"),
            Wire("again", "join", "a"),
            Wire(id, "join", "b"),
            Wire("join", "output"),
        ),
    )
    report = analyse(check.graph(graph))
    network = module(report)
    assert set(network.state_dict()) == {
        f"{outer}.{id}.{name}" for outer in (id, "again") for name in ("weight", "bias")
    }
    assert network(torch.zeros(1, 3, 4, 4)).shape == (1, 3, 4, 4)


# Blocks that differ ---------------------------------------------------------------------------


def agrees(graph: Graph, module, walk) -> None:
    """Analysis, source and PyTorch say the same of a graph."""
    report = analyse(check.graph(graph))
    assert report.ok, [problem.message for problem in problems(report)]
    torch.manual_seed(0)
    network = module(report).eval()
    pictures = torch.randn(2, *graph.input)
    with torch.no_grad():
        out = network(pictures)
        values = walk(report, network, pictures)
    assert tuple(out.shape[1:]) == report.output
    for layer in report.layers():
        assert tuple(values[layer.path].shape[1:]) == layer.out, layer.path
    # Bit for bit; where an eps or a k of 0 divides 0 by 0, both have to.
    torch.testing.assert_close(
        out, values[report.outputs["output"]], rtol=0, atol=0, equal_nan=True
    )
    stated = {
        f"{layer.path}.{weight.name}".rstrip("."): weight.shape
        for layer in report.layers()
        for weight in layer.facts.weights
    }
    assert {key: tuple(value.shape) for key, value in network.state_dict().items()} == stated
    assert sum(p.numel() for p in network.parameters()) == report.params
    if len(report.layers()) and report.activations < 2**24:
        by_name = dict(network.named_modules())
        for layer in report.layers():
            if KINDS[layer.kind].call and not KINDS[layer.kind].expression:
                made = layer.facts.call.function.removeprefix("nn.")
                assert type(by_name[layer.path]).__name__ == made


def grouped(*kinds: str) -> Graph:
    """A group's inside: such nodes in a row, each of 4 channels if it can."""
    ids = [f"p{number}" for number in range(len(kinds))]
    ends = ["input", *ids, "output"]
    return Graph(
        "",
        (),
        {
            id: Node(id, kind, {"out_channels": 4} if kind == "Projection" else {})
            for id, kind in zip(ids, kinds)
        },
        tuple(Wire(a, b) for a, b in itertools.pairwise(ends)),
    )


def test_two_layers_that_some_uses_of_a_class_lack(module, walk):
    """Each needs a flag of its own."""
    uses = [
        ("Projection", "Identity"),
        ("Identity", "Projection"),
        ("Projection", "Projection"),
        ("Identity", "Identity"),
        ("ReLU", "Identity"),
        ("Identity", "BatchNorm2d"),
    ]
    nodes = {f"g{n}": Node(f"g{n}", "Group", inner=grouped(*kinds)) for n, kinds in enumerate(uses)}
    ends = ["input", *nodes, "output"]
    agrees(
        Graph("net", (4, 5, 5), nodes, tuple(Wire(a, b) for a, b in itertools.pairwise(ends))),
        module,
        walk,
    )


@pytest.mark.parametrize("id", ["0", "12", "scale", "layer-scale"])
def test_a_parameter_under_any_name(module, walk, id):
    """A LayerScale is no module: its key in the state dict is its path, in a class as well."""
    inner = Graph(
        "",
        (),
        {id: Node(id, "LayerScale", {"value": 0.5})},
        (Wire("input", id), Wire(id, "output")),
    )
    nodes = {
        id: Node(id, "LayerScale"),
        "g": Node("g", "Group", inner=inner),
        "h": Node("h", "Group", inner=inner),
    }
    graph = Graph(
        "net",
        (4, 5, 5),
        nodes,
        (Wire("input", id), Wire(id, "g"), Wire("g", "h"), Wire("h", "output")),
    )
    agrees(graph, module, walk)
    assert set(module(analyse(graph)).state_dict()) == {id, f"g.{id}", f"h.{id}"}


# Numbers small enough for a map of 11×9 and quick to run, where those of a channel count are not.
SMALL = {
    "kernel_size": [1, 2, 3],
    "stride": [1, 1, 2, 3],
    "padding": [0, 1],
    "dilation": [1, 2],
    "output_padding": [0, 0, 1],
    "groups": [1, 2],
    "num_groups": [1, 2],
    "depth": [1, 2, 4],
    "classes": [1, 5],
    "out_features": [1, 5],
    "output_size": [1, 3],
    "size": [1, 5],
    "scale_factor": [1, 2, 3],
    "left": [0, 1],
    "right": [0, 2],
    "top": [0, 1],
    "bottom": [0, 3],
    "before": [0, 2],
    "behind": [0, 4],
    "chunks": [1, 2],
    "index": [0, 1],
    "patch_size": [1, 2],
    "first": [0, 3],
    "stage": [1, 4],
    "bn_size": [1, 4],
    "se": [0, 2],
}


def option(param):
    """A few values of a parameter, among them pairs and words where it takes them."""
    if param.choices:
        return st.sampled_from(param.choices)
    if type(param.default) is bool:
        return st.booleans()
    if type(param.default) is float:
        return st.sampled_from(
            [
                value
                for value in (param.default, 0, 0.125, 0.5, 1, 2)
                if param.low <= value <= param.high
            ]
        )
    numbers = st.sampled_from(SMALL.get(param.name, [2, 4, 6]))
    pairs = st.tuples(numbers, numbers) if param.pair else st.nothing()
    return st.one_of(numbers, numbers, pairs, *map(st.just, param.words))


ANY = [*KINDS, "Conv2d", "BatchNorm2d", "ReLU", "BasicBlock", *["Stage"] * 6, *["Group"] * 6]
NAMES = st.sampled_from(
    [
        "conv1",
        "bn",
        "out",
        "relu",
        "a",
        "b",
        "c",
        "block",
        "0",
        "1",
        "2",
        "v1",
        "layer1",
        "layer2",
        "downsample",
        "fc",
        "project",
        "stride",
        "true",
    ]
)


@st.composite
def inside(draw, start: Graph, depth: int, known: list[Graph]) -> Graph:
    """A graph that runs: each new node is kept only if the analysis has nothing against it."""
    graph = start
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(ANY))
        id = draw(NAMES)
        if id in graph.nodes or (kind == "Group" and depth > 1):
            continue
        params = {
            param.name: draw(option(param)) for param in KINDS[kind].params if draw(st.booleans())
        }
        inner = None
        if kind == "Group":
            inner = (
                draw(st.sampled_from(known))
                if known and draw(st.booleans())
                else draw(inside(Graph("", (), {}, (Wire("input", "output"),)), depth + 1, known))
            )
        last = graph.into("output")["x"].source
        ports = PORTS[: draw(st.integers(2, 3))] if KINDS[kind].variadic else KINDS[kind].inputs
        grown = edits.add(graph, Node(id, kind, params, inner=inner))
        for port in ports:
            before = st.sampled_from([last, last, *graph.nodes, "input"])
            grown = edits.connect(grown, last if port == ports[0] else draw(before), id, port)
        grown = edits.connect(grown, id, "output")
        if analyse(replace(check.graph(grown), input=(4, 11, 9), name="net")).ok:
            graph = grown
            if inner is not None:
                known.append(inner)
    return graph


@st.composite
def networks(draw) -> Graph:
    graph = draw(inside(Graph("net", (4, 11, 9), {}, (Wire("input", "output"),)), 0, []))
    if draw(st.booleans()):
        last = graph.into("output")["x"].source
        node = Node("end", "ClassifierHead", {"inline": draw(st.booleans()), "classes": 3})
        grown = edits.connect(edits.connect(edits.add(graph, node), last, "end"), "end", "output")
        if analyse(grown).ok:
            graph = grown
    return graph


@given(networks())
def test_any_network(module, walk, graph):
    agrees(graph, module, walk)
