"""What a photo is taken for."""

import csv
import json

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from explorer import folders, resource
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.catalog.preprocess import Preprocess
from explorer.engine import checkpoint
from explorer.engine.data import load, picture
from explorer.engine.model import build
from explorer.graph import file
from explorer.runs.folder import NETWORK, WEIGHTS, RunAbout
from explorer.runs.recipe import Recipe

PUBLISHED = resource.path("squeezenet1_1") / "squeezenet1_1.safetensors"
CAT = resource.path("photos") / "chelsea.png"


def test_predict_names_the_cat_and_the_coffee(run):
    status, out, err = run("predict", "squeezenet1_1", CAT)
    assert (status, err) == (0, "")
    assert out.splitlines()[:3] == ["0.39  Egyptian cat", "0.34  tiger cat", "0.25  tabby"]
    assert len(out.splitlines()) == 5
    status, out, _err = run(
        "predict", "squeezenet1_1", resource.path("photos") / "coffee.png", "--top", 1
    )
    assert (status, out) == (0, "0.97  espresso\n")


def test_predict_with_weights_of_ones_own(run, tmp_path):
    graph = templates.build("squeezenet1_1")
    torch.save(
        {"state_dict": {f"module.{name}": value for name, value in load_file(PUBLISHED).items()}},
        tmp_path / "w.pth",
    )
    assert run("predict", "squeezenet1_1", CAT, "--weights", tmp_path / "w.pth")[1].startswith(
        "0.39  Egyptian cat\n"
    )
    file.write(graph, tmp_path / "mine.cnn.json")
    assert "Egyptian cat" in run("predict", tmp_path / "mine.cnn.json", CAT)[1]


def test_predict_tells_of_pixels_that_are_not_finite(run, tmp_path):
    image = np.tile(np.linspace(30, 200, 260).astype(np.uint8), (260, 1))
    Image.fromarray(image).save(tmp_path / "same.png")
    values = (image / 255).astype(np.float32)
    values[0, 0] = np.nan
    Image.fromarray(values).save(tmp_path / "nan.tif")
    expected = run("predict", "squeezenet1_1", tmp_path / "same.png")
    status, out, err = run("predict", "squeezenet1_1", tmp_path / "nan.tif")
    assert (status, out) == expected[:2] and "1 pixel is not finite" in err


def test_names_send_no_control_characters_to_the_terminal(run, tmp_path):
    status, _out, err = run("predict", "squeezenet1_1", tmp_path / "\x1b]0;gone\x07.png")
    assert status == 2 and "\x1b" not in err and "\x07" not in err and "gone" in err
    weights = tmp_path / "w\x1b[2J.safetensors"
    status, out, err = run("import", "squeezenet1_1", PUBLISHED, "-o", weights)
    assert status == 0 and weights.exists() and "\x1b" not in out + err


@pytest.fixture
def pictures(tmp_path):
    """A folder with test pictures of Fashion-MNIST, and a text."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(picture(FASHION_MNIST.name, index)).save(folder / f"{index}.png")
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def network():
    return templates.build("cifar_resnet8", FASHION_MNIST.input, len(FASHION_MNIST.classes))


@pytest.fixture
def trained(network):
    """The folder of a run, named like the template that was trained."""
    folder = folders.runs() / "cifar_resnet8"
    folder.mkdir(parents=True)
    about = RunAbout(network.name, FASHION_MNIST.name, Recipe(), state="finished")
    about.write(folder)
    file.write(network, folder / NETWORK)
    tensors = build(network, torch.device("cpu"), 5).net.state_dict()
    checkpoint.write(folder / WEIGHTS, tensors, checkpoint.described(about.preprocess))
    return folder


def test_predict_takes_a_run_by_its_folder_or_name(run, trained, network, pictures):
    model = build(network, torch.device("cpu"), 5)
    data = load(FASHION_MNIST.name, torch.device("cpu"))
    with torch.no_grad():
        logits = model.net.eval()(data.normalised(data.test.images[:3]))
    expected = [
        [str(pictures / f"{index}.png"), FASHION_MNIST.classes[each.argmax()]]
        for index, each in enumerate(logits)
    ]
    for name in (trained, trained.name):
        status, out, err = run("predict", name, pictures, "--csv", "--top", 1)
        assert (status, err) == (0, "")
        first, *rows = csv.reader(out.splitlines())
        assert first == ["picture", "class", "probability"]
        assert [row[:2] for row in rows] == expected
        for row, each in zip(rows, logits):
            assert float(row[2]) == pytest.approx(float(each.softmax(0).max()), abs=1e-5)
    # The template's name with these weights is the same network.
    weights = trained / WEIGHTS
    assert run("predict", "cifar_resnet8", pictures, "--weights", weights, "--csv", "--top", 1) == (
        0,
        out,
        f"cifar_resnet8 is the template; the run of that name is {trained}\n",
    )


def test_predict_tells_several_pictures_apart(run, trained, pictures):
    torn = pictures / "torn.png"
    torn.write_bytes((pictures / "0.png").read_bytes()[:60])
    status, out, err = run("predict", trained, torn, pictures / "1.png", "--top", 2)
    assert status == 2 and "torn.png cannot be read" in err
    heading, *lines = out.splitlines()
    assert heading == f"{pictures / '1.png'}:" and len(lines) == 2
    assert {line.split("  ")[1] for line in lines} <= set(FASHION_MNIST.classes)


def test_predict_refuses_a_run_that_it_cannot_use(run, trained, pictures, tmp_path, refused):
    (tmp_path / "empty").mkdir()
    assert "no picture in the folder" in refused(run("predict", trained, tmp_path / "empty"))
    assert "not the folder of a run" in refused(run("predict", tmp_path / "empty", pictures))
    (trained / WEIGHTS).unlink()
    assert "has saved no weights" in refused(run("predict", trained, pictures))


def test_a_run_is_exported_with_its_weights_and_preprocessing(run, trained, pictures, tmp_path):
    onnx = tmp_path / "net.onnx"
    status, out, err = run("export", trained, "--to", "onnx", "-o", onnx)
    assert (status, err) == (0, "") and "with the weights of weights.safetensors" in out
    metadata = onnxruntime.InferenceSession(onnx).get_modelmeta().custom_metadata_map
    assert Preprocess.of(json.loads(metadata["preprocess"])) == FASHION_MNIST.preprocess
    status, out, err = run("export", trained, "--to", "pytorch")
    assert (status, err) == (0, "")
    space = {"__name__": "exported"}
    exec(out, space)
    data = load(FASHION_MNIST.name, torch.device("cpu"))
    assert torch.equal(
        space["preprocess"](pictures / "1.png"), data.normalised(data.test.images[1:2])
    )
    assert run("check", trained)[0] == 0


def test_import_and_export_keep_the_preprocessing(run, trained, tmp_path):
    mine, onnx = tmp_path / "mine.safetensors", tmp_path / "net.onnx"
    status, _out, err = run("import", "cifar_resnet8", trained / WEIGHTS, "-o", mine)
    assert (status, err) == (0, "")
    assert checkpoint.preprocess_of(checkpoint.about(mine)) == FASHION_MNIST.preprocess
    status, _out, err = run(
        "export", "cifar_resnet8", "--to", "onnx", "--weights", mine, "-o", onnx
    )
    assert (status, err) == (0, "")
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    stated = json.loads(session.get_modelmeta().custom_metadata_map["preprocess"])
    assert Preprocess.of(stated) == FASHION_MNIST.preprocess


def test_predict_refuses(run, bad, tmp_path, refused):
    assert "--weights" in refused(run("predict", "lenet5", CAT))
    assert "not a photo" in refused(run("predict", "squeezenet1_1", PUBLISHED))
    assert "no file" in refused(run("predict", "squeezenet1_1", tmp_path / "none.png"))
    assert "another network's" in refused(run("predict", "lenet5", CAT, "--weights", PUBLISHED))
    status, out, err = run("predict", bad, CAT)
    assert (status, out) == (1, "") and "kernel_size 99" in err
    assert run("predict", "squeezenet1_1", CAT, "--top", 0)[0] == 2
