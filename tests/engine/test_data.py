"""Fashion-MNIST as it lies in the resources, and files that only pretend to be."""

import gzip

import numpy as np
import pytest
import torch

from explorer.catalog.datasets import FASHION_MNIST
from explorer.engine import data
from explorer.engine.failure import EngineError

CPU = torch.device("cpu")


def test_fashion_mnist_is_whole():
    pictures = data.load("fashion-mnist", CPU)
    assert pictures.train.images.shape == (60_000, 1, 28, 28)
    assert pictures.test.images.shape == (10_000, 1, 28, 28)
    assert pictures.train.images.dtype == torch.uint8
    assert pictures.train.labels.bincount().tolist() == [6000] * 10
    assert pictures.test.labels.bincount().tolist() == [1000] * 10
    assert pictures is data.load("fashion-mnist", CPU)
    np.testing.assert_array_equal(data.picture("fashion-mnist", 5), pictures.test.images[5, 0])


def test_is_normalised_as_declared():
    pictures = data.load("fashion-mnist", CPU)
    values = pictures.normalised(pictures.train.images[:20_000])
    assert values.dtype == torch.float32
    assert abs(values.mean()) < 0.01 and abs(values.std() - 1) < 0.01
    zero = pictures.normalised(torch.zeros(1, 1, 1, 1, dtype=torch.uint8))
    assert zero.item() == pytest.approx(-FASHION_MNIST.mean[0] / FASHION_MNIST.std[0])


def idx(magic: int, *sides: int, body: int | None = None) -> bytes:
    header = np.array([magic, *sides], ">u4").tobytes()
    return header + bytes(int(np.prod(sides)) if body is None else body)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "missing"),
        (b"", "starts with nothing"),
        (b"not gzip", "cannot be read"),
        (gzip.compress(idx(0x803, 2, 3, 3))[:-9], "cannot be read"),
        (gzip.compress(idx(0x801, 2, 3, 3)), "starts with 00000801"),
        (gzip.compress(idx(0x803, 2, 3, 4)), "does not hold 2×3×3"),
        (gzip.compress(idx(0x803, 2, 3, 3, body=17)), "does not hold"),
        (gzip.compress(idx(0x803, 2, 3, 3, body=10_000_000)), "does not hold"),
    ],
    ids=["missing", "empty", "plain", "torn", "labels", "other sides", "short", "bomb"],
)
def test_other_files_are_refused(tmp_path, content, words):
    path = tmp_path / "images.gz"
    if content is not None:
        path.write_bytes(
            content
            if content[:2] == b"\x1f\x8b" or content == b"not gzip"
            else gzip.compress(content)
        )
    with pytest.raises(EngineError, match=words):
        data.read_idx(path, data.IMAGES, (2, 3, 3))


def test_an_unknown_set_is_refused():
    with pytest.raises(EngineError, match="fashion-mnist"):
        data.load("imagenet", CPU)


def test_a_tenth_of_each_class_is_held_out_by_the_seed():
    whole = data.load("fashion-mnist", CPU)
    some, same, other = whole.divided(1), whole.divided(1), whole.divided(2)
    assert (some.count, len(some.validation), len(some.test)) == (54_000, 6_000, 10_000)
    assert some.validation.labels.bincount().tolist() == [600] * 10
    assert torch.equal(some.learned, same.learned) and not torch.equal(some.learned, other.learned)
    held = torch.ones(60_000, dtype=torch.bool)
    held[some.learned] = False
    assert torch.equal(whole.train.images[held], some.validation.images)
    assert torch.equal(whole.train.labels[held], some.validation.labels)


@pytest.mark.parametrize("input", [(3, 28, 28), (1, 32, 40), (3, 224, 224), (5, 14, 14)])
def test_a_picture_is_adapted_to_a_network_of_another_input(input):
    pictures = data.load("fashion-mnist", CPU)
    preprocess = FASHION_MNIST.preprocess
    sample = pictures.sample(7, preprocess.fitted(input))
    assert sample.images.shape == (1, *input) and sample.images.dtype == torch.float32
    assert sample.picture.dtype == np.uint8 and sample.picture.shape[:2] == input[1:]
    assert sample.picture.ndim == (3 if input[0] == 3 else 2)
    assert sample.title.startswith("picture 7 of Fashion-MNIST, adapted to ")
    assert pictures.some(2, preprocess.fitted(input)).shape == (2, *input)
    # The same picture still: of one mean, in each channel.
    own = pictures.sample(7, preprocess)
    assert own.title == "" and abs(sample.images.mean() - own.images.mean()) < 0.1
    assert (sample.images[0] == sample.images[0, :1]).all()
