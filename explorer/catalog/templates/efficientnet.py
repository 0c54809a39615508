"""EfficientNet (Tan and Le 2019, table 1; its scaled forms as in their reference code) and
EfficientNetV2 (Tan and Le 2021, table 4)."""

from collections.abc import Mapping
from functools import partial
from math import ceil

from explorer.catalog.blocks.params import divisible
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import classifier, declare
from explorer.graph.graph import Shape
from explorer.text import _

_Rows = tuple[tuple[str, int, int, int, int, int], ...]
"""Of each stage: block, expansion, kernel, stride, channels, blocks."""

_B0: _Rows = (
    ("MBConv", 1, 3, 1, 16, 1),
    ("MBConv", 6, 3, 2, 24, 2),
    ("MBConv", 6, 5, 2, 40, 2),
    ("MBConv", 6, 3, 2, 80, 3),
    ("MBConv", 6, 5, 1, 112, 3),
    ("MBConv", 6, 5, 2, 192, 4),
    ("MBConv", 6, 3, 1, 320, 1),
)
_S: _Rows = (
    ("FusedMBConv", 1, 3, 1, 24, 2),
    ("FusedMBConv", 4, 3, 2, 48, 4),
    ("FusedMBConv", 4, 3, 2, 64, 4),
    ("MBConv", 4, 3, 2, 128, 6),
    ("MBConv", 6, 3, 1, 160, 9),
    ("MBConv", 6, 3, 2, 256, 15),
)
_M: _Rows = (
    ("FusedMBConv", 1, 3, 1, 24, 3),
    ("FusedMBConv", 4, 3, 2, 48, 5),
    ("FusedMBConv", 4, 3, 2, 80, 5),
    ("MBConv", 4, 3, 2, 160, 7),
    ("MBConv", 6, 3, 1, 176, 14),
    ("MBConv", 6, 3, 2, 304, 18),
    ("MBConv", 6, 3, 1, 512, 5),
)
_L: _Rows = (
    ("FusedMBConv", 1, 3, 1, 32, 4),
    ("FusedMBConv", 4, 3, 2, 64, 7),
    ("FusedMBConv", 4, 3, 2, 96, 7),
    ("MBConv", 4, 3, 2, 192, 10),
    ("MBConv", 6, 3, 1, 224, 19),
    ("MBConv", 6, 3, 2, 384, 25),
    ("MBConv", 6, 3, 1, 640, 7),
)
_DROP = 0.2  # drop_path rises to this, evenly from 0, after the last block


def _efficientnet(
    rows: _Rows,
    stem: int,
    last: int,
    dropout: float,
    norm: Mapping[str, float],
    classes: int,
    input: Shape,
) -> GraphBuilder:
    features = GraphBuilder()
    features.add("0", "ConvNormAct", out_channels=stem, stride=2, activation="SiLU", **norm)
    total, before = sum(row[5] for row in rows), 0
    for number, (block, ratio, kernel, stride, channels, depth) in enumerate(rows, 1):
        drops = {
            "drop_path": round(_DROP * before / total, 6),
            "drop_path_last": round(_DROP * (before + depth - 1) / total, 6),
        }
        features.add(
            str(number),
            "Stage",
            block=block,
            depth=depth,
            out_channels=channels,
            stride=stride,
            expand_ratio=float(ratio),
            kernel_size=kernel,
            **norm,
            **{key: value for key, value in drops.items() if value},
        )
        before += depth
    features.add(
        str(len(rows) + 1),
        "ConvNormAct",
        out_channels=last,
        kernel_size=1,
        activation="SiLU",
        **norm,
    )
    inside = GraphBuilder()
    inside.group("features", features)
    inside.add("avgpool", "AdaptiveAvgPool2d")
    inside.add("flatten", "Flatten")
    classifier(
        inside, "classifier", ("Dropout", {"p": dropout}), ("Linear", {"out_features": classes})
    )
    return inside


def _scaled(width: float, depth: float) -> _Rows:
    return tuple(
        (block, ratio, kernel, stride, divisible(channels * width), ceil(count * depth))
        for block, ratio, kernel, stride, channels, count in _B0
    )


for _number, (_width, _depth, _dropout, _side) in enumerate(
    (
        (1.0, 1.0, 0.2, 224),
        (1.0, 1.1, 0.2, 240),
        (1.1, 1.2, 0.3, 260),
        (1.2, 1.4, 0.3, 300),
        (1.4, 1.8, 0.4, 380),
        (1.6, 2.2, 0.4, 456),
        (1.8, 2.6, 0.5, 528),
        (2.0, 3.1, 0.5, 600),
    )
):
    _rows = _scaled(_width, _depth)
    declare(
        f"efficientnet_b{_number}",
        "EfficientNet",
        _(
            "Depth, width and resolution scaled together: {width} times the channels and {depth} times "
            "the layers of B0 (Tan and Le 2019, section 3.3)"
        ).format(width=_width, depth=_depth),
        partial(
            _efficientnet,
            _rows,
            divisible(32 * _width),
            4 * _rows[-1][4],
            _dropout,
            {"eps": 0.001, "momentum": 0.01} if _number >= 5 else {},
        ),
        (3, _side, _side),
    )

for _size, _rows, _dropout, _side in (
    ("s", _S, 0.2, 384),
    ("m", _M, 0.3, 480),
    ("l", _L, 0.4, 480),
):
    declare(
        f"efficientnet_v2_{_size}",
        "EfficientNet",
        _("Ordinary 3×3 convolutions in early stages, faster to train (Tan and Le 2021, table 4)"),
        partial(_efficientnet, _rows, _rows[0][4], 1280, _dropout, {"eps": 0.001}),
        (3, _side, _side),
    )
