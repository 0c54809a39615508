"""The file: what is written is read again, and whatever else is read gives one clear sentence."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from explorer.catalog import check, templates
from explorer.graph import file
from explorer.graph.file import FileError
from explorer.graph.graph import Graph, Node, Wire

TINY = {
    "format": "cnn-explorer",
    "version": 1,
    "name": "tiny",
    "input": [1, 28, 28],
    "nodes": [
        {
            "id": "conv1",
            "kind": "Conv2d",
            "params": {"out_channels": 8, "kernel_size": 3, "padding": 1},
            "position": [0, 120],
        },
        {"id": "add", "kind": "Add"},
    ],
    "wires": [["input", "conv1"], ["conv1", "add", "a"], ["conv1", "add", "b"], ["add", "output"]],
}


def tiny(**changed) -> dict:
    return json.loads(json.dumps(TINY)) | changed


def with_node(**changed) -> dict:
    return tiny(nodes=[TINY["nodes"][0] | changed, TINY["nodes"][1]])


def with_params(**params) -> dict:
    return with_node(params=params)


def nested(depth: int) -> dict:
    found = {"nodes": [], "wires": [["input", "output"]]}
    for _ in range(depth):
        found = {
            "nodes": [{"id": "g", "kind": "Group", **found}],
            "wires": [["input", "g"], ["g", "output"]],
        }
    return tiny(**found)


def circle(count: int) -> dict:
    ids = [f"n{number}" for number in range(count)]
    return tiny(
        nodes=[{"id": id, "kind": "ReLU"} for id in ids],
        wires=[[a, b] for a, b in zip(ids, [*ids[1:], ids[0]])],
    )


def sentence(found: object, door=check.from_dict) -> str:
    """The one sentence with which a value is refused."""
    with pytest.raises(FileError) as caught:
        door(found)
    text = str(caught.value)
    assert text.strip() and "\n" not in text and len(text) < 500
    assert "Error" not in text and "Traceback" not in text
    assert text.isprintable()
    return text


def test_the_example_of_the_format_opens():
    graph = check.from_dict(tiny())
    assert graph.input == (1, 28, 28) and list(graph.nodes) == ["conv1", "add"]
    assert graph.nodes["conv1"].position == (0.0, 120.0)
    assert graph.wires[1] == Wire("conv1", "add", "a")


@given(data=st.data())
def test_round_trip(data, random_graphs):
    graph = data.draw(random_graphs)
    text = file.dumps(graph)
    again = file.loads(text)
    assert again == graph and list(again.nodes) == list(graph.nodes)
    assert file.dumps(again) == text
    assert file.from_dict(file.to_dict(graph)) == graph


@pytest.mark.parametrize("name", templates.names())
def test_templates_round_trip(name):
    graph = templates.build(name)
    assert check.from_dict(json.loads(file.dumps(graph))) == graph


@pytest.mark.parametrize("place", [-79.001, 0.004, 1.995, -0.001, 2.5, 123456.789])
def test_what_was_read_is_written_the_same(place):
    text = file.dumps(Graph("a", (1, 8, 8), {"b": Node("b", "ReLU", position=(place, -place))}))
    assert file.dumps(file.loads(text)) == text


def test_the_text_reads_well_in_version_control():
    text = file.dumps(file.from_dict(tiny()))
    lines = text.splitlines()
    assert sum('"id": ' in line for line in lines) == 2, "one node a line"
    assert sum('["conv1", "add"' in line for line in lines) == 2, "one wire a line"
    assert list(json.loads(text)) == ["format", "version", "name", "input", "nodes", "wires"]
    assert list(json.loads(text)["nodes"][0]) == ["id", "kind", "params", "position"]
    assert text.endswith("}\n") and "0.0" not in text


# Hostile files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[1,",
        "cnn",
        "\ufeff{}",
        "{'a': 1}",
        "{" * 100_000,
        "[" * 100_000,
        '{"a":' * 5000 + "1" + "}" * 5000,
        '{"input": ' + "9" * 5000 + "}",
        '"\\ud800',
        "\0",
    ],
)
def test_not_json(text):
    assert "not JSON" in sentence(text, file.loads)


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "[]",
        "3",
        "NaN",
        "Infinity",
        "1e400",
        '"x"',
        "{}",
        "true",
        '{"format": "other"}',
        '{"format": ["cnn-explorer"]}',
    ],
)
def test_not_a_network(text):
    assert '"format"' in sentence(text, file.loads)


@pytest.mark.parametrize("depth", [50, 200, 500, 800, 900, 940, 960, 970, 980, 990])
def test_values_nested_as_deep_as_json_goes(depth):
    for key in ("input", "name", "version", "nodes", "wires"):
        text = json.dumps(tiny(**{key: "HERE"})).replace('"HERE"', "[" * depth + "]" * depth)
        sentence(
            text,
            lambda text: check.from_dict(json.loads(text)) if depth < 900 else file.loads(text),
        )


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (tiny(version=2), "version 2, made by a newer CNN Explorer"),
        (tiny(version=10**30), "newer"),
        (tiny(version=0), "allowed: 1 to 1"),
        (tiny(version=True), "allowed"),
        (tiny(version=1.0), "allowed"),
        (tiny(version="1"), "allowed"),
        (tiny(version=None), "allowed"),
        (tiny(name=""), "printable"),
        (tiny(name="a\nb"), "printable"),
        (tiny(name="x" * 201), "printable"),
        (tiny(name=3), "printable"),
        (tiny(name="\ud800"), "printable"),
        (tiny(name="\u202e"), "printable"),
        *[
            (tiny(input=shape), '"input" is')
            for shape in (
                None,
                [],
                [1, 28],
                [1, 28, 28, 1],
                [0, 28, 28],
                [-1, 28, 28],
                [1, 28, 28.0],
                [True, 28, 28],
                ["1", 28, 28],
                [1, 28, float("nan")],
                [1, 28, float("inf")],
                [1, 10**400, 1],
                [65_537, 1, 1],
                "1x28x28",
                {"c": 1},
                3,
            )
        ],
        (tiny(nodes={}), "must both be lists"),
        (tiny(wires=None), "must both be lists"),
        (tiny(nodes=[[]]), "must be an object"),
        (tiny(nodes=[None]), "must be an object"),
    ],
)
def test_wrong_frame(found, word):
    assert word in sentence(found)


@pytest.mark.parametrize(
    "id",
    [
        "",
        "a b",
        "__import__",
        "forward",
        "class",
        "input",
        "output",
        "x",
        "self",
        "torch",
        "a.b",
        "a" * 1000,
        "os.system('x')",
        "a\n",
        'a"',
        None,
        3,
        ["a"],
        {"a": 1},
        "é",
        "None",
        "\ud800",
    ],
)
def test_wrong_name_of_a_node(id):
    assert "cannot name a node" in sentence(with_node(id=id))


def test_a_missing_name():
    node = dict(TINY["nodes"][0])
    del node["id"]
    assert "cannot name a node" in sentence(tiny(nodes=[node]))


def test_two_nodes_of_one_name():
    assert "Two nodes are called add" in sentence(with_node(id="add"))


@pytest.mark.parametrize(
    "kind", ["Conv3d", "conv2d", "", "__import__", "k" * 10_000, "\ud800", "a\nb"]
)
def test_unknown_kind(kind):
    assert "conv1 is of the unknown kind" in sentence(with_node(kind=kind))


@pytest.mark.parametrize("kind", [None, 3, ["Conv2d"], {"Conv2d": 1}])
def test_kind_that_is_no_word(kind):
    assert "kind of conv1" in sentence(with_node(kind=kind))


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"out_channels": 0}, "out_channels is 0; allowed: 1 to"),
        ({"out_channels": -3}, "out_channels is -3"),
        ({"out_channels": True}, "out_channels is True; it must be a whole number"),
        ({"out_channels": "3"}, "it must be a whole number"),
        ({"out_channels": 3.0}, "it must be a whole number"),
        ({"out_channels": float("nan")}, "it must be a whole number"),
        ({"out_channels": 10**400}, "allowed: 1 to"),
        ({"bias": 1}, "bias is 1; it must be true or false"),
        ({"bias": "true"}, "true or false"),
        ({"kernel_size": 256}, "kernel_size is 256; allowed: 1 to 255"),
        ({"out_channels": [3, 3]}, "whole number"),
        ({"kernel_size": None}, "kernel_size is null"),
        ({"kernel_size": [3, 3, 3]}, "kernel_size is [3, 3, 3]; a parameter must be a number, two"),
        ({"kernel": 3}, "no parameter 'kernel'; it has: out_channels"),
        ({"__class__": 3}, "no parameter"),
        ({"\n" * 10_000: 3}, "no parameter"),
        ({"out_channels": "x" * 100_000}, "whole number"),
    ],
)
def test_wrong_parameter(params, word):
    assert word in sentence(with_params(**params))


@pytest.mark.parametrize("params", [[], None, 3, "x", [["out_channels", 3]]])
def test_parameters_that_are_no_object(params):
    assert '"params" of conv1' in sentence(with_node(params=params))


@pytest.mark.parametrize(
    "value", ["1e400", "-1e400", "NaN", "1e-400", '"0.1"', "true", "2", "-0.1"]
)
def test_wrong_number(value):
    text = json.dumps(tiny(nodes=[{"id": "n", "kind": "Dropout", "params": {"p": 0}}], wires=[]))
    if value == "1e-400":  # that is 0
        assert check.from_dict(json.loads(text.replace('"p": 0', '"p": 1e-400')))
    else:
        found = json.loads(text.replace('"p": 0', f'"p": {value}'))
        assert "n: p is" in sentence(found)


@pytest.mark.parametrize("choice", ["lstm", "__import__('os')", 3, True, 'x"', "BATCHNORM2D"])
def test_wrong_choice(choice):
    node = {"id": "b", "kind": "BasicBlock", "params": {"shortcut": choice}}
    assert "allowed: automatic, projection, zeros, none" in sentence(tiny(nodes=[node], wires=[]))


@pytest.mark.parametrize(
    "position",
    [
        None,
        [],
        [0],
        [0, 0, 0],
        ["0", "0"],
        [True, 0],
        [float("nan"), 0],
        [float("inf"), 0],
        [10**400, 0],
        [-(10**400), 0],
        [1e8, 0],
        {"x": 0},
        3,
        "0,0",
    ],
)
def test_wrong_position(position):
    assert '"position" of conv1' in sentence(with_node(position=position))


@pytest.mark.parametrize(
    ("wires", "word"),
    [
        ([["input"]], "A wire is"),
        ([[]], "A wire is"),
        ([None], "A wire is"),
        (["ab"], "A wire is"),
        ([["input", "conv1", "x", "y"]], "A wire is"),
        ([["input", 3]], "A wire is"),
        ([[["input"], "conv1"]], "A wire is"),
        ([{"source": "input"}], "A wire is"),
        ([["input", "nobody"]], "cannot be connected at nobody"),
        ([["nobody", "conv1"]], "cannot be connected at nobody"),
        ([["output", "conv1"]], "cannot be connected at output"),
        ([["conv1", "input"]], "cannot be connected at input"),
        ([["input", "n" * 10_000]], "cannot be connected at"),
        ([["input", "a\nb"]], "cannot be connected at"),
        ([["input", "conv1"], ["add", "conv1"]], "Two wires end at conv1, input x"),
        ([["input", "conv1", "y"]], "conv1 has no input y; it has: x"),
        ([["input", "conv1", "\n" * 99]], "conv1 has no input"),
        ([["input", "conv1", "\ud800"]], "conv1 has no input"),
        ([["input", "conv1"], ["add", "conv1"]], "it takes one, and Add or Concat joins several"),
        (
            [["input", "add", "xx"]],
            'add has no input xx; it has: a, b … w; write ["input", "add", "a"]',
        ),
        (
            [["input", "add", "w"], ["conv1", "add", "w"]],
            'Two wires end at add, input w; it has: a, b … w; write ["input", "add", "a"], ["conv1", '
            '"add", "b"]',
        ),
        (
            [["input", "add", 0]],
            'A wire is ["input", "add", 0]; it must be ["source", "target"] or '
            '["source", "target", "port"], where kinds that join have the ports "a", "b", …',
        ),
        ([["input", "output", "a"]], "output has no input a; it has: x"),
        ([["conv1", "add", "a"], ["add", "conv1"]], "cycle: "),
        ([["conv1", "conv1"]], "cycle: "),
    ],
)
def test_wrong_wires(wires, word):
    assert word in sentence(tiny(wires=wires))


def test_the_wires_that_a_refusal_suggests_are_taken():
    """Who writes a sum without naming its ports is told what to write, word by word."""
    wires = [["input", "conv1"], ["input", "add"], ["conv1", "add"], ["add", "output"]]
    text = sentence(tiny(wires=wires))
    assert text.startswith("add has no input x; it has: a, b … w; write [")
    suggested = json.loads("[" + text.partition("; write ")[2] + "]")
    graph = check.from_dict(tiny(wires=[wires[0], *suggested, wires[3]]))
    assert {port: wire.source for port, wire in graph.into("add").items()} == {
        "a": "input",
        "b": "conv1",
    }


def test_circles():
    assert "n0 → n1 → n2 → n0" in sentence(circle(3)) or "n2 → n0" in sentence(circle(3))
    assert "…" in sentence(circle(20_000)), "a long one is cut"
    inside = tiny(
        nodes=[
            {
                "id": "g",
                "kind": "Group",
                "nodes": [{"id": "a", "kind": "ReLU"}],
                "wires": [["a", "a"]],
            }
        ],
        wires=[],
    )
    assert "cycle: a → a" in sentence(inside)


def test_too_many():
    million = [{"id": f"n{number}", "kind": "ReLU"} for number in range(1_000_000)]
    assert "more than 20,000 nodes" in sentence(tiny(nodes=million, wires=[]))
    group = {"kind": "Group", "nodes": million[:11_000], "wires": []}
    assert "more than 20,000 nodes" in sentence(
        tiny(nodes=[{"id": "a", **group}, {"id": "b", **group}], wires=[])
    )
    assert "more than 20,000 nodes" in sentence(tiny(wires=[["input", "conv1"]] * 1_000_000))


def test_groups():
    assert check.from_dict(nested(16)).nodes["g"].inner.nodes["g"]
    assert "nested more than 16 deep" in sentence(nested(17))
    assert "nested more than 16 deep" in sentence(nested(150))
    assert "only a Group, has nodes" in sentence(with_node(nodes=[], wires=[]))
    assert "only a Group, has nodes" in sentence(with_node(kind="Group", params={}))
    for wrong in (
        None,
        3,
        {},
        [3],
        [{"id": "self", "kind": "ReLU"}],
        [{"id": "a", "kind": "Nothing"}],
    ):
        sentence(tiny(nodes=[{"id": "g", "kind": "Group", "nodes": wrong, "wires": []}], wires=[]))


hostile = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["input", "output", "conv1", "add", "x", "a", "Conv2d", "Group", "Stage"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["id", "kind", "params", "position", "nodes", "wires", "out_channels"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.data())
def test_a_file_with_anything_anywhere_opens_or_is_refused(data):
    found, place = tiny(), data.draw(st.integers(0, 5))
    value = data.draw(hostile)
    if place == 0:
        found = value
    elif place == 1:
        found[data.draw(st.sampled_from(sorted(found)))] = value
    elif place == 2:
        found["nodes"][0][
            data.draw(st.sampled_from(["id", "kind", "params", "position", "nodes"]))
        ] = value
    elif place == 3:
        found["wires"][data.draw(st.integers(0, 3))] = value
    elif place == 4:
        found["nodes"][0]["params"][data.draw(st.sampled_from(["out_channels", "bias", "p"]))] = (
            value
        )
    else:
        found["nodes"].append(value)
    try:
        graph = check.from_dict(found)
    except FileError as error:
        assert str(error).isprintable() and len(str(error)) < 500
    else:
        assert check.from_dict(file.to_dict(graph)) == graph


@given(st.integers(0, 400), st.text(max_size=3))
@example(0, "")
def test_a_damaged_text_opens_or_is_refused(place, put):
    text = file.dumps(file.from_dict(tiny()))
    place %= len(text)
    try:
        check.from_dict(file.to_dict(file.loads(text[:place] + put + text[place + 1 :])))
    except FileError as error:
        assert str(error).isprintable() and len(str(error)) < 500


# On the disk ----------------------------------------------------------------------------------

GRAPH = Graph("net", (1, 4, 4), {"a": Node("a", "ReLU")}, (Wire("input", "a"), Wire("a", "output")))
OTHER = Graph("other", (1, 4, 4), {}, (Wire("input", "output"),))


def test_write_and_read(tmp_path):
    path = tmp_path / "été 1.cnn.json"
    file.write(GRAPH, path)
    assert file.read(path) == check.read(str(path)) == GRAPH
    file.write(OTHER, path)
    assert file.read(path) == OTHER and os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="rights are POSIX's")
def test_rights_are_kept(tmp_path):
    path = tmp_path / "net.cnn.json"
    mask = os.umask(0o022)
    try:
        file.write(GRAPH, path)
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o640)
    file.write(OTHER, path)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
def test_a_link_still_leads_to_the_file(tmp_path):
    path, link = tmp_path / "net.cnn.json", tmp_path / "link.cnn.json"
    file.write(GRAPH, path)
    link.symlink_to(path)
    file.write(OTHER, link)
    assert link.is_symlink() and file.read(path) == OTHER


def test_what_a_killed_process_left_is_deleted(tmp_path):
    path = tmp_path / "net [1].cnn.json"
    left, young, other = (
        tmp_path / f".{name}.tmp" for name in (f"{path.name}.123", f"{path.name}.124", "b.1")
    )
    for each in (left, young, other):
        each.write_text("half")
    for each in (left, other):
        os.utime(each, (0, 0))
    file.write(GRAPH, path)
    assert not left.exists() and young.exists() and other.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are POSIX's")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.cnn.json")
    assert "a device or a pipe" in sentence(tmp_path / "pipe.cnn.json", file.read)
    assert "a device or a pipe" in sentence("/dev/zero", file.read)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = tmp_path / "net.cnn.json"
    path.write_bytes(b"\xef\xbb\xbf" + file.dumps(GRAPH).encode())
    assert file.read(path) == GRAPH


def test_a_key_that_stands_twice_is_refused():
    text = file.dumps(GRAPH)
    for key in ("name", "id"):
        assert f'the key "{key}" twice' in sentence(
            text.replace(f'"{key}": ', f'"{key}": "a", "{key}": ', 1), file.loads
        )


@pytest.mark.parametrize("name", ["replace", "fsync", "chmod"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt(), MemoryError()])
def test_a_crash_in_the_middle_leaves_the_old_file(tmp_path, monkeypatch, name, error):
    path = tmp_path / "net.cnn.json"
    file.write(GRAPH, path)
    before = path.read_bytes()

    def crash(*_args, **_kwargs):
        raise error

    with monkeypatch.context() as broken, pytest.raises(type(error)):
        broken.setattr(os, name, crash)
        file.write(OTHER, path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]


def test_a_file_that_cannot_be_read(tmp_path):
    for path in (tmp_path / "none.cnn.json", tmp_path, tmp_path / ("n" * 300), "a\0b"):
        sentence(path, file.read)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    assert "not text" in sentence(tmp_path / "picture.png", file.read)
    with open(tmp_path / "large.cnn.json", "wb") as large:
        large.truncate(65 * 2**20)
    assert "larger than 16 MiB" in sentence(tmp_path / "large.cnn.json", file.read)


def test_what_is_refused_names_the_file(tmp_path):
    path = tmp_path / "new.cnn.json"
    path.write_text(json.dumps(tiny(version=7)))
    assert sentence(path, check.read).startswith("new.cnn.json: ")
    path.write_text(json.dumps(with_node(kind="Conv9d")))
    assert "new.cnn.json: conv1 is of the unknown kind" in sentence(path, check.read)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError):
        file.write(GRAPH, Path(tmp_path / "none" / "net.cnn.json"))


def test_keys_that_this_version_does_not_know_survive_saving(tmp_path):
    content = file.to_dict(Graph("net", (1, 8, 8), {}, (Wire("input", "output"),)))
    content |= {"notes": {"from": ["Zürich", 1.5, None]}, 'a "quoted" key': "half \ud800"}
    graph = file.loads(json.dumps(content))
    file.write(graph, tmp_path / "net.cnn.json")
    again = file.read(tmp_path / "net.cnn.json")
    assert again == graph and file.to_dict(again) == content
    assert "Zürich" in (tmp_path / "net.cnn.json").read_text("utf-8")
    with pytest.raises(FileError, match="take more than 4 MiB"):
        file.loads(json.dumps(content | {"long": "x" * 2**22}))
    content["deep"] = json.loads("[" * 40 + "]" * 40)
    with pytest.raises(FileError, match="nested more than"):
        file.loads(json.dumps(content))
