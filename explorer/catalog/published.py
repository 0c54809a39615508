"""Weights that were published and come with the program."""

from pathlib import Path

from explorer import resource

_FILES = {"squeezenet1_1": "squeezenet1_1/squeezenet1_1.safetensors"}


def weights(name: str) -> Path | None:
    """The file of weights for the template of that name, None if there is none."""
    return resource.path(_FILES[name]) if name in _FILES else None


def names() -> tuple[str, ...]:
    """The templates that have weights."""
    return tuple(_FILES)
