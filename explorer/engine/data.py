"""A data set on the device: pictures as uint8, normalised there batch by batch."""

import gzip
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer import resource
from explorer.catalog.datasets import DATASETS, PHOTOS, DataSet
from explorer.catalog.layers import text_of
from explorer.catalog.preprocess import Preprocess
from explorer.engine import photos
from explorer.engine.failure import EngineError
from explorer.engine.photos import Photos, Sample
from explorer.graph.graph import Shape
from explorer.text import _

IMAGES, LABELS = 0x803, 0x801
"""Magic numbers of IDX files of unsigned bytes in three and in one dimension
(yann.lecun.com/exdb/mnist)."""
VALIDATION = 0.1
"""Share of the training pictures that a run is validated on."""


@dataclass(frozen=True)
class Split:
    """Labelled pictures. images: (N, C, H, W) uint8; labels: (N,) int64; both on the device."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Pictures:
    """A data set on a device. mean, deviation: (1, C, 1, 1) float32, of pixels 0..255.

    learned: (N,) int64, which pictures of `train` a run learns from, None for all. validation: the
    others, which it is scored on after each epoch; None where that is `test`.
    """

    about: DataSet
    train: Split
    test: Split
    mean: Tensor
    deviation: Tensor
    learned: Tensor | None = None
    validation: Split | None = None

    def divided(self, seed: int, share: float = VALIDATION) -> Self:
        """The data set with a share of each class's training pictures, drawn by the seed, held out for
        validation: what is chosen by its score is chosen without a look at the test pictures."""
        labels = self.train.labels.cpu()
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(labels), generator=generator)
        by_class = order[labels[order].argsort(stable=True)]
        parts = by_class.split(labels.bincount().tolist())
        counts = [round(share * len(part)) for part in parts]
        held = torch.cat([part[:count] for part, count in zip(parts, counts)]).sort().values
        learned = torch.cat([part[count:] for part, count in zip(parts, counts)]).sort().values
        held = held.to(self.device)
        split = Split(self.train.images[held], self.train.labels[held])
        return replace(self, learned=learned.to(self.device), validation=split)

    @property
    def count(self) -> int:
        """How many pictures a run learns from."""
        return len(self.train if self.learned is None else self.learned)

    @property
    def device(self) -> torch.device:
        return self.mean.device

    def sample(self, image: int | str, preprocess: Preprocess) -> Sample:
        """Test picture number `image`, or the photo in that file as `preprocess` has it. The picture is
        scaled, and in colour or grey, where the network takes another shape than the set has. Raises
        EngineError."""
        if isinstance(image, str):
            return photos.sample(Path(image), preprocess, self.device)
        if type(image) is not int or not 0 <= image < len(self.test):
            raise EngineError(
                _("There is no test picture {index}; allowed: 0 to {last}.").format(
                    index=repr(image)[:40], last=len(self.test) - 1
                )
            )
        labels = self.test.labels[image : image + 1]
        own = self.test.images[image : image + 1]
        input = preprocess.input
        if input == self.about.input:
            return Sample(self.normalised(own), labels, picture(self.about.name, image), "")
        fitted = adapted(own, input)
        title = _("picture {index} of {data}, adapted to {input}").format(
            index=image, data=self.about.title, input=text_of(input)
        )
        return Sample(self.normalised(fitted), labels, as_seen(fitted[0].cpu().numpy()), title)

    def some(self, count: int, preprocess: Preprocess) -> Tensor:
        """The first `count` training pictures, normalised, as a network of that input takes them."""
        return self.normalised(adapted(self.train.images[:count], preprocess.input))

    @property
    def bytes(self) -> int:
        """Bytes of the data set on its device."""
        return sum(
            each.nbytes
            for split in (self.train, self.test, self.validation)
            if split is not None
            for each in (split.images, split.labels)
        )

    def normalised(self, images: Tensor) -> Tensor:
        """uint8 pixels (N, C, H, W) as float32 of mean 0 and standard deviation 1 over the training
        set; of another number of channels, by the mean of its channels."""
        mean, deviation = self.mean, self.deviation
        if images.shape[1] != mean.shape[1]:
            mean, deviation = mean.mean(), deviation.mean()
        return photos.normalised(images, mean, deviation)


def adapted(images: Tensor, input: Shape) -> Tensor:
    """uint8 pixels (N, C, H, W) as (N, *input): scaled, bilinear over all source pixels; each channel
    of another number of them is their mean."""
    channels, *sides = input
    if tuple(images.shape[1:]) == tuple(input):
        return images
    values = images.to(torch.float32)
    if values.shape[1] != channels:
        values = values.mean(1, keepdim=True).expand(-1, channels, -1, -1)
    if tuple(values.shape[2:]) != tuple(sides):
        values = F.interpolate(values, tuple(sides), mode="bilinear", antialias=True)
    return values.round().clamp(0, 255).to(torch.uint8)


def read_idx(path: Path, magic: int, shape: tuple[int, ...]) -> np.ndarray:
    """The bytes of a gzipped IDX file as uint8 of `shape`; raises EngineError if it holds anything
    else."""
    try:
        with gzip.open(path) as file:
            # One byte more than expected reveals a longer file, and bounds what a hostile one
            # unpacks to.
            content = file.read(4 + 4 * len(shape) + prod(shape) + 1)
    except FileNotFoundError:
        raise EngineError(_("The data file {path} is missing.").format(path=path)) from None
    except (OSError, EOFError, zlib.error) as fault:
        raise EngineError(
            _("The data file {path} cannot be read: {fault}.").format(path=path, fault=fault)
        ) from None
    header = np.array([magic, *shape], ">u4").tobytes()
    if not content.startswith(header[:4]):
        raise EngineError(
            _(
                "The data file {path} starts with {start}; an IDX file of this sort starts with "
                "{magic}."
            ).format(path=path, start=content[:4].hex() or _("nothing"), magic=header[:4].hex())
        )
    if not content.startswith(header) or len(content) != len(header) + prod(shape):
        raise EngineError(
            _("The data file {path} does not hold {shape} bytes.").format(
                path=path, shape=text_of(shape)
            )
        )
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


@lru_cache(maxsize=2)
def _arrays(name: str) -> dict[str, np.ndarray]:
    about = DATASETS[name]
    channels, height, width = about.input
    if channels != 1:
        raise EngineError(
            _("The data set {title} does not consist of IDX files.").format(title=about.title)
        )
    arrays = {}
    for part, prefix, count in (("train", "train", about.train), ("test", "t10k", about.test)):
        folder = resource.path(about.name)
        images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz", IMAGES, (count, height, width))
        labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", LABELS, (count,))
        if labels.max() >= len(about.classes):
            raise EngineError(
                _("The labels of {title} go up to {most}, but it has {count} classes.").format(
                    title=about.title, most=int(labels.max()), count=len(about.classes)
                )
            )
        arrays[f"{part}.images"] = images.reshape(count, channels, height, width)
        arrays[f"{part}.labels"] = labels
    return arrays


@lru_cache(maxsize=2)
def load(name: str, device: torch.device) -> Pictures:
    """The data set `name` on `device`, cached; raises EngineError if there is no such data set or it
    is damaged."""
    about = DATASETS.get(name)
    if about is None:
        raise EngineError(
            _("There is no data set “{name}”; there are: {names}.").format(
                name=name, names=", ".join(DATASETS)
            )
        )
    arrays = _arrays(name)

    def split(part: str) -> Split:
        return Split(
            torch.from_numpy(arrays[f"{part}.images"].copy()).to(device),
            torch.from_numpy(arrays[f"{part}.labels"].astype(np.int64)).to(device),
        )

    mean, deviation = (photos.levels(values, device) for values in (about.mean, about.std))
    return Pictures(about, split("train"), split("test"), mean, deviation)


def to_look_at(name: str, device: torch.device) -> Pictures | Photos:
    """The pictures that a network can be shown: a data set, or the photos; raises EngineError."""
    return Photos(device) if name == PHOTOS.name else load(name, device)


def picture(name: str, index: int) -> np.ndarray:
    """The test picture `index` as a person sees it: uint8 (H, W), or (H, W, 3) if it has three
    channels."""
    return as_seen(_arrays(name)["test.images"][index])


def as_seen(image: np.ndarray) -> np.ndarray:
    """uint8 (C, H, W) as (H, W, 3), or (H, W) if it has not three channels."""
    return image[0] if len(image) != 3 else np.ascontiguousarray(image.transpose(1, 2, 0))
