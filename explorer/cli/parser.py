"""Parsing of the command line: its values, and a sentence for each mistake."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from explorer.catalog import Param
from explorer.graph.file import LARGEST_SIDE
from explorer.graph.graph import Shape
from explorer.text import _, printable


class UsageError(ValueError):
    """The command line cannot be carried out; the message is a sentence for a person."""


def cut(words: str, most: int = 300) -> str:
    """Foreign text for use in a sentence: printable, and at most `most` characters."""
    words = printable(words)
    return words if len(words) <= most else words[:most] + "…"


class Parser(argparse.ArgumentParser):
    """Raises UsageError for a mistake in the command line."""

    def error(self, message: str) -> NoReturn:
        """Raises UsageError."""
        raise UsageError(
            _("{message}; see {command} --help").format(
                message=cut(message.removeprefix("argument ")), command=self.prog
            )
        )


class Noted(argparse.Action):
    """Stores an option's value, and adds its name to `noted`, the options on the command line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        namespace.noted = (*getattr(namespace, "noted", ()), self.option_strings[-1])


def refuse_unused(given: argparse.Namespace, used: Sequence[str], sentence: str) -> None:
    """Raises UsageError if an option was given that has no effect; sentence: with {option}."""
    for option in getattr(given, "noted", ()):
        if option not in used:
            raise UsageError(sentence.format(option=option))


def shape(text: str) -> Shape:
    """The shape of a picture from the command line, such as 3x224x224."""
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(
            _(
                "{text!r} is not a shape; expected channels, height and width, for example 3x224x224"
            ).format(text=text[:40])
        )
    if not all(len(part) < 9 and 0 < int(part) <= LARGEST_SIDE for part in parts):
        raise argparse.ArgumentTypeError(
            _(
                "{text!r}: channels, height and width, for example 3x224x224, may each be 1 to {most}"
            ).format(text=text[:40], most=LARGEST_SIDE)
        )
    first, second, last = sides = tuple(map(int, parts))
    if min(first, second) >= 8 and (last in (3, 4) or (last == 1 and first == second)):
        raise argparse.ArgumentTypeError(
            _(
                "{text!r} would be {count} channels of {second}×{last} pixels; if its channels come last, "
                "write {last}x{first}x{second}"
            ).format(text=text[:40], count=first, first=first, second=second, last=last)
        )
    return sides


def figure(field: Param, text: str) -> object:
    """The value of `field` from the command line, checked against its range."""
    value: object = text
    if not field.choices:
        with suppress(ValueError):
            value = (int if type(field.default) is int else float)(text)
    if fault := field.fault(value, _("it")):
        raise argparse.ArgumentTypeError(fault)
    return value


@contextmanager
def engine_errors() -> Iterator[None]:
    """A context in which an EngineError becomes a UsageError."""
    from explorer.engine.failure import EngineError

    try:
        yield
    except EngineError as error:
        raise UsageError(str(error)) from None
