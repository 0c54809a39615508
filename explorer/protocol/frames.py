"""Frames: a JSON header and raw arrays, never pickle. What they contain is in `messages`.

A frame is `<II` (bytes of the header, bytes of the payload), the header (a JSON object in UTF-8)
and the payload (the arrays' bytes back to back, little-endian, C order). The header's key "arrays"
says what the payload holds: [[name, dtype, shape], ...].
"""

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from explorer.text import _

Header = dict[str, Any]
Arrays = dict[str, np.ndarray]

DTYPES: dict[str, np.dtype[Any]] = {
    "uint8": np.dtype("u1"),
    "int32": np.dtype("<i4"),
    "int64": np.dtype("<i8"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}
HEADER_LIMIT = 16 * 2**20
"""Bytes of the longest header. Four bytes of text, read as a length, are far above it, so a stray
print is noticed."""
PAYLOAD_LIMIT = 256 * 2**20
"""Bytes of the largest payload."""
ARRAY_LIMIT, DIMENSION_LIMIT = 64, 8

_LENGTHS = struct.Struct("<II")


class FrameError(ValueError):
    """The bytes are no frame, or the frame must not be sent; the message is a sentence for a
    person."""


def frame(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> list[bytes | memoryview]:
    """`header` and `arrays` as pieces for `writelines`; contiguous arrays are not copied.

    Raises FrameError for a dtype other than those of DTYPES, for a header with a key "arrays" of
    its own, and where the frame would be larger than what `Decoder` accepts.
    """
    if "arrays" in header:
        raise FrameError(_("A message may not have a key of its own named “arrays”."))
    described, pieces, size = [], [], 0
    for name, array in arrays.items():
        dtype = DTYPES.get(array.dtype.name)
        if dtype is None or array.ndim > DIMENSION_LIMIT:
            raise FrameError(
                _(
                    "The array “{name}” is of type {dtype} and has {count} dimensions; allowed: "
                    "{allowed}, with up to {limit} dimensions."
                ).format(
                    name=name,
                    dtype=array.dtype.name,
                    count=array.ndim,
                    allowed=", ".join(DTYPES),
                    limit=DIMENSION_LIMIT,
                )
            )
        described.append([name, dtype.name, list(array.shape)])
        size += array.nbytes
        _check_lengths(0, size)
        if array.size:  # memoryview.cast refuses a zero in the shape
            pieces.append(np.asarray(array, dtype, order="C").data.cast("B"))
    text = json.dumps({**header, "arrays": described}, separators=(",", ":")).encode()
    _check_lengths(len(text), size)
    if len(described) > ARRAY_LIMIT:
        raise FrameError(_("A frame holds at most {limit} arrays.").format(limit=ARRAY_LIMIT))
    return [_LENGTHS.pack(len(text), size) + text, *pieces]


class Decoder:
    """Turns a stream of bytes, in pieces of any size, back into headers and their arrays."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._fault: str | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> list[tuple[Header, Arrays]]:
        """The headers that `data` completes, in order, each with its arrays (writable, native byte
        order).

        Raises FrameError on bytes that are no frame; what follows them has no meaning, so every
        later call raises it again.
        """
        if self._fault is not None:
            raise FrameError(self._fault)
        self._buffer += data
        try:
            return self._complete()
        except FrameError as fault:
            self._fault = str(fault)
            self._buffer.clear()
            raise

    def _complete(self) -> list[tuple[Header, Arrays]]:
        messages, start, buffer = [], 0, self._buffer
        while len(buffer) - start >= _LENGTHS.size:
            header, payload = _LENGTHS.unpack_from(buffer, start)
            _check_lengths(header, payload)
            middle = start + _LENGTHS.size + header
            end = middle + payload
            if len(buffer) < end:
                break
            message = _read_header(bytes(buffer[start + _LENGTHS.size : middle]))
            messages.append(
                (message, _read_arrays(message.pop("arrays", []), bytes(buffer[middle:end])))
            )
            start = end
        del buffer[:start]
        return messages


def _check_lengths(header: int, payload: int) -> None:
    if header > HEADER_LIMIT or payload > PAYLOAD_LIMIT:
        raise FrameError(
            _(
                "A frame of {header} + {payload} bytes cannot be a message; allowed: up to {most} + "
                "{limit}."
            ).format(header=header, payload=payload, most=HEADER_LIMIT, limit=PAYLOAD_LIMIT)
        )


def _read_header(text: bytes) -> Header:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError(_("The header of a frame is not JSON.")) from None
    if not isinstance(message, dict):
        raise FrameError(_("The header of a frame is not a JSON object."))
    return message


def _read_arrays(described: Any, payload: bytes) -> Arrays:
    wrong = FrameError(_("The arrays of a frame do not match its header."))
    if not isinstance(described, list) or len(described) > ARRAY_LIMIT:
        raise wrong
    arrays: Arrays = {}
    start = 0
    for entry in described:
        if not isinstance(entry, list) or len(entry) != 3:
            raise wrong
        name, dtype, shape = entry
        if (
            not isinstance(name, str)
            or name in arrays
            or not isinstance(dtype, str)
            or dtype not in DTYPES
            or not isinstance(shape, list)
            or len(shape) > DIMENSION_LIMIT
            or not all(type(side) is int and 0 <= side <= PAYLOAD_LIMIT for side in shape)
        ):
            raise wrong
        little = DTYPES[dtype]
        count = math.prod(shape)
        if start + count * little.itemsize > len(payload):
            raise wrong
        flat = np.frombuffer(payload, little, count, start)
        try:
            arrays[name] = flat.astype(little.newbyteorder("="), copy=True).reshape(shape)
        except ValueError:  # a shape with a zero whose other sides numpy cannot multiply
            raise wrong from None
        start += count * little.itemsize
    if start != len(payload):
        raise wrong
    return arrays
