"""SqueezeNet 1.0 and 1.1 (Iandola et al. 2016)."""

from functools import partial

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import classifier, declare
from explorer.graph.graph import Shape
from explorer.text import _

_FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))


def _squeezenet(
    channels: int, kernel: int, pools: tuple[int, ...], classes: int, input: Shape
) -> GraphBuilder:
    """pools: the numbers of the Fire modules that a max pooling stands before."""

    features = GraphBuilder()
    features.add("0", "Conv2d", out_channels=channels, kernel_size=kernel, stride=2)
    features.add("1", "ReLU")
    number = 2
    for at, (squeeze, expand) in enumerate(_FIRES):
        if at in pools:
            features.add(str(number), "MaxPool2d", kernel_size=3, stride=2, ceil_mode=True)
            number += 1
        features.add(str(number), "Fire", squeeze=squeeze, expand1x1=expand, expand3x3=expand)
        number += 1
    inside = GraphBuilder()
    inside.group("features", features)
    classifier(
        inside,
        "classifier",
        ("Dropout", {}),
        ("Conv2d", {"out_channels": classes, "kernel_size": 1}),
        ("ReLU", {}),
        ("AdaptiveAvgPool2d", {}),
    )
    inside.add("flatten", "Flatten")
    return inside


declare(
    "squeezenet1_0",
    "SqueezeNet",
    _(
        "AlexNet's accuracy with a fiftieth of its weights, by Fire "
        "modules (Iandola et al. 2016, table 1)"
    ),
    partial(_squeezenet, 96, 7, (0, 3, 7)),
)
declare(
    "squeezenet1_1",
    "SqueezeNet",
    _(
        "SqueezeNet 1.1: as good as 1.0 with less than half of its "
        "multiply-adds (Iandola et al. 2016, reference code)"
    ),
    partial(_squeezenet, 64, 3, (0, 2, 4)),
)
