"""The data sets that a network can be trained on, and the photos that it can be shown."""

from dataclasses import dataclass
from math import prod
from types import MappingProxyType

from explorer.catalog.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess, imagenet
from explorer.text import _


@dataclass(frozen=True)
class DataSet:
    """A labelled set of pictures.

    input: (channels, height, width) of one picture. train, test: numbers of pictures.
    mean, std: per channel, of the training pictures scaled to 0..1. object: typical side of what a
    picture shows, as a share of the picture's. labelled: it can be trained on; otherwise its
    pictures are only looked at, scaled to the input of any network.
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
    object: float = 0.5
    labelled: bool = True

    @property
    def bytes(self) -> int:
        """Bytes of its pictures (uint8) and labels (int64) on the device."""
        return (self.train + self.test) * (prod(self.input) + 8) if self.labelled else 0

    @property
    def preprocess(self) -> Preprocess:
        """How a picture becomes one like those of the set, none of which is cropped; a photo is
        prepared as for ImageNet."""
        if not self.labelled:
            return imagenet()
        return Preprocess(self.input, self.input[1:], self.mean, self.std, self.classes)


FASHION_MNIST = DataSet(
    name="fashion-mnist",
    title="Fashion-MNIST",
    input=(1, 28, 28),
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    train=60_000,
    test=10_000,
    mean=(0.2860,),
    std=(0.3530,),
    doc=_(
        "Greyscale pictures of clothes in ten classes (Xiao, Rasul, Vollgraf 2017, arXiv 1708.07747)."
    ),
    object=0.82,  # median of √(height × width) of what is not black: 23 of 28 pixels
)

PHOTO_FILES = ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg", "camera.png")

PHOTOS = DataSet(
    name="photos",
    title=_("Photos"),
    input=(3, 224, 224),
    classes=(),
    train=0,
    test=len(PHOTO_FILES),
    mean=IMAGENET_MEAN,
    std=IMAGENET_STD,
    doc=_(
        "Five photos to show to a network, and your own: scaled, cropped and normalised as for "
        "ImageNet. They have no labels, so nothing is trained on them."
    ),
    labelled=False,
)

DATASETS = MappingProxyType({set_.name: set_ for set_ in (FASHION_MNIST,)})
"""What a network can be trained on."""

PICTURES = MappingProxyType({**DATASETS, PHOTOS.name: PHOTOS})
"""What a network can be shown."""
