"""What a photo is taken for."""

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from explorer import resource
from explorer.catalog import templates
from explorer.graph import file

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


def test_predict_refuses(run, bad, tmp_path, refused):
    assert "--weights" in refused(run("predict", "lenet5", CAT))
    assert "not a photo" in refused(run("predict", "squeezenet1_1", PUBLISHED))
    assert "no file" in refused(run("predict", "squeezenet1_1", tmp_path / "none.png"))
    assert "another network's" in refused(run("predict", "lenet5", CAT, "--weights", PUBLISHED))
    status, out, err = run("predict", bad, CAT)
    assert (status, out) == (1, "") and "kernel_size 99" in err
    assert run("predict", "squeezenet1_1", CAT, "--top", 0)[0] == 2
