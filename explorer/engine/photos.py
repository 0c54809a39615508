"""Photos: read, scaled and cropped to what a network takes, and normalised."""

import os
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from explorer import resource
from explorer.analysis import form
from explorer.catalog.datasets import PHOTO_FILES, PHOTOS, DataSet
from explorer.engine.failure import EngineError
from explorer.graph.graph import Shape
from explorer.text import _

MARGIN = (256, 224)
"""The short side is scaled to 256 where 224 are cropped, as torchvision does for ImageNet."""


@dataclass(frozen=True)
class Sample:
    """One picture, prepared for a network.

    images: (1, C, H, W) float32, normalised, on the device. label: (1,) int64, None where it has
    none. picture: uint8 (H, W) or (H, W, 3), as a person sees it. title: its name.
    """

    images: Tensor
    label: Tensor | None
    picture: np.ndarray
    title: str


def read(path: Path) -> Image.Image:
    """The photo as RGB, turned upright by its EXIF data; raises EngineError with one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a large photo; a far too large one is an error
            with Image.open(path, formats=tuple(form.PHOTO_FORMATS)) as file:
                return _rgb(ImageOps.exif_transpose(file))
    except FileNotFoundError:
        raise EngineError(_("There is no file {path}.").format(path=path)) from None
    except IsADirectoryError:
        raise EngineError(_("{path} is a folder, not a photo.").format(path=path)) from None
    except UnidentifiedImageError:
        raise EngineError(
            _("{path} is not a photo that can be read; allowed: {formats}.").format(
                path=path, formats=", ".join(form.PHOTO_FORMATS)
            )
        ) from None
    except Exception as fault:  # noqa: BLE001  a torn or hostile file can make a decoder fail in any way
        raise EngineError(
            _("The photo {path} cannot be read: {fault}.").format(
                path=path, fault=str(fault).rstrip(".")[:200] or type(fault).__name__
            )
        ) from None


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits and more, which Pillow would clip, not scale
        values = np.asarray(image, np.float64)
        top = 65535.0 if image.mode.startswith("I") else max(float(values.max()), 1e-9)
        return Image.fromarray(np.clip(values / top * 255, 0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(background, image).convert("RGB")
    return image.convert("RGB")


def fitted(photo: Image.Image, height: int, width: int) -> Image.Image:
    """The middle of the photo, height×width: scaled so that it covers 256/224 of that (bilinear over
    all source pixels, as torchvision's Resize does to a PIL image; the long side rounded to the
    nearest pixel, so that proportions stay), then cropped at the centre."""
    high, wide = (max(side * MARGIN[0] // MARGIN[1], 1) for side in (height, width))
    across, down = photo.size
    if down * wide <= across * high:
        size = (max(round(high * across / down), width), high)
    else:
        size = (wide, max(round(wide * down / across), height))
    scaled = photo.resize(size, Image.Resampling.BILINEAR)
    left, top = round((size[0] - width) / 2), round((size[1] - height) / 2)
    return scaled.crop((left, top, left + width, top + height))


def sample(path: Path, input: Shape, data: DataSet, device: torch.device) -> Sample:
    """The photo as a network of that `input` (C, H, W) takes it, normalised as `data` is."""
    try:
        changed = os.stat(path).st_mtime_ns
    except (OSError, ValueError):
        changed = 0
    picture = _pixels(path, changed, tuple(input))
    channels = input[0]
    maps = (picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)).copy()
    images = torch.from_numpy(maps).to(device).float().div_(255)[None]
    mean, std = (
        values if len(values) == channels else (sum(values) / len(values),) * channels
        for values in (data.mean, data.std)
    )
    images = (images - images.new_tensor(mean).reshape(1, -1, 1, 1)) / images.new_tensor(
        std
    ).reshape(1, -1, 1, 1)
    return Sample(images, None, picture, Path(path).stem)


@lru_cache(maxsize=16)
def _pixels(path: Path, changed: int, input: Shape) -> np.ndarray:
    """uint8 (H, W) or (H, W, 3); cached, since probes use the same photo many times."""
    channels, height, width = input
    if channels not in (1, 3):
        raise EngineError(
            _(
                "The network takes pictures of {count} channels; a photo has 3, or 1 in greyscale."
            ).format(count=channels)
        )
    image = fitted(read(path), height, width)
    return np.asarray(image if channels == 3 else image.convert("L"))


@dataclass(frozen=True)
class Photos:
    """The photos that come with the program, for a network of any input."""

    device: torch.device
    about: DataSet = PHOTOS

    def __len__(self) -> int:
        return len(PHOTO_FILES)

    def sample(self, image: int | str, input: Shape) -> Sample:
        """Photo number `image`, or the one in that file; raises EngineError."""
        if isinstance(image, str):
            return sample(Path(image), input, self.about, self.device)
        if type(image) is not int or not 0 <= image < len(self):
            raise EngineError(
                _("There is no photo {index}; allowed: 0 to {last}.").format(
                    index=repr(image)[:40], last=len(self) - 1
                )
            )
        return sample(resource.path("photos") / PHOTO_FILES[image], input, self.about, self.device)

    def some(self, count: int, input: Shape) -> Tensor:
        """Up to `count` of them, normalised: (N, C, H, W) float32."""
        return torch.cat(
            [self.sample(number, input).images for number in range(min(count, len(self)))]
        )
