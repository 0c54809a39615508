"""Receptive fields against the gradient of the real network: which pixels change one place."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from torch import nn

from explorer.analysis.report import analyse
from explorer.catalog import templates
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Wire
from explorer.graph.path import NodePath

CONV = {"out_channels": 2, "bias": False}


def conv(id, kernel=3, stride=1, padding=None, **more):
    return (
        id,
        "Conv2d",
        {
            "kernel_size": kernel,
            "stride": stride,
            **CONV,
            "padding": kernel // 2 if padding is None else padding,
            **more,
        },
    )


@pytest.fixture
def values(module, walk):
    """report -> (picture, every layer's output by path) of its network in float64, with every
    weight positive, nothing added and every maximum a mean: nothing that a place sees is lost."""

    def build(report):
        network = module(report).double().eval()
        with torch.no_grad():
            for name, weight in network.named_parameters():
                fan = max(1, weight[0].numel()) if weight.dim() > 1 else 1
                weight.fill_(0.0 if name.endswith("bias") else 1.0 / fan)
        for name, found in list(network.named_modules()):
            if isinstance(found, nn.MaxPool2d):
                holder = network.get_submodule(name.rpartition(".")[0])
                setattr(
                    holder,
                    name.rpartition(".")[2],
                    nn.AvgPool2d(found.kernel_size, found.stride, found.padding, found.ceil_mode),
                )
        picture = torch.ones(1, *report.graph.input, dtype=torch.float64, requires_grad=True)
        return picture, walk(report, network, picture)

    return build


def changed(picture, value, axis, place):
    """The first and the last row (axis 0) or column (axis 1) of pixels that change the places of
    one row or column of a layer's output; None if none does."""
    aimed = value.select(axis + 2, place) if value.dim() == 4 else value
    (gradient,) = torch.autograd.grad(aimed.sum(), picture, retain_graph=True)
    assert (gradient >= 0).all()
    lines = (gradient.sum((0, 1, 3 - axis)) > 0).nonzero().flatten().tolist()
    return (lines[0], lines[-1]) if lines else None


def clipped(span, side):
    if span is None or span[1] < 0 or span[0] >= side:
        return None
    return max(0, span[0]), min(side - 1, span[1])


def check(report, values, places=None, borders=True):
    """Every place of every layer (these places of the last, if given) sees what its gradient says,
    and the size is that of the largest field that lies inside the picture. borders: at a border
    too, where taps that fall into the padding see nothing."""
    picture, found = values(report)
    assert report.ok
    rows = list(zip(report.paths, report.layers(), report.layer_fields, strict=True))
    for place, layer, field in rows if places is None else rows[-1:]:
        map_field, value = report.fields.map_field(place), found[layer.path]
        assert report.fields.of(place) == field
        for axis in (0, 1):
            side = report.graph.input[axis + 1]
            count = value.shape[axis + 2] if value.dim() == 4 else 1
            inside = []
            for number in range(count) if places is None else places:
                span = map_field[axis].at(number)
                told = changed(picture, value, axis, number)
                if borders or span == clipped(span, side):
                    assert told == clipped(span, side), f"{place}, axis {axis}, place {number}"
                if told == span or field.clipped:
                    inside.append(told)
            sizes = [span[1] - span[0] + 1 for span in inside if span]
            assert max(sizes, default=0) <= field.size[axis]
            if field.clipped and sizes:
                assert max(sizes) == field.size[axis]
            whole = [span for span in map(map_field[axis].at, range(count)) if span]
            if any(clipped(span, side) == span for span in whole):
                assert max(sizes) == field.size[axis], f"{place}: an inner place sees all of it"


SEQUENTIAL = (
    conv("a"),
    ("r", "ReLU", {}),
    conv("b", 5, 2),
    ("p", "MaxPool2d", {}),
    conv("c", 3, 1),
    ("d", "AvgPool2d", {"kernel_size": 3, "stride": 2, "padding": 1}),
)
PAIRS = (
    conv("a", (3, 5), (1, 2), (1, 2)),
    conv("b", (1, 7), 1, (0, 3)),
    ("p", "MaxPool2d", {"kernel_size": (2, 1), "stride": (2, 1)}),
    conv("c", (3, 1), 1, (2, 0), dilation=(2, 1)),
)
DILATED = (
    conv("a"),
    conv("b", 3, 1, 2, dilation=2),
    conv("c", 3, 1, 4, dilation=4),
    conv("d", 3, 1, 8, dilation=8),
)
DENSE = {
    "nodes": (
        conv("a"),
        conv("b"),
        ("ab", "Concat", {}),
        conv("c"),
        ("abc", "Concat", {}),
        conv("t", 1),
        ("p", "AvgPool2d", {}),
        conv("d"),
    ),
    "wires": ["input a b ab.b", "a ab.a", "ab c abc.b", "ab abc.a", "abc t p d output"],
}
INCEPTION = {
    "nodes": (
        conv("stem", 3, 2),
        conv("one", 1),
        conv("three", 3),
        conv("five", 5),
        ("pool", "MaxPool2d", {"kernel_size": 3, "stride": 1, "padding": 1}),
        conv("after", 1),
        ("join", "Concat", {}),
        conv("last", 3, 2),
    ),
    "wires": [
        "input stem one join.a",
        "stem three join.b",
        "stem five join.c",
        "stem pool after join.d",
        "join last output",
    ],
}
RISING = (
    conv("a", 3, 2),
    ("up", "ConvTranspose2d", {**CONV, "kernel_size": 4, "stride": 2, "padding": 1}),
    conv("b"),
)
HOLES = (
    conv("a", 2, 2, 0),
    ("up", "ConvTranspose2d", {**CONV, "kernel_size": 2, "stride": 3}),
    conv("b"),
)
NEAREST = (conv("a", 3, 2), ("up", "Upsample", {"scale_factor": 3}), conv("b", 3, 2))
BILINEAR = (conv("a", 3, 2), ("up", "Upsample", {"scale_factor": 2, "mode": "bilinear"}), conv("b"))
UNET = {
    "nodes": (
        conv("a"),
        ("down", "MaxPool2d", {}),
        conv("b"),
        ("up", "Upsample", {}),
        ("join", "Concat", {}),
        conv("c"),
    ),
    "wires": ["input a down b up join.a", "a join.b", "join c output"],
}
SAME_PADDING = (
    conv("a", 4, padding="same"),
    conv("b", (2, 3), padding="same"),
    ("pad", "ZeroPad2d", {"left": 2, "right": 0, "top": 1, "bottom": 3}),
    conv("c", 3, 1, 0),
)
CROPPED = (
    conv("a", 3, 1, 1),
    ("crop", "ZeroPad2d", {"left": -2, "right": -1, "top": -1, "bottom": -3}),
    conv("b", 3, 1, 0),
)


@pytest.mark.parametrize("nodes", [SEQUENTIAL, DILATED, RISING, HOLES, NEAREST, BILINEAR, CROPPED])
@pytest.mark.parametrize("input", [(1, 24, 24), (2, 16, 32)])
def test_a_chain_sees_what_its_gradient_says(draw, values, nodes, input):
    check(analyse(draw(*nodes, input=input)), values)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("nodes", [PAIRS, SAME_PADDING])
def test_height_and_width_have_figures_of_their_own(draw, values, nodes):
    check(analyse(draw(*nodes, input=(1, 28, 24))), values, borders=False)


@pytest.mark.parametrize("net", [DENSE, INCEPTION, UNET])
def test_branches_see_their_union(draw, values, net):
    check(analyse(draw(*net["nodes"], wires=net["wires"], input=(1, 24, 32))), values)


@pytest.mark.parametrize("block", ["BasicBlock", "Bottleneck"])
@pytest.mark.parametrize("shortcut", ["automatic", "projection", "none"])
def test_residual_blocks_see_what_their_gradient_says(draw, values, block, shortcut):
    blocks = {"block": block, "width": 2, "depth": 2, "shortcut": shortcut}
    check(
        analyse(
            draw(
                ("stem", "CifarStem", {"out_channels": 2}),
                ("layer1", "Stage", blocks),
                ("layer2", "Stage", {**blocks, "stride": 2}),
                input=(1, 16, 16),
            )
        ),
        values,
    )


def test_branches_of_unlike_jumps_are_joined_place_by_place(draw, values):
    """Adaptive pooling steps by 8/3 pixels, the convolution beside it by 2."""
    report = analyse(
        draw(
            ("a", "AdaptiveAvgPool2d", {"output_size": 3}),
            conv("b", 4, 2, 0),
            ("join", "Concat", {}),
            conv("c"),
            wires=["input a join.a", "input b join.b", "join c output"],
            input=(1, 8, 8),
        )
    )
    check(report, values)
    a, b, join, last = report.layer_fields
    assert a.jump == (Fraction(8, 3),) * 2 and b.jump == (2, 2) and join.jump == a.jump
    assert join.size == (4, 4) and last.size == (8, 8) and not last.clipped


def test_adaptive_pooling_that_divides_nothing(draw, values):
    check(
        analyse(
            draw(
                conv("a"),
                ("pool", "AdaptiveAvgPool2d", {"output_size": (5, 3)}),
                conv("b", 2, 1, 0),
                ("again", "AdaptiveAvgPool2d", {"output_size": (3, 1)}),
                input=(1, 13, 17),
            )
        ),
        values,
    )


@pytest.mark.parametrize(
    "pooling",
    [("pool", "AdaptiveAvgPool2d", {}), ("pool", "AvgPool2d", {"kernel_size": 8, "stride": 8})],
)
def test_global_pooling_sees_the_whole_picture_and_says_so(draw, values, pooling):
    report = analyse(
        draw(
            conv("a", 3, 2),
            pooling,
            ("flat", "Flatten", {}),
            ("fc", "Linear", {"bias": False}),
            input=(1, 16, 16),
        )
    )
    check(report, values)
    assert [field.clipped for field in report.layer_fields] == [False, True, True, True]
    for field in report.layer_fields[1:]:
        assert field.size == (16, 16) and field.jump == (0, 0)
        assert field.centre == (Fraction(15, 2),) * 2


def test_pixels_that_no_window_takes_are_not_seen_by_global_pooling(draw, values):
    """Stride 2 with a kernel of 1 over 8 pixels leaves the last one out."""
    report = analyse(draw(conv("a", 1, 2), ("pool", "AdaptiveAvgPool2d", {}), input=(1, 8, 8)))
    check(report, values)
    assert report.layer_fields[-1].size == (7, 7) and report.layer_fields[-1].clipped


def test_a_gate_makes_all_behind_it_see_the_whole_picture(draw, values):
    """Squeeze and excitation (Hu, Shen, Sun 2017): the places stay where they are."""
    report = analyse(
        draw(
            conv("a", 3, 2),
            ("pool", "AdaptiveAvgPool2d", {}),
            conv("squeeze", 1),
            ("gate", "Sigmoid", {}),
            ("scale", "Multiply", {}),
            conv("b", 3, 2),
            wires=["input a pool squeeze gate scale.b", "a scale.a", "scale b output"],
            input=(1, 16, 24),
        )
    )
    check(report, values)
    scale, last = report.layer_fields[-2:]
    assert scale.size == last.size == (16, 24) and scale.clipped and last.clipped
    assert scale.jump == (2, 2) and last.jump == (4, 4)


def test_two_3x3_see_5x5_and_three_see_7x7(draw, values):
    """Simonyan and Zisserman 2014, section 2.3."""
    report = analyse(draw(conv("a"), conv("b"), conv("c"), input=(1, 16, 16)))
    check(report, values)
    assert [field.size for field in report.layer_fields] == [(3, 3), (5, 5), (7, 7)]
    assert {field.jump for field in report.layer_fields} == {(1, 1)}
    assert {field.centre for field in report.layer_fields} == {(0, 0)}


def test_a_place_that_sees_nothing_has_no_centre(draw):
    report = analyse(
        draw(
            ("up", "ConvTranspose2d", {**CONV, "kernel_size": 1, "stride": 2, "padding": 0}),
            conv("b", 1, 1, 0),
            ("shift", "ZeroPad2d", {"left": 1, "top": 1, "right": 0, "bottom": 0}),
        )
    )
    up, _b, _shift = report.layer_fields
    assert up.size == (1, 1) and up.jump == (Fraction(1, 2),) * 2 and up.centre == (0, 0)
    assert report.fields.map_field(NodePath.of("up")).height.at(1) is None


def narrow(name, input=None, **nodes):
    """A template with one channel everywhere, which leaves its fields as they are."""
    graph = templates.build(name)
    for id, node in graph.nodes.items():
        params = {
            param: 1
            for param in ("width", "out_channels")
            if param in node.params or node.kind in ("ImageNetStem",)
        }
        if node.kind == "Stage":
            params = {"width": 1}
        if params:
            graph = edits.set_params(graph, id, params)
    return replace(graph, input=(3, *input)) if input else graph


def field_of(report, path):
    return next(
        field for layer, field in zip(report.layers(), report.layer_fields) if layer.path == path
    )


@pytest.mark.parametrize(
    ("name", "path", "size", "jump"),
    [
        # Araujo, Norris, Sim 2019, table of the section on modern networks.
        ("alexnet", "features.12", 195, 32),
        ("vgg16", "features.30", 212, 32),
        ("inception_v3", "Mixed_7c.concat", 1311, 32),
        # Their ResNets (TensorFlow-Slim) have the stride at the end of a stage, torchvision's in the
        # first block of the next: 483, 1027 and 1507 there, here less (see the test below).
        ("resnet18", "layer4.1.relu2", 435, 32),
        ("resnet50", "layer4.2.relu3", 427, 32),
        ("resnet101", "layer4.2.relu3", 971, 32),
        ("resnet152", "layer4.2.relu3", 1451, 32),
    ],
)
def test_fields_of_published_networks(name, path, size, jump):
    field = field_of(analyse(templates.build(name)), path)
    assert field.size == (size, size) and field.jump == (jump, jump) and not field.clipped


@pytest.mark.parametrize(
    ("depths", "size"), [((3, 4, 6, 3), 483), ((3, 4, 23, 3), 1027), ((3, 8, 36, 3), 1507)]
)
def test_resnet_v1_with_the_stride_where_the_paper_on_fields_has_it(draw, depths, size):
    """resnet_v1_50, _101 and _152 of Araujo, Norris, Sim 2019: the last block of the stages but the
    last lowers the resolution."""
    nodes = [("stem", "ImageNetStem", {"out_channels": 4})]
    for number, depth in enumerate(depths, 1):
        more = {"block": "Bottleneck", "width": 1}
        last = number == len(depths)
        nodes.append((f"stage{number}", "Stage", {**more, "depth": depth - (not last)}))
        if not last:
            nodes.append((f"end{number}", "Bottleneck", {"width": 1, "stride": 2}))
    report = analyse(draw(*nodes, input=(3, 224, 224)))
    field = report.fields.of(NodePath.of(nodes[-1][0]))
    assert field.size == (size, size) and field.jump == (32, 32) and not field.clipped


@pytest.mark.parametrize(("name", "place"), [("resnet18", 8), ("resnet50", 8)])
def test_a_whole_network_sees_what_its_gradient_says(values, name, place):
    graph = edits.remove(narrow(name, (544, 544)), ["head"], bridge=True)
    check(analyse(graph), values, places=[0, place, 16])


def field(report, path):
    return report.fields.of(NodePath.of(path))


def test_nodes_and_layers_are_known_by_their_paths(draw):
    report = analyse(templates.build("resnet50"))
    assert field(report, "stem").size == (11, 11) and field(report, "stem.conv1").size == (7, 7)
    assert field(report, "layer4") == field(report, "layer4.2.relu3")
    assert field(report, "layer4.2.downsample") == field(report, "layer4.1")
    for wrong in ("layer9", "layer4.7", "stem.conv1.x"):
        with pytest.raises(KeyError):
            field(report, wrong)


def test_behind_a_fault_the_field_is_unknown(draw):
    report = analyse(
        draw(
            conv("a"),
            conv("b", 99, padding=0),
            conv("c"),
            ("alone", "ReLU", {}),
            wires=["input a b c output"],
        )
    )
    assert field(report, "a").size == (3, 3)
    assert field(report, "b") is field(report, "c") is field(report, "alone") is None
    assert report.layer_fields[1:] == [None, None]


def test_places_that_see_nothing_join_a_branch_that_does(draw):
    """A transposed convolution whose padding cuts off all that its one place was spread over."""
    hollow = {"kernel_size": 1, "stride": 4, "padding": 1, "output_padding": 3, **CONV}
    report = analyse(
        draw(
            ("pool", "AdaptiveAvgPool2d", {}),
            ("up", "ConvTranspose2d", hollow),
            ("again", "AdaptiveAvgPool2d", {}),
            ("side", "Conv2d", {"kernel_size": 8, **CONV}),
            ("add", "Add", {}),
            wires=["input pool up again add.a output", "input side add.b"],
        )
    )
    assert report.ok
    assert field(report, "again").size == (0, 0)
    assert field(report, "add").size == (8, 8)


def test_a_group_is_seen_through(draw, values):
    graph = draw(("a", "BasicBlock", {"width": 3}), input=(3, 8, 8))
    inner = analyse(graph).facts["a"].expansion
    node = replace(graph.nodes["a"], kind="Group", params={}, inner=inner)
    report = analyse(edits.replace_node(graph, node))
    assert field(report, "a") == analyse(graph).fields.of(NodePath.of("a"))
    assert field(report, "a.conv1").size == (3, 3)
    check(report, values)


def test_a_table_that_would_grow_without_end_is_written_out(draw, values):
    """Sizes without a common divisor, one behind the other: the period would be their product."""
    nodes = []
    for number, size in enumerate((23, 19, 17, 13, 11, 7)):
        nodes += [
            conv(f"c{number}", 2, 1, 0),
            (f"p{number}", "AdaptiveAvgPool2d", {"output_size": size}),
        ]
    check(analyse(draw(*nodes, input=(1, 29, 29))), values)


def test_a_deep_network_shares_what_is_alike(draw):
    stages = [
        (
            f"layer{number}",
            "Stage",
            {"depth": 200, "width": 16 * 2 ** (number - 1), "stride": 1 if number == 1 else 2},
        )
        for number in (1, 2, 3)
    ]
    report = analyse(
        draw(("stem", "CifarStem", {}), *stages, ("head", "ClassifierHead", {}), input=(3, 32, 32))
    )
    assert len(report.layer_fields) == len(report.layers()) > 4000
    # 3×3 in the stem, two of jump 1, 2 and 4 in each block; the first of a stage at the old jump.
    size = 3 + 400 * 2 * 1 + (2 * 1 + 399 * 2 * 2) + (2 * 2 + 399 * 2 * 4)
    assert field(report, "layer3").size == (size, size)


def test_what_is_beyond_all_measure_is_unknown(draw):
    conv = {"kernel_size": 3, "padding": 1, "stride": 2}
    report = analyse(draw(*((f"c{n}", "Conv2d", conv) for n in range(400))))
    assert field(report, "c99").jump == (2**100, 2**100)
    assert field(report, "c399") is None
    up = {"scale_factor": 8, "mode": "bilinear"}
    report = analyse(draw(*((f"up{n}", "Upsample", up) for n in range(8))))
    assert field(report, "up0") and field(report, "up7") is None


def test_inside_a_group_whose_input_is_unknown_no_field_is_known():
    inner = Graph("", (), {"a": Node("a", "ReLU")}, (Wire("input", "a"), Wire("a", "output")))
    group = {"group": Node("group", "Group", inner=inner)}
    fields = analyse(Graph("net", (3, 8, 8), group, (Wire("group", "output"),))).fields
    assert fields.of(NodePath(("group", "a"))) is None
    with pytest.raises(KeyError):
        fields.of(NodePath(("group", "b")))
