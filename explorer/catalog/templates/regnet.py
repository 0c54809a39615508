"""RegNetX and RegNetY (Radosavovic et al. 2020, section 3.3 and tables 5 and 6 of the appendix)."""

from collections import Counter
from functools import partial
from math import log

from explorer.catalog.blocks.params import divisible
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import declare
from explorer.graph.graph import Shape
from explorer.text import _

# depth, w_0, w_a, w_m, group width: width grows as w_0 + w_a × block, rounded to w_0 × w_m ** n
_Y = {
    "400mf": (16, 48, 27.89, 2.09, 8),
    "800mf": (14, 56, 38.84, 2.4, 16),
    "1_6gf": (27, 48, 20.71, 2.65, 24),
    "3_2gf": (21, 80, 42.63, 2.66, 24),
    "8gf": (17, 192, 76.82, 2.19, 56),
    "16gf": (18, 200, 106.23, 2.48, 112),
    "32gf": (20, 232, 115.89, 2.53, 232),
}
_X = {
    "400mf": (22, 24, 24.48, 2.54, 16),
    "800mf": (16, 56, 35.73, 2.28, 16),
    "1_6gf": (18, 80, 34.01, 2.25, 24),
    "3_2gf": (25, 88, 26.31, 2.25, 48),
    "8gf": (23, 80, 49.56, 2.88, 120),
    "16gf": (22, 216, 55.59, 2.1, 128),
    "32gf": (23, 320, 69.86, 2.0, 168),
}


def _stages(depth: int, start: int, slope: float, step: float, group: int) -> dict[int, int]:
    """Channels of each stage, and how many blocks it has."""
    depths: Counter[int] = Counter()
    for block in range(depth):
        power = round(log((start + slope * block) / start) / log(step))
        width = round(start * step**power / 8) * 8
        depths[divisible(width, min(group, width))] += 1
    return depths


def _regnet(
    figures: tuple[int, int, float, float, int], se_ratio: float, classes: int, input: Shape
) -> GraphBuilder:
    trunk = GraphBuilder()
    for number, (width, depth) in enumerate(_stages(*figures).items(), 1):
        trunk.add(
            f"block{number}",
            "Stage",
            block="RegNetBlock",
            depth=depth,
            out_channels=width,
            stride=2,
            group_width=min(figures[4], width),
            stage=number,
            **({"se_ratio": se_ratio} if se_ratio else {}),
        )
    inside = GraphBuilder()
    inside.add("stem", "ConvNormAct", out_channels=32, stride=2)
    inside.group("trunk_output", trunk)
    inside.add("avgpool", "AdaptiveAvgPool2d")
    inside.add("flatten", "Flatten")
    inside.add("fc", "Linear", out_features=classes)
    return inside


for _letter, _sizes, _ratio in (("x", _X, 0.0), ("y", _Y, 0.25)):
    for _size, _figures in _sizes.items():
        declare(
            f"regnet_{_letter}_{_size}",
            "RegNet",
            _(
                "Channels that grow linearly with depth, found by narrowing a design space "
                "(Radosavovic et al. 2020, RegNet{letter})"
            ).format(letter=_letter.upper()),
            partial(_regnet, _figures, _ratio),
        )
