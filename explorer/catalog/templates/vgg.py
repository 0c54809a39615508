"""VGG (Simonyan and Zisserman 2014, table 1), with and without BatchNorm2d."""

from functools import partial

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import classifier, declare
from explorer.graph.graph import Shape
from explorer.text import _

_WIDTHS = (64, 128, 256, 512, 512)


def _vgg(depths: tuple[int, ...], batch_norm: bool, classes: int, input: Shape) -> GraphBuilder:
    features, side, first = GraphBuilder(), min(input[1:]), 0
    for number, (width, depth) in enumerate(zip(_WIDTHS, depths), 1):
        pool = side > 1  # a picture too small for five poolings gets fewer
        params = {"batch_norm": True} if batch_norm else {}
        if not pool:
            params["pool"] = False
        features.add(
            f"group{number}",
            "VGGGroup",
            out_channels=width,
            depth=depth,
            inline=True,
            first=first,
            **params,
        )
        first += depth * (3 if batch_norm else 2) + pool
        side //= 2 if pool else 1
    inside = GraphBuilder()
    inside.group("features", features)
    inside.add("avgpool", "AdaptiveAvgPool2d", output_size=7)
    inside.add("flatten", "Flatten")
    wide = [("Linear", {"out_features": 4096}), ("ReLU", {}), ("Dropout", {})]
    classifier(inside, "classifier", *wide, *wide, ("Linear", {"out_features": classes}))
    return inside


for _count, _letter, _depths in (
    (11, "A", (1, 1, 2, 2, 2)),
    (13, "B", (2, 2, 2, 2, 2)),
    (16, "D", (2, 2, 3, 3, 3)),
    (19, "E", (2, 2, 4, 4, 4)),
):
    for _batch_norm in (False, True):
        declare(
            f"vgg{_count}" + "_bn" * _batch_norm,
            "VGG",
            (
                _(
                    "{count} convolutions of 3×3 in five groups, three large linear layers (Simonyan "
                    "and Zisserman 2014, table 1, {letter}), with BatchNorm2d"
                )
                if _batch_norm
                else _(
                    "{count} convolutions of 3×3 in five groups, three large linear layers (Simonyan "
                    "and Zisserman 2014, table 1, {letter})"
                )
            ).format(count=sum(_depths), letter=_letter),
            partial(_vgg, _depths, _batch_norm),
        )
