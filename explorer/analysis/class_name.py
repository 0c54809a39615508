"""What the classes of a written network are called, and how forms of one block are told apart."""

import re
from collections.abc import Container, Iterator
from itertools import compress, count

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
            lambda found: _PRETTY[found[0].lower()],
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
    return "".join(part[:1].upper() + part[1:] for part in id.split("_"))


def unused(wanted: str, taken: Container[str], numbers: dict[str, Iterator[int]]) -> str:
    """`wanted`, or with some _ behind it, or with a number that it did not get before, so that it
    is not taken. numbers: where those stand, by what was wanted."""
    for name in (wanted, f"{wanted}_", f"{wanted}__", f"{wanted}___"):
        if name not in taken:
            return name
    further = (f"{wanted}_{number}" for number in numbers.setdefault(wanted, count(2)))
    return next(name for name in further if name not in taken)


def sums(block: Facts) -> bool:
    """It ends in a sum: there is a way around its layers."""
    return any(child.facts.kind.joins == "sum" for child in block.children)


def forms_told(forms: list[Facts]) -> dict[int, str]:
    """What tells each form of a block from the others, in a sentence, by the identity of the
    form."""

    def parts(form: Facts) -> tuple[str, str, str]:
        kinds = [facts.kind for facts in _within(form)]
        convolutions = sum(kind.convolves for kind in kinds)
        return (
            _("a shortcut") if sums(form) else _("no shortcut"),
            ngettext("{count} convolution", "{count} convolutions", convolutions).format(
                count=convolutions
            ),
            _("a gate") if any(kind.gates for kind in kinds) else _("no gate"),
        )

    found = {id(form): parts(form) for form in forms}
    unlike = [len(set(column)) > 1 for column in zip(*found.values())]
    return {
        form: _(" This form has {parts}.").format(parts=", ".join(compress(each, unlike)))
        if any(unlike)
        else ""
        for form, each in found.items()
    }


def _within(facts: Facts) -> Iterator[Facts]:
    """The facts of everything inside; of a gate no more than that it is there."""
    for child in facts.children:
        yield child.facts
        if not child.facts.kind.gates:
            yield from _within(child.facts)


def changed(uses: list[Facts]) -> str:
    """What a block does to the shape, as a part of a class's name."""
    if any(use.known_ins[0][1:] != use.known_out[1:] for use in uses):
        return "Down"
    before, after = uses[0].known_ins[0][0], uses[0].known_out[0]
    return "Wider" if after > before else "Narrower" if after < before else ""
