"""ConvNeXt (Liu et al. 2022, section 3)."""

from functools import partial

from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.templates.template import classifier, declare
from explorer.graph.graph import Shape
from explorer.text import _


def _convnext(
    channels: tuple[int, ...], depths: tuple[int, ...], drop: float, classes: int, input: Shape
) -> GraphBuilder:
    features = GraphBuilder()
    patch = {} if min(input[1:]) >= 32 else {"patch_size": 1}  # a small one would vanish
    features.add("0", "PatchifyStem", out_channels=channels[0], **patch)
    total, before = sum(depths) - 1, 0
    for number, (width, depth) in enumerate(zip(channels, depths)):
        if number:
            features.add(str(2 * number), "ConvNeXtDownsample", out_channels=width)
        drops = {
            "drop_path": round(drop * before / total, 6),
            "drop_path_last": round(drop * (before + depth - 1) / total, 6),
        }
        features.add(
            str(2 * number + 1),
            "Stage",
            block="ConvNeXtBlock",
            depth=depth,
            **{key: value for key, value in drops.items() if value},
        )
        before += depth
    inside = GraphBuilder()
    inside.group("features", features)
    inside.add("avgpool", "AdaptiveAvgPool2d")
    classifier(
        inside,
        "classifier",
        ("LayerNorm2d", {"eps": 1e-6}),
        ("Flatten", {}),
        ("Linear", {"out_features": classes}),
    )
    return inside


for _size, _channels, _depths, _drop in (
    ("tiny", (96, 192, 384, 768), (3, 3, 9, 3), 0.1),
    ("small", (96, 192, 384, 768), (3, 3, 27, 3), 0.4),
    ("base", (128, 256, 512, 1024), (3, 3, 27, 3), 0.5),
    ("large", (192, 384, 768, 1536), (3, 3, 27, 3), 0.5),
):
    declare(
        f"convnext_{_size}",
        "ConvNeXt",
        _(
            "A ResNet modernised after the example of vision transformers: patches, depthwise 7×7, "
            "LayerNorm, GELU (Liu et al. 2022)"
        ),
        partial(_convnext, _channels, _depths, _drop),
    )
