"""Frames: what goes in comes out, and nothing else comes out."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.protocol.frames import (
    DTYPES,
    HEADER_LIMIT,
    PAYLOAD_LIMIT,
    Decoder,
    FrameError,
    frame,
)


def framed(header: bytes, payload: bytes = b"") -> bytes:
    return struct.pack("<II", len(header), len(payload)) + header + payload


def described(arrays: object, payload: bytes = b"") -> bytes:
    return framed(json.dumps({"say": "x", "arrays": arrays}).encode(), payload)


def joined(message: dict, **arrays: np.ndarray) -> bytes:
    return b"".join(frame(message, arrays))


def test_arrays_come_out_as_they_went_in():
    arrays = {
        name: (np.arange(6) * 3).astype(dtype).reshape(2, 3) for name, dtype in DTYPES.items()
    }
    arrays["none"] = np.zeros((0, 5), np.float32)
    arrays["one"] = np.array(7, np.int64)
    arrays["strided"] = np.arange(20, dtype=np.float32).reshape(4, 5)[:, ::2]
    arrays["big_endian"] = np.arange(3, dtype=">f8")
    message = {"say": "rows", "generation": 3, "text": "größe"}
    [(read, found)] = Decoder().feed(joined(message, **arrays))
    assert read == message
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype.newbyteorder("=")
        assert found[name].flags.writeable


def test_a_large_array_is_not_copied():
    array = np.zeros((1000, 1000), np.uint8)
    piece = frame({"type": "Seen"}, {"mosaic": array})[1]
    assert np.shares_memory(np.frombuffer(piece, np.uint8), array)


@given(st.lists(st.tuples(st.text(), st.binary(max_size=50)), max_size=6), st.data())
def test_any_cut_of_the_stream_gives_the_same_messages(sent, data):
    stream = b"".join(
        joined({"say": word}, blob=np.frombuffer(blob, np.uint8)) for word, blob in sent
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder, found = Decoder(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += decoder.feed(stream[start:end])
    assert [(message["say"], arrays["blob"].tobytes()) for message, arrays in found] == sent


@given(st.binary(max_size=300))
def test_garbage_gives_messages_or_a_frame_error(stream):
    try:
        found = Decoder().feed(stream)
    except FrameError as fault:
        assert str(fault).endswith(".")
    else:
        assert all(isinstance(message, dict) for message, _ in found)


@pytest.mark.parametrize(
    "stream",
    [
        b"Warning: a library that prints\n",
        struct.pack("<II", HEADER_LIMIT + 1, 0),
        struct.pack("<II", 2, PAYLOAD_LIMIT + 1),
        framed(b"{"),
        framed(b"\xff\xfe"),
        framed(b"[1]"),
        framed(b"[" * 100_000),
        framed(b'{"n": ' + b"9" * 10_000 + b"}"),
        framed(b"{}", b"left over"),
        described(7),
        described([7]),
        described([["a", "uint8"]]),
        described([["a", "object", [1]]], b"\0" * 8),
        described([["a", ["uint8"], [1]]], b"\0"),
        described([[["a"], "uint8", [1]]], b"\0"),
        described([["a", "uint8", [-1]]], b"\0"),
        described([["a", "uint8", [True]]], b"\0"),
        described([["a", "uint8", [1.0]]], b"\0"),
        described([["a", "uint8", [2]]], b"\0"),
        described([["a", "uint8", [1] * 9]], b"\0"),
        described([["a", "uint8", [0] + [PAYLOAD_LIMIT] * 7]]),
        described([["a", "uint8", [1]], ["a", "uint8", [1]]], b"\0\0"),
        described([[str(n), "uint8", [0]] for n in range(65)]),
    ],
)
def test_nonsense_is_refused_with_a_sentence_and_for_good(stream):
    decoder = Decoder()
    with pytest.raises(FrameError) as fault:
        decoder.feed(stream)
    assert str(fault.value).endswith(".")
    with pytest.raises(FrameError):
        decoder.feed(joined({"say": "hello"}))


def test_what_may_not_be_sent_is_refused():
    with pytest.raises(FrameError, match="float16"):
        frame({}, {"half": np.zeros(3, np.float16)})
    with pytest.raises(FrameError, match="object"):
        frame({}, {"anything": np.array([{}])})
    with pytest.raises(FrameError, match="arrays"):
        frame({"arrays": []}, {})
    with pytest.raises(FrameError, match="bytes"):
        frame({}, {"huge": np.broadcast_to(np.uint8(0), (PAYLOAD_LIMIT + 1,))})
