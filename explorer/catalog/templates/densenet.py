"""DenseNets for ImageNet (Huang et al. 2016, table 1)."""

from functools import partial

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import declare
from explorer.graph.graph import Shape
from explorer.text import _


def _densenet(
    depths: tuple[int, ...], growth: int, channels: int, classes: int, input: Shape
) -> GraphBuilder:
    features = GraphBuilder()
    features.add(
        "conv0", "Conv2d", out_channels=channels, kernel_size=7, stride=2, padding=3, bias=False
    )
    features.add("norm0", "BatchNorm2d")
    features.add("relu0", "ReLU")
    if min(input[1:]) >= 32:  # a small picture would vanish in the transitions
        features.add("pool0", "MaxPool2d", kernel_size=3, stride=2, padding=1)
    for number, depth in enumerate(depths, 1):
        features.add(
            f"denseblock{number}", "Stage", block="DenseLayer", depth=depth, growth_rate=growth
        )
        if number < len(depths):
            features.add(f"transition{number}", "Transition")
    features.add("norm5", "BatchNorm2d")
    inside = GraphBuilder()
    inside.group("features", features)
    inside.add("relu", "ReLU")
    inside.add("avgpool", "AdaptiveAvgPool2d")
    inside.add("flatten", "Flatten")
    inside.add("classifier", "Linear", out_features=classes)
    return inside


for _count, _depths, _growth, _channels in (
    (121, (6, 12, 24, 16), 32, 64),
    (161, (6, 12, 36, 24), 48, 96),
    (169, (6, 12, 32, 32), 32, 64),
    (201, (6, 12, 48, 32), 32, 64),
):
    declare(
        f"densenet{_count}",
        "DenseNet",
        _(
            "{count} layers, each appending {growth} new maps to all earlier ones (Huang et al. 2016, "
            "table 1)"
        ).format(count=_count, growth=_growth),
        partial(_densenet, _depths, _growth, _channels),
    )
