"""Residual networks for CIFAR-10: 16, 32, 64 channels in three stages (He et al. 2015, section 4.2),
with pre-activation (He et al. 2016), and wide (Zagoruyko and Komodakis 2016)."""

from functools import partial

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import CIFAR, declare
from explorer.graph.graph import Shape, Value
from explorer.text import _


def _stages(inside: GraphBuilder, block: str, n: int, width: int, **params: Value) -> None:
    for number in range(3):
        inside.add(
            f"layer{number + 1}",
            "Stage",
            block=block,
            depth=n,
            width=width * 2**number,
            stride=1 if number == 0 else 2,
            **params,
        )


def _resnet(n: int, classes: int, input: Shape, **params: Value) -> GraphBuilder:
    """6n + 2 layers."""

    inside = GraphBuilder()
    inside.add("stem", "CifarStem")
    _stages(inside, "BasicBlock", n, 16, **params)
    inside.add("head", "ClassifierHead", classes=classes)
    return inside


def _preactivated(block: str, n: int, width: int, classes: int, input: Shape) -> GraphBuilder:
    """6n + 2 layers of basic blocks, 9n + 2 of bottlenecks."""

    inside = GraphBuilder()
    inside.add("conv1", "Conv2d", out_channels=16, kernel_size=3, padding=1, bias=False)
    _stages(inside, block, n, width)
    inside.add("bn1", "BatchNorm2d")
    inside.add("relu", "ReLU")
    inside.add("head", "ClassifierHead", classes=classes)
    return inside


for _count in (8, 20, 32, 44, 56, 110, 1202):
    declare(
        f"cifar_resnet{_count}",
        "CIFAR ResNet",
        _(
            "Residual network of {count} layers for small pictures (He et al. 2015, section "
            "4.2, with 1×1 projections)"
        ).format(count=_count),
        partial(_resnet, (_count - 2) // 6),
        CIFAR,
        10,
    )
for _count in (20, 32, 44, 56, 110, 1202):
    declare(
        f"cifar_resnet{_count}_a",
        "CIFAR ResNet",
        _(
            "Residual network of {count} layers for small pictures, as in the paper: shortcuts "
            "without parameters (He et al. 2015, table 6, option A)"
        ).format(count=_count),
        partial(_resnet, (_count - 2) // 6, shortcut="zeros"),
        CIFAR,
        10,
    )
for _count in (20, 32, 44, 56):
    declare(
        f"cifar_plain{_count}",
        "CIFAR ResNet",
        _(
            "{count} layers for small pictures without shortcuts (He et al. 2015, figure 6 left)"
        ).format(count=_count),
        partial(_resnet, (_count - 2) // 6, shortcut="none"),
        CIFAR,
        10,
    )

declare(
    "cifar_preact_resnet110",
    "CIFAR ResNet",
    _("110 layers with the activations before the convolutions (He et al. 2016, table 2)"),
    partial(_preactivated, "PreActBasicBlock", 18, 16),
    CIFAR,
    10,
)
for _count in (164, 1001):
    declare(
        f"cifar_preact_resnet{_count}",
        "CIFAR ResNet",
        _("{count} layers of pre-activation bottlenecks (He et al. 2016, table 4)").format(
            count=_count
        ),
        partial(_preactivated, "PreActBottleneck", (_count - 2) // 9, 16),
        CIFAR,
        10,
    )

for _depth, _times in ((16, 8), (28, 10), (40, 4)):
    declare(
        f"wrn_{_depth}_{_times}",
        "Wide ResNet",
        _(
            "{depth} layers with {times} times as many channels: few wide layers instead of many narrow "
            "ones (Zagoruyko and Komodakis 2016, table 4)"
        ).format(depth=_depth, times=_times),
        partial(_preactivated, "PreActBasicBlock", (_depth - 4) // 6, 16 * _times),
        CIFAR,
        10,
    )
