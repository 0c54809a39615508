"""Residual blocks with the activations before the convolutions."""

from explorer.catalog.blocks.convolution import normalise
from explorer.catalog.blocks.params import DROPOUT, NORM, SHORTCUT, STRIDE, WIDTH
from explorer.catalog.blocks.residual import around
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Settings, Shapes
from explorer.catalog.layers import strided
from explorer.text import _


def _block(p: Settings, ins: Shapes, convs: tuple[tuple[int, int, int], ...]) -> GraphBuilder:
    """convs: (channels, size, stride) of each; the last gives the block's channels."""
    inside = GraphBuilder()
    before = ins[0][0]
    for number, (channels, size, stride) in enumerate(convs, 1):
        normalise(inside, f"bn{number}", p.norm, before)
        inside.add(f"relu{number}", "ReLU")
        if number == 2 and p.dropout:
            inside.add("dropout", "Dropout", p=p.dropout)
        inside.add(
            f"conv{number}",
            "Conv2d",
            out_channels=channels,
            kernel_size=size,
            stride=stride,
            padding=size // 2,
            bias=p.norm == "none",
        )
        before = channels
    if p.shortcut != "none":
        main = inside.last
        # A projection starts after the first activation, so that its input is that of the
        # convolutions (He et al. 2016, section 4.1), and needs no normalisation of its own.
        plain = type(p)(**{**vars(p), "norm": "none"})
        inside.add("add", "Add", main, _projected(inside, plain, ins, before))
    return inside


def _projected(inside: GraphBuilder, p: Settings, ins: Shapes, out_channels: int) -> str:
    if p.shortcut != "zeros" and (
        p.shortcut == "projection" or p.stride != 1 or ins[0][0] != out_channels
    ):
        return inside.add(
            "downsample",
            "Conv2d",
            "relu1",
            out_channels=out_channels,
            kernel_size=1,
            stride=p.stride,
            bias=False,
        )
    return around(inside, p, ins, out_channels)


_PARAMS = (WIDTH, STRIDE, SHORTCUT, NORM, DROPOUT)

KINDS.declare(
    Kind(
        "PreActBasicBlock",
        "block",
        _(
            "Normalisation and ReLU before each of two 3×3 convolutions, so that the shortcut stays an "
            "identity through the whole network: x + F(x) with nothing after the sum (He et al. 2016, "
            "figure 4e). With many channels, and dropout, it is Wide ResNet's (Zagoruyko and Komodakis "
            "2016)."
        ),
        title=_("Pre-act basic"),
        params=_PARAMS,
        label=lambda p: f"3×3, {p.width}{strided(p)}",
        expand=lambda p, ins: _block(p, ins, ((p.width, 3, p.stride), (p.width, 3, 1))),
        searched="residual pre-activation preactivation v2",
        stacks=True,
    )
)

KINDS.declare(
    Kind(
        "PreActBottleneck",
        "block",
        _(
            "The bottleneck with normalisation and ReLU before each convolution, for networks of a "
            "thousand layers (He et al. 2016, section 4)."
        ),
        title=_("Pre-act bottleneck"),
        params=_PARAMS,
        label=lambda p: f"{p.width} → {4 * p.width}{strided(p)}",
        expand=lambda p, ins: _block(
            p, ins, ((p.width, 1, 1), (p.width, 3, p.stride), (4 * p.width, 1, 1))
        ),
        searched="residual pre-activation preactivation v2",
        stacks=True,
    )
)
