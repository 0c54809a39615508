"""ShuffleNetV2 (Ma et al. 2018, table 5)."""

from functools import partial

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import declare
from explorer.graph.graph import Shape
from explorer.text import _


def _shufflenet(
    channels: tuple[int, int, int], last: int, classes: int, input: Shape
) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("conv1", "ConvNormAct", out_channels=24, stride=2)
    inside.add("maxpool", "MaxPool2d", kernel_size=3, stride=2, padding=1)
    for number, (width, depth) in enumerate(zip(channels, (4, 8, 4)), 2):
        inside.add(
            f"stage{number}",
            "Stage",
            block="ShuffleUnit",
            depth=depth,
            out_channels=width,
            stride=2,
        )
    inside.add("conv5", "ConvNormAct", out_channels=last, kernel_size=1)
    inside.add("avgpool", "AdaptiveAvgPool2d")
    inside.add("flatten", "Flatten")
    inside.add("fc", "Linear", out_features=classes)
    return inside


for _size, _channels, _last in (
    ("0_5", (48, 96, 192), 1024),
    ("1_0", (116, 232, 464), 1024),
    ("1_5", (176, 352, 704), 1024),
    ("2_0", (244, 488, 976), 2048),
):
    declare(
        f"shufflenet_v2_x{_size}",
        "ShuffleNet",
        _(
            "Half of the channels bypass the convolutions, then all are shuffled: designed for speed, "
            "not only for few multiply-adds (Ma et al. 2018, table 5)"
        ),
        partial(_shufflenet, _channels, _last),
    )
