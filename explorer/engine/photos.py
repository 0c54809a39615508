"""Photos: read, scaled and cropped to what a network takes, and normalised."""

import os
import warnings
from collections.abc import Callable, Sequence
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
from explorer.catalog.layers import text_of
from explorer.catalog.preprocess import Preprocess
from explorer.engine.failure import EngineError
from explorer.graph.file import open_regular
from explorer.text import _, ngettext

MOST_BYTES = 2**29
"""The largest file that is read as a photo."""
MOST_PIXELS = 100_000_000
"""The largest photo that is decoded; a few kilobytes can hold one that would fill the memory."""
WHOLE = (255.0, 65535.0)
"""What white may be in pictures of 32 bits, beside the largest number that they can hold."""
FLOATING = (1.0, *WHOLE)
_SAMPLE_FORMAT, _UNSIGNED = 339, 1  # of TIFF 6.0


@dataclass(frozen=True)
class Sample:
    """One picture, prepared for a network.

    images: (1, C, H, W) float32, normalised, on the device. label: (1,) int64, None where it has
    none. picture: uint8 (H, W) or (H, W, 3), as a person sees it. title: its name. note: a sentence
    on what of its file is not shown as it is, "" if nothing.
    """

    images: Tensor
    label: Tensor | None
    picture: np.ndarray
    title: str
    note: str = ""


def read(path: Path, on_note: Callable[[str], None] | None = None) -> Image.Image:
    """The photo as RGB, turned upright by its EXIF data; raises EngineError with one sentence.

    on_note: called with a sentence on what of the file is not shown as it is.
    """
    head = b""
    try:
        with open_regular(path) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a large photo; a too large one is refused below
            if os.fstat(file.fileno()).st_size > MOST_BYTES:
                raise EngineError(
                    _("The photo {path} is larger than {most} MiB.").format(
                        path=path, most=MOST_BYTES >> 20
                    )
                )
            head = file.read(form.HEAD)
            file.seek(0)
            with Image.open(file, formats=tuple(form.PHOTO_FORMATS)) as photo:
                if photo.width * photo.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                signed = getattr(photo, "tag_v2", {}).get(_SAMPLE_FORMAT) != (_UNSIGNED,)
                whole = ImageOps.exif_transpose(photo)
                return _rgb(whole, signed, on_note or (lambda _note: None))
    except FileNotFoundError:
        raise EngineError(_("There is no file {path}.").format(path=path)) from None
    except IsADirectoryError:
        raise EngineError(_("{path} is a folder, not a photo.").format(path=path)) from None
    except Image.DecompressionBombError:
        raise EngineError(
            _("The photo {path} has more than {most} million pixels.").format(
                path=path, most=MOST_PIXELS // 10**6
            )
        ) from None
    except UnidentifiedImageError:
        raise EngineError(
            (
                _("{path} is {what}, not a photo that can be read; allowed: {formats}.")
                if form.called(head)
                else _("{path} is not a photo that can be read; allowed: {formats}.")
            ).format(path=path, what=form.called(head), formats=", ".join(form.PHOTO_FORMATS))
        ) from None
    except EngineError:
        raise
    except Exception as fault:  # noqa: BLE001  a torn or hostile file can make a decoder fail in any way
        reason = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
        raise EngineError(
            _("The photo {path} cannot be read: {fault}.").format(
                path=path, fault=reason.rstrip(".")[:200]
            )
        ) from None


def _rgb(image: Image.Image, signed: bool, on_note: Callable[[str], None]) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits and more, which Pillow would clip, not scale
        return Image.fromarray(_scaled(image, signed, on_note)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(background, image).convert("RGB")
    return image.convert("RGB")


def _scaled(image: Image.Image, signed: bool, on_note: Callable[[str], None]) -> np.ndarray:
    """uint8 (H, W) of a picture whose pixels are numbers of 16 or 32 bits.

    White is 65,535 for 16 bits; otherwise the top of the first range that holds all pixels, if they fill
    a sixteenth of it at least (of the lowest, however little). If there is none, the smallest pixel is
    black and the largest white. signed: whole numbers of 32 bits are.
    What is not finite is as the smallest, ∞ as the largest.
    """
    values = np.array(image, np.float64)
    if not signed:  # Pillow reads them as if they were
        values[values < 0] += 2**32
    finite = np.isfinite(values)
    wild = int(values.size - np.count_nonzero(finite))
    low, high = 0.0, 65535.0
    if wild < values.size and not image.mode.startswith("I;16"):
        low = float(values.min(where=finite, initial=np.inf))
        high = float(values.max(where=finite, initial=-np.inf))
    if wild:
        on_note(
            ngettext(
                "{count} pixel is not finite (NaN, infinity), and is shown as the darkest or lightest.",
                "{count} pixels are not finite (NaN, infinity), and are shown as the darkest or lightest.",
                wild,
            ).format(count=wild)
        )
        values = np.nan_to_num(values, copy=False, nan=low, posinf=high, neginf=low)
    floating = image.mode.startswith("F")
    first, *more = FLOATING if floating else (*WHOLE, 2.0 ** (31 if signed else 32) - 1)
    if low >= 0 and (tops := [first] * (high <= first) + [t for t in more if t / 16 < high <= t]):
        low, high = 0.0, tops[0]
    return np.rint((values - low) / max(high - low, 1e-300) * 255).clip(0, 255).astype(np.uint8)


def fitted(photo: Image.Image, preprocess: Preprocess) -> Image.Image:
    """The middle of the photo, of the height and width of the network's input: scaled so that it covers
    `preprocess.resize` (bilinear over all source pixels, as torchvision's Resize does to a PIL image;
    the long side rounded to the nearest pixel, so that proportions stay), then cropped at the
    centre. Raises EngineError."""
    (_channels, height, width), (high, wide) = preprocess.input, preprocess.resize
    across, down = photo.size
    if down * wide <= across * high:
        size = (max(round(high * across / down), width), high)
    else:
        size = (wide, max(round(wide * down / across), height))
    if size[0] * size[1] > MOST_PIXELS:
        raise EngineError(
            _(
                "A photo of {across}×{down} pixels cannot be scaled to {size}: it is too large."
            ).format(across=across, down=down, size=text_of(preprocess.input))
        )
    scaled = photo.resize(size, Image.Resampling.BILINEAR)
    left, top = round((size[0] - width) / 2), round((size[1] - height) / 2)
    return scaled.crop((left, top, left + width, top + height))


def normalised(images: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """uint8 pixels (N, C, H, W) as float32; mean and deviation as `levels` has them."""
    return (images.to(torch.float32) - mean) / deviation


def levels(values: Sequence[float], device: torch.device) -> Tensor:
    """A mean or standard deviation for each channel, of pixels 0..1, for pixels 0..255: (1, C, 1, 1)."""
    return torch.tensor(values, device=device).mul_(255).reshape(1, -1, 1, 1)


def sample(path: Path, preprocess: Preprocess, device: torch.device) -> Sample:
    """The photo as a network takes it; raises EngineError."""
    try:
        changed = os.stat(path).st_mtime_ns
    except (OSError, ValueError):
        changed = 0
    picture, note = _pixels(path, changed, preprocess)
    maps = (picture[None] if picture.ndim == 2 else picture.transpose(2, 0, 1)).copy()
    mean, deviation = (levels(each, device) for each in (preprocess.mean, preprocess.std))
    images = normalised(torch.from_numpy(maps).to(device)[None], mean, deviation)
    return Sample(images, None, picture, Path(path).stem, note)


@lru_cache(maxsize=16)
def _pixels(path: Path, changed: int, preprocess: Preprocess) -> tuple[np.ndarray, str]:
    """uint8 (H, W) or (H, W, 3), and the note; cached, since probes use the same photo many times."""
    channels = preprocess.input[0]
    if channels not in (1, 3):
        raise EngineError(
            _(
                "The network takes pictures of {count} channels; a photo has 3, or 1 in greyscale."
            ).format(count=channels)
        )
    notes: list[str] = []
    image = fitted(read(path, notes.append), preprocess)
    return np.asarray(image if channels == 3 else image.convert("L")), " ".join(notes)


@dataclass(frozen=True)
class Photos:
    """The photos that come with the program, for a network of any input."""

    device: torch.device
    about: DataSet = PHOTOS

    def __len__(self) -> int:
        return len(PHOTO_FILES)

    def sample(self, image: int | str, preprocess: Preprocess) -> Sample:
        """Photo number `image`, or the one in that file; raises EngineError."""
        if isinstance(image, str):
            return sample(Path(image), preprocess, self.device)
        if type(image) is not int or not 0 <= image < len(self):
            raise EngineError(
                _("There is no photo {index}; allowed: 0 to {last}.").format(
                    index=repr(image)[:40], last=len(self) - 1
                )
            )
        return sample(resource.path("photos") / PHOTO_FILES[image], preprocess, self.device)

    def some(self, count: int, preprocess: Preprocess) -> Tensor:
        """Up to `count` of them, normalised: (N, C, H, W) float32."""
        return torch.cat(
            [self.sample(number, preprocess).images for number in range(min(count, len(self)))]
        )
