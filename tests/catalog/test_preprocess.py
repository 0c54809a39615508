"""How pictures become what a network takes: a value of data sets, networks and weights."""

import json
from dataclasses import replace

import pytest

from explorer.catalog import check, preprocess, templates
from explorer.catalog.datasets import DATASETS, FASHION_MNIST, PHOTOS
from explorer.catalog.preprocess import Preprocess, PreprocessError, imagenet
from explorer.graph import file
from explorer.graph.delta import apply, delta
from explorer.graph.file import FileError


def test_every_data_set_has_one_and_crops_nothing():
    for data in DATASETS.values():
        stated = data.preprocess
        assert stated.input == data.input and stated.resize == data.input[1:]
        assert stated.classes == data.classes and Preprocess.of(stated.as_dict()) == stated
    assert PHOTOS.preprocess == imagenet() == Preprocess.of(imagenet().as_dict())


def test_it_is_fitted_to_another_input():
    assert imagenet().fitted((3, 299, 299)).resize == (341, 341)
    grey = imagenet().fitted((1, 112, 224))
    assert grey.resize == (128, 256) and grey.mean == (pytest.approx(0.449),)
    assert FASHION_MNIST.preprocess.fitted((3, 32, 64)).resize == (32, 64)
    assert FASHION_MNIST.preprocess.fitted((3, 32, 64)).std == (0.3530,) * 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"input": [3, 224]},
        {"resize": [100, 256]},
        {"resize": [256]},
        {"resize": [10**9, 256]},
        {"resize": None},
        {"mean": [0.5, 0.5]},
        {"mean": ["0.5"] * 3},
        {"std": [1.0, 1.0, 0]},
        {"std": [1.0, 1.0, float("nan")]},
        {"classes": "cat"},
        {"classes": ["cat\x1b[2J"]},
        {"classes": [1]},
    ],
)
def test_wrong_values_are_refused(wrong):
    values = imagenet().as_dict() | wrong
    with pytest.raises(PreprocessError):
        Preprocess.of(values)
    graph = replace(templates.build("lenet5"), more=json.dumps({"preprocess": values}))
    with pytest.raises(FileError, match="preprocess"):
        check.from_dict(file.to_dict(graph))


def test_a_network_states_it_in_its_file_and_in_its_journal():
    before = templates.build("lenet5")
    after = preprocess.with_preprocess(before, FASHION_MNIST.preprocess)
    assert preprocess.of_graph(before) is None
    assert preprocess.of_graph(after) == FASHION_MNIST.preprocess
    again = file.loads(file.dumps(after))
    assert again == after and preprocess.of_graph(again) == FASHION_MNIST.preprocess
    for one, other in ((before, after), (after, before)):
        assert apply(one, json.loads(json.dumps(delta(one, other)))) == other
    assert preprocess.with_preprocess(after, None) == before
