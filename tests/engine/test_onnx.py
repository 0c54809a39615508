"""ONNX files: onnxruntime gives what the network gives."""

import importlib.util

import numpy as np
import pytest
import torch

from explorer.catalog import templates
from explorer.engine import onnx
from explorer.engine.failure import EngineError
from explorer.engine.model import build
from explorer.graph.graph import Graph, Node, Wire

CPU = torch.device("cpu")


def run(path, pictures: torch.Tensor) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert [each.name for each in session.get_inputs()] == ["pictures"]
    (found,) = session.run(["output"], {"pictures": pictures.numpy()})
    return found


@pytest.mark.parametrize(
    "name", [pytest.param("cifar_resnet8", marks=pytest.mark.campaign), "lenet5"]
)
def test_the_same_outputs_for_any_number_of_pictures(name, tmp_path):
    model = build(templates.build(name), CPU, 3)
    model.net.train()
    made = onnx.write(model, tmp_path / "net.onnx")
    assert made.difference < 1e-4 and made.dynamic
    assert made.files == (tmp_path / "net.onnx",) and len(list(tmp_path.iterdir())) == 1
    assert model.net.training  # the model itself is left as it was
    for batch in (1, 5):
        pictures = torch.randn(batch, *model.graph.input)
        with torch.no_grad():
            expected = model.net.eval()(pictures).numpy()
        np.testing.assert_allclose(run(tmp_path / "net.onnx", pictures), expected, atol=1e-4)
        model.net.train()


def pooled(kind: str, size) -> Graph:
    nodes = (
        Node("c", "Conv2d", {"out_channels": 2}),
        Node("p", kind, {"output_size": size}),
    )
    wires = (Wire("input", "c"), Wire("c", "p"), Wire("p", "output"))
    return Graph("pooled", (1, 28, 28), {node.id: node for node in nodes}, wires)


@pytest.mark.parametrize("size", [5, (7, 40), (1, 3), 13])
@pytest.mark.parametrize("kind", ["AdaptiveMaxPool2d", "AdaptiveAvgPool2d"])
def test_adaptive_pooling_to_any_size(tmp_path, kind, size):
    model = build(pooled(kind, size), CPU, 2)
    assert onnx.write(model, tmp_path / "net.onnx").dynamic
    pictures = torch.randn(4, 1, 28, 28)
    with torch.no_grad():
        expected = model.net.eval()(pictures).numpy()
    np.testing.assert_allclose(run(tmp_path / "net.onnx", pictures), expected, atol=1e-5)


def test_a_layer_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, "_writable", lambda net: net)
    with pytest.raises(EngineError) as fault:
        onnx.write(build(pooled("AdaptiveMaxPool2d", 5), CPU), tmp_path / "net.onnx")
    assert str(fault.value).startswith("PyTorch cannot write p (AdaptiveMaxPool2d) as ONNX")
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named_with_its_cure(tmp_path, monkeypatch, tiny):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "onnxscript" else find(name, *more),
    )
    with pytest.raises(
        EngineError, match=r'needs the packages onnxscript: .*"cnn-explorer\[onnx\]"'
    ):
        onnx.write(build(tiny(), CPU), tmp_path / "net.onnx")


def test_outputs_that_differ_leave_no_file(tmp_path, monkeypatch, tiny):
    (tmp_path / "net.onnx").write_bytes(b"what was there")
    monkeypatch.setattr(onnx, "TOLERANCE", -1.0)
    with pytest.raises(EngineError, match="differ by up to"):
        onnx.write(build(tiny(), CPU), tmp_path / "net.onnx")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"what was there"]


def test_a_place_that_cannot_be_written(tmp_path, tiny):
    for path in (tmp_path, tmp_path / "none" / "net.onnx"):
        with pytest.raises(EngineError, match="cannot be written"):
            onnx.write(build(tiny(), CPU), path)
