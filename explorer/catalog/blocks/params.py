"""Parameters that several blocks have in common: one declaration, so that a stage can offer the
parameters of all its blocks."""

from explorer.catalog.kind import MOST_CHANNELS, Param
from explorer.text import _

INLINE = Param(
    "inline",
    True,
    _(
        "Put the layers straight into the network, without this node's "
        "name before theirs: as in published ResNet weights."
    ),
    title=_("Bare names"),
)
WIDTH = Param(
    "width", 64, _("Channels of the 3×3 convolutions."), 1, MOST_CHANNELS, title=_("Channels")
)
OUT_CHANNELS = Param("out_channels", 64, _("Channels that come out."), 1, MOST_CHANNELS)
STRIDE = Param(
    "stride",
    1,
    _("Step of the first 3×3 convolution; 2 halves height and width."),
    1,
    64,
    unit="px",
)
SHORTCUT = Param(
    "shortcut",
    "automatic",
    _(
        "The way around the convolutions: automatic is the identity where shapes agree and a 1×1 "
        "projection where they do not (option B); projection always projects; zeros subsamples and "
        "adds channels of zeros, without parameters (option A); none makes a plain network."
    ),
    choices=("automatic", "projection", "zeros", "none"),
)
NORM = Param(
    "norm",
    "BatchNorm2d",
    _("What normalises after each convolution; without it the convolutions have a bias."),
    choices=("BatchNorm2d", "GroupNorm", "LayerNorm2d", "none"),
    title=_("Normalisation"),
)
TORCH_EPS, TORCH_MOMENTUM = 1e-5, 0.1  # the defaults of torch.nn.BatchNorm2d
EPS = Param(
    "eps",
    TORCH_EPS,
    _("Added to the variance that BatchNorm2d divides by."),
    0.0,
    1.0,
    title=_("Epsilon"),
)
MOMENTUM = Param(
    "momentum",
    TORCH_MOMENTUM,
    _("Share of the newest batch in BatchNorm2d's running figures."),
    0.0,
    1.0,
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
    "activation", "ReLU", _("The non-linearity behind each convolution."), choices=ACTIVATIONS
)
SE = Param(
    "se",
    0,
    _(
        "Squeeze-and-excitation: by how much it narrows the channels (16 in the "
        "paper); 0 has none (Hu, Shen, Sun 2017)."
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
)
WIDTH_PER_GROUP = Param(
    "width_per_group",
    64,
    _(
        "Channels of one group of the 3×3 convolution, "
        "where width is 64; 128 with one group is Wide "
        "ResNet."
    ),
    1,
    MOST_CHANNELS,
)
DROPOUT = Param(
    "dropout",
    0.0,
    _("Share of the values set to 0 between the convolutions while training."),
    0.0,
    0.95,
)
KERNEL = Param(
    "kernel_size", 3, _("Side of the depthwise convolution's window."), 1, 255, unit="px"
)
EXPAND = Param(
    "expand_ratio",
    6.0,
    _("How many times wider the block is inside than its input."),
    0.125,
    64.0,
    unit="×",
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
)
LAYER_SCALE = Param(
    "layer_scale", 1e-6, _("What the learned scale of the branch begins with."), 0.0, 1.0
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
    _("The 1×1 convolution gives so many times the new channels to the 3×3."),
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
        "Squeezed channels as a share of the block's input channels; 0 "
        "has no squeeze-and-excitation."
    ),
    0.0,
    1.0,
    title=_("Squeeze share"),
)


def divisible(value: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to a number of channels, but never less than 90 % of it
    (Howard et al. 2017, MobileNet's reference code)."""
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * value else nearest + divisor
