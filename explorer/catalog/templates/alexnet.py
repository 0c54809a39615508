"""AlexNet, in the form of "One weird trick" (Krizhevsky 2014), without response normalisation."""

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import classifier, declare
from explorer.graph.graph import Shape
from explorer.text import _


def _alexnet(classes: int, input: Shape) -> GraphBuilder:
    features = GraphBuilder()
    number = 0
    first = 4 if min(input[1:]) >= 63 else 1  # a smaller picture would vanish
    for channels, kernel, stride, padding, pool in (
        (64, 11, first, 2, True),
        (192, 5, 1, 2, True),
        (384, 3, 1, 1, False),
        (256, 3, 1, 1, False),
        (256, 3, 1, 1, True),
    ):
        features.add(
            str(number),
            "Conv2d",
            out_channels=channels,
            kernel_size=kernel,
            stride=stride,
            padding=padding,
        )
        features.add(str(number + 1), "ReLU")
        number += 2
        if pool:
            features.add(str(number), "MaxPool2d", kernel_size=3, stride=2)
            number += 1
    inside = GraphBuilder()
    inside.group("features", features)
    inside.add("avgpool", "AdaptiveAvgPool2d", output_size=6)
    inside.add("flatten", "Flatten")
    wide = ("Linear", {"out_features": 4096})
    classifier(
        inside,
        "classifier",
        ("Dropout", {}),
        wide,
        ("ReLU", {}),
        ("Dropout", {}),
        wide,
        ("ReLU", {}),
        ("Linear", {"out_features": classes}),
    )
    return inside


declare(
    "alexnet",
    "AlexNet",
    _(
        "Five convolutions, the first 11×11, and three linear layers "
        "(Krizhevsky et al. 2012; in the form of Krizhevsky 2014)"
    ),
    _alexnet,
)
