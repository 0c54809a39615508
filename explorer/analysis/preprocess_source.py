"""The function that makes a picture what a network takes, as PyTorch source."""

from collections.abc import Iterable, Iterator

from explorer.analysis.constructor import WIDEST
from explorer.catalog.layers import text_of
from explorer.catalog.preprocess import Preprocess


def preprocess_source(preprocess: Preprocess) -> list[str]:
    """The lines of `CLASSES`, if they have names, and of `preprocess(path)`; none for pictures that are
    neither grey nor coloured. Names are written by `repr`, so that none of them can be code."""
    (channels, height, width), (high, wide) = preprocess.input, preprocess.resize
    if channels not in (1, 3):
        return []
    lines = []
    if preprocess.classes:
        names = [f"{name!r}," for name in preprocess.classes]
        lines = ["", "", "CLASSES = (", *_filled(names), ")"]
    shape, mode = text_of((1, *preprocess.input)), "L" if channels == 1 else "RGB"
    return [
        *lines,
        "",
        "",
        "def preprocess(path):",
        f'    """The picture in a file as the network takes it: {shape}, float32."""',
        "    from PIL import Image, ImageOps",
        "",
        '    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")',
        f"    width, height = picture.size  # scaled to cover {wide}×{high}",
        f"    if height * {wide} <= width * {high}:",
        f"        size = max(round({high} * width / height), {width}), {high}",
        "    else:",
        f"        size = {wide}, max(round({wide} * height / width), {height})",
        "    picture = picture.resize(size, Image.Resampling.BILINEAR)",
        f"    left, top = round((size[0] - {width}) / 2), round((size[1] - {height}) / 2)",
        f'    picture = picture.crop((left, top, left + {width}, top + {height})).convert("{mode}")',
        "    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8)",
        f"    pixels = pixels.reshape(1, {height}, {width}, {channels}).permute(0, 3, 1, 2)",
        f"    mean = torch.tensor({list(preprocess.mean)}).mul(255).reshape(1, -1, 1, 1)",
        f"    std = torch.tensor({list(preprocess.std)}).mul(255).reshape(1, -1, 1, 1)",
        "    return (pixels.float() - mean) / std",
    ]


def _filled(words: Iterable[str]) -> Iterator[str]:
    line = "   "
    for word in words:
        if len(line) + 1 + len(word) > WIDEST and line.strip():
            yield line
            line = "   "
        line += f" {word}"
    yield line
