"""Stems: from the picture to the first stage."""

from dataclasses import replace

from explorer.catalog.blocks.params import INLINE
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, MOST_CHANNELS, Kind, Param, Settings, Shapes
from explorer.catalog.layers.normalisation import EPS
from explorer.text import _

OUT = Param(
    "out_channels",
    64,
    _("Channels that the first stage gets."),
    1,
    MOST_CHANNELS,
    title=_("Out channels"),
)


def _stem(channels: int, size: int, stride: int = 1) -> GraphBuilder:
    """conv1, bn1 and relu."""
    inside = GraphBuilder()
    inside.add(
        "conv1",
        "Conv2d",
        out_channels=channels,
        kernel_size=size,
        stride=stride,
        padding=size // 2,
        bias=False,
    )
    inside.add("bn1", "BatchNorm2d")
    inside.add("relu", "ReLU")
    return inside


def _imagenet_stem(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = _stem(p.out_channels, 7, 2)
    inside.add("maxpool", "MaxPool2d", kernel_size=3, stride=2, padding=1)
    return inside


KINDS.declare(
    Kind(
        "ImageNetStem",
        "stem",
        _(
            "7×7 convolution with stride 2, BatchNorm2d, ReLU, 3×3 max pool: a quarter of the resolution "
            "before the first stage (He et al. 2015, table 1)."
        ),
        title=_("ImageNet 7×7"),
        params=(OUT, INLINE),
        label=lambda p: _("ImageNet 7×7, {channels}").format(channels=p.out_channels),
        expand=_imagenet_stem,
        common=True,
    )
)


KINDS.declare(
    Kind(
        "CifarStem",
        "stem",
        _(
            "3×3 convolution, BatchNorm2d, ReLU at full resolution: for small pictures (He et al. 2015, "
            "section 4.2)."
        ),
        title=_("CIFAR 3×3"),
        params=(replace(OUT, default=16), INLINE),
        label=lambda p: _("CIFAR 3×3, {channels}").format(channels=p.out_channels),
        expand=lambda p, ins: _stem(p.out_channels, 3),
        common=True,
    )
)


def _deep_stem(p: Settings, ins: Shapes) -> GraphBuilder:
    convs = GraphBuilder()
    half = max(1, p.out_channels // 2)
    for number, (channels, stride) in enumerate(((half, 2), (half, 1))):
        convs.add(
            str(3 * number),
            "Conv2d",
            out_channels=channels,
            kernel_size=3,
            stride=stride,
            padding=1,
            bias=False,
        )
        convs.add(str(3 * number + 1), "BatchNorm2d")
        convs.add(str(3 * number + 2), "ReLU")
    convs.add("6", "Conv2d", out_channels=p.out_channels, kernel_size=3, padding=1, bias=False)
    inside = GraphBuilder()
    inside.group("conv1", convs)
    inside.add("bn1", "BatchNorm2d")
    inside.add("relu", "ReLU")
    inside.add("maxpool", "MaxPool2d", kernel_size=3, stride=2, padding=1)
    return inside


KINDS.declare(
    Kind(
        "DeepStem",
        "stem",
        _(
            "Three 3×3 convolutions instead of one 7×7, with more non-linearities and a receptive field "
            "of 11×11, then 3×3 max pool: ResNet-C and -D (He, Tong et al. 2018, section 4.2)."
        ),
        title=_("Deep 3 × 3×3"),
        params=(OUT, INLINE),
        label=lambda p: _("Deep 3×3, {channels}").format(channels=p.out_channels),
        expand=_deep_stem,
        searched="resnet-d",
    )
)


def _patchify_stem(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add(
        "0", "Conv2d", out_channels=p.out_channels, kernel_size=p.patch_size, stride=p.patch_size
    )
    inside.add("1", "LayerNorm2d", eps=p.eps)
    return inside


KINDS.declare(
    Kind(
        "PatchifyStem",
        "stem",
        _(
            "Cuts the picture into patches that do not overlap, by one 4×4 convolution with stride 4, "
            "then LayerNorm2d: the stem of ConvNeXt (Liu et al. 2022, section 2.2)."
        ),
        title=_("Patchify 4×4"),
        params=(
            replace(OUT, default=96),
            Param(
                "patch_size",
                4,
                _("Height and width of a patch."),
                1,
                64,
                unit="px",
                title=_("Patch size"),
            ),
            replace(EPS, default=1e-6),
        ),
        label=lambda p: f"{p.patch_size}×{p.patch_size}, {p.out_channels}",
        expand=_patchify_stem,
        searched="vit convnext patches",
    )
)
