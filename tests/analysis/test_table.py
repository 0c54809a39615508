"""The report as JSON, by the schema that scripts rely on, and as a table."""

import json

from explorer.analysis.report import analyse
from explorer.analysis.table import as_json, as_text
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST


def test_schema_of_a_good_network():
    whole = json.loads(as_json(analyse(templates.build("resnet18"))))
    assert list(whole) == ["name", "input", "output", "ok", "problems", "params", "macs", "layers"]
    assert whole["name"] == "resnet18" and whole["input"] == [3, 224, 224]
    assert whole["output"] == [1000] and whole["ok"] is True and whole["problems"] == []
    assert (whole["params"], whole["macs"]) == (11_689_512, 1_814_073_344)
    assert sum(layer["params"] for layer in whole["layers"]) == whole["params"]
    assert sum(layer["macs"] for layer in whole["layers"]) == whole["macs"]
    for layer in whole["layers"]:
        assert list(layer) == ["path", "kind", "in", "out", "params", "macs"]
        assert all(type(layer[key]) is int for key in ("params", "macs"))
        for shape in layer["in"] if layer["kind"] == "Add" else [layer["in"]]:
            assert shape and all(type(side) is int for side in shape)
        assert all(type(side) is int for side in layer["out"])
    assert whole["layers"][0] == {"path": "conv1", "kind": "Conv2d", "in": [3, 224, 224],
                                  "out": [64, 112, 112], "params": 9408, "macs": 118_013_952}
    add = next(layer for layer in whole["layers"] if layer["kind"] == "Add")
    assert add["path"] == "layer1.0.add" and add["in"] == [[64, 56, 56], [64, 56, 56]]


def test_schema_of_a_network_with_problems(draw):
    report = analyse(draw(("a", "Conv2d", {"out_channels": 4, "stride": 2}), ("add", "Add", {}),
                          ("flat", "Flatten", {}), ("conv", "Conv2d", {}),
                          wires=["input a add.a", "input add.b", "add flat conv output"]))
    whole = json.loads(as_json(report))
    assert whole["ok"] is False and whole["output"] is None
    assert [list(problem) for problem in whole["problems"]] == [["path", "rule", "message", "fixes"]] * 2
    assert [(problem["path"], problem["rule"]) for problem in whole["problems"]] == [
        ("add", "add"), ("conv", "map")]
    assert all(type(fix) is str for problem in whole["problems"] for fix in problem["fixes"])
    assert whole["layers"][-1]["out"] is None


def test_json_of_any_name_is_json(draw):
    for name in ('"', "é", "\\", "</script>"):
        assert json.loads(as_json(analyse(draw(name=name))))["name"] == name


def test_table_of_a_good_network():
    lines = as_text(analyse(templates.build("resnet18"))).splitlines()
    assert lines[0] == "resnet18, input 3×224×224"
    assert lines[2].split() == ["layer", "kind", "output", "parameters", "MACs"]
    assert lines[4].split() == ["conv1", "Conv2d", "64×112×112", "9,408", "118,013,952"]
    assert lines[-2].split() == ["total", "1000", "11,689,512", "1,814,073,344"]
    assert "MB a picture" in lines[-1]
    figures = lines[2], *lines[4:-3], lines[-2]
    assert len({len(line) for line in figures}) == 1, "columns stand below one another"


def test_table_of_a_network_with_problems():
    text = as_text(analyse(templates.build("cifar_resnet8"), FASHION_MNIST))
    assert "✗ input: The network takes pictures of 3×32×32" in text
    assert "    → Take the pictures of Fashion-MNIST: 1×28×28" in text
