"""Layers that change a tensor's shape or pass it on: Flatten, Upsample, padding, dropout, shuffles."""

from math import prod

from explorer.catalog.kind import (
    KINDS,
    MOST_CHANNELS,
    Argument,
    Call,
    Kind,
    Mismatch,
    Param,
    Settings,
    Shapes,
)
from explorer.catalog.layer_window import SAME_PLACE, WHOLE, LayerWindow, bilinear, nearest
from explorer.catalog.layers.convolution import divisors, listed
from explorer.catalog.layers.window import a_map
from explorer.graph.graph import Shape
from explorer.text import _

KINDS.declare(
    Kind(
        "Flatten",
        "shape",
        _(
            "Lays the maps out as one vector of channels × height × width numbers, channel "
            "after channel (torch.nn.Flatten)."
        ),
        label=lambda p: "",
        shape=lambda p, ins: (prod(ins[0]),),
        window=lambda p, ins, out: (WHOLE if prod(ins[0][1:]) > 1 else SAME_PLACE,) * 2,
        call=lambda p, ins: Call("nn.Flatten"),
        common=True,
        linear=True,
        views="always",
        reorders=True,
        counts=False,
        searched="vector reshape view",
    )
)

KINDS.declare(
    Kind(
        "Dropout",
        "shape",
        _(
            "While training, sets a random share p of the values to 0 and scales the rest by 1 / (1 − p) "
            "(Srivastava et al. 2014)."
        ),
        params=(Param("p", 0.5, _("Share of the values that are set to 0."), 0.0, 1.0),),
        label=lambda p: f"p {p.p:g}",
        shape=lambda p, ins: ins[0],
        extra=lambda p, ins, out: prod(out) if 0 < p.p < 1 else 0,
        call=lambda p, ins: Call("nn.Dropout", (Argument("p", p.p),)),
        common=True,
        linear=True,
        views="resting",
        counts=False,
        masks=True,
        searched="regularisation regularization",
    )
)

KINDS.declare(
    Kind(
        "DropPath",
        "shape",
        _(
            "While training, leaves out the whole branch for a random share p of the pictures and scales "
            "the rest by 1 / (1 − p): stochastic depth (Huang et al. 2016)."
        ),
        params=(Param("p", 0.1, _("Share of the pictures that skip the branch."), 0.0, 0.95),),
        label=lambda p: f"p {p.p:.3g}",
        shape=lambda p, ins: ins[0],
        extra=lambda p, ins, out: 4 if p.p else 0,  # its share
        call=lambda p, ins: Call("DropPath", (Argument("p", p.p),)),
        module='''class DropPath(nn.Module):
    """While training, leaves out the branch for a random share p of the pictures."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        kept = x.new_empty((len(x), *(1,) * (x.dim() - 1))).bernoulli_(1 - self.p)
        return x * (kept / (1 - self.p))
''',
        linear=True,
        views="resting",
        searched="stochastic depth droppath",
    )
)

KINDS.declare(
    Kind(
        "Identity",
        "shape",
        _(
            "Passes its input on unchanged, y = x: the shortcut where shapes agree "
            "(He et al. 2015, equation 1)."
        ),
        label=lambda p: "",
        shape=lambda p, ins: ins[0],
        call=lambda p, ins: Call("nn.Identity"),
        linear=True,
        views="always",
        counts=False,
        shortcut="identity",
        searched="skip nothing pass shortcut",
    )
)


# Resolution -----------------------------------------------------------------------------------


def _upsample_shape(p: Settings, ins: Shapes) -> Shape:
    channels, height, width = a_map(ins[0], "Upsample")
    return channels, height * p.scale_factor, width * p.scale_factor


KINDS.declare(
    Kind(
        "Upsample",
        "shape",
        _(
            "Raises the resolution by a whole factor, by repeating every value or by interpolating "
            "between neighbours: a decoder's way up without weights, and without the checkerboard "
            "artefacts of a transposed convolution (Odena, Dumoulin, Olah 2016)."
        ),
        # PyTorch 2.13 divides in float32, so that with 41, 47, 55 and 61 it repeats a neighbour here
        # and there.
        params=(
            Param(
                "scale_factor",
                2,
                _("How many times higher and wider the map becomes."),
                1,
                32,
                unit="×",
                title=_("Scale factor"),
            ),
            Param(
                "mode",
                "nearest",
                _("nearest repeats values; bilinear interpolates between them."),
                choices=("nearest", "bilinear"),
                title=_("Mode"),
            ),
        ),
        label=lambda p: f"×{p.scale_factor}",
        shape=_upsample_shape,
        window=lambda p, ins, out: (
            ((nearest if p.mode == "nearest" else bilinear)(p.scale_factor),) * 2
        ),
        call=lambda p, ins: Call(
            "nn.Upsample",
            (Argument("scale_factor", p.scale_factor, None), Argument("mode", p.mode, "nearest")),
        ),
        linear=True,
        full_on=("cuda",),
        searched="resize interpolate nearest bilinear unpool",
    )
)


def _side(name: str, title: str, doc: str) -> Param:
    return Param(name, 1, doc, -1024, 1024, unit="px", title=title)


def _pad_shape(p: Settings, ins: Shapes) -> Shape:
    channels, height, width = a_map(ins[0], "ZeroPad2d")
    sides = height + p.top + p.bottom, width + p.left + p.right
    if min(sides) > 0:
        return channels, *sides
    raise Mismatch(
        "crop",
        _("{{node}} cuts all off a map of {height}×{width}").format(height=height, width=width),
        (channels, *(max(1, side) for side in sides)),
    )


KINDS.declare(
    Kind(
        "ZeroPad2d",
        "shape",
        _(
            "Adds rows and columns of zeros, a number of its own for each side; a negative number "
            "cuts rows or columns off (torch.nn.ZeroPad2d)."
        ),
        params=(
            _side("left", _("Left"), _("Columns added on the left.")),
            _side("right", _("Right"), _("Columns added on the right.")),
            _side("top", _("Top"), _("Rows added above.")),
            _side("bottom", _("Bottom"), _("Rows added below.")),
        ),
        label=lambda p: f"{p.left} {p.right} {p.top} {p.bottom}",
        shape=_pad_shape,
        window=lambda p, ins, out: (
            LayerWindow(1, 1, ((-p.top, -p.top),)),
            LayerWindow(1, 1, ((-p.left, -p.left),)),
        ),
        call=lambda p, ins: Call(
            "nn.ZeroPad2d", (Argument("padding", (p.left, p.right, p.top, p.bottom)),)
        ),
        linear=True,
        searched="padding border crop cut",
    )
)


# Channels -------------------------------------------------------------------------------------


def _channel_pad_shape(p: Settings, ins: Shapes) -> Shape:
    channels, height, width = a_map(ins[0], "ChannelPad")
    return p.before + channels + p.behind, height, width


KINDS.declare(
    Kind(
        "ChannelPad",
        "shape",
        _(
            "Adds channels of zeros: how a shortcut without parameters reaches more channels (He et al. "
            "2015, option A)."
        ),
        params=(
            Param(
                "before",
                0,
                _("Channels of zeros added before the input's."),
                0,
                MOST_CHANNELS,
                title=_("Before"),
            ),
            Param(
                "behind",
                0,
                _("Channels of zeros added after the input's."),
                0,
                MOST_CHANNELS,
                title=_("After"),
            ),
        ),
        label=lambda p: f"+{p.before + p.behind}",
        shape=_channel_pad_shape,
        # ZeroPad3d takes the last three axes: of a batch of maps these are channels, height, width.
        call=lambda p, ins: Call(
            "nn.ZeroPad3d", (Argument("padding", (0, 0, 0, 0, p.before, p.behind)),)
        ),
        linear=True,
        searched="option-a zeros subsample",
    )
)


def _parted(count: int, name: str, kind: str, ins: Shapes) -> Shape:
    shape = a_map(ins[0], kind)
    if shape[0] % count:
        allowed = divisors(shape[0])
        raise Mismatch(
            name,
            _(
                "{name} {count} of {{node}} does not divide its {channels} channels; allowed: "
                "{divisors}"
            ).format(name=name, count=count, channels=shape[0], divisors=listed(allowed)),
            shape if name == "groups" else (max(1, shape[0] // count), *shape[1:]),
            numbers=allowed,
            channels=(shape[0], shape[0]),
        )
    return shape


KINDS.declare(
    Kind(
        "ChannelShuffle",
        "shape",
        _(
            "Mixes the channels of groups, so that each group of the next grouped convolution sees all "
            "of them: with n channels in a group, channel g × n + i becomes channel i × groups + g "
            "(Zhang et al. 2017, ShuffleNet)."
        ),
        begins="shuffle",
        params=(
            Param(
                "groups",
                2,
                _("Number of groups that are mixed."),
                1,
                MOST_CHANNELS,
                title=_("Groups"),
            ),
        ),
        label=lambda p: f"g{p.groups}",
        shape=lambda p, ins: _parted(p.groups, "groups", "ChannelShuffle", ins),
        call=lambda p, ins: Call("nn.ChannelShuffle", (Argument("groups", p.groups),)),
        linear=True,
        searched="permute mix",
    )
)


def _chunk_shape(p: Settings, ins: Shapes) -> Shape:
    shape = _parted(p.chunks, "chunks", "Chunk", ins)
    if p.index >= p.chunks:
        raise Mismatch(
            "index",
            _("index {index} of {{node}}: there are {chunks} parts; allowed: 0 to {most}").format(
                index=p.index, chunks=p.chunks, most=p.chunks - 1
            ),
            (shape[0] // p.chunks, *shape[1:]),
            most=p.chunks - 1,
        )
    return shape[0] // p.chunks, *shape[1:]


KINDS.declare(
    Kind(
        "Chunk",
        "shape",
        _(
            "Takes one of equal parts of the channels: how ShuffleNetV2 splits its input (Ma et al. "
            "2018)."
        ),
        params=(
            Param("chunks", 2, _("Number of equal parts."), 1, 1024, title=_("Chunks")),
            Param(
                "index", 0, _("The part that is taken, counted from 0."), 0, 1023, title=_("Index")
            ),
        ),
        label=lambda p: f"{p.index + 1} / {p.chunks}",
        shape=_chunk_shape,
        expression=lambda p, names: f"torch.chunk({names[0]}, {p.chunks}, 1)[{p.index}]",
        linear=True,
        views="always",
        searched="split",
    )
)


def _permute_shape(p: Settings, ins: Shapes) -> Shape:
    a, b, c = a_map(ins[0], "Permute")
    return (b, c, a) if p.channels == "last" else (c, a, b)


KINDS.declare(
    Kind(
        "Permute",
        "shape",
        _(
            "Moves the channels after height and width, or back before them: for layers that work on "
            "the last axis, as in ConvNeXt (Liu et al. 2022)."
        ),
        params=(
            Param(
                "channels",
                "last",
                _(
                    "The order that comes out: last (height, width, channels), or first (channels, "
                    "height, width), as maps have it."
                ),
                choices=("last", "first"),
                title=_("Channels"),
            ),
        ),
        label=lambda p: _("channels {where}").format(where=p.channels),
        shape=_permute_shape,
        call=lambda p, ins: Call(
            "Permute", (Argument("dims", (0, 2, 3, 1) if p.channels == "last" else (0, 3, 1, 2)),)
        ),
        module='''class Permute(nn.Module):
    """Puts the axes into another order."""

    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.permute(self.dims)
''',
        linear=True,
        views="always",
        searched="transpose nhwc",
    )
)
