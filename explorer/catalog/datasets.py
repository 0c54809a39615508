"""The data sets that a network can be trained on: what the window must know of them."""

from dataclasses import dataclass
from types import MappingProxyType

from explorer.text import _


@dataclass(frozen=True)
class DataSet:
    """A labelled set of pictures.

    input: (channels, height, width) of one picture. train, test: numbers of pictures.
    mean, std: per channel, of the training pictures scaled to 0..1.
    """

    name: str
    title: str
    input: tuple[int, int, int]
    classes: tuple[str, ...]
    train: int
    test: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    doc: str


FASHION_MNIST = DataSet(
    name="fashion-mnist",
    title="Fashion-MNIST",
    input=(1, 28, 28),
    classes=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    train=60_000,
    test=10_000,
    mean=(0.2860,),
    std=(0.3530,),
    doc=_("Grey pictures of clothes in ten classes (Xiao, Rasul, Vollgraf 2017, arXiv 1708.07747)."),
)

DATASETS = MappingProxyType({set_.name: set_ for set_ in (FASHION_MNIST,)})
