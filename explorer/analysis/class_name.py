"""The names of the classes in the source of a network, and what distinguishes forms of one
block."""

import re
from collections.abc import Container, Iterator
from itertools import chain, compress, count

from explorer.analysis.facts import Facts
from explorer.catalog import KINDS
from explorer.graph.graph import Graph
from explorer.text import _, ngettext

_WORDS = (
    "MobileNet",
    "ShuffleNet",
    "SqueezeNet",
    "DenseNet",
    "EfficientNet",
    "GoogLeNet",
    "AlexNet",
    "RegNet",
    "ResNeXt",
    "ResNet",
    "ConvNeXt",
    "LeNet",
    "VGG",
    "WRN",
    "SE",
    "BN",
)
_PRETTY = {word.lower(): word for word in _WORDS}


def class_name(graph: Graph) -> str:
    """The name of the class that `source` writes for a graph: ResNet18 for "resnet18"."""
    words = re.findall(r"[A-Za-z0-9]+", graph.name.encode("ascii", "ignore").decode())
    camel = "".join(
        re.sub(
            f"^({'|'.join(_PRETTY)})(?![a-z])",
            lambda match: _PRETTY[match[0].lower()],
            word[:1].upper() + word[1:],
            flags=re.IGNORECASE,
        )
        for word in words
    )
    return camel + "Net" * (camel in _taken(graph)) if camel[:1].isalpha() else f"Network{camel}"


def _taken(graph: Graph) -> set[str]:
    names = set(KINDS) | {"PlainBlock", "PlainBottleneck", "True", "False", "None"}
    return names | {camel(id) for id in graph.nodes}


def camel(id: str) -> str:
    """An id as a class name: "my_block" is MyBlock."""
    return "".join(part[:1].upper() + part[1:] for part in id.split("_"))


def unused(wanted: str, taken: Container[str], numbers: dict[str, Iterator[int]]) -> str:
    """`wanted`, or if it is taken, the first free one of `wanted` with up to three _ or with _ and
    a number. numbers: by what was wanted, the numbers that were not tried yet."""
    numbered = (f"{wanted}_{number}" for number in numbers.setdefault(wanted, count(2)))
    names = chain((wanted, f"{wanted}_", f"{wanted}__", f"{wanted}___"), numbered)
    return next(name for name in names if name not in taken)


def has_shortcut(block: Facts) -> bool:
    """Whether a sum in the block adds a shortcut around its layers."""
    return any(child.facts.kind.joins == "sum" for child in block.children)


def form_sentences(forms: list[Facts]) -> dict[int, str]:
    """By the id() of each of these forms of a block: the sentence that says what distinguishes it
    from the others, after a space; "" if nothing does."""

    def parts(form: Facts) -> tuple[str, str, str]:
        kinds = [facts.kind for facts in _within(form)]
        convolutions = sum(kind.convolves for kind in kinds)
        return (
            _("a shortcut") if has_shortcut(form) else _("no shortcut"),
            ngettext("{count} convolution", "{count} convolutions", convolutions).format(
                count=convolutions
            ),
            _("a gate") if any(kind.gates for kind in kinds) else _("no gate"),
        )

    parts_of = {id(form): parts(form) for form in forms}
    differs = [len(set(column)) > 1 for column in zip(*parts_of.values())]
    return {
        form: _(" This form has {parts}.").format(parts=", ".join(compress(each, differs)))
        if any(differs)
        else ""
        for form, each in parts_of.items()
    }


def _within(facts: Facts) -> Iterator[Facts]:
    """The facts of all nodes inside a block, except those inside its gates."""
    for child in facts.children:
        yield child.facts
        if not child.facts.kind.gates:
            yield from _within(child.facts)


def shape_change(uses: list[Facts]) -> str:
    """What a block does to the shape of its input, as a part of its class's name: "Down", "Wider",
    "Narrower" or ""."""
    if any(use.known_ins[0][1:] != use.known_out[1:] for use in uses):
        return "Down"
    before, after = uses[0].known_ins[0][0], uses[0].known_out[0]
    return "Wider" if after > before else "Narrower" if after < before else ""
