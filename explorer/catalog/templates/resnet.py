"""ResNets for ImageNet (He et al. 2015, table 1) and what grew from them."""

from functools import partial

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import declare
from explorer.graph.graph import Shape, Value
from explorer.text import _


def _resnet(
    block: str, depths: tuple[int, ...], classes: int, input: Shape, **params: Value
) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("stem", "ImageNetStem")
    for number, depth in enumerate(depths):
        inside.add(
            f"layer{number + 1}",
            "Stage",
            block=block,
            depth=depth,
            width=64 * 2**number,
            stride=1 if number == 0 else 2,
            **params,
        )
    inside.add("head", "ClassifierHead", classes=classes)
    return inside


_DEPTHS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}

for _count, _depths in _DEPTHS.items():
    _block = "BasicBlock" if _count < 50 else "Bottleneck"
    declare(
        f"resnet{_count}",
        "ResNet",
        _("Residual network of {count} layers (He et al. 2015, table 1)").format(count=_count),
        partial(_resnet, _block, _depths),
    )
    if _count < 50:
        declare(
            f"plain{_count}",
            "ResNet",
            _(
                "The same {count} layers without shortcuts: deeper is worse here (He et al. "
                "2015, figure 4)"
            ).format(count=_count),
            partial(_resnet, _block, _depths, shortcut="none"),
        )

for _count, _groups, _width in ((50, 32, 4), (101, 32, 8), (101, 64, 4)):
    declare(
        f"resnext{_count}_{_groups}x{_width}d",
        "ResNeXt",
        _("Bottlenecks whose 3×3 works in {groups} groups (Xie et al. 2016)").format(
            groups=_groups
        ),
        partial(_resnet, "Bottleneck", _DEPTHS[_count], groups=_groups, width_per_group=_width),
    )

for _count in (50, 101):
    declare(
        f"wide_resnet{_count}_2",
        "Wide ResNet",
        _(
            "ResNet-{count} with twice as many channels in its 3×3 (Zagoruyko and Komodakis 2016)"
        ).format(count=_count),
        partial(_resnet, "Bottleneck", _DEPTHS[_count], width_per_group=128),
    )

for _count in (18, 34, 50, 101, 152):
    declare(
        f"se_resnet{_count}",
        "SE-ResNet",
        _(
            "ResNet-{count} with a gate for every channel of every block (Hu, Shen, Sun 2017)"
        ).format(count=_count),
        partial(_resnet, "BasicBlock" if _count < 50 else "Bottleneck", _DEPTHS[_count], se=16),
    )
