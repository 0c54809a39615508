"""SqueezeNet looks at photos; photos are scaled, cropped and refused."""

import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explorer import resource
from explorer.analysis.form import PHOTO_FORMATS
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST, PHOTO_FILES
from explorer.catalog.preprocess import imagenet, with_preprocess
from explorer.engine import checkpoint, photos
from explorer.engine.data import load
from explorer.engine.failure import EngineError
from explorer.engine.model import build
from explorer.engine.predict import Predictor, answers, predict

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def squeezenet():
    return templates.build("squeezenet1_1")


def test_the_cat_and_the_coffee(squeezenet):
    found = dict(predict(squeezenet, resource.path("photos") / "chelsea.png"))
    assert list(found)[:3] == ["Egyptian cat", "tiger cat", "tabby"] and len(found) == 5
    assert [round(chance, 2) for chance in list(found.values())[:3]] == [0.39, 0.34, 0.25]
    ((name, chance),) = predict(squeezenet, resource.path("photos") / "coffee.png", top=1)
    assert (name, round(chance, 2)) == ("espresso", 0.97)


def test_every_photo_that_comes_along_is_read():
    found = [photos.sample(resource.path("photos") / name, imagenet(), CPU) for name in PHOTO_FILES]
    assert {sample.title for sample in found} == {
        "chelsea",
        "coffee",
        "astronaut",
        "rocket",
        "camera",
    }
    for sample in found:
        assert sample.picture.shape == (224, 224, 3) and sample.images.shape == (1, 3, 224, 224)


def test_the_middle_is_cropped_and_proportions_stay():
    wide = Image.new("RGB", (896, 448), "red")
    wide.paste("blue", (224, 0, 672, 448))  # the middle square
    found = np.asarray(photos.fitted(wide, imagenet()))
    assert found.shape == (224, 224, 3) and (found == (0, 0, 255)).all()
    tall = photos.fitted(wide.transpose(Image.Transpose.ROTATE_90), imagenet().fitted((3, 64, 32)))
    assert tall.size == (32, 64)
    assert photos.fitted(Image.new("RGB", (1, 1)), imagenet()).size == (224, 224)
    assert photos.fitted(Image.new("RGB", (3000, 1)), imagenet().fitted((3, 5, 5))).size == (5, 5)


def test_pixels_are_normalised_as_for_imagenet(tmp_path):
    Image.new("RGB", (300, 260), (255, 0, 51)).save(tmp_path / "plain.png")
    found = photos.sample(tmp_path / "plain.png", imagenet().fitted((3, 8, 8)), CPU).images[
        0, :, 0, 0
    ]
    wanted = [(1 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225]
    torch.testing.assert_close(found, torch.tensor(wanted))


def test_a_network_of_grey_pictures_takes_a_photo_in_grey():
    sample = photos.sample(resource.path("photos") / "chelsea.png", FASHION_MNIST.preprocess, CPU)
    assert sample.picture.shape == (28, 28) and sample.images.shape == (1, 1, 28, 28)
    expected = (sample.picture[3, 4] / 255 - 0.2860) / 0.3530
    assert float(sample.images[0, 0, 3, 4]) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(EngineError, match="4 channels"):
        photos.sample(resource.path("photos") / "chelsea.png", imagenet().fitted((4, 8, 8)), CPU)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "I;16", "CMYK"])
def test_photos_of_every_sort(tmp_path, mode):
    suffix = "jpg" if mode == "CMYK" else "png"
    grey = Image.new("L", (20, 20), 255)
    if mode == "I;16":
        grey = Image.fromarray(np.full((20, 20), 65535, np.uint16))
    (
        grey
        if mode == "I;16"
        else grey.convert("RGB" if mode in ("CMYK", "P") else mode).convert(mode)
    ).save(tmp_path / f"photo.{suffix}")
    assert np.asarray(photos.read(tmp_path / f"photo.{suffix}")).min() > 250


@pytest.mark.parametrize("suffix", sum(PHOTO_FORMATS.values(), ()))
def test_a_photo_of_every_name_that_the_window_takes(tmp_path, suffix):
    Image.new("RGB", (20, 10), "white").save(tmp_path / f"photo{suffix}")
    assert photos.read(tmp_path / f"photo{suffix}").size == (20, 10)
    assert Image.registered_extensions()[suffix] in PHOTO_FORMATS


def written(path, values, mode=None):
    Image.fromarray(values, mode).save(path)
    return path


def grey(path) -> np.ndarray:
    return np.asarray(photos.read(path).convert("L"))


def test_pictures_of_32_bits_are_scaled_by_their_range(tmp_path):
    ramp = np.linspace(30, 200, 300).astype(np.uint8).reshape(15, 20)
    for number, values in enumerate(
        (
            (ramp / 255).astype(np.float32),
            ramp.astype(np.float32),
            (ramp * 257.0).astype(np.float32),
            ramp.astype(np.int32),
            ramp.astype(np.int32) * 257,
            ramp.astype(np.uint16) * 257,
        )
    ):
        assert (grey(written(tmp_path / f"{number}.tif", values)) == ramp).all(), values.dtype
    full = ramp.astype(np.uint32) * (2**32 // 255)
    for signed, values in ((True, full // 2), (False, full)):
        path = written(tmp_path / "full.tif", values.astype(np.uint32).view(np.int32))
        content = path.read_bytes()  # Pillow always writes SampleFormat 2
        entry = struct.pack("<HHI", 339, 3, 1)
        assert content.count(entry) == 1
        if not signed:
            path.write_bytes(content.replace(entry + b"\2", entry + b"\1"))
        assert np.abs(grey(path).astype(int) - ramp).max() <= 1
    stretched = np.rint((ramp - 30.0) / 170 * 255)
    for number, factor in enumerate((-1e30, 1e-3, 1e12)):
        values = (ramp * factor).astype(np.float32)
        if factor == 1e-3:
            values = values - 0.1  # below 0
        wanted = 255 - stretched if factor < 0 else stretched
        assert np.abs(grey(written(tmp_path / f"s{number}.tif", values)) - wanted).max() <= 1


def test_pixels_that_are_not_finite_are_told(tmp_path):
    ramp = np.linspace(30, 200, 300).astype(np.uint8).reshape(15, 20)
    values = (ramp / 255).astype(np.float32)
    values[0, 0], values[0, 1], values[-1, -1] = np.nan, -np.inf, np.inf
    path, notes = written(tmp_path / "wild.tif", values), []
    found = np.asarray(photos.read(path, notes.append).convert("L"))
    assert found[0, 1] == ramp[0, 2] and found[-1, -1] == ramp[-1, -2]
    assert (found.ravel()[2:-1] == ramp.ravel()[2:-1]).all()
    assert len(notes) == 1 and notes[0].startswith("3 pixels are not finite")
    for _again in range(2):  # also where the photo is known already
        assert photos.sample(path, imagenet().fitted((3, 8, 8)), CPU).note == notes[0]
    nothing = written(tmp_path / "nothing.tif", np.full((9, 9), np.nan, np.float32))
    assert (grey(nothing) == 0).all()


def test_a_photo_lies_as_the_camera_was_held(tmp_path):
    photo = Image.new("RGB", (40, 20))
    notes = photo.getexif()
    notes[0x0112] = 6  # turned by a quarter
    photo.save(tmp_path / "turned.jpg", exif=notes)
    assert photos.read(tmp_path / "turned.jpg").size == (20, 40)


def refused(path) -> str:
    with pytest.raises(EngineError) as fault:
        photos.read(path)
    assert str(path) in str(fault.value) and "\n" not in str(fault.value)
    return str(fault.value)


def test_what_is_no_photo(tmp_path):
    assert "no file" in refused(tmp_path / "none.png")
    assert "folder" in refused(tmp_path)
    (tmp_path / "text.png").write_text("a photo of a cat")
    assert "not a photo that can be read" in refused(tmp_path / "text.png")
    (tmp_path / "program.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    assert "not a photo" in refused(tmp_path / "program.eps")
    whole = (resource.path("photos") / "rocket.jpg").read_bytes()
    for share in (0.0, 0.01, 0.5):
        (tmp_path / "torn.jpg").write_bytes(whole[: int(len(whole) * share)])
        refused(tmp_path / "torn.jpg")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are POSIX's")
def test_pipes_and_devices_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "a device or a pipe" in refused(tmp_path / "pipe.png")
    assert "a device or a pipe" in refused(Path("/dev/zero"))


def test_too_large_photos_are_refused(tmp_path, monkeypatch):
    for mode, side in (("1", 12_000), ("1", 30_000)):  # Pillow itself refuses the second
        Image.new(mode, (side, side)).save(tmp_path / "bomb.png")
        assert "more than 100 million pixels" in refused(tmp_path / "bomb.png")
    monkeypatch.setattr(photos, "MOST_BYTES", 100)
    assert "larger than" in refused(tmp_path / "bomb.png")


def test_what_is_taken_for_a_photo_is_called_what_it_is(tmp_path):
    (tmp_path / "phone.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(80))
    assert "is a HEIC picture, not a photo" in refused(tmp_path / "phone.jpg")


def test_a_changed_photo_is_read_again(tmp_path):
    path = tmp_path / "photo.png"
    for colour in ((9, 9, 9), (200, 0, 0)):
        Image.new("RGB", (20, 20), colour).save(path)
        found = photos.sample(path, imagenet().fitted((3, 8, 8)), CPU).picture
        assert (found == colour).all()


def test_a_network_without_weights_asks_for_them():
    with pytest.raises(EngineError, match=r"--weights.*squeezenet1_1"):
        predict(templates.build("lenet5"), resource.path("photos") / "chelsea.png")


def test_a_run_of_ours_says_how_its_pictures_were_normalised_and_called(tmp_path):
    graph = templates.build("lenet5")
    about = {"data": "fashion-mnist"}
    checkpoint.write(tmp_path / "w.safetensors", build(graph, CPU).net.state_dict(), about)
    found = predict(graph, resource.path("photos") / "chelsea.png", tmp_path / "w.safetensors", 10)
    assert {name for name, _chance in found} == set(FASHION_MNIST.classes)
    assert sum(chance for _name, chance in found) == pytest.approx(1)


@pytest.mark.parametrize("where", ["weights", "data", "network"])
def test_a_test_picture_reaches_the_network_as_in_training(tmp_path, where):
    """Bit for bit, wherever the preprocessing is stated."""
    graph = templates.build("lenet5")
    stated = FASHION_MNIST.preprocess
    about = {
        "weights": checkpoint.described(stated),
        "data": {"data": FASHION_MNIST.name},
        "network": checkpoint.described(imagenet()),
    }[where]
    if where == "network":  # it comes before what the weights state
        graph = with_preprocess(graph, stated)
    weights = tmp_path / "w.safetensors"
    checkpoint.write(weights, build(graph, CPU).net.state_dict(), about)
    predictor, pictures = Predictor(graph, weights), load(FASHION_MNIST.name, CPU)
    for index in range(20):
        picture = pictures.test.images[index, 0].numpy()
        Image.fromarray(picture).save(tmp_path / "picture.png")
        Image.fromarray(picture).convert("RGB").save(tmp_path / "colour.png")
        wanted = pictures.normalised(pictures.test.images[index : index + 1])
        for name in ("picture.png", "colour.png"):
            sample = predictor.sample(tmp_path / name)
            assert torch.equal(sample.images, wanted) and (sample.picture == picture).all()
        ((name, _share),) = predictor.answers(sample, 1)
        assert name == FASHION_MNIST.classes[predictor.model.net(wanted).argmax()]


def test_weights_that_state_a_wrong_preprocessing_are_refused(tmp_path):
    graph = templates.build("lenet5")
    about = {"preprocess": {**FASHION_MNIST.preprocess.as_dict(), "std": [0.0]}}
    checkpoint.write(tmp_path / "w.safetensors", build(graph, CPU).net.state_dict(), about)
    with pytest.raises(EngineError, match='"std" of "preprocess"'):
        Predictor(graph, tmp_path / "w.safetensors")


def test_a_network_whose_output_is_no_vector(squeezenet, tmp_path):
    without = replace(
        squeezenet,
        wires=tuple(
            replace(wire, source="input") if wire.target == "output" else wire
            for wire in squeezenet.wires
        ),
    )
    with pytest.raises(EngineError, match="3×224×224, not a vector"):
        predict(without, resource.path("photos") / "chelsea.png")


def test_probabilities_are_not_made_twice():
    chances = torch.tensor([0.7, 0.2, 0.1])
    assert answers(chances, "abc", 2, probabilities=True) == [
        ("a", pytest.approx(0.7)),
        ("b", pytest.approx(0.2)),
    ]
    assert answers(chances.log(), "abc", 9)[2] == ("c", pytest.approx(0.1))
