"""MobileNetV2 (Sandler et al. 2018, table 2) and V3 (Howard et al. 2019, tables 1 and 2)."""

from functools import partial

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import classifier, declare
from explorer.graph.graph import Shape
from explorer.text import _

# expansion, channels, blocks, stride
_V2 = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _mobilenet_v2(classes: int, input: Shape) -> GraphBuilder:
    features = GraphBuilder()
    features.add("0", "ConvNormAct", out_channels=32, stride=2, activation="ReLU6")
    first = 1
    for number, (ratio, channels, depth, stride) in enumerate(_V2, 1):
        features.add(
            f"stage{number}",
            "Stage",
            block="InvertedResidual",
            depth=depth,
            out_channels=channels,
            stride=stride,
            expand_ratio=float(ratio),
            activation="ReLU6",
            inline=True,
            first=first,
        )
        first += depth
    features.add(str(first), "ConvNormAct", out_channels=1280, kernel_size=1, activation="ReLU6")
    inside = GraphBuilder()
    inside.group("features", features)
    inside.add("avgpool", "AdaptiveAvgPool2d")
    inside.add("flatten", "Flatten")
    classifier(inside, "classifier", ("Dropout", {"p": 0.2}), ("Linear", {"out_features": classes}))
    return inside


declare(
    "mobilenet_v2",
    "MobileNet",
    _("Inverted residuals with linear bottlenecks, for phones (Sandler et al. 2018, table 2)"),
    _mobilenet_v2,
)

# kernel, channels inside, channels out, squeeze-and-excitation, Hardswish, stride
_LARGE = (
    (3, 16, 16, 0, 0, 1),
    (3, 64, 24, 0, 0, 2),
    (3, 72, 24, 0, 0, 1),
    (5, 72, 40, 1, 0, 2),
    (5, 120, 40, 1, 0, 1),
    (5, 120, 40, 1, 0, 1),
    (3, 240, 80, 0, 1, 2),
    (3, 200, 80, 0, 1, 1),
    (3, 184, 80, 0, 1, 1),
    (3, 184, 80, 0, 1, 1),
    (3, 480, 112, 1, 1, 1),
    (3, 672, 112, 1, 1, 1),
    (5, 672, 160, 1, 1, 2),
    (5, 960, 160, 1, 1, 1),
    (5, 960, 160, 1, 1, 1),
)
_SMALL = (
    (3, 16, 16, 1, 0, 2),
    (3, 72, 24, 0, 0, 2),
    (3, 88, 24, 0, 0, 1),
    (5, 96, 40, 1, 1, 2),
    (5, 240, 40, 1, 1, 1),
    (5, 240, 40, 1, 1, 1),
    (5, 120, 48, 1, 1, 1),
    (5, 144, 48, 1, 1, 1),
    (5, 288, 96, 1, 1, 2),
    (5, 576, 96, 1, 1, 1),
    (5, 576, 96, 1, 1, 1),
)
_NORM = {"eps": 0.001, "momentum": 0.01}


def _mobilenet_v3(
    rows: tuple[tuple[int, ...], ...], last: int, classes: int, input: Shape
) -> GraphBuilder:
    features = GraphBuilder()
    features.add("0", "ConvNormAct", out_channels=16, stride=2, activation="Hardswish", **_NORM)
    for number, (kernel, expanded, channels, squeeze, hard, stride) in enumerate(rows, 1):
        features.add(
            str(number),
            "InvertedResidualV3",
            out_channels=channels,
            stride=stride,
            expanded=expanded,
            kernel_size=kernel,
            squeeze_excite=bool(squeeze),
            activation="Hardswish" if hard else "ReLU",
            **_NORM,
        )
    features.add(
        str(len(rows) + 1),
        "ConvNormAct",
        out_channels=6 * rows[-1][2],
        kernel_size=1,
        activation="Hardswish",
        **_NORM,
    )
    inside = GraphBuilder()
    inside.group("features", features)
    inside.add("avgpool", "AdaptiveAvgPool2d")
    inside.add("flatten", "Flatten")
    classifier(
        inside,
        "classifier",
        ("Linear", {"out_features": last}),
        ("Hardswish", {}),
        ("Dropout", {"p": 0.2}),
        ("Linear", {"out_features": classes}),
    )
    return inside


for _size, _rows, _last, _table in (("large", _LARGE, 1280, 1), ("small", _SMALL, 1024, 2)):
    declare(
        f"mobilenet_v3_{_size}",
        "MobileNet",
        _(
            "Inverted residuals with gates, found by search (Howard et al. 2019, table {table})"
        ).format(table=_table),
        partial(_mobilenet_v3, _rows, _last),
    )
