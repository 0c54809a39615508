"""LeNet-5 (LeCun et al. 1998, figure 2), with ReLU and average pooling."""

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import DIGITS, declare
from explorer.graph.graph import Shape
from explorer.text import _


def _lenet5(classes: int, input: Shape) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("conv1", "Conv2d", out_channels=6, kernel_size=5, padding=2)
    inside.add("relu1", "ReLU")
    inside.add("pool1", "AvgPool2d")
    inside.add("conv2", "Conv2d", out_channels=16, kernel_size=5)
    inside.add("relu2", "ReLU")
    inside.add("pool2", "AvgPool2d")
    inside.add("flatten", "Flatten")
    inside.add("fc1", "Linear", out_features=120)
    inside.add("relu3", "ReLU")
    inside.add("fc2", "Linear", out_features=84)
    inside.add("relu4", "ReLU")
    inside.add("fc3", "Linear", out_features=classes)
    return inside


declare(
    "lenet5",
    "LeNet",
    _(
        "Two convolutions, two poolings, three linear layers for digits (LeCun "
        "et al. 1998, figure 2), with ReLU"
    ),
    _lenet5,
    DIGITS,
    10,
)
