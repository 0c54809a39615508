"""How a picture becomes what a network takes, as a value that travels with the network's weights."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Self

from explorer import resource
from explorer.graph.file import LARGEST_SIDE, FileError, input_shape
from explorer.graph.graph import Graph, Shape
from explorer.text import _

KEY = "preprocess"
"""In the files of networks, runs and weights."""
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
MOST_CLASSES = 100_000
LONGEST_NAME = 500  # characters


class PreprocessError(ValueError):
    """The values are no preprocessing; the sentence says why."""


@dataclass(frozen=True)
class Preprocess:
    """A picture is scaled until it covers `resize`, its middle is cropped to `input`, and its pixels,
    scaled to 0..1, are normalised.

    input: (channels, height, width), in pixels. resize: (height, width) in pixels, at least those of
    the input. mean, std: for each channel. classes: the names of the network's classes, () where they
    are not known.
    """

    input: Shape
    resize: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    classes: tuple[str, ...] = ()

    def fitted(self, input: Shape) -> Self:
        """The same for a network of another input: the margin that is cropped stays in proportion, and
        another number of channels takes the average of mean and std."""
        if tuple(input) == self.input:
            return self
        sides = zip(input[1:], self.resize, self.input[1:])
        high, wide = (side * margin // own for side, margin, own in sides)
        mean, std = (
            values if len(values) == input[0] else (sum(values) / len(values),) * input[0]
            for values in (self.mean, self.std)
        )
        return replace(self, input=tuple(input), resize=(high, wide), mean=mean, std=std)

    def as_dict(self) -> dict[str, Any]:
        """It as JSON's values."""
        return {key: list(value) for key, value in asdict(self).items()}

    @classmethod
    def of(cls, values: object) -> Self:
        """That of JSON's values. Raises PreprocessError."""
        if not isinstance(values, Mapping):
            raise _wrong(KEY, values, _("an object"))
        try:
            input = input_shape(values.get("input"))
        except FileError as error:
            raise PreprocessError(f"{KEY}: {error}") from None
        resize, classes = values.get("resize", []), values.get("classes", [])
        if not _list_of(resize, 2, lambda side: type(side) is int) or not all(
            own <= side <= min(8 * own, LARGEST_SIDE) for side, own in zip(resize, input[1:])
        ):
            raise _wrong(
                "resize", resize, _("height and width, from those of the input to 8 times")
            )
        for name, least in (("mean", -math.inf), ("std", 0)):
            if not _list_of(
                values.get(name),
                input[0],
                lambda each, least=least: (
                    type(each) in (int, float) and math.isfinite(each) and each > least
                ),
            ):
                raise _wrong(name, values.get(name), _("a number for each channel; std above 0"))
        if (
            not _list_of(classes, None, lambda name: isinstance(name, str))
            or len(classes) > MOST_CLASSES
            or not all(len(name) <= LONGEST_NAME and name.isprintable() for name in classes)
        ):
            raise _wrong("classes", classes, _("a list of printable names"))
        return cls(
            input,
            (resize[0], resize[1]),
            tuple(map(float, values["mean"])),
            tuple(map(float, values["std"])),
            tuple(classes),
        )


def _list_of(value: Any, count: int | None, sound: Any) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and count in (None, len(value))
        and all(map(sound, value))
    )


def _wrong(name: str, value: object, allowed: str) -> PreprocessError:
    return PreprocessError(
        _('"{name}" of "{key}" is {value}; allowed: {allowed}').format(
            name=name, key=KEY, value=repr(value)[:60], allowed=allowed
        )
    )


def of_graph(graph: Graph) -> Preprocess | None:
    """That of a network, which its file states; None if it states none. Raises PreprocessError."""
    return _parsed(graph.more) if graph.more else None


@lru_cache(maxsize=32)
def _parsed(more: str) -> Preprocess | None:
    values = json.loads(more)
    return Preprocess.of(values[KEY]) if KEY in values else None


def with_preprocess(graph: Graph, preprocess: Preprocess | None) -> Graph:
    """An edit: the network with this preprocessing, or with none of its own."""
    values = json.loads(graph.more or "{}")
    values.pop(KEY, None)
    if preprocess is not None:
        values[KEY] = preprocess.as_dict()
    return replace(graph, more=json.dumps(values) if values else "")


@lru_cache(maxsize=1)
def imagenet_classes() -> tuple[str, ...]:
    """The names of the 1,000 classes of ImageNet-1k, in their usual order."""
    path = resource.path("squeezenet1_1") / "imagenet_classes.txt"
    return tuple(path.read_text("utf-8").splitlines())


@lru_cache(maxsize=1)
def imagenet() -> Preprocess:
    """That of networks trained on ImageNet: the short side to 256, of which 224 are cropped, as
    torchvision does it."""
    return Preprocess((3, 224, 224), (256, 256), IMAGENET_MEAN, IMAGENET_STD, imagenet_classes())


def class_names(count: int, *known: Sequence[str]) -> tuple[str, ...]:
    """The names of a network's `count` classes: the first of those that are known and as many, those of
    ImageNet for 1,000, else numbers."""
    for names in (*known, imagenet_classes() if count == 1000 else ()):
        if len(names) == count:
            return tuple(names)
    return tuple(_("class {number}").format(number=number) for number in range(count))
