"""What can be looked at while a network rests or trains: each look is a small frozen value.

A look is answered by one `Seen`, which repeats it and has its figures and arrays. To add one:
its class here and in `Look`, its file in `engine/probes/`, and the view that draws it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Maps:
    """The output of a node for one picture. path: of a node on the canvas, or of a layer; image:
    the number of a test picture, or the path of a photo.

    Figures: shape; tile (height, width of one map); columns of the mosaic; count of channels; shown,
    the number of them in the mosaic; low, high, mean of all values, zeros (the share of exact zeros).
    Arrays: mosaic (H, W) uint8, each map stretched over 0..255; order (shown,) int32, the channel
    of each tile; of a vector also values (shown,) float32.
    """

    path: str
    image: int | str


@dataclass(frozen=True)
class Gradients:
    """How strongly one picture would change each layer with weights.

    Figures: layers, their paths. Arrays: norms (layers,) float32, the L2 norms of the gradients of
    their weights, NaN where there is no gradient; loss (1,) float32, of that picture.
    """

    image: int | str


@dataclass(frozen=True)
class Answers:
    """The classes that the network finds likeliest for one picture.

    Figures: title and note (of a photo; what of its file is not shown as it is), label (-1: there is
    none), guess (-1: no vector of classes), confidence, and answers [[class, probability], ...], the
    likeliest first. Arrays: picture, uint8 (H, W) or (H, W, 3), as the network sees it.
    """

    image: int | str


Look = Maps | Gradients | Answers


def all_of(path: str, image: int | str) -> tuple[Look, ...]:
    """Every look at one picture, and at the node at `path`."""
    return Maps(path, image), Gradients(image), Answers(image)
