"""How a command line is read: sentences for what is wrong with it, and the forms of its values."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from explorer.catalog import Param
from explorer.graph.file import LARGEST_SIDE
from explorer.graph.graph import Shape
from explorer.text import _


class UsageError(ValueError):
    """The command line asks for something that is not there; the sentence says what is."""


def cut(words: str, most: int = 300) -> str:
    """Words of another that may stand in a sentence: printable, and not endless."""
    words = "".join(sign if sign.isprintable() else "\ufffd" for sign in words)
    return words if len(words) <= most else words[:most] + "…"


class Parser(argparse.ArgumentParser):
    """Says in one sentence what is wrong with the command line."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(
            _("{message}; see {command} --help").format(
                message=cut(message.removeprefix("argument ")), command=self.prog
            )
        )


class Told(argparse.Action):
    """Stores an option's value, and its name in `told`: it was on the command line."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        namespace.told = (*getattr(namespace, "told", ()), self.option_strings[-1])


def refuse_idle(given: argparse.Namespace, useful: Sequence[str], where: str) -> None:
    """Refuse the options that were told and do nothing; where: what would make them useful."""
    idle = [option for option in getattr(given, "told", ()) if option not in useful]
    if idle:
        raise UsageError(
            _("{option} has no effect here; {where}").format(option=idle[0], where=where)
        )


def shape(text: str) -> Shape:
    """Of one picture, as the command line gives it: 3x224x224."""
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
    return tuple(map(int, parts))


def figure(field: Param, text: str) -> object:
    """A figure as the command line gives it; field: what it is, with its range."""
    value: object = text
    if not field.choices:
        with suppress(ValueError):
            value = (int if type(field.default) is int else float)(text)
    if reason := field.fault(value):
        raise argparse.ArgumentTypeError(_("it {reason}").format(reason=reason))
    return value


@contextmanager
def engine_asked() -> Iterator[None]:
    """Something that the engine does; what it complains of is a UsageError."""
    from explorer.engine.failure import EngineError

    try:
        yield
    except EngineError as error:
        raise UsageError(str(error)) from None
