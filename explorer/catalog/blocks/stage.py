"""A stage: blocks of one kind in a row."""

from dataclasses import replace

from explorer.catalog.blocks import params
from explorer.catalog.blocks.vgg import FIRST
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, Kind, Param, Settings, Shapes
from explorer.catalog.layers import strided
from explorer.text import _

BLOCKS = tuple(
    kind.name for kind in sorted(KINDS.values(), key=lambda kind: kind.gates) if kind.stacks
)
_COUNTED = tuple(name for name in BLOCKS if "{i}" in KINDS[name].numbered)  # from 0, or `first`
_FOURFOLD = ("Bottleneck", "PreActBottleneck")


def _with(name: str) -> tuple[str, ...]:
    """The blocks that have this parameter."""
    return tuple(block for block in BLOCKS if name in KINDS[block].names)


_DROP_LAST = Param(
    "drop_path_last",
    0.0,
    _("Drop path of the last block, if larger; it rises evenly from the first block to the last."),
    0.0,
    0.95,
    of=_with("drop_path"),
    title=_("Drop path last"),
)
_STAGE = Param(
    "stage",
    1,
    _("The number of this stage, which is a part of its blocks' names."),
    1,
    99,
    of=tuple(name for name in BLOCKS if "{stage}" in KINDS[name].numbered),
    title=_("Stage"),
)


def _block_params() -> tuple[Param, ...]:
    """Every parameter of every block; one that several blocks have stands for all of them."""
    shared: dict[str, Param] = {}
    for name in BLOCKS:
        for param in KINDS[name].params:
            known = shared.setdefault(param.name, param)
            assert param.default == known.default, f"{param.name} is two things"
    titles = {"stride": _("First stride")}
    return tuple(
        replace(param, of=_with(param.name), title=titles.get(param.name, param.title))
        for param in shared.values()
    )


def _drop_paths(p: Settings, count: int) -> list[float]:
    last = max(p.drop_path, p.drop_path_last)
    return [
        round(p.drop_path + (last - p.drop_path) * number / max(1, count - 1), 6)
        for number in range(count)
    ]


def _stage(p: Settings, ins: Shapes) -> GraphBuilder:
    block = KINDS[p.block]
    first = {
        param.name: value
        for param in block.params
        if (value := getattr(p, param.name)) != param.default
    }
    others = {key: value for key, value in first.items() if key != "stride"}
    if first.get("shortcut") == "projection":
        others.pop("shortcut")
    inside = GraphBuilder()
    numbered = block.numbered.replace("{stage}", str(p.stage))
    if "drop_path" not in first and not (p.drop_path_last and "drop_path" in block.names):
        inside.repeat(p.block, numbered, p.first, p.depth, first, others)
        return inside
    for number, drop in enumerate(_drop_paths(p, p.depth), p.first):
        given = {**(others if number > p.first else first), "drop_path": drop}
        inside.add(numbered.format(i=number, n=number + 1), p.block, **given)
    return inside


def _label(p: Settings) -> str:
    for name, sign in (("width", ""), ("out_channels", ""), ("growth_rate", "+")):
        if name in KINDS[p.block].names:
            channels = getattr(p, name) * (4 if p.block in _FOURFOLD else 1)
            stride = strided(p) if "stride" in KINDS[p.block].names else ""
            return f"{p.block}, {sign}{channels}{stride}"
    return KINDS[p.block].title or p.block


KINDS.declare(
    Kind(
        "Stage",
        "stage",
        _(
            "Equal blocks in a row; the first may lower the resolution and change the number of channels "
            "(He et al. 2015, table 1, conv2_x to conv5_x)."
        ),
        params=(
            Param(
                "block",
                "BasicBlock",
                _("The block that is repeated."),
                choices=BLOCKS,
                title=_("Block"),
            ),
            Param("depth", 2, _("Number of blocks."), 1, 1000, unit="×", title=_("Blocks")),
            *_block_params(),
            _DROP_LAST,
            _STAGE,
            replace(params.INLINE, default=False),
            replace(FIRST, of=_COUNTED),
        ),
        presets=(
            (_("Basic ×N"), {"block": "BasicBlock"}),
            (_("Bottleneck ×N"), {"block": "Bottleneck"}),
            (_("Inverted residual ×N"), {"block": "InvertedResidual", "activation": "ReLU6"}),
            (_("MBConv ×N"), {"block": "MBConv"}),
            (_("ConvNeXt ×N"), {"block": "ConvNeXtBlock"}),
            (_("Dense block"), {"block": "DenseLayer", "depth": 6}),
        ),
        label=_label,
        expand=_stage,
        searched="layers repeat stack group",
    )
)
