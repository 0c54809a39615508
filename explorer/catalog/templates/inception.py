"""GoogLeNet (Szegedy et al. 2014, table 1) and Inception-v3 (Szegedy et al. 2015, table 1), without
their auxiliary heads; names and figures are torchvision's."""

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import declare
from explorer.graph.graph import Shape
from explorer.text import _

_CHANNELS = ("ch1x1", "ch3x3red", "ch3x3", "ch5x5red", "ch5x5", "pool_proj")
_MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _end(inside: GraphBuilder, dropout: float, classes: int) -> GraphBuilder:
    inside.add("avgpool", "AdaptiveAvgPool2d")
    inside.add("flatten", "Flatten")
    inside.add("dropout", "Dropout", p=dropout)
    inside.add("fc", "Linear", out_features=classes)
    return inside


def _googlenet(classes: int, input: Shape) -> GraphBuilder:
    inside = GraphBuilder()

    def pool(number: int, size: int = 3) -> None:
        inside.add(f"maxpool{number}", "MaxPool2d", kernel_size=size, stride=2, ceil_mode=True)

    inside.add("conv1", "BasicConv2d", out_channels=64, kernel_size=7, stride=2)
    pool(1)
    inside.add("conv2", "BasicConv2d", out_channels=64, kernel_size=1)
    inside.add("conv3", "BasicConv2d", out_channels=192)
    pool(2)
    for name, channels in _MODULES.items():
        if name in ("4a", "5a"):
            pool(int(name[0]) - 1, 3 if name == "4a" else 2)
        inside.add(f"inception{name}", "Inception", **dict(zip(_CHANNELS, channels)))
    return _end(inside, 0.2, classes)


def _inception_v3(classes: int, input: Shape) -> GraphBuilder:
    inside, large = GraphBuilder(), min(input[1:]) >= 75  # a small picture would vanish
    inside.add("Conv2d_1a_3x3", "BasicConv2d", out_channels=32, stride=2 if large else 1, padding=0)
    inside.add("Conv2d_2a_3x3", "BasicConv2d", out_channels=32, padding=0)
    inside.add("Conv2d_2b_3x3", "BasicConv2d", out_channels=64)
    if large:
        inside.add("maxpool1", "MaxPool2d", kernel_size=3, stride=2)
    inside.add("Conv2d_3b_1x1", "BasicConv2d", out_channels=80, kernel_size=1)
    inside.add("Conv2d_4a_3x3", "BasicConv2d", out_channels=192, padding=0)
    if large:
        inside.add("maxpool2", "MaxPool2d", kernel_size=3, stride=2)
    for letter, features in (("b", 32), ("c", 64), ("d", 64)):
        inside.add(f"Mixed_5{letter}", "InceptionA", pool_features=features)
    inside.add("Mixed_6a", "InceptionB")
    for letter, channels in (("b", 128), ("c", 160), ("d", 160), ("e", 192)):
        inside.add(f"Mixed_6{letter}", "InceptionC", channels_7x7=channels)
    inside.add("Mixed_7a", "InceptionD")
    inside.add("Mixed_7b", "InceptionE")
    inside.add("Mixed_7c", "InceptionE")
    return _end(inside, 0.5, classes)


declare(
    "googlenet",
    "Inception",
    _(
        "Nine Inception modules: windows of different sizes side by "
        "side (Szegedy et al. 2014, table 1)"
    ),
    _googlenet,
)
declare(
    "inception_v3",
    "Inception",
    _(
        "Inception with large windows factorised, 7×7 into 1×7 and "
        "7×1 (Szegedy et al. 2015, table 1)"
    ),
    _inception_v3,
    (3, 299, 299),
)
