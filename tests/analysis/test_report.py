"""The report on the templates, against PyTorch; their figures are tested in tests/catalog."""

import gc
import tracemalloc

import pytest
import torch

from explorer.analysis import facts
from explorer.analysis.layer import Layer
from explorer.analysis.problem import problems
from explorer.analysis.report import analyse
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Wire
from explorer.graph.path import NodePath

ALL = [
    pytest.param(name, fit, id=f"{name}-{'fashion' if fit else 'paper'}")
    for name in templates.names()
    for fit in (False, True)
]


def built(name: str, fit: bool) -> Graph:
    """A template as its paper has it, or for Fashion-MNIST."""
    return templates.build(name, FASHION_MNIST.input, 10) if fit else templates.build(name)


def depth(graph: Graph) -> int:
    """How many layers a network has."""
    return sum(each.layers for each in analyse(graph).facts.values())


SHALLOW = [name for name in templates.names() if depth(templates.build(name)) <= 200]


@pytest.mark.parametrize(("name", "fit"), ALL)
def test_rows_add_up_to_the_totals(name, fit):
    report = analyse(built(name, fit), FASHION_MNIST if fit else None)
    layers = report.layers()
    assert report.ok and not problems(report)
    assert sum(layer.params for layer in layers) == report.params
    assert sum(layer.macs for layer in layers) == report.macs
    assert sum(layer.facts.activations for layer in layers) == report.activations
    assert sum(each.params for each in report.facts.values()) == report.params
    assert report.output == (10 if fit else templates.template(name).classes,)
    paths = [layer.path for layer in layers]
    assert len(paths) == len(set(paths))
    out = {"input": report.graph.input}
    for layer in layers:
        assert tuple(out[path] for path in layer.sources) == layer.ins, layer.path
        out[layer.path] = layer.out
    assert report.outputs["output"] == paths[-1]


def distinct(graphs) -> list[Layer]:
    """The layers of many networks, one of those that say the same of the same."""
    found = {}
    for graph in graphs:
        for layer in analyse(graph).layers():
            settings = tuple(sorted(layer.settings.items()))
            found[layer.kind, settings, layer.ins, layer.out, layer.params] = layer
    return list(found.values())


def test_every_layer_is_what_pytorch_computes(layer):
    """Each distinct layer of all templates, as drawn in their papers and for small pictures: about
    a tenth of all."""
    with torch.device("meta"), torch.no_grad():
        for each in distinct(built(*value.values) for value in ALL):
            made = layer.made(each.kind, each.settings, each.ins)
            learned = [] if made is None else [made]
            if isinstance(made, torch.nn.Module):
                learned = list(made.eval().parameters())
            out = layer.run(
                each.kind, each.settings, made, *(torch.zeros((2, *shape)) for shape in each.ins)
            )
            params = sum(weight.numel() for weight in learned)
            assert (tuple(out.shape[1:]), params) == (each.out, each.params), each


@pytest.mark.parametrize("name", SHALLOW)
def test_a_forward_pass_gives_every_layer_its_shapes(name, compare_shapes):
    """The deeper networks are of the same families; the campaign runs them too, and all of them for
    small pictures."""
    compare_shapes(analyse(templates.build(name)))


def test_first_blocks_of_the_second_stage():
    """Identity in the shallow nets, a projection of the depth alone in the deep ones."""
    shallow = {layer.path: layer for layer in analyse(templates.build("resnet34")).layers()}
    assert shallow["layer1.0.downsample"].kind == "Identity"
    deep = {layer.path: layer for layer in analyse(templates.build("resnet50")).layers()}
    first = deep["layer1.0.downsample.0"]
    assert (first.ins, first.out) == (((64, 56, 56),), (256, 56, 56))
    assert first.settings["stride"] == 1
    assert deep["layer1.1.downsample"].kind == "Identity"
    assert deep["layer2.0.conv2"].settings["stride"] == 2, "the stride is on the 3×3"


@pytest.mark.parametrize(
    ("path", "producer"),
    [
        ("input", "input"),
        ("output", "fc"),
        ("stem", "maxpool"),
        ("stem.conv1", "conv1"),
        ("layer1", "layer1.1.relu2"),
        ("layer1.0", "layer1.0.relu2"),
        ("layer1.0.conv1", "layer1.0.conv1"),
        ("layer1.0.add", "layer1.0.add"),
        ("layer2.0.downsample", "layer2.0.downsample.1"),
        ("layer2.0.downsample.0", "layer2.0.downsample.0"),
        ("head", "fc"),
        ("head.flatten", "flatten"),
    ],
)
def test_producer(path, producer):
    assert analyse(templates.build("resnet18")).producer(NodePath.of(path)) == producer


def test_producer_of_nothing():
    with pytest.raises(KeyError):
        analyse(templates.build("resnet18")).producer(NodePath.of("layer9"))


def test_a_layer_says_what_feeds_it():
    layers = {layer.path: layer for layer in analyse(templates.build("resnet18")).layers()}
    assert layers["conv1"].sources == ("input",)
    assert layers["layer1.0.conv1"].sources == ("maxpool",)
    assert layers["layer2.0.add"].sources == ("layer2.0.bn2", "layer2.0.downsample.1")
    assert layers["layer2.0.conv1"].settings == {
        "out_channels": 128,
        "kernel_size": 3,
        "stride": 2,
        "padding": 1,
        "dilation": 1,
        "groups": 1,
        "bias": False,
    }


def test_equal_blocks_cost_one():
    """A stage of 200 equal blocks is computed as two: the first, and all the others."""
    graph = templates.build("cifar_resnet8")
    facts.forget()
    analyse(graph)
    before = facts._facts.cache_info().misses
    report = analyse(edits.set_params(graph, "layer2", {"depth": 200}))
    assert facts._facts.cache_info().misses - before <= 16
    assert len({id(child.facts) for child in report.facts["layer2"].children}) == 2


def test_a_report_takes_room_for_what_differs_and_not_for_depth():
    """A stage of 1000 equal blocks is remembered as one of 10."""
    graph = templates.build("cifar_resnet8")
    analyse(graph)

    def bytes_of(depth: int) -> int:
        deep = edits.set_params(graph, "layer2", {"depth": depth, "width": 48})
        facts.forget()
        gc.collect()
        tracemalloc.start()
        report = analyse(deep)
        assert report.ok and report.facts["layer2"].layers > 7 * depth
        taken, _peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return taken

    bytes_of(5)
    assert bytes_of(1000) < 1.1 * bytes_of(10)


def test_a_network_of_nothing(draw):
    report = analyse(draw(input=(3, 4, 5)))
    assert report.ok and report.output == (3, 4, 5) and report.layers() == []
    assert (report.params, report.macs, report.activations) == (0, 0, 0)
    assert report.outputs["output"] == "input"


def test_what_leads_nowhere_is_not_counted(draw):
    report = analyse(
        draw(("a", "Conv2d", {}), ("b", "Conv2d", {}), wires=["input a output", "input b"])
    )
    assert report.ok and [layer.path for layer in report.layers()] == ["a"]
    assert report.params == report.facts["a"].params
    assert report.facts["b"].out == (64, 6, 6), "but its shape is known"
    with pytest.raises(KeyError):
        report.producer(NodePath.of("b"))


def test_a_network_too_large_to_list_is_one_problem():
    nodes = {f"s{number}": Node(f"s{number}", "Stage", {"depth": 1000}) for number in range(20)}
    ids = ["input", *nodes, "output"]
    report = analyse(Graph("net", (3, 8, 8), nodes, tuple(map(Wire, ids, ids[1:]))))
    (problem,) = problems(report)
    assert problem.rule == "size" and "160,001 layers" in problem.message
    assert report.layers() == [] and not report.ok


def test_more_numbers_than_a_tensor_can_have_are_a_fault(draw):
    report = analyse(draw(*((f"up{n}", "Upsample", {"scale_factor": 8}) for n in range(12))))
    problem = problems(report)[0]
    assert (str(problem.path), problem.rule) == ("up9", "numbers")
    assert "3×" in problem.message and report.output is not None
