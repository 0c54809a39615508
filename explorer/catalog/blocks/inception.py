"""Inception modules: branches of different windows side by side, their channels joined.

Inception is GoogLeNet's (Szegedy et al. 2014), A to E are those of Inception-v3 (Szegedy et al.
2015). Names and figures are torchvision's, where the 5×5 of GoogLeNet is a 3×3.
"""

from explorer.catalog.blocks.params import channels
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Settings, Shapes
from explorer.graph.graph import INPUT, Value
from explorer.text import _


class _Branches(GraphBuilder):
    """Branches that start at the input, each a row of convolutions."""

    def conv(
        self,
        id: str,
        channels: int,
        size: int | tuple[int, int] = 1,
        source: str = "",
        stride: int = 1,
        padding: int | tuple[int, int] | None = None,
    ) -> str:
        """Convolution, BatchNorm2d, ReLU after `source`, or after the node added last; without
        `padding`, stride 1 keeps the size."""
        params: dict[str, Value] = {"stride": stride} if stride != 1 else {}
        if padding is not None:
            params["padding"] = padding
        return self.add(
            id,
            "BasicConv2d",
            *([source] if source else []),
            out_channels=channels,
            kernel_size=size,
            **params,
        )

    def pooled(self, kind: str, id: str = "pool", **params: Value) -> str:
        return self.add(id, kind, INPUT, kernel_size=3, **params)


def _inception(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = _Branches()
    inside.conv("branch1", p.ch1x1, 1, INPUT)
    for id, narrow, wide in (("branch2", p.ch3x3red, p.ch3x3), ("branch3", p.ch5x5red, p.ch5x5)):
        branch = _Branches()
        branch.conv("0", narrow)
        branch.conv("1", wide, 3)
        inside.group(id, branch, INPUT)
    branch = _Branches()
    branch.pooled("MaxPool2d", "0", stride=1, padding=1, ceil_mode=True)
    branch.conv("1", p.pool_proj)
    inside.group("branch4", branch, INPUT)
    inside.add("concat", "Concat", "branch1", "branch2", "branch3", "branch4")
    return inside


KINDS.declare(
    Kind(
        "Inception",
        "block",
        _(
            "A 1×1, two 3×3 and a max pooling side by side, the last three each with a 1×1 that keeps it "
            "cheap (Szegedy et al. 2014, GoogLeNet, figure 2b; the second 3×3 is 5×5 there, 3×3 in "
            "torchvision)."
        ),
        params=(
            channels("ch1x1", 64, _("Channels of the 1×1 branch."), _("1×1 alone")),
            channels(
                "ch3x3red", 96, _("Channels of the 1×1 before the first 3×3."), _("1×1 before 3×3")
            ),
            channels("ch3x3", 128, _("Channels of the first 3×3."), _("First 3×3")),
            channels(
                "ch5x5red", 16, _("Channels of the 1×1 before the second 3×3."), _("1×1 before 2nd")
            ),
            channels(
                "ch5x5",
                32,
                _("Channels of the second 3×3, which is 5×5 in the paper."),
                _("Second 3×3"),
            ),
            channels(
                "pool_proj", 32, _("Channels of the 1×1 after the pooling."), _("1×1 after pool")
            ),
        ),
        label=lambda p: f"{p.ch1x1 + p.ch3x3 + p.ch5x5 + p.pool_proj}",
        expand=_inception,
        stacks=True,
    )
)


# Inception-v3 ---------------------------------------------------------------------------------


def _a(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = _Branches()
    ends = [inside.conv("branch1x1", 64, 1, INPUT)]
    inside.conv("branch5x5_1", 48, 1, INPUT)
    ends.append(inside.conv("branch5x5_2", 64, 5))
    inside.conv("branch3x3dbl_1", 64, 1, INPUT)
    inside.conv("branch3x3dbl_2", 96, 3)
    ends.append(inside.conv("branch3x3dbl_3", 96, 3))
    inside.pooled("AvgPool2d", stride=1, padding=1)
    ends.append(inside.conv("branch_pool", p.pool_features))
    inside.add("concat", "Concat", *ends)
    return inside


def _b(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = _Branches()
    ends = [inside.conv("branch3x3", 384, 3, INPUT, 2, 0)]
    inside.conv("branch3x3dbl_1", 64, 1, INPUT)
    inside.conv("branch3x3dbl_2", 96, 3)
    ends.append(inside.conv("branch3x3dbl_3", 96, 3, stride=2, padding=0))
    ends.append(inside.pooled("MaxPool2d", stride=2))
    inside.add("concat", "Concat", *ends)
    return inside


def _c(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = _Branches()
    flat, tall = (1, 7), (7, 1)
    ends = [inside.conv("branch1x1", 192, 1, INPUT)]
    inside.conv("branch7x7_1", p.channels_7x7, 1, INPUT)
    inside.conv("branch7x7_2", p.channels_7x7, flat)
    ends.append(inside.conv("branch7x7_3", 192, tall))
    inside.conv("branch7x7dbl_1", p.channels_7x7, 1, INPUT)
    for number, size in ((2, tall), (3, flat), (4, tall)):
        inside.conv(f"branch7x7dbl_{number}", p.channels_7x7, size)
    ends.append(inside.conv("branch7x7dbl_5", 192, flat))
    inside.pooled("AvgPool2d", stride=1, padding=1)
    ends.append(inside.conv("branch_pool", 192))
    inside.add("concat", "Concat", *ends)
    return inside


def _d(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = _Branches()
    inside.conv("branch3x3_1", 192, 1, INPUT)
    ends = [inside.conv("branch3x3_2", 320, 3, stride=2, padding=0)]
    inside.conv("branch7x7x3_1", 192, 1, INPUT)
    inside.conv("branch7x7x3_2", 192, (1, 7))
    inside.conv("branch7x7x3_3", 192, (7, 1))
    ends.append(inside.conv("branch7x7x3_4", 192, 3, stride=2, padding=0))
    ends.append(inside.pooled("MaxPool2d", stride=2))
    inside.add("concat", "Concat", *ends)
    return inside


def _e(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = _Branches()
    ends = [inside.conv("branch1x1", 320, 1, INPUT)]
    for name, first in (("branch3x3", 384), ("branch3x3dbl", 448)):
        split = inside.conv(f"{name}_1", first, 1, INPUT)
        step = 2
        if name == "branch3x3dbl":
            split, step = inside.conv(f"{name}_2", 384, 3), 3
        ends.append(
            inside.add(
                f"{name}_concat",
                "Concat",
                inside.conv(f"{name}_{step}a", 384, (1, 3), split),
                inside.conv(f"{name}_{step}b", 384, (3, 1), split),
            )
        )
    inside.pooled("AvgPool2d", stride=1, padding=1)
    ends.append(inside.conv("branch_pool", 192))
    inside.add("concat", "Concat", *ends)
    return inside


for _letter, _expand, _doc, _params, _label in (
    (
        "A",
        _a,
        _(
            "A 1×1, a 5×5, a pair of 3×3 and an average pooling side by side (Szegedy et al. 2015, "
            "figure 5, where a pair of 3×3 takes the place of the 5×5)."
        ),
        (
            channels(
                "pool_features",
                32,
                _("Channels of the 1×1 after the pooling."),
                _("1×1 after pool"),
            ),
        ),
        lambda p: f"{224 + p.pool_features}",
    ),
    (
        "B",
        _b,
        _(
            "Halves the resolution by a 3×3, a pair of 3×3 and a max pooling side by side (Szegedy "
            "et al. 2015, figure 10)."
        ),
        (),
        lambda p: "s2",
    ),
    (
        "C",
        _c,
        _(
            "A 7×7 factorised into 1×7 and 7×1, once and twice in a row, beside a 1×1 and an average "
            "pooling (Szegedy et al. 2015, figure 6)."
        ),
        (channels("channels_7x7", 128, _("Channels of the 1×7 and 7×1."), _("1×7 channels")),),
        lambda p: f"7×7, {p.channels_7x7}",
    ),
    (
        "D",
        _d,
        _(
            "Halves the resolution by a 3×3, by a 3×3 after 1×7 and 7×1, and by a max pooling, side by "
            "side (Szegedy et al. 2015; torchvision's Mixed_7a)."
        ),
        (),
        lambda p: "s2",
    ),
    (
        "E",
        _e,
        _(
            "1×3 and 3×1 side by side at the end of branches, for many features on small "
            "maps (Szegedy et al. 2015, figure 7)."
        ),
        (),
        lambda p: "2048",
    ),
):
    KINDS.declare(
        Kind(
            f"Inception{_letter}",
            "block",
            _doc,
            begins="inception",
            params=_params,
            title=_("Inception {letter}").format(letter=_letter),
            label=_label,
            expand=_expand,
            stacks=_letter not in "BD",  # those halve the map
        )
    )
