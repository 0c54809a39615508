"""The exported source prepares pictures as the engine does, and nobody can put words in it."""

import ast
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from explorer import resource
from explorer.analysis.report import analyse
from explorer.analysis.source import source
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.catalog.preprocess import imagenet, with_preprocess
from explorer.engine import photos
from explorer.engine.data import picture
from explorer.graph.graph import Graph, Wire

CPU = torch.device("cpu")
EVIL = "'''\"\"\"'); import os; os.abort() #"


def space_of(report) -> dict:
    space: dict = {"__name__": "exported"}
    exec(source(report).text, space)
    return space


def test_a_network_for_a_data_set_has_it_and_any_other_has_not():
    graph = templates.build("lenet5")
    assert "preprocess" not in space_of(analyse(graph))
    assert space_of(analyse(graph, FASHION_MNIST))["CLASSES"] == FASHION_MNIST.classes


def test_it_gives_what_the_engine_gives(tmp_path):
    graph = templates.build("lenet5")
    stated = FASHION_MNIST.preprocess
    clothes = space_of(analyse(graph, FASHION_MNIST))["preprocess"]
    for index in range(5):
        Image.fromarray(picture(FASHION_MNIST.name, index)).save(tmp_path / "test.png")
        expected = photos.sample(tmp_path / "test.png", stated, CPU).images
        assert torch.equal(clothes(tmp_path / "test.png"), expected)
    photo = space_of(analyse(with_preprocess(templates.build("squeezenet1_1"), imagenet())))
    for name in ("chelsea.png", "rocket.jpg", "camera.png"):
        path = resource.path("photos") / name
        expected = photos.sample(path, imagenet(), CPU).images
        assert torch.equal(photo["preprocess"](path), expected)
    for shape in ((1, 9, 20), (3, 20, 9)):  # of another shape than the picture
        fitted = imagenet().fitted(shape)
        net = Graph("net", shape, {}, (Wire("input", "output"),))
        space = space_of(analyse(with_preprocess(net, fitted)))
        expected = photos.sample(path, fitted, CPU).images
        assert torch.equal(space["preprocess"](path), expected) and "CLASSES" not in space


@pytest.mark.parametrize("name", [EVIL, "\\", "'", '"', "Ünïcödé 猫"])
def test_the_names_of_classes_are_only_names(name):
    graph = templates.build("lenet5")
    stated = replace(FASHION_MNIST.preprocess, classes=(name,) * 10)
    text = source(analyse(with_preprocess(graph, stated))).text
    space = space_of(analyse(with_preprocess(graph, stated)))
    assert space["CLASSES"] == (name,) * 10
    tops = [type(each) for each in ast.parse(text).body]
    plain = [type(each) for each in ast.parse(source(analyse(graph, FASHION_MNIST)).text).body]
    assert tops == plain and np.all([len(line) <= 110 for line in text.splitlines()])
