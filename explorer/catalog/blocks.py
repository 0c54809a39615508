"""Stems, residual blocks, stages and heads: composites, each only an arrangement of simpler kinds.

Inside, names are torchvision's (conv1, bn1, downsample.0), so that published weights fit.
"""

from dataclasses import replace

from explorer.catalog.inside import Inside
from explorer.catalog.kind import KINDS, Kind, Param
from explorer.catalog.layers import strided
from explorer.graph.graph import INPUT
from explorer.text import _

INLINE = Param("inline", True, _("Put the layers straight into the network, without this node's "
                                 "name before theirs: as in published ResNet weights."))
WIDTH = Param("width", 64, _("Channels of the 3×3 convolutions."), 1, 65_536,
              title=_("Channels"))
STRIDE = Param("stride", 1, _("Step of the first 3×3 convolution; 2 halves height and width."),
               1, 64, unit="px")
SHORTCUT = Param(
    "shortcut", "automatic",
    _("The way around the convolutions: automatic is the identity where shapes agree and a 1×1 "
      "projection where they do not; none makes a plain network."),
    choices=("automatic", "projection", "none"))
NORM = Param("norm", "BatchNorm2d", _("What normalises after each convolution; without it the "
                                      "convolutions have a bias."),
             choices=("BatchNorm2d", "none"), title=_("Normalisation"))
EXPANSION = {"BasicBlock": 1, "Bottleneck": 4}


def _conv(inside: Inside, number: int, channels: int, size: int, stride: int, norm: str,
          relu: bool = True) -> None:
    """conv, bn and relu of one number."""
    inside.add(f"conv{number}", "Conv2d", out_channels=channels, kernel_size=size, stride=stride,
               padding=size // 2, bias=norm == "none")
    if norm != "none":
        inside.add(f"bn{number}", norm)
    if relu:
        inside.add(f"relu{number}", "ReLU")


# Stems ----------------------------------------------------------------------------------------

def _stem(channels: int, size: int, stride: int = 1) -> Inside:
    """conv1, bn1 and relu."""
    inside = Inside()
    inside.add("conv1", "Conv2d", out_channels=channels, kernel_size=size, stride=stride,
               padding=size // 2, bias=False)
    inside.add("bn1", "BatchNorm2d")
    inside.add("relu", "ReLU")
    return inside


def _imagenet_stem(p, ins):
    inside = _stem(p.out_channels, 7, 2)
    inside.add("maxpool", "MaxPool2d", kernel_size=3, stride=2, padding=1)
    return inside


KINDS.declare(Kind(
    "ImageNetStem", "stem",
    _("7×7 convolution with stride 2, BatchNorm2d, ReLU, 3×3 max pool: a quarter of the resolution "
      "before the first stage (He et al. 2015, table 1)."),
    title=_("ImageNet 7×7"),
    params=(Param("out_channels", 64, _("Channels that the first stage gets."), 1, 65_536), INLINE),
    label=lambda p: f"ImageNet 7×7, {p.out_channels}",
    expand=_imagenet_stem))


KINDS.declare(Kind(
    "CifarStem", "stem",
    _("3×3 convolution, BatchNorm2d, ReLU at full resolution: for small pictures (He et al. 2015, "
      "section 4.2)."),
    title=_("CIFAR 3×3"),
    params=(Param("out_channels", 16, _("Channels that the first stage gets."), 1, 65_536), INLINE),
    label=lambda p: f"CIFAR 3×3, {p.out_channels}",
    expand=lambda p, ins: _stem(p.out_channels, 3)))


# Shortcuts ------------------------------------------------------------------------------------

def _projection(p, ins):
    inside = Inside()
    inside.add("0", "Conv2d", out_channels=p.out_channels, kernel_size=1, stride=p.stride,
               bias=p.norm == "none")
    if p.norm != "none":
        inside.add("1", p.norm)
    return inside


KINDS.declare(Kind(
    "Projection", "merge",
    _("1×1 convolution and BatchNorm2d that give a shortcut the shape of the other branch (He et "
      "al. 2015, option B): drawn dashed."),
    params=(Param("out_channels", 64, _("Channels of the other branch."), 1, 65_536),
            Param("stride", 1, _("Step; as much as the other branch lowers the resolution."), 1, 64,
                  unit="px"), NORM),
    label=lambda p: f"1×1, {p.out_channels}{strided(p)}",
    expand=_projection))


def _join(inside: Inside, p, ins, out_channels: int, number: int) -> None:
    """The end of a block: the shortcut, the sum, the ReLU after it."""
    if p.shortcut != "none":
        main = inside.last
        if p.shortcut == "projection" or p.stride != 1 or ins[0][0] != out_channels:
            inside.add("downsample", "Projection", INPUT, out_channels=out_channels,
                       stride=p.stride, norm=p.norm)
        else:
            inside.add("downsample", "Identity", INPUT)
        inside.add("add", "Add", main, "downsample")
    inside.add(f"relu{number}", "ReLU")


# Blocks ---------------------------------------------------------------------------------------

def _basic_block(p, ins):
    inside = Inside()
    _conv(inside, 1, p.width, 3, p.stride, p.norm)
    _conv(inside, 2, p.width, 3, 1, p.norm, relu=False)
    _join(inside, p, ins, p.width, 2)
    return inside


KINDS.declare(Kind(
    "BasicBlock", "block",
    _("Two 3×3 convolutions that learn F(x) = H(x) − x; the output is F(x) + x (He et al. 2015, "
      "figure 5 left)."),
    params=(WIDTH, STRIDE, SHORTCUT, NORM),
    label=lambda p: f"3×3, {p.width}{strided(p)}",
    written_as=lambda p: "PlainBlock" if p.shortcut == "none" else "BasicBlock",
    expand=_basic_block))


def _bottleneck(p, ins):
    inside = Inside()
    _conv(inside, 1, p.width, 1, 1, p.norm)
    _conv(inside, 2, p.width, 3, p.stride, p.norm)
    _conv(inside, 3, 4 * p.width, 1, 1, p.norm, relu=False)
    _join(inside, p, ins, 4 * p.width, 3)
    return inside


KINDS.declare(Kind(
    "Bottleneck", "block",
    _("1×1 down, 3×3, 1×1 up to four times the channels, plus the shortcut (He et al. 2015, figure "
      "5 right); the stride is on the 3×3, as in torchvision."),
    params=(WIDTH, STRIDE, SHORTCUT, NORM),
    label=lambda p: f"{p.width} → {4 * p.width}{strided(p)}",
    written_as=lambda p: "PlainBottleneck" if p.shortcut == "none" else "Bottleneck",
    expand=_bottleneck))


# Stage ----------------------------------------------------------------------------------------

def _stage(p, ins):
    inside = Inside()
    for number in range(p.depth):
        params = {"width": p.width, "stride": p.stride if number == 0 else 1}
        shortcut = "automatic" if p.shortcut == "projection" and number else p.shortcut
        if shortcut != SHORTCUT.default:
            params["shortcut"] = shortcut
        if p.norm != NORM.default:
            params["norm"] = p.norm
        inside.add(str(number), p.block, **params)
    return inside


KINDS.declare(Kind(
    "Stage", "stage",
    _("Equal blocks in a row; the first may lower the resolution and raise the channels."),
    params=(
        Param("block", "BasicBlock", _("The block that is repeated."), choices=tuple(EXPANSION)),
        Param("depth", 2, _("How many blocks."), 1, 1000, unit="×", title=_("Blocks")),
        WIDTH,
        Param("stride", 1, _("Step of the first block; 2 halves height and width."), 1, 64,
              unit="px", title=_("Stride of the first")),
        Param("shortcut", "automatic",
              _("automatic: identity where shapes agree, 1×1 projection where they do not; "
                "projection: the first block always projects; none: a plain network."),
              choices=SHORTCUT.choices), NORM),
    presets=((_("Basic ×N"), {"block": "BasicBlock"}),
             (_("Bottleneck ×N"), {"block": "Bottleneck"})),
    label=lambda p: f"{p.block}, {p.width * EXPANSION[p.block]}{strided(p)}",
    expand=_stage))


# Head -----------------------------------------------------------------------------------------

def _head(p, ins):
    inside = Inside()
    inside.add("avgpool", "AdaptiveAvgPool2d", output_size=1)
    inside.add("flatten", "Flatten")
    if p.dropout:
        inside.add("dropout", "Dropout", p=p.dropout)
    inside.add("fc", "Linear", out_features=p.classes)
    return inside


KINDS.declare(Kind(
    "ClassifierHead", "head",
    _("Global average pooling and one linear layer: a score for each class."),
    title=_("Pool + linear"),
    params=(Param("classes", 10, _("Number of classes of the data."), 1, 1_000_000),
            Param("dropout", 0.0, _("Share of the pooled values set to 0 while training."),
                  0.0, 0.95), INLINE),
    label=lambda p: _("pool + linear"),
    expand=_head))


# Custom group ---------------------------------------------------------------------------------

KINDS.declare(Kind(
    "Group", "block",
    _("A block of one's own: the nodes drawn inside it."),
    params=(replace(INLINE, default=False),),
    label=lambda p: _("group"),
    expand=lambda p, ins: None))  # the node bears its inside itself
