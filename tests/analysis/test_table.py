"""The report as JSON, by the schema that scripts rely on, and as a table, CSV and Markdown."""

import csv
import json

from explorer.analysis.report import analyse
from explorer.analysis.table import CSV, as_csv, as_json, as_markdown, as_text
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST


def test_schema_of_a_good_network():
    whole = json.loads(as_json(analyse(templates.build("resnet18"))))
    assert list(whole) == [
        "name",
        "input",
        "output",
        "ok",
        "problems",
        "advice",
        "params",
        "macs",
        "memory",
        "layers",
    ]
    assert whole["name"] == "resnet18" and whole["input"] == [3, 224, 224]
    assert whole["output"] == [1000] and whole["ok"] is True and whole["problems"] == []
    assert (whole["params"], whole["macs"]) == (11_689_512, 1_814_073_344)
    assert sum(layer["params"] for layer in whole["layers"]) == whole["params"]
    assert sum(layer["macs"] for layer in whole["layers"]) == whole["macs"]
    for layer in whole["layers"]:
        assert list(layer) == [
            "path",
            "kind",
            "in",
            "out",
            "params",
            "macs",
            "receptive_field",
            "jump",
            "centre",
            "clipped",
            *(["unshared", "fully_connected"] if layer["kind"] == "Conv2d" else []),
        ]
        assert all(type(side) is int for side in layer["receptive_field"] + layer["jump"])
        assert type(layer["clipped"]) is bool and len(layer["centre"]) == 2
        assert all(type(layer[key]) is int for key in ("params", "macs"))
        for shape in layer["in"] if layer["kind"] == "Add" else [layer["in"]]:
            assert shape and all(type(side) is int for side in shape)
        assert all(type(side) is int for side in layer["out"])
    assert whole["layers"][0] == {
        "path": "conv1",
        "kind": "Conv2d",
        "in": [3, 224, 224],
        "out": [64, 112, 112],
        "params": 9408,
        "macs": 118_013_952,
        "receptive_field": [7, 7],
        "jump": [2, 2],
        "centre": [0, 0],
        "clipped": False,
        "unshared": 9408 * 112 * 112,
        "fully_connected": 3 * 224 * 224 * 64 * 112 * 112,
    }
    assert [
        (layer["receptive_field"], layer["jump"], layer["centre"], layer["clipped"])
        for layer in whole["layers"]
        if layer["path"] in ("layer4.1.relu2", "avgpool")
    ] == [([435, 435], [32, 32], [0, 0], False), ([224, 224], [0, 0], [111.5, 111.5], True)]
    add = next(layer for layer in whole["layers"] if layer["kind"] == "Add")
    assert add["path"] == "layer1.0.add" and add["in"] == [[64, 56, 56], [64, 56, 56]]


def test_schema_of_a_network_with_problems(draw):
    report = analyse(
        draw(
            ("a", "Conv2d", {"out_channels": 4, "stride": 2}),
            ("add", "Add", {}),
            ("flat", "Flatten", {}),
            ("conv", "Conv2d", {}),
            wires=["input a add.a", "input add.b", "add flat conv output"],
        )
    )
    whole = json.loads(as_json(report))
    assert whole["ok"] is False and whole["output"] is None
    assert [list(problem) for problem in whole["problems"]] == [
        ["path", "rule", "message", "fixes"]
    ] * 2
    assert [(problem["path"], problem["rule"]) for problem in whole["problems"]] == [
        ("add", "add"),
        ("conv", "map"),
    ]
    assert all(type(fix) is str for problem in whole["problems"] for fix in problem["fixes"])
    last = whole["layers"][-1]
    assert last["out"] is last["receptive_field"] is last["jump"] is last["clipped"] is None
    assert whole["layers"][0]["receptive_field"] == [3, 3]


def test_advice_in_json_and_in_the_table(draw):
    """Below the problems, with another sign; a network with advice alone is all right."""
    report = analyse(draw(("conv", "Conv2d", {}), ("bn", "BatchNorm2d", {})))
    whole = json.loads(as_json(report))
    (advice,) = whole["advice"]
    assert whole["ok"] is True and whole["problems"] == []
    assert list(advice) == ["path", "rule", "message", "reason", "fixes"]
    assert (advice["path"], advice["rule"]) == ("conv", "bias")
    assert advice["fixes"] == ["Turn off the bias of conv"] and "Ioffe" in advice["reason"]
    text = as_text(report)
    assert "△ conv: The bias of conv does nothing" in text and "✗" not in text
    assert "    → Turn off the bias of conv (-64 parameters)" in text
    reason = [line for line in text.splitlines() if line.startswith("    BatchNorm2d subtracts")]
    assert reason and max(map(len, text.splitlines())) < 120


def test_problems_come_before_the_advice(draw):
    text = as_text(
        analyse(draw(("conv", "Conv2d", {}), ("bn", "BatchNorm2d", {}), ("fc", "Linear", {})))
    )
    assert text.index("✗ fc") < text.index("△ conv")


def test_json_of_any_name_is_json(draw):
    for name in ('"', "é", "\\", "</script>"):
        assert json.loads(as_json(analyse(draw(name=name))))["name"] == name


def test_table_of_a_good_network():
    lines = as_text(analyse(templates.build("resnet18"))).splitlines()
    assert lines[0] == "resnet18, input 3×224×224"
    assert lines[2].split() == [
        "layer",
        "kind",
        "output",
        "receptive",
        "field",
        "parameters",
        "MACs",
    ]
    assert lines[4].split() == ["conv1", "Conv2d", "64×112×112", "7×7", "9,408", "118,013,952"]
    assert lines[-3].split() == ["total", "1000", "11,689,512", "1,814,073,344"]
    assert "MiB per picture" in lines[-2]
    figures = lines[2], *lines[4:-4], lines[-3]
    assert len({len(line) for line in figures}) == 1, "columns stand below one another"


def test_a_clipped_field_is_marked_and_explained():
    lines = as_text(analyse(templates.build("resnet18"))).splitlines()
    assert next(line for line in lines if line.startswith("avgpool")).split()[3] == "224×224*"
    assert next(line for line in lines if line.startswith("layer4.1.relu2")).split()[3] == "435×435"
    assert lines[-1] == "* clipped to the picture: after a layer that sees all of its input"


def test_nothing_is_explained_where_nothing_is_clipped(draw):
    lines = as_text(analyse(draw(("a", "Conv2d", {"padding": 1})))).splitlines()
    assert "*" not in "".join(lines) and lines[4].split()[3] == "3×3"


def test_csv_holds_plain_figures_that_add_up():
    report = analyse(templates.build("resnet18"))
    head, *rows = csv.reader(as_csv(report).splitlines())
    assert tuple(head) == CSV
    rows = [dict(zip(head, row)) for row in rows]
    assert sum(int(row["params"]) for row in rows) == report.params
    assert sum(int(row["macs"]) for row in rows) == report.macs
    first = rows[0]
    assert (first["layer"], first["in"], first["out"]) == ("conv1", "3×224×224", "64×112×112")
    assert (
        first["receptive_field_h"],
        first["jump_w"],
        first["centre_h"],
        first["clipped"],
        first["unshared"],
    ) == ("7", "2", "0", "0", str(9408 * 112 * 112))
    assert rows[-1]["clipped"] == "1" and rows[-1]["unshared"] == ""
    assert next(row for row in rows if row["kind"] == "Add")["in"] == "64×56×56 + 64×56×56"


def test_csv_leaves_empty_what_is_unknown(draw):
    report = analyse(draw(("flat", "Flatten", {}), ("conv", "Conv2d", {})))
    last = list(csv.DictReader(as_csv(report).splitlines()))[-1]
    assert last["layer"] == "conv"
    assert last["receptive_field_h"] == last["clipped"] == last["unshared"] == last["out"] == ""


def test_markdown_has_all_columns_and_the_totals():
    lines = as_markdown(analyse(templates.build("lenet5"))).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in rows}) == 1 and len(rows) == 2 + 12 + 1
    assert lines[0] == "# lenet5"
    assert rows[2] == (
        "| `conv1` | Conv2d | 1×28×28 | 6×28×28 | 156 | 117,600 | 5×5 | 1 | 0 "
        "| 122,304 | 3,692,640 |"
    )
    assert "61,706" in rows[-1] and "416,520" in rows[-1]
    assert lines[-1].startswith("\\* clipped to the picture")


def test_markdown_of_any_name_is_a_heading(draw):
    assert as_markdown(analyse(draw(name="a|b*<i>"))).startswith("# a\\|b\\*\\<i\\>\n")


def test_table_of_a_network_with_problems():
    text = as_text(analyse(templates.build("cifar_resnet8"), FASHION_MNIST))
    assert "✗ input: The network takes pictures of 3×32×32" in text
    assert "    → Set the input to 1×28×28, as Fashion-MNIST has" in text
