"""Turns messages into frames and back, by the fields of their classes, and checks every field."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from explorer.protocol import frames
from explorer.protocol.messages import ANSWERS, REQUESTS, VERSION, Arrays, Hello, Message
from explorer.runs.recipe import RecipeError
from explorer.text import _

_TYPE = "type"
_MESSAGES = {each.__name__: each for each in (*REQUESTS, *ANSWERS)}


class MessageError(ValueError):
    """A frame is not a message of this protocol; the sentence names the field that is wrong.
    generation: of that message, 0 where it has no valid one."""

    generation = 0


def encode(message: Message) -> list[bytes | memoryview]:
    """The frame of `message` as pieces for `writelines`; contiguous arrays are not copied.

    Raises FrameError for arrays that may not be sent.
    """
    kind: Any = type(message)
    header: dict[str, Any] = {_TYPE: kind.__name__}
    arrays: dict[str, np.ndarray] = {}
    for name, hint in _hints(kind).items():
        value = getattr(message, name)
        if hint is np.ndarray:
            arrays[name] = value
        elif hint == Arrays:
            arrays |= {f"{name}.{key}": array for key, array in value.items()}
        else:
            header[name] = _plain(value)
    return frames.frame(header, arrays)


def decode(header: frames.Header, arrays: Mapping[str, np.ndarray]) -> Message:
    """The message in a frame. Raises MessageError."""
    try:
        return _message(header, arrays)
    except MessageError as fault:
        generation = header.get("generation")
        fault.generation = generation if type(generation) is int else 0
        raise


def _message(header: frames.Header, arrays: Mapping[str, np.ndarray]) -> Message:
    name = header.get(_TYPE)
    kind = _MESSAGES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise MessageError(_("There is no message “{name}”.").format(name=str(name)[:40]))
    if kind is Hello and header.get("version") != VERSION:
        raise MessageError(
            _(
                "The engine speaks version {other} of the protocol, this window version {known}; "
                "install the same version of CNN Explorer on both sides."
            ).format(other=str(header.get("version"))[:20], known=VERSION)
        )
    given: dict[str, Any] = {key: {} for key, hint in _hints(kind).items() if hint == Arrays}
    given |= {key: value for key, value in header.items() if key != _TYPE}
    for key, array in arrays.items():
        field, dot, part = key.partition(".")
        if dot and _hints(kind).get(field) == Arrays:
            given[field][part] = array
        else:
            given[key] = array
    message: Message = _instance(kind, given, kind.__name__)
    return message


def _plain(value: Any) -> Any:
    """A field's value as JSON states it."""
    if is_dataclass(value) and not isinstance(value, type):
        plain = {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        return {_TYPE: type(value).__name__, **plain}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value


def _instance(kind: type, given: Mapping[str, Any], where: str) -> Any:
    hints, known = _hints(kind), _fields(kind)
    for name in given:
        if name not in hints:
            raise MessageError(
                _("{where} has no field “{name}”.").format(where=where, name=name[:40])
            )
    for name, field in known.items():
        if name not in given and field.default is field.default_factory is MISSING:
            raise MessageError(
                _("{where} lacks its field “{name}”.").format(where=where, name=name)
            )
    values = {name: _value(hints[name], value, f"{where}.{name}") for name, value in given.items()}
    try:
        return kind(**values)
    except RecipeError as fault:
        raise MessageError(f"{where}: {fault}") from None


def _value(hint: Any, value: Any, where: str) -> Any:
    """`value`, read from JSON, as the type `hint`. Raises MessageError if it is of another."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, UnionType):
        for each in arguments:
            if _fits(each, value):
                return _value(each, value, where)
    elif _fits(hint, value):
        if origin is tuple:
            several = len(arguments) == 2 and arguments[1] is ...
            if several or len(arguments) == len(value):
                inner = arguments[:1] * len(value) if several else arguments
                return tuple(
                    _value(each, part, f"{where}[{place}]")
                    for place, (each, part) in enumerate(zip(inner, value, strict=True))
                )
        elif is_dataclass(hint):
            given = {key: part for key, part in value.items() if key != _TYPE}
            return _instance(hint, given, where)  # type: ignore[arg-type]
        else:
            return value
    raise MessageError(
        _("{where} is {value}, which is not allowed.").format(where=where, value=repr(value)[:40])
    )


def _fits(hint: Any, value: Any) -> bool:
    """Whether `value` is of the type `hint`, its parts not checked."""
    origin = get_origin(hint)
    if hint is Any:
        return True
    if hint is float:
        return type(value) in (int, float)
    if origin is tuple:
        return isinstance(value, list)
    if origin is not None:
        return isinstance(value, Mapping)
    if is_dataclass(hint):
        return isinstance(value, dict) and value.get(_TYPE) == hint.__name__  # type: ignore[union-attr]
    if hint is np.ndarray:
        return isinstance(value, np.ndarray)
    return type(value) is (NoneType if hint is None else hint)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


@cache
def _fields(kind: Any) -> dict[str, Field[Any]]:
    return {each.name: each for each in fields(kind)}
