"""The head of a classifier, and the custom group."""

from dataclasses import replace
from typing import NoReturn

from explorer.catalog.blocks.params import INLINE
from explorer.catalog.graph_builder import GraphBuilder
from explorer.catalog.kind import KINDS, MOST_FEATURES, Kind, Param, Settings, Shapes
from explorer.text import _


def _head(p: Settings, ins: Shapes) -> GraphBuilder:
    inside = GraphBuilder()
    inside.add("avgpool", "AdaptiveAvgPool2d", output_size=1)
    inside.add("flatten", "Flatten")
    if p.dropout:
        inside.add("dropout", "Dropout", p=p.dropout)
    inside.add("fc", "Linear", out_features=p.classes)
    return inside


KINDS.declare(
    Kind(
        "ClassifierHead",
        "head",
        _(
            "Global average pooling and one linear layer, which gives a score for each class: W mean(x) "
            "+ b (Lin, Chen, Yan 2013, section 3.2)."
        ),
        begins="head",
        title=_("Pool + linear"),
        params=(
            Param(
                "classes",
                10,
                _("Number of classes of the data set."),
                1,
                MOST_FEATURES,
                title=_("Classes"),
            ),
            Param(
                "dropout",
                0.0,
                _("Share of the pooled values set to 0 while training."),
                0.0,
                0.95,
                title=_("Dropout"),
            ),
            INLINE,
        ),
        label=lambda p: _("pool + linear"),
        expand=_head,
        searched="classifier fc",
        common=True,
    )
)


def _group(p: Settings, ins: Shapes) -> NoReturn:
    raise AssertionError("a group's node holds its inside itself")


KINDS.declare(
    Kind(
        "Group",
        "block",
        _("A block of your own: the nodes drawn inside it."),
        params=(replace(INLINE, default=False),),
        label=lambda p: _("group"),
        expand=_group,
    )
)
