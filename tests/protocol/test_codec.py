"""Messages: what is sent is what is heard, and what is none is refused with its field's name."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from explorer.protocol.codec import MessageError, decode, encode
from explorer.protocol.frames import Decoder
from explorer.protocol.looks import Maps, all_of
from explorer.protocol.messages import (
    ANSWERS,
    REQUESTS,
    VERSION,
    Build,
    Device,
    Hello,
    Modes,
    Rows,
    Seen,
    State,
    Train,
)
from explorer.runs.recipe import Recipe

SOME = [
    Build(generation=4, graph={"nodes": [1, {"a": None}]}, looks=all_of("layer1.0", "/a/b.png")),
    Train(graph={}, recipe=Recipe(epochs=2, learning_rate=None), resume="x"),
    Hello(devices=(Device("cpu", "größe", 3),), torch="2", pid=1),
    Modes(measured=(("float32", 1.5), ("bfloat16", 2.0)), chosen="float32"),
    Rows(columns=("step", "loss"), rows=np.arange(6.0).reshape(3, 2), memory=None, steps=9),
    Seen(
        look=Maps("conv1", 3),
        figures={"shape": [1, 2]},
        arrays={"mosaic": np.eye(3, dtype=np.uint8), "order": np.arange(2, dtype=np.int32)},
    ),
    State(state="finished", accuracy=0.5, files=("a", "b")),
]


def through(message):
    (found,) = Decoder().feed(b"".join(encode(message)))
    return decode(*found)


@pytest.mark.parametrize("message", SOME, ids=lambda message: type(message).__name__)
def test_a_message_comes_out_as_it_went_in(message):
    found = through(message)
    assert type(found) is type(message)
    for field in fields(message):
        sent, heard = getattr(message, field.name), getattr(found, field.name)
        if isinstance(sent, np.ndarray):
            np.testing.assert_array_equal(heard, sent)
            assert heard.dtype == sent.dtype
        elif field.name == "arrays":
            assert {key: value.tolist() for key, value in heard.items()} == {
                key: value.tolist() for key, value in sent.items()
            }
        else:
            assert heard == sent


def test_every_message_is_frozen_and_has_a_name_of_its_own():
    names = [each.__name__ for each in (*REQUESTS, *ANSWERS)]
    assert len(names) == len(set(names))
    for each in (*REQUESTS, *ANSWERS):
        assert is_dataclass(each) and each.__dataclass_params__.frozen and each.__doc__


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({}, "no message"),
        ({"type": ["Build"]}, "no message"),
        ({"type": "Build"}, "lacks its field “graph”"),
        ({"type": "Build", "graph": [[]]}, "Build.graph"),
        ({"type": "Build", "graph": {}, "seed": True}, "Build.seed is True"),
        ({"type": "Build", "graph": {}, "weights": 3}, "Build.weights is 3"),
        ({"type": "Pause", "when": 1}, "no field “when”"),
        ({"type": "Watch", "looks": [{"type": "Maps", "path": "a"}]}, "lacks its field “image”"),
        ({"type": "Watch", "looks": [{"type": "Dance"}]}, "Watch.looks[0]"),
        ({"type": "Modes", "measured": [["a", 1, 2]], "chosen": "a"}, "Modes.measured[0]"),
        ({"type": "Rows", "columns": [], "rows": 3}, "Rows.rows is 3"),
    ],
)
def test_what_is_no_message_is_refused_with_its_field(header, words):
    with pytest.raises(MessageError) as fault:
        decode({**header, "generation": 7}, {})
    assert words in str(fault.value) and fault.value.generation == 7


def test_another_version_is_told_before_its_fields_are_read():
    with pytest.raises(MessageError, match=f"version {VERSION + 1} of the protocol"):
        decode({"type": "Hello", "version": VERSION + 1, "machine": "gpu-box"}, {})
