"""How a network of the literature is declared, and found by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from explorer.catalog.graph_builder import GraphBuilder
from explorer.graph.graph import Graph, Shape, Value

Writer = Callable[[int, Shape], GraphBuilder]
"""(number of classes, input shape) -> the network still being written."""

IMAGENET: Shape = (3, 224, 224)
CIFAR: Shape = (3, 32, 32)
DIGITS: Shape = (1, 28, 28)


@dataclass(frozen=True)
class Template:
    """A network by name. input, classes: those of the paper's data set. family: the heading under
    which it is listed."""

    name: str
    doc: str
    input: Shape
    classes: int
    write: Writer
    family: str = ""


_TEMPLATES: dict[str, Template] = {}


def names() -> list[str]:
    """All templates' names, in the order of the catalogue."""
    return list(_TEMPLATES)


def families() -> dict[str, list[str]]:
    """The names of all templates by family, in the order of the catalogue."""
    by_family: dict[str, list[str]] = {}
    for name, each in _TEMPLATES.items():
        by_family.setdefault(each.family, []).append(name)
    return by_family


def template(name: str) -> Template:
    """The declaration of that name. Raises KeyError."""
    return _TEMPLATES[name]


def build(name: str, input: Shape | None = None, classes: int | None = None) -> Graph:
    """The network of that name, for pictures of the shape `input` and `classes` classes, by default
    those of its paper's data set. Raises KeyError for an unknown name."""
    declared = _TEMPLATES[name]
    shape = tuple(input or declared.input)
    inside = declared.write(classes or declared.classes, shape)
    return replace(inside.graph(), name=name, input=shape)


def declare(
    name: str,
    family: str,
    doc: str,
    write: Writer,
    input: Shape = IMAGENET,
    classes: int = 1000,
) -> None:
    """Adds a network to the catalogue."""
    assert name not in _TEMPLATES, f"a second template called {name}"
    _TEMPLATES[name] = Template(name, doc, input, classes, write, family)


def classifier(inside: GraphBuilder, name: str, *layers: tuple[str, Mapping[str, Value]]) -> None:
    """Adds a group of layers (kind, parameters) in a row, numbered from 0."""
    group = GraphBuilder()
    for number, (kind, params) in enumerate(layers):
        group.add(str(number), kind, **params)
    inside.group(name, group)
