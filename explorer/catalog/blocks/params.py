"""Parameters that several blocks have in common: one declaration, so that a stage can offer the
parameters of all its blocks."""

from explorer.catalog.kind import MOST_CHANNELS, Param
from explorer.text import _

INLINE = Param(
    "inline",
    True,
    _(
        "Puts the layers straight into the network, without this node's "
        "name before theirs: as in published ResNet weights."
    ),
    title=_("Bare names"),
)
WIDTH = Param(
    "width", 64, _("Channels of the 3×3 convolutions."), 1, MOST_CHANNELS, title=_("Channels")
)
OUT_CHANNELS = Param(
    "out_channels", 64, _("Channels that come out."), 1, MOST_CHANNELS, title=_("Out channels")
)
STRIDE = Param(
    "stride",
    1,
    _("Step of the first convolution larger than 1×1; 2 halves height and width."),
    1,
    64,
    unit="px",
    title=_("Stride"),
)
SHORTCUT = Param(
    "shortcut",
    "automatic",
    _(
        "The path around the convolutions: automatic is the identity where shapes agree and a 1×1 "
        "projection where they differ (option B); projection always projects; zeros subsamples and "
        "adds channels of zeros, without parameters (option A); none makes a plain network."
    ),
    choices=("automatic", "projection", "zeros", "none"),
    title=_("Shortcut"),
)
NORM = Param(
    "norm",
    "BatchNorm2d",
    _("The normalisation of each convolution; with none, the convolutions have a bias."),
    choices=("BatchNorm2d", "GroupNorm", "LayerNorm2d", "none"),
    title=_("Normalisation"),
)
ACTIVATIONS = (
    "ReLU",
    "ReLU6",
    "LeakyReLU",
    "GELU",
    "SiLU",
    "Hardswish",
    "Sigmoid",
    "Hardsigmoid",
    "Tanh",
)
ACTIVATION = Param(
    "activation",
    "ReLU",
    _("The non-linearity after each convolution but the last."),
    choices=ACTIVATIONS,
    title=_("Activation"),
)
SE = Param(
    "se",
    0,
    _(
        "Squeeze-and-excitation: how many times fewer channels its narrow layer has than the block "
        "(16 in the paper); 0 for none (Hu, Shen, Sun 2017)."
    ),
    0,
    1024,
    title=_("Squeeze by"),
)
GROUPS = Param(
    "groups",
    1,
    _("Groups of the 3×3 convolution: ResNeXt's cardinality (Xie et al. 2016)."),
    1,
    MOST_CHANNELS,
    title=_("Groups"),
)
WIDTH_PER_GROUP = Param(
    "width_per_group",
    64,
    _(
        "Channels of one group of the 3×3 convolution "
        "for width 64; 128 with one group is Wide "
        "ResNet."
    ),
    1,
    MOST_CHANNELS,
    title=_("Width per group"),
)
DROPOUT = Param(
    "dropout",
    0.0,
    _("Share of the branch's values that are set to 0 while training."),
    0.0,
    0.95,
    title=_("Dropout"),
)
KERNEL = Param(
    "kernel_size",
    3,
    _("Height and width of the convolution larger than 1×1."),
    1,
    255,
    unit="px",
    title=_("Kernel size"),
)
EXPAND = Param(
    "expand_ratio",
    6.0,
    _("Channels inside the block, as a multiple of its input's."),
    0.125,
    64.0,
    unit="×",
    title=_("Expand ratio"),
)
EXPANDED = Param(
    "expanded", 64, _("Channels inside the block."), 1, MOST_CHANNELS, title=_("Inner channels")
)
DROP_PATH = Param(
    "drop_path",
    0.0,
    _("Share of the pictures that skip the block's branch while training (Huang et al. 2016)."),
    0.0,
    0.95,
    title=_("Drop path"),
)
LAYER_SCALE = Param(
    "layer_scale",
    1e-6,
    _("The number that the branch's learned scale starts with."),
    0.0,
    1.0,
    title=_("Layer scale"),
)
GROWTH = Param(
    "growth_rate",
    32,
    _("Channels that each layer adds: the growth rate k."),
    1,
    MOST_CHANNELS,
    title=_("New channels"),
)
BN_SIZE = Param(
    "bn_size",
    4,
    _("Channels between the 1×1 and the 3×3 convolution, as a multiple of the new channels."),
    1,
    64,
    unit="×",
    title=_("Bottleneck"),
)
GROUP_WIDTH = Param(
    "group_width",
    16,
    _("Channels of each group of the 3×3 convolution."),
    1,
    MOST_CHANNELS,
    title=_("Group channels"),
)
SE_RATIO = Param(
    "se_ratio",
    0.0,
    _(
        "Channels of the squeeze-and-excitation's narrow layer, as a share of the block's input "
        "channels; 0 for no squeeze-and-excitation."
    ),
    0.0,
    1.0,
    title=_("Squeeze share"),
)


def channels(name: str, default: int, doc: str, title: str) -> Param:
    """A number of channels inside a block."""
    return Param(name, default, doc, 1, MOST_CHANNELS, title=title)


def divisible(value: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to a number of channels, but never less than 90 % of it
    (Howard et al. 2017, MobileNet's reference code)."""
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * value else nearest + divisor
